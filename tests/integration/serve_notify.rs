//! Notifications that reach `retrigger serve` as they would reach another receiver.

use std::time::{Duration, Instant};

use retrigger::serve::Serve;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    serve_door_scene::{curl, has_curl},
    serve_scene::{Serving, handler},
    support::retrigger,
    trigger_scene::{Scene, arn},
};

fn scene() -> Scene {
    let payload = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn":
        arn("sns", "orders")}}]});
    let scene = Scene::new(&payload, "kind = \"sns\"\n");
    let permit = |service: &str, condition: Value| {
        json!({"Sid": service, "Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Principal": {"Service": format!("{service}.amazonaws.com")},
            "Resource": arn("lambda", "function:demo"), "Condition": condition})
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [
        permit("s3", json!({"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::orders"},
            "StringEquals": {"AWS:SourceAccount": "841860927337"}})),
        permit("sns", json!({"ArnLike": {"AWS:SourceArn": arn("sns", "orders")}})),
        permit("events", json!({"ArnLike": {"AWS:SourceArn": arn("events", "rule/orders")}})),
    ]});
    scene.write("snapshot/lambda/demo/policy.json", &policy.to_string());
    scene
}

fn serve(scene: &Scene) -> Serve {
    Serve::new([scene.root.path()]).in_process("demo", handler()).record("recorded")
}

fn s3() -> Value {
    json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "orders", "arn": "arn:aws:s3:::orders"}, "object": {"key": "a"}}}]})
}

fn sns() -> Value {
    json!({"Type": "Notification", "MessageId": "m-1", "TopicArn": arn("sns", "orders"),
        "Message": "hello", "Timestamp": "2026-03-02T09:41:00.000Z"})
}

fn rule() -> Value {
    json!({"Entries": [{"Source": "shop", "DetailType": "Order", "Detail": "{\"id\":1}"}]})
}

/// Waits until there are so many recordings.
fn wait_for(scene: &Scene, count: usize) {
    let folder = scene.root.path().join("recorded");
    let written = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let started = Instant::now();
    while written() < count && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[rstest]
#[case("s3?source-account=841860927337", s3(), json!(["s3", "arn:aws:s3:::orders"]))]
#[case("sns", sns(), json!(["sns", arn("sns", "orders")]))]
#[case(
    "eventbridge?source-arn=arn:aws:events:us-east-1:841860927337:rule/orders", rule(),
    json!(["eventbridge", arn("events", "rule/orders")])
)]
fn a_notification_invokes_the_function(
    #[case] path: &str,
    #[case] body: Value,
    #[case] expected: Value,
) {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let reply = serving.request(&format!("POST /trigger/{path}"), &[], body.to_string().as_bytes());
    assert_eq!(reply.status, 202, "{reply:?}");
    let invocation = &reply.json()["invocations"][0];
    assert_eq!(json!([invocation["trigger"], invocation["sourceArn"]]), expected);
    assert_eq!(
        (&invocation["decision"], &invocation["function"]),
        (&json!("Allowed"), &json!(arn("lambda", "function:demo")))
    );
    assert_eq!(invocation["sourceAccount"], "841860927337");
    drop(serving);
    let entries: Vec<_> = std::fs::read_dir(scene.root.path().join("recorded")).unwrap().collect();
    assert_eq!(entries.len(), 1);
    let event = entries[0].as_ref().unwrap().path().join("event.json");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(event).unwrap()).unwrap();
    assert!(event.get("Records").is_some() || event["detail"]["id"] == 1, "{event}");
}

#[rstest]
#[case("s3", s3(), "; the notification leaves out what can be said by `?source-account=…`")]
#[case(
    "s3?source-account=111122223333",
    s3(),
    "no resource-based policy allows the \
    lambda:InvokeFunction action"
)]
#[case("eventbridge", rule(), "; the notification leaves out what can be said by `?source-arn=…`")]
#[case(
    "sns?source-arn=arn:aws:sns:us-east-1:841860927337:news",
    sns(),
    "no resource-based policy \
    allows the lambda:InvokeFunction action"
)]
fn a_notification_that_the_policy_denies_is_refused(
    #[case] path: &str,
    #[case] body: Value,
    #[case] end: &str,
) {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let head = format!("POST /trigger/{path}");
    let error = serving.request(&head, &[], body.to_string().as_bytes()).error();
    assert!(error.starts_with("403 AccessDeniedException: User: "), "{error}");
    assert!(error.ends_with(end), "{error}");
    drop(serving);
    assert_eq!(std::fs::read_dir(scene.root.path().join("recorded")).unwrap().count(), 1);
}

