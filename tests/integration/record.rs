//! `retrigger record`: recordings made from files, which replay at once.

use std::{fs, path::Path};

use crate::support::{Ran, copy, retrigger};

const ID: &str = "8f507cfc-0001-4697-b07a-ac58fc914c95";

/// A function folder without recordings, to record into.
pub(crate) struct Function(tempfile::TempDir);

impl Function {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (Path::new("recordings/lambda-demo"), folder.path().join("demo"));
        fs::create_dir(&to).unwrap();
        fs::copy(from.join("function.toml"), to.join("function.toml")).unwrap();
        for below in ["handler", "snapshot"] {
            copy(&from.join(below), &to.join(below));
        }
        Self(folder)
    }

    pub(crate) fn path(&self, below: &str) -> String {
        self.0.path().join("demo").join(below).to_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn import(&self, files: &[&str], options: &[&str]) -> Ran {
        let function = self.path("");
        let mut arguments = vec!["record", "import", "--function", &function];
        arguments.extend(files);
        arguments.extend(options);
        retrigger(arguments)
    }

    /// What is said, with the folder left out.
    fn shown(&self, ran: &Ran) -> String {
        let folder = format!("{}/", self.0.path().display());
        format!("{}{}", ran.stdout, ran.stderr).replace(&folder, "")
    }
}

pub(crate) fn recorded(name: &str) -> String {
    fs::read_to_string(format!("recordings/lambda-demo/{name}/event.json")).unwrap()
}

