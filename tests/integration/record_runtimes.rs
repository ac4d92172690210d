//! `retrigger record runtime` before functions in Node, Python and Rust, each with AWS's own client
//! of the Runtime API, and a replay's Runtime API behind it. What is recorded replays at once.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::support::{copy, installed, retrigger};

fn executable(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A copy of a function without its recordings.
fn without_recordings(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::copy(from.join("function.toml"), to.join("function.toml")).unwrap();
    for part in ["handler", "snapshot"] {
        copy(&from.join(part), &to.join(part));
    }
}

/// Runs the function of a demo behind the recorder, by `command` in its handler's folder, and
/// replays what was recorded.
fn records(demo: &str, prepare: impl FnOnce(&Path), command: &str) {
    let root = tempfile::tempdir().unwrap();
    let demo = Path::new("recordings").join(demo);
    let (live, kept) = (root.path().join("live"), root.path().join("kept"));
    without_recordings(&demo, &live);
    without_recordings(&demo, &kept);
    prepare(&kept);
    let toml = fs::read_to_string(demo.join("function.toml")).unwrap();
    let arn = toml.lines().find(|line| line.starts_with("arn = ")).unwrap();
    let toml =
        format!("format = 1\nruntime = \"provided.al2023\"\nhandler = \"bootstrap\"\n{arn}\n");
    fs::write(live.join("function.toml"), toml).unwrap();
    let handler = kept.join("handler");
    let script = format!(
        "#!/bin/sh\ncd {0}\nexport LAMBDA_TASK_ROOT={0}\nexec {1} record runtime --function {2} -- \
         {command}\n",
        handler.display(),
        env!("CARGO_BIN_EXE_retrigger"),
        kept.display()
    );
    executable(&live.join("handler/bootstrap"), &script);

    let (kept, live) = (kept.to_str().unwrap(), live.to_str().unwrap());
    let event = demo.join("alb-get-root/event.json");
    let event = event.to_str().unwrap();
    assert_eq!(retrigger(["record", "import", "--function", live, event]).code, 0);
    let ran = retrigger(["replay", live]);
    assert!(ran.stdout.contains("NEW  alb"), "{}{}", ran.stdout, ran.stderr);
    let replayed = retrigger(["replay", kept]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);
    assert!(replayed.stdout.contains("1 recording: 1 passed"), "{}", replayed.stdout);
    let expected = fs::read_to_string(Path::new(kept).join("alb/expected.json")).unwrap();
    assert!(expected.contains("\"response\""), "{expected}");
}

#[test]
fn a_function_in_node_is_recorded() {
    let Some(client) = installed("RETRIGGER_AWS_LAMBDA_RIC", "Node") else { return };
    let client = client.join("node_modules/aws-lambda-ric/bin/index.mjs");
    records("lambda-demo", |_| {}, &format!("node {} index.handler", client.display()));
}

#[test]
fn a_function_in_python_is_recorded() {
    let Some(python) = installed("RETRIGGER_AWSLAMBDARIC_PYTHON", "Python") else { return };
    let command = format!("{} -m awslambdaric lambda_function.lambda_handler", python.display());
    records("lambda-demo-python", |_| {}, &command);
}

#[test]
fn a_function_in_rust_is_recorded() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "lambda-demo-handler", "--bin", "bootstrap"])
        .status();
    assert!(built.unwrap().success());
    let built = Path::new(env!("CARGO_BIN_EXE_retrigger")).with_file_name("bootstrap");
    let prepare = |kept: &Path| {
        let toml = "format = 1\nruntime = \"provided.al2023\"\nhandler = \"bootstrap\"\n\
                    arn = \"arn:aws:lambda:us-east-1:841860927337:function:lambdaDemoRust\"\n";
        fs::write(kept.join("function.toml"), toml).unwrap();
        fs::copy(&built, kept.join("handler/bootstrap")).unwrap();
    };
    records("lambda-demo-rust", prepare, "./bootstrap");
}