#[rstest]
#[case("sqs", "{}", "404 UnknownOperationException: `sqs` does not notify functions here")]
#[case("s3", "{", "400 InvalidParameterValueException: the body is not JSON")]
#[case("s3", "{}", "400 InvalidParameterValueException: no notification of S3")]
#[case("s3?topic=a", "{}", "400 InvalidParameterValueException: `topic` says nothing here")]
#[case("s3?function=nobody", "{}", "404 ResourceNotFoundException: Function not found")]
#[case(
    "s3?qualifier=PROD",
    r#"{"Records":[{"eventSource":"aws:s3"}]}"#,
    "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:841860927337:\
     function:demo:PROD"
)]
fn what_is_no_notification_is_refused(#[case] path: &str, #[case] body: &str, #[case] start: &str) {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let error = serving.request(&format!("POST /trigger/{path}"), &[], body.as_bytes()).error();
    assert!(error.starts_with(start), "{error}");
}

#[test]
fn a_subscription_and_a_test_invoke_nothing() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let confirmation = json!({"Type": "SubscriptionConfirmation", "TopicArn": arn("sns", "orders"),
        "SubscribeURL": "https://sns.example/confirm", "Message": "visit"});
    let test = json!({"Event": "s3:TestEvent", "Service": "Amazon S3"});
    for (service, body) in [("sns", confirmation), ("s3", test)] {
        let head = format!("POST /trigger/{service}");
        let reply = serving.request(&head, &[], body.to_string().as_bytes());
        assert_eq!(reply.status, 200);
    }
    drop(serving);
    assert!(!scene.root.path().join("recorded").exists());
}

#[test]
fn a_subscription_of_http_may_send_raw_messages() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let topic = arn("sns", "orders");
    let headers = [
        ("x-amz-sns-rawdelivery", "true"),
        ("x-amz-sns-topic-arn", topic.as_str()),
        ("authorization", "Basic eDp5"),
        ("content-type", "text/plain; charset=UTF-8"),
    ];
    let reply = serving.request("POST /trigger/sns", &headers, b"not JSON");
    assert_eq!(reply.status, 202, "{reply:?}");
}

#[test]
fn what_curl_sends_is_recorded_and_replays() {
    if !has_curl() {
        return;
    }
    let scene = scene();
    std::fs::remove_dir_all(scene.root.path().join("recording")).unwrap();
    scene.write(
        "function.toml",
        &format!(
            "format = 1\narn = \"{}\"\nruntime = \"nodejs20.x\"\nhandler = \"index.handler\"\n",
            arn("lambda", "function:demo")
        ),
    );
    scene.write("handler/index.mjs", "export const handler = async (event) => event;\n");
    let serving = Serving::start(Serve::new([scene.root.path()]).record("recorded"));
    let post = |path: &str, body: &Value| {
        let url = format!("{}/trigger/{path}", serving.url());
        curl(
            &[&url, "--data-binary", "@-", "-H", "content-type: application/json"],
            body.to_string().as_bytes(),
        )
    };
    assert_eq!(post("sns", &sns()).status, "HTTP/1.1 202 Accepted");
    assert_eq!(post("s3?source-account=841860927337", &s3()).status, "HTTP/1.1 202 Accepted");
    assert_eq!(post("eventbridge", &rule()).status, "HTTP/1.1 403 Forbidden");
    wait_for(&scene, 3);
    drop(serving);
    let ran = retrigger(["replay", scene.root.path().join("recorded").to_str().unwrap()]);
    assert!(ran.stdout.contains("3 recordings: 3 passed"), "{}", ran.text());
}
