//! A function that brings its own executable, on AWS's client for Rust (`examples/bootstrap.rs`).

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use rstest::rstest;
use serde_json::json;

use crate::support::{Function, invocation, json};

/// `cargo test` builds the examples next to the folder of the test programs.
fn example() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/bootstrap");
    assert!(path.is_file(), "{} is built by plain `cargo test`", path.display());
    path
}

fn function() -> Function {
    let function = Function::new("provided.al2023", "bootstrap", "README.md", "");
    symlink(example(), function.folder.path().join("bootstrap")).unwrap();
    function
}

#[tokio::test]
async fn twenty_invocations_share_one_process() {
    let function = function();
    let mut process = function.process();
    for n in 0..20 {
        let outcome = process.invoke(invocation(&n.to_string())).await.unwrap();
        let answer = json!({
            "echo": n, "requestId": "8f5c-11", "arn": function.config.arn, "memory": 128,
            "pid": process.id(),
        });
        assert_eq!(json(&outcome), answer);
        assert_eq!(outcome.logs, [format!("got {n}")]);
    }
}

#[rstest]
#[case(r#""fail""#, "&alloc::boxed::Box<dyn core::error::Error", "boom")]
#[case(r#""panic""#, "&alloc::boxed::Box<dyn core::any::Any", "Lambda panicked: panicked 3")]
#[case(
    r#""exit""#,
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited with error: exit status 3"
)]
#[case(
    r#""flood""#,
    "Function.ResponseSizeTooLarge",
    "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
)]
#[tokio::test]
async fn failures_say_what_lambda_says(
    #[case] event: &str,
    #[case] error_type: &str,
    #[case] error_message: &str,
) {
    let error = function().fail(event).await;
    assert!(error.error_type.starts_with(error_type), "{error}");
    assert_eq!(error.error_message, error_message);
}

#[tokio::test]
async fn shutdown_is_graceful() {
    let function = function();
    let mut process = function.process();
    process.invoke(invocation("1")).await.unwrap();
    let logs = process.shutdown().await;
    assert!(logs.contains(&"goodbye".to_owned()), "{logs:?}");
    assert_eq!(process.id(), None);
}

#[tokio::test]
async fn missing_bootstrap_is_named() {
    let function = Function::new("provided.al2023", "x", "README.md", "");
    let error = function.refuse().await.to_string();
    let path = fs::canonicalize(function.folder.path()).unwrap().join("bootstrap");
    let start = format!("function `demo` has no executable file `{}`: build it", path.display());
    assert!(error.starts_with(&start), "{error}");
}

#[tokio::test]
async fn bootstrap_may_be_a_script() {
    let script = "#!/bin/sh\necho started; exit 7\n";
    let function = Function::new("rust", "x", "bootstrap", script);
    let path = function.folder.path().join("bootstrap");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let outcome = function.invoke("{}").await;
    let message = "RequestId: 8f5c-11 Error: Runtime exited with error: exit status 7";
    assert_eq!(outcome.result.unwrap_err().error_message, message);
    assert_eq!(outcome.logs, ["started"]);
}

#[tokio::test]
async fn bootstrap_that_the_system_cannot_run_is_named() {
    let function = Function::new("rust", "x", "bootstrap", "\0no program");
    let path = function.folder.path().join("bootstrap");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let error = function.refuse().await.to_string();
    assert!(error.starts_with("could not start a process for function `demo`: "), "{error}");
}
