//! The handler's own AWS calls: AWS's client for Python against the gateway of a replay.

use std::path::{Path, PathBuf};

use retrigger::coverage::Coverage;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

use crate::{
    gateway_sdk_scene::start_by,
    serve_scene::boto3,
    support::{Ran, command, copy, retrigger},
};

const DEMO: &str = "recordings/lambda-demo";

/// A function with one recording, whose handler calls S3, DynamoDB and SQS.
struct Calling {
    root: tempfile::TempDir,
}

impl Calling {
    fn new(python: &Path) -> Self {
        let root = tempfile::tempdir().unwrap();
        let scene = Self { root };
        for folder in ["f/handler", "f/orders"] {
            std::fs::create_dir_all(scene.path(folder)).unwrap();
        }
        copy(&Path::new(DEMO).join("snapshot"), &scene.path("f/snapshot"));
        for file in ["event.json", "recording.toml"] {
            let from = Path::new(DEMO).join("alb-get-root").join(file);
            std::fs::copy(from, scene.path("f/orders").join(file)).unwrap();
        }
        let handler = "tests/clients/gateway_handler.py";
        std::fs::copy(handler, scene.path("f/handler/app.py")).unwrap();
        let function = "format = 1\n\
            arn = \"arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo\"\n\
            runtime = \"python3.12\"\nhandler = \"app.handler\"\ntimeout = 60\n";
        std::fs::write(scene.path("f/function.toml"), function).unwrap();
        start_by(&scene.path("bin"), "python3", python);
        scene.allow(&json!([
            {"Sid": "objects", "Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"],
             "Resource": "arn:aws:s3:::orders/*"},
            {"Sid": "table", "Effect": "Allow", "Action": "dynamodb:GetItem",
             "Resource": "arn:aws:dynamodb:us-east-1:841860927337:table/orders"},
            {"Sid": "queue", "Effect": "Allow", "Action": "sqs:SendMessage",
             "Resource": "arn:aws:sqs:us-east-1:841860927337:orders"},
        ]));
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn allow(&self, statements: &Value) {
        let path = self.path("f/snapshot/account-authorization-details.json");
        let mut details: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let document = "/Policies/0/PolicyVersionList/0/Document/Statement";
        let known = details.pointer_mut(document).unwrap().as_array_mut().unwrap();
        known.extend(statements.as_array().unwrap().clone());
        std::fs::write(&path, details.to_string()).unwrap();
    }

    #[track_caller]
    fn replays(&self, more: &[&str]) -> Ran {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.path("bin").display());
        let mut command = command();
        Ran::of(command.arg("replay").arg(self.path("f")).args(more).env("PATH", path))
    }

    /// What the handler returned, and how its calls were answered.
    #[track_caller]
    fn response(&self, more: &[&str]) -> (Value, Vec<String>) {
        let ran = self.replays(&[more, &["--format", "json"]].concat());
        let events = ran.json_lines();
        let called = events.iter().filter(|event| event["event"] == "called");
        let called = called.map(|event| {
            let (key, answered) = (&event["key"], event["answered"].as_str().unwrap());
            format!("{} {answered}", key["operation"].as_str().unwrap())
        });
        let called = called.collect();
        let ran = events.iter().find(|event| event["event"] == "handler-ran").unwrap();
        (ran["response"].clone(), called)
    }
}

async fn upstream() -> MockServer {
    let server = MockServer::start().await;
    let json = |body: Value| {
        ResponseTemplate::new(200).set_body_raw(body.to_string(), "application/x-amz-json-1.0")
    };
    let object = "/orders/a%20b.txt";
    let put = ResponseTemplate::new(200).insert_header("etag", "\"e1\"");
    let get = ResponseTemplate::new(200).set_body_string("hello");
    Mock::given(method("PUT")).and(path(object)).respond_with(put).mount(&server).await;
    Mock::given(method("GET")).and(path(object)).respond_with(get).mount(&server).await;
    let item = json(json!({"Item": {"id": {"S": "1"}, "password": {"S": "hunter2hunter2"}}}));
    let target = header("x-amz-target", "DynamoDB_20120810.GetItem");
    Mock::given(target).respond_with(item).mount(&server).await;
    let sent = json(json!({"MessageId": "m-1"}));
    let target = header("x-amz-target", "AmazonSQS.SendMessage");
    Mock::given(target).respond_with(sent).mount(&server).await;
    server
}

