//! AWS's own clients. They are not on every machine: `RETRIGGER_AWSLAMBDARIC_PYTHON` names a
//! `python3` that has `awslambdaric`, `RETRIGGER_AWS_LAMBDA_RIC` a folder whose `node_modules` has
//! `aws-lambda-ric`. Without them these tests say so and pass, except in CI, where they fail.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use retrigger_runtime::Client;
use serde_json::json;

use crate::support::{Function, invocation, json};

/// The place that a variable names, or `None` where the test is to be skipped.
fn installed(variable: &str, what: &str) -> Option<PathBuf> {
    let place = env::var_os(variable).map(PathBuf::from);
    if place.is_none() {
        let ci = env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "CI must test {what}: install it and set {variable}");
        // Not by eprintln!, whose output a passing test keeps to itself.
        let notice = format!("SKIPPED: {what} is not tested, as {variable} is not set\n");
        io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    place
}

fn python(code: &str) -> Option<Function> {
    let interpreter = installed("RETRIGGER_AWSLAMBDARIC_PYTHON", "awslambdaric")?;
    let mut function = Function::python(code);
    function.config.client = Client::Awslambdaric;
    function.config.interpreter = Some(interpreter);
    Some(function)
}

fn node(code: &str) -> Option<Function> {
    let folder = installed("RETRIGGER_AWS_LAMBDA_RIC", "aws-lambda-ric")?;
    let mut function = Function::node(code);
    function.config.client = Client::AwsLambdaRic;
    symlink(folder.join("node_modules"), function.folder.path().join("node_modules")).unwrap();
    Some(function)
}

#[tokio::test]
async fn awslambdaric_serves_many_invocations() {
    let Some(function) = python(
        "import os\ndef handler(event, context):\n    print('got', event)\n    return os.getpid()\n",
    ) else {
        return;
    };
    let mut process = function.process();
    for n in 0..20 {
        let outcome = process.invoke(invocation(&n.to_string())).await.unwrap();
        assert_eq!(json(&outcome), process.id().unwrap());
        assert_eq!(outcome.logs, [format!("got {n}")]);
    }
    process.shutdown().await;
}

#[tokio::test]
async fn awslambdaric_reports_errors() {
    let Some(function) = python("def handler(event, context):\n    raise ValueError('boom')\n")
    else {
        return;
    };
    assert_eq!(function.fail("{}").await.to_string(), "ValueError: boom");
}

#[tokio::test]
async fn awslambdaric_reports_a_missing_handler() {
    let Some(function) = python("") else { return };
    let error = function.fail("{}").await;
    assert_eq!(error.error_type, "Runtime.HandlerNotFound");
    assert_eq!(error.error_message, "Handler 'handler' missing on module 'app'");
}

#[tokio::test]
async fn missing_awslambdaric_is_named() {
    let mut function = Function::python("");
    function.config.client = Client::Awslambdaric;
    // A Python without any packages but its own.
    let script = "#!/bin/sh\nexec python3 -I -S \"$@\"\n";
    function = function.with_file("bare-python", script);
    let path = function.folder.path().join("bare-python");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    function.config.interpreter = Some(path);
    let error = function.refuse().await.to_string();
    let start = "client `awslambdaric` of function `demo` is not installed: run `pip install";
    assert!(error.starts_with(start), "{error}");
}

#[tokio::test]
async fn aws_lambda_ric_serves_many_invocations() {
    let Some(function) = node(
        "export const handler = async (event) => { console.log('got', event); return process.pid; };",
    ) else {
        return;
    };
    let mut process = function.process();
    for n in 0..20 {
        let outcome = process.invoke(invocation(&n.to_string())).await.unwrap();
        assert_eq!(json(&outcome), process.id().unwrap());
        let line = outcome.logs.last().unwrap();
        assert!(line.ends_with(&format!("\t8f5c-11\tINFO\tgot {n}")), "{line}");
    }
    process.shutdown().await;
}

#[tokio::test]
async fn aws_lambda_ric_fails_as_our_own_bootstrap() {
    for code in ["export const handler = async () => { throw new TypeError('boom') };", ""] {
        let Some(function) = node(code) else { return };
        let theirs = function.fail("{}").await;
        let ours = Function::node(code).fail("{}").await;
        let facts = |error: &retrigger_runtime::FunctionError| {
            json!([error.error_type, error.error_message])
        };
        assert_eq!(facts(&theirs), facts(&ours));
    }
}