#[test]
fn a_payload_becomes_a_recording_that_replays() {
    let function = Function::new();
    let event = function.file("event.json", &recorded("alb-get-root"));
    let ran = function.import(&[&event], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(function.shown(&ran), @"
    recorded  demo/alb

    1 recording
    next: retrigger replay demo/
          retrigger accept demo/    keeps what the handler answers
    ");
    assert_eq!(
        fs::read_to_string(function.path("alb/event.json")).unwrap(),
        recorded("alb-get-root")
    );
    let replayed = retrigger(["replay", &function.path("")]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);
    assert!(replayed.stdout.contains("NEW  alb"), "{}", replayed.stdout);

    let again = function.import(&[&event], &[]);
    assert_eq!(again.code, 0);
    insta::assert_snapshot!(function.shown(&again), @"
    there already  demo/alb

    0 recordings, 1 there already
    ");
}

/// The bucket's account is in no S3 event, and the rule's ARN in none of `EventBridge`: CloudTrail
/// has them.
#[test]
fn a_log_and_a_trail_together_say_who_invoked() {
    let function = Function::new();
    let event = recorded("s3-object-created").replace('\n', " ");
    let log = function.file(
        "log.json",
        &serde_json::json!({"events": [
            {"logStreamName": "2026/03/02/[$LATEST]0a", "timestamp": 1_772_444_460_000_i64,
             "message": format!("START RequestId: {ID} Version: $LATEST\n")},
            {"logStreamName": "2026/03/02/[$LATEST]0a", "timestamp": 1_772_444_460_100_i64,
             "message": format!("2026-03-02T09:41:00.100Z\t{ID}\tINFO\t{event}\n")},
        ]})
        .to_string(),
    );
    let arn = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
    let trail = function.file(
        "trail.json",
        &serde_json::json!({"Records": [{
            "eventSource": "lambda.amazonaws.com", "eventName": "Invoke", "awsRegion": "us-east-1",
            "eventTime": "2026-03-02T09:41:00Z", "requestID": ID,
            "userIdentity": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"},
            "requestParameters": {"functionName": arn, "sourceAccount": "841860927337",
                                  "sourceArn": "arn:aws:s3:::athena-demo-kodekloud"},
            "resources": [{"ARN": arn}],
        }]})
        .to_string(),
    );
    let ran = function.import(&[&log, &trail], &["--name", "an upload"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(fs::read_to_string(function.path("an-upload/recording.toml")).unwrap(), @r#"
    format = 1

    [trigger]
    source_arn = { value = "arn:aws:s3:::athena-demo-kodekloud", provenance = "declared" }
    source_account = { value = "841860927337", provenance = "declared" }
    principal = { value = "s3.amazonaws.com", provenance = "declared" }

    [invocation]
    request_id = "8f507cfc-0001-4697-b07a-ac58fc914c95"
    time = "2026-03-02T09:41:00Z"
    log_stream = "2026/03/02/[$LATEST]0a"
    "#);
    let replayed = retrigger(["replay", &function.path("an-upload")]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);
}

#[test]
fn what_a_payload_lacks_is_asked_for() {
    let function = Function::new();
    let event = function.file("event.json", &recorded("eventbridge-unknown-rule"));
    let free = function.file("free.json", r#"{"degrees": 21.50}"#);
    let ran = function.import(&[&event, &free], &["--format", "human"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(function.shown(&ran), @"
    recorded  demo/eventbridge
      the source ARN is not known: declare it, with `--source-arn`
    recorded  demo/event
      no known trigger: declare it, with `--trigger`

    2 recordings
    next: retrigger replay demo/
          retrigger accept demo/    keeps what the handler answers
    ");
}

#[test]
fn a_file_that_cannot_be_imported_does_not_stop_the_others() {
    let function = Function::new();
    let event = function.file("event.json", &recorded("alb-get-root"));
    let part = function.file(
        "part.log",
        &format!("2026-03-02T09:41:00.100Z\t{ID}\tINFO\t{{ Records: [ {{ s3: [Object] }} ] }}\n"),
    );
    let ran = function.import(&["no/such/file", &part, "Cargo.toml", &event], &[]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(function.shown(&ran), @"
    recorded  demo/alb

    1 recording
    next: retrigger replay demo/
          retrigger accept demo/    keeps what the handler answers
    error: no/such/file: cannot read it: No such file or directory (os error 2)
    error: part.log:1: the log shows only part of an event, and `[Object]` in place of the rest; let the handler log `JSON.stringify(event)`
    error: Cargo.toml: no event of a known trigger is in it; an event that a trigger is not known by goes into a file of its own
    ");
}

#[test]
fn without_a_function_folder_nothing_is_recorded() {
    let ran = retrigger(["record", "import", "--function", "crates", "Cargo.toml"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.stderr, @"
    error: crates/function.toml: there is no such file or folder
      help: name the function's folder with `--function`; it has a `function.toml`
    ");
}

/// A runtime in a few lines: it answers with the method and path that it is asked for.
const LOOP: &str = r#"
import json, os, urllib.request
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(base + "/next") as given:
        id, event = given.headers["Lambda-Runtime-Aws-Request-Id"], json.load(given)
    if event.get("path") == "/fail":
        path, answer = "error", {"errorType": "Broken", "errorMessage": "as asked", "trace": [id]}
    else:
        path, answer = "response", {"statusCode": 200, "body": event["httpMethod"] + event["path"]}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(f"{base}/{id}/{path}", body, method="POST")).close()
"#;

#[test]
fn whose_an_event_is_can_be_hidden() {
    let function = Function::new();
    let event = recorded("alb-get-root").replace("203.0.113.24", "8.8.4.4");
    let event = function.file("event.json", &event);
    let ran = function.import(&[&event], &["--anonymize", "ip,email"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let kept = fs::read_to_string(function.path("alb/event.json")).unwrap();
    assert!(!kept.contains("8.8.4.4") && kept.contains("192.0.2.1"), "{kept}");
    assert!(kept.contains("841860927337"), "{kept}");
    let ran = function.import(&[&event], &["--anonymize", "name"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`name` is none of `account`, `email` and `ip`"), "{}", ran.stderr);
}

/// Makes the function one whose program is a shell script.
pub(crate) fn with_bootstrap(function: &Function, script: &str) {
    use std::os::unix::fs::PermissionsExt;

    let toml = "format = 1\nruntime = \"provided.al2023\"\nhandler = \"bootstrap\"\n\
                arn = \"arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo\"\n";
    fs::write(function.path("function.toml"), toml).unwrap();
    fs::write(function.path("handler/loop.py"), LOOP).unwrap();
    let bootstrap = function.path("handler/bootstrap");
    fs::write(&bootstrap, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The function of one folder runs behind the recorder, with the replay's own Runtime API before
/// it; what is recorded goes into another folder and passes there at once.
#[test]
fn what_a_function_gets_is_recorded_on_its_way() {
    let (live, kept) = (Function::new(), Function::new());
    with_bootstrap(&kept, "exec python3 loop.py");
    let record = format!(
        "exec {} record runtime --function {} -- python3 loop.py",
        env!("CARGO_BIN_EXE_retrigger"),
        kept.path("")
    );
    with_bootstrap(&live, &record);
    let event = recorded("alb-get-root");
    let failing = event.replacen("\"path\": \"/\"", "\"path\": \"/fail\"", 1);
    assert_ne!(event, failing);
    let files = [live.file("one.json", &event), live.file("two.json", &failing)];
    assert_eq!(live.import(&[&files[0], &files[1]], &[]).code, 0);
    let ran = retrigger(["replay", "--jobs", "1", &live.path("")]);
    assert!(ran.stdout.contains("NEW  alb"), "{}{}", ran.stdout, ran.stderr);

    let expected = |name: &str| {
        let text = fs::read_to_string(kept.path(&format!("{name}/expected.json"))).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    assert_eq!(expected("alb")["response"]["body"], "GET/");
    assert_eq!(expected("alb-2")["function_error"]["errorType"], "Broken");
    assert_eq!(fs::read_to_string(kept.path("alb/event.json")).unwrap(), event);
    let manifest = fs::read_to_string(kept.path("alb/recording.toml")).unwrap();
    assert!(manifest.contains("request_id") && manifest.contains("deadline"), "{manifest}");
    let replayed = retrigger(["replay", &kept.path("")]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);
    assert!(replayed.stdout.contains("2 passed"), "{}", replayed.stdout);
}

/// As on AWS, where the function's log group carries them.
#[test]
fn recordings_pass_through_a_log() {
    let (live, kept) = (Function::new(), Function::new());
    with_bootstrap(&kept, "exec python3 loop.py");
    let log = live.path("log");
    let record = format!(
        "exec {} record runtime --stdout -- python3 loop.py > {log}",
        env!("CARGO_BIN_EXE_retrigger")
    );
    with_bootstrap(&live, &record);
    let event = recorded("alb-get-root").replacen(
        r#""headers": {"#,
        r#""headers": {"cookie": "s=planted","#,
        1,
    );
    assert!(event.contains("planted"));
    live.import(&[&live.file("one.json", &event)], &[]);
    retrigger(["replay", &live.path("")]);
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.starts_with(r#"{"retrigger":1,"#) && !logged.contains("planted"), "{logged}");
    assert_eq!(logged.lines().count(), 1, "{logged}");
    let ran = kept.import(&[&log], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let replayed = retrigger(["replay", &kept.path("")]);
    assert!(replayed.stdout.contains("1 passed"), "{}{}", replayed.stdout, replayed.stderr);
}

/// Beside the function, by the extension and the wrapper script of the layer.
#[test]
fn the_layer_records_until_the_sandbox_shuts_down() {
    let (live, kept) = (Function::new(), Function::new());
    let layer = tempfile::tempdir().unwrap();
    // The layer's own program is built with the feature `recorder` only; cargo names it always.
    let own =
        option_env!("CARGO_BIN_EXE_retrigger-recorder").filter(|_| cfg!(feature = "recorder"));
    let program = own.unwrap_or(env!("CARGO_BIN_EXE_retrigger"));
    let assembled = std::process::Command::new("crates/cli/layer/assemble")
        .arg(program)
        .arg(layer.path())
        .status();
    assert!(assembled.unwrap().success());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let script = format!(
        "export RETRIGGER_LISTEN={free} RETRIGGER_OPTIONS='--function {}'\n\
         {layer}/extensions/retrigger &\n\
         until python3 -c 'import os, socket; h, p = os.environ[\"RETRIGGER_LISTEN\"].split(\":\"); \
         socket.create_connection((h, int(p)))' 2>/dev/null; do sleep 0.05; done\n\
         exec {layer}/retrigger-wrapper python3 loop.py",
        kept.path(""),
        layer = layer.path().display(),
    );
    with_bootstrap(&live, &script);
    live.import(&[&live.file("one.json", &recorded("alb-get-root"))], &[]);
    let ran = retrigger(["replay", &live.path("")]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let expected = fs::read_to_string(kept.path("alb/expected.json"));
    let expected = expected.unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
    assert!(expected.contains("GET/"), "{expected}");
}

#[test]
fn the_recorder_ends_as_the_function_does() {
    let function = Function::new();
    let folder = function.path("");
    let run = |script: &str| {
        let upstream = ["--upstream", "127.0.0.1:1"];
        let start = ["record", "runtime", "--function", &folder];
        retrigger(start.into_iter().chain(upstream).chain(["--", "sh", "-c", script]))
    };
    assert_eq!(run("exit 0").code, 0);
    assert_eq!(run("exit 7").code, 7);
    assert_eq!(run("kill -9 $$").code, 137);
    let ran = run("printf %s $AWS_LAMBDA_RUNTIME_API");
    assert!(ran.stdout.starts_with("127.0.0.1:"), "{}", ran.stdout);
    assert!(ran.stderr.contains("retrigger: 0 recorded"), "{}", ran.stderr);
    let missing = retrigger([
        "record",
        "runtime",
        "--function",
        &folder,
        "--upstream",
        "x:1",
        "--",
        "no-such-program",
    ]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("no-such-program: cannot start it"), "{}", missing.stderr);
    let ran =
        retrigger(["record", "runtime", "--function", &folder, "--sample", "2", "--", "true"]);
    assert!(ran.stderr.contains("a sample is one invocation in so many"), "{}", ran.stderr);
}