#[test]
fn boto3_gets_what_was_recorded_and_raises_its_own_exceptions_where_it_is_refused() {
    let Some(python) = boto3() else { return };
    let scene = Calling::new(&python);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(upstream());

    let (before, called) = scene.response(&[]);
    assert!(called.iter().all(|call| call.ends_with(" unrecorded")), "{called:?}");
    assert!(before["item"].as_str().unwrap().starts_with("ClientError: An error occurred (Unrec"));
    assert_eq!(scene.replays(&[]).code, 1);

    let (recorded, called) =
        scene.response(&["--record-calls", "once", "--upstream", &server.uri()]);
    assert_eq!((&recorded["put"], &recorded["get"]), (&json!("\"e1\""), &json!("hello")));
    assert_eq!(recorded["sent"], "m-1");
    assert_eq!(
        called,
        ["GetItem upstream", "GetObject upstream", "PutObject upstream", "SendMessage upstream"]
    );
    runtime.block_on(async { drop(server) });
    let calls = std::fs::read_to_string(scene.path("f/orders/calls.jsonl")).unwrap();
    assert_eq!(calls.lines().count(), 5);
    for secret in ["hunter2", "AWS4-HMAC", "x-amz-security-token"] {
        assert!(!calls.contains(secret), "{calls}");
    }

    // The message has another id each time.
    let (again, called) = scene.response(&[]);
    assert_eq!((&again["get"], &again["sent"]), (&recorded["get"], &recorded["sent"]));
    assert!(called.iter().all(|call| call.ends_with(" recorded")), "{called:?}");

    // The recorded calls are what the role needs, and what exercises its policies.
    let function = scene.path("f");
    let ran = retrigger(["policy", "generate", function.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let policy: Value = serde_json::from_str(&ran.stdout).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    for (action, resource) in [
        (json!(["s3:GetObject", "s3:PutObject"]), "arn:aws:s3:::orders/a b.txt"),
        (json!("dynamodb:GetItem"), "arn:aws:dynamodb:us-east-1:841860927337:table/orders"),
        (json!("sqs:SendMessage"), "arn:aws:sqs:us-east-1:841860927337:orders"),
    ] {
        let needed = json!({"Effect": "Allow", "Action": action, "Resource": resource});
        assert!(statements.contains(&needed), "{policy:#}");
    }
    let report = Coverage::new([&function]).run().unwrap();
    for sid in ["`objects`", "`table`", "`queue`"] {
        let statement = report.statements().find(|statement| statement.label == sid).unwrap();
        assert!(statement.is_exercised(), "{statement:#?}");
        let removed = &statement.mutants[0];
        assert_eq!(removed.noticed_by[0].to_string(), "f/orders");
    }

    let text = "is not authorized to perform: ";
    let (refused, _) = scene.response(&["--deny", "s3:GetObject@arn:aws:s3:::orders/*"]);
    let get = refused["get"].as_str().unwrap();
    assert!(get.starts_with("AccessDenied: An error occurred (AccessDenied) when"), "{get}");
    assert!(
        get.contains(text) && get.contains("s3:GetObject on resource: \"arn:aws:s3:::orders/a")
    );
    assert_eq!(refused["put"], recorded["put"]);
    let (refused, _) = scene.response(&["--deny", "dynamodb:*", "--deny", "sqs:*"]);
    let item = refused["item"].as_str().unwrap();
    assert!(item.contains("(AccessDeniedException)") && item.contains(text), "{item}");
    let sent = refused["sent"].as_str().unwrap();
    assert!(sent.contains("(AccessDenied)") && sent.contains("with an explicit deny"), "{sent}");
}

#[test]
fn what_a_policy_hangs_on_that_is_not_known_is_undecided_until_it_is_assumed() {
    let Some(python) = boto3() else { return };
    let scene = Calling::new(&python);
    scene.allow(&json!([
        {"Sid": "inside", "Effect": "Deny", "Action": "dynamodb:*", "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}},
    ]));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(upstream());
    let record = ["--record-calls", "new", "--upstream", &server.uri()];
    let (response, _) = scene.response(&record);
    let item = response["item"].as_str().unwrap();
    assert!(item.contains("undecided") && item.contains("aws:SourceVpce"), "{item}");
    let assumed = [&record[..], &["--assume", "aws:SourceVpce=vpce-1"]].concat();
    let (response, _) = scene.response(&assumed);
    assert_eq!(response["item"]["id"]["S"], "1");
    let (response, _) = scene.response(&["--assume", "aws:SourceVpce=vpce-2"]);
    assert!(response["item"].as_str().unwrap().contains("with an explicit deny"));
}

#[test]
fn flags_that_cannot_be_followed_are_refused() {
    for (flags, expected) in [
        (&["--record-calls", "new"][..], "`--record-calls` needs `--upstream URL`"),
        (&["--upstream", "nowhere"], "a URL of `http` or `https` is needed"),
        (&["--deny", "nonsense"], "`nonsense` cannot be denied"),
        (&["--assume", "aws:SourceVpce"], "give `KEY=VALUE`"),
    ] {
        let ran = Ran::of(command().args(["replay", DEMO]).args(flags));
        assert_eq!(ran.code, 2, "{}", ran.text());
        assert!(ran.stderr.contains(expected), "{}", ran.text());
    }
}
