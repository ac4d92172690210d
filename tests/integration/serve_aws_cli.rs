//! `retrigger serve` through the AWS CLI.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    serve_scene::{Serving, handler},
    support::installed,
    trigger_scene::{Scene, arn},
};

/// The AWS CLI, before one server.
struct Cli {
    program: PathBuf,
    folder: PathBuf,
    url: String,
}

impl Cli {
    /// `aws lambda …`: its exit code, and what it printed, or why it failed.
    #[track_caller]
    fn run<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Value, String> {
        let output = Command::new(&self.program)
            .args(["lambda", "--endpoint-url", &self.url, "--region", "us-east-1"])
            .args(arguments)
            .current_dir(&self.folder)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "unused")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_DEFAULT_OUTPUT", "json")
            .env("NO_PROXY", "*")
            .output()
            .expect("the AWS CLI starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if !output.status.success() {
            return Err(text(&output.stderr));
        }
        let stdout = text(&output.stdout);
        Ok(if stdout.is_empty() { Value::Null } else { serde_json::from_str(&stdout).unwrap() })
    }
}

/// A function with a queue, served; `None` where the AWS CLI is not installed.
fn served() -> Option<(Scene, Serving, Cli)> {
    let program = installed("RETRIGGER_AWS_CLI", "the AWS CLI")?;
    let scene = Scene::new(&json!({}), "kind = \"sqs\"\n");
    scene.grant_role(&[json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})]);
    let serve = retrigger::serve::Serve::new([scene.root.path()]).in_process("demo", handler());
    let serving = Serving::start(serve);
    let cli = Cli { program, folder: scene.root.path().to_owned(), url: serving.url() };
    Some((scene, serving, cli))
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap()
}

#[test]
fn the_aws_cli_invokes_a_function() {
    let Some((_scene, _serving, cli)) = served() else { return };
    let invoked = cli
        .run(["invoke", "--function-name", "demo", "--payload", "{\"a\": 1}", "answer.json"])
        .unwrap();
    assert_eq!(invoked, json!({"StatusCode": 200, "ExecutedVersion": "$LATEST"}));
    assert_eq!(read(&cli.folder, "answer.json"), json!({"a": 1}));
    let failed = cli
        .run(["invoke", "--function-name", "demo", "--payload", "{\"fail\": \"boom\"}", "no.json"])
        .unwrap();
    assert_eq!(failed["FunctionError"], "Unhandled");
    assert_eq!(read(&cli.folder, "no.json")["errorMessage"], "boom");
    let refused = cli.run(["invoke", "--function-name", "nobody", "no.json"]).unwrap_err();
    let expected =
        "An error occurred (ResourceNotFoundException) when calling the Invoke operation";
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn the_aws_cli_changes_a_policy() {
    let Some((_scene, _serving, cli)) = served() else { return };
    let topic = arn("sns", "orders");
    let about = ["--function-name", "demo", "--statement-id", "topic"];
    let add = ["--action", "lambda:InvokeFunction", "--principal", "sns.amazonaws.com"];
    let add: Vec<&str> =
        [&["add-permission"], &about[..], &add, &["--source-arn", &topic]].concat();
    let added = cli.run(&add).unwrap();
    let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement["Condition"]["ArnLike"]["AWS:SourceArn"], topic);
    let twice = cli.run(&add).unwrap_err();
    assert!(twice.contains("ResourceConflictException"), "{twice}");

    let policy = cli.run(["get-policy", "--function-name", "demo"]).unwrap();
    let policy: Value = serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"], json!([statement]));

    let remove: Vec<&str> = [&["remove-permission"], &about[..]].concat();
    assert_eq!(cli.run(&remove), Ok(Value::Null));
    let gone = cli.run(["get-policy", "--function-name", "demo"]).unwrap_err();
    assert!(gone.contains("ResourceNotFoundException"), "{gone}");
}

#[test]
fn the_aws_cli_makes_a_mapping() {
    let Some((_scene, _serving, cli)) = served() else { return };
    let queue = arn("sqs", "orders");
    let create = ["create-event-source-mapping", "--function-name", "demo", "--batch-size", "5"];
    let made = cli.run([&create[..], &["--event-source-arn", &queue]].concat()).unwrap();
    assert_eq!((&made["BatchSize"], &made["EventSourceArn"]), (&json!(5), &json!(queue)));
    let listed = cli.run(["list-event-source-mappings", "--function-name", "demo"]).unwrap();
    assert_eq!(listed["EventSourceMappings"], json!([made]));
    let uuid = made["UUID"].as_str().unwrap();
    let deleted = cli.run(["delete-event-source-mapping", "--uuid", uuid]).unwrap();
    assert_eq!(deleted["State"], "Deleting");
}
