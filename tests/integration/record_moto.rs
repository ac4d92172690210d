//! Recording from a server that speaks AWS's APIs, moto, and into one.

use serde_json::{Value, json};

use crate::{
    record::{Function, recorded, with_bootstrap},
    snapshot_moto::Moto,
    snapshot_scene::{ACCOUNT, Folder, offline},
    support::{Ran, command, retrigger},
};

/// `retrigger record poll` of the queue of the scene.
fn poll(moto: &Moto, folder: &Folder, more: &[&str]) -> Ran {
    let mut command = command();
    offline(&mut command);
    command
        .args(["record", "poll", "--until-empty", "--function"])
        .arg(folder.path(""))
        .args(["--queue-url", &format!("{}/{ACCOUNT}/orders", moto.url)])
        .args(["--endpoint-url", &moto.url])
        .args(more);
    Ran::of(&mut command)
}

#[test]
fn a_queue_of_moto_is_recorded_and_shows_what_a_removed_statement_breaks() {
    let Some(moto) = Moto::start() else { return };
    moto.does("make");
    let folder = Folder::new();
    folder.must_take("snapshot", &moto.url, &[]);
    let ran = poll(&moto, &folder, &["--batches", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("NEW  sqs "), "{}", ran.text());
    assert!(ran.stdout.contains("1 batch recorded, 5 items: 5 done\n"), "{}", ran.text());
    let ran = poll(&moto, &folder, &[]);
    assert!(ran.stdout.contains("1 batch recorded, 2 items: 2 done\n"), "{}", ran.text());
    let ran = poll(&moto, &folder, &[]);
    assert!(ran.stdout.contains("0 batches recorded, 0 items"), "{}", ran.text());

    let all = folder.shown("");
    let replayed = retrigger(["replay", &all, "--filter", "sqs"]);
    assert_eq!(replayed.code, 0, "{}", replayed.text());
    assert!(replayed.stdout.contains("2 recordings: 2 passed"), "{}", replayed.text());
    let event = folder.text("sqs/event.json");
    assert!(event.contains(r#""colour":{"stringValue":"blue""#), "{event}");
    assert_eq!(retrigger(["scan", &all]).code, 0);

    moto.does("remove_statement");
    folder.must_take("snapshots/later", &moto.url, &[]);
    let later = folder.shown("snapshots/later");
    let replayed = retrigger(["replay", &all, "--filter", "sqs", "--snapshot", &later]);
    assert_eq!(replayed.code, 1);
    let line = "FAIL sqs                          sqs:ReceiveMessage: ImplicitlyDenied";
    assert!(replayed.stdout.contains(line), "{}", replayed.text());
    let ran = poll(&moto, &folder, &["--snapshot", "snapshots/later"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("nothing is read from the source:\n"), "{}", ran.text());
    let denial = "The provided execution role does not have permissions to call ReceiveMessage";
    assert!(ran.stdout.contains(denial), "{}", ran.text());
}

/// A stream of Kinesis with two shards, and that of a table with an item that was made, changed and
/// deleted.
#[test]
fn streams_of_moto_are_recorded() {
    let Some(moto) = Moto::start() else { return };
    moto.does("make");
    let streams: Vec<String> = serde_json::from_slice(&moto.does("streams")).unwrap();
    let folder = Folder::new();
    folder.must_take("snapshot", &moto.url, &[]);
    let poll = |arn: &str, more: &[&str]| {
        let mut command = command();
        offline(&mut command);
        command.args(["record", "poll", "--until-empty", "--function"]).arg(folder.path(""));
        command.args(["--stream-arn", arn, "--endpoint-url", &moto.url]).args(more);
        Ran::of(&mut command)
    };
    let ran = poll(&streams[0], &[]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("2 batches recorded, 5 items: 5 done\n"), "{}", ran.text());
    let ran = poll(&streams[1], &[]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("1 batch recorded, 3 items: 3 done\n"), "{}", ran.text());

    let event: Value = serde_json::from_str(&folder.text("dynamodb/event.json")).unwrap();
    let names: Vec<&Value> =
        event["Records"].as_array().unwrap().iter().map(|record| &record["eventName"]).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    let changed = &event["Records"][1]["dynamodb"];
    assert_eq!(changed["OldImage"]["count"], json!({"N": "1"}));
    assert_eq!(changed["NewImage"]["count"], json!({"N": "2"}));
    let replayed = retrigger(["replay", &folder.shown("")]);
    assert_eq!(replayed.code, 0, "{}", replayed.text());

    moto.does("remove_statement");
    moto.does("remove_streams");
    folder.must_take("snapshots/later", &moto.url, &[]);
    for (stream, denied) in
        streams.iter().zip(["kinesis:DescribeStream", "dynamodb:DescribeStream"])
    {
        let ran = poll(stream, &["--snapshot", "snapshots/later"]);
        assert_eq!(ran.code, 1, "{}", ran.text());
        assert!(ran.stdout.starts_with("nothing is read from the source:\n"), "{}", ran.text());
        assert!(
            ran.stdout.contains(&format!("  - {denied}: ImplicitlyDenied\n")),
            "{}",
            ran.text()
        );
    }
}

#[test]
fn a_queue_that_is_not_there_is_said() {
    let Some(moto) = Moto::start() else { return };
    let folder = Folder::new();
    let ran = poll(&moto, &folder, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("sqs:GetQueueAttributes of `http://127.0.0.1:"), "{}", ran.text());
    assert!(ran.stderr.contains("\n  help: check the name"), "{}", ran.text());
}

/// A function's recordings go to a bucket, and from there into a function folder.
#[test]
fn recordings_of_a_running_function_go_through_a_bucket() {
    let Some(moto) = Moto::start() else { return };
    moto.does("make");
    let (live, kept) = (Function::new(), Function::new());
    with_bootstrap(&kept, "exec python3 loop.py");
    let record = format!(
        "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1\n\
         exec {} record runtime --s3 s3://order-files/recorded --endpoint-url {} -- \
         python3 loop.py",
        env!("CARGO_BIN_EXE_retrigger"),
        moto.url
    );
    with_bootstrap(&live, &record);
    live.import(&[&live.file("one.json", &recorded("alb-get-root"))], &[]);
    let ran = retrigger(["replay", &live.path("")]);
    assert!(ran.stdout.contains("NEW  alb"), "{}", ran.text());
    let objects = String::from_utf8(moto.does("objects")).unwrap();
    assert!(objects.starts_with(r#"{"retrigger":1,"#), "{objects}");
    let ran = kept.import(&[&kept.file("from-bucket.json", &objects)], &[]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let replayed = retrigger(["replay", &kept.path("")]);
    assert!(replayed.stdout.contains("1 passed"), "{}", replayed.text());
}
