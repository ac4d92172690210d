//! The calls that AWS's SDKs for Python and JavaScript make of fourteen services: recorded once from
//! moto, replayed without it, refused one and all.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, path},
};

use crate::{
    gateway_sdk_scene::{PYTHON, Sdks, Seen},
    snapshot_moto::Moto,
};

/// Results of calls that show that the services answered, and what.
fn results() -> Value {
    json!({
        "s3 get": "hello",
        "s3 get by host": "hello",
        "s3 head": 5,
        "s3 list": ["a folder/ü.txt"],
        "s3 complete upload": "\"2cee421f1404f02d0f7498f6947d28fe-2\"",
        "s3 copy": "\"5d41402abc4b2a76b9719d911017c592\"",
        "dynamodb get": {"N": "1"},
        "dynamodb batch get": ["2", "3"],
        "dynamodb transact": "done",
        "dynamodb query": 3,
        "sqs delete": "deleted",
        "lambda invoke": "{}",
        "kms decrypt": "hello",
        "ssm parameters": ["one", "two"],
        "sts identity": "123456789012",
        "events put": 0,
        "kinesis put": "shardId-000000000000",
        "kinesis put many": 0,
        "logs describe": ["s"],
    })
}

/// What refuses, by a call or its service: the status, the class and code that Python raises, and
/// those that Node throws. An answer to `HEAD` has no body to tell more.
const REFUSED: [(&str, u16, [&str; 2], [&str; 2]); 14] = [
    ("s3 head", 403, ["ClientError", "403"], ["S3ServiceException", "Unknown"]),
    ("s3", 403, ["AccessDenied", "AccessDenied"], ["AccessDenied", "AccessDenied"]),
    ("dynamodb", 400, ["ClientError", EXCEPTION], ["DynamoDBServiceException", EXCEPTION]),
    ("sqs", 403, ["ClientError", "AccessDenied"], ["SQSServiceException", "AccessDenied"]),
    ("sns", 403, [OF_SNS, "AuthorizationError"], [OF_SNS, OF_SNS]),
    ("lambda", 403, ["ClientError", EXCEPTION], ["LambdaServiceException", EXCEPTION]),
    ("kms", 400, ["ClientError", EXCEPTION], ["KMSServiceException", EXCEPTION]),
    ("secret", 400, ["ClientError", EXCEPTION], ["SecretsManagerServiceException", EXCEPTION]),
    ("ssm", 400, [EXCEPTION, EXCEPTION], [EXCEPTION, EXCEPTION]),
    ("sts", 403, ["ClientError", "AccessDenied"], ["STSServiceException", "AccessDenied"]),
    ("events", 400, [EXCEPTION, EXCEPTION], [EXCEPTION, EXCEPTION]),
    ("kinesis", 400, [EXCEPTION, EXCEPTION], [EXCEPTION, EXCEPTION]),
    ("logs", 400, [EXCEPTION, EXCEPTION], [EXCEPTION, EXCEPTION]),
    ("cloudwatch", 403, ["ClientError", "AccessDenied"], [OF_METRICS, "AccessDenied"]),
];
const EXCEPTION: &str = "AccessDeniedException";
const OF_SNS: &str = "AuthorizationErrorException";
const OF_METRICS: &str = "CloudWatchServiceException";

#[test]
fn aws_sdks_get_from_the_recording_what_moto_answered_and_raise_their_own_exceptions_if_refused() {
    let Some(moto) = Moto::start() else { return };
    let key = String::from_utf8(moto.does("called")).unwrap();
    let scene = Sdks::new("services", &key);
    if scene.functions.is_empty() {
        return;
    }
    let (_, live) = scene.replay(&["--record-calls", "once", "--upstream", &moto.url]);
    drop(moto);
    check_all_are(&live, "upstream");
    for (recording, seen) in &live {
        for (name, expected) in results().as_object().unwrap() {
            assert_eq!(seen.response[name], *expected, "{name}: {:#}", seen.response);
        }
        let calls = std::fs::read_to_string(scene.path(recording).join("calls.jsonl")).unwrap();
        for secret in ["not-to-be-read-1", "AWS4-HMAC", "x-amz-security-token"] {
            assert!(!calls.contains(secret), "{recording}: {secret}");
        }
        assert!(calls.contains("<SecretAccessKey><credentials:"), "{recording}");
    }
    check_replayed(&scene, &live);
    let (_, refused) = scene.replay(&["--deny", "*"]);
    // The one call that needs no permission.
    check_refused(&refused, EXPLICITLY, &["sts identity"]);
}

/// How every call was answered.
#[track_caller]
fn check_all_are(all: &BTreeMap<String, Seen>, answered: &str) {
    for (recording, seen) in all {
        let ends = |call: &&String| !call.ends_with(&format!(" {answered}"));
        let others: Vec<&String> = seen.called.iter().filter(ends).collect();
        assert!(!seen.called.is_empty() && others.is_empty(), "{recording}: {others:?}");
    }
}

/// Without an upstream, and with no policy but the one that the calls are said to need, every call
/// is answered as it was.
#[track_caller]
fn check_replayed(scene: &Sdks, live: &BTreeMap<String, Seen>) {
    let ran = scene.retrigger(&["policy", "generate", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    for generated in ran.json_lines() {
        let function = generated["function"].as_str().unwrap();
        scene.allow(function, &generated["policy"]["Statement"]);
    }
    scene.expect(live);
    let (ran, again) = scene.replay(&[]);
    check_all_are(&again, "recorded");
    for (recording, seen) in &again {
        assert_eq!(seen.response, live[recording].response, "{recording}");
    }
    assert_eq!((ran.code, again.len()), (0, scene.functions.len()), "{}", ran.text());
}

const EXPLICITLY: &str = " with an explicit deny in an identity-based policy";

/// What each SDK makes of AWS's refusal of each call, whose text ends so.
#[track_caller]
fn check_refused(refused: &BTreeMap<String, Seen>, ending: &str, allowed: &[&str]) {
    for (recording, seen) in refused {
        let calls = seen.response.as_object().unwrap();
        for (name, error) in calls.iter().filter(|(name, _)| !allowed.contains(&name.as_str())) {
            let service = name.split(' ').next().unwrap();
            let row = |what: &str| REFUSED.iter().find(|(row, ..)| *row == what);
            let (row, status, python, node) = row(name).or_else(|| row(service)).unwrap();
            let [class, code] = if recording.starts_with(PYTHON) { python } else { node };
            let got = (&error["class"], &error["code"], &error["status"]);
            let expected = (&json!(class), &json!(code), &json!(status));
            assert_eq!(got, expected, "{recording}: {name}: {error}");
            let message = error["message"].as_str().unwrap();
            let is_told = message
                .starts_with("User: arn:aws:sts::123456789012:assumed-role/calls-")
                && message.contains(" is not authorized to perform: ")
                && message.ends_with(ending);
            assert!(is_told || *row == "s3 head", "{recording}: {name}: {message}");
        }
    }
}

/// An upstream that speaks CBOR, as moto does not.
async fn upstream() -> MockServer {
    let server = MockServer::start().await;
    let answers: [(&str, &[u8]); 2] = [
        ("PutMetricData", b"\xa0"),
        ("ListMetrics", b"\xa1\x67Metrics\x81\xa1\x6aMetricName\x66orders"),
    ];
    for (operation, body) in answers {
        let operation = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
        let answer = ResponseTemplate::new(200)
            .insert_header("smithy-protocol", "rpc-v2-cbor")
            .set_body_raw(body, "application/cbor");
        let speaks = header("smithy-protocol", "rpc-v2-cbor");
        Mock::given(path(operation)).and(speaks).respond_with(answer).mount(&server).await;
    }
    server
}

/// The protocol is not the SDKs' usual one for this service, though the one that AWS names first.
#[test]
fn aws_sdks_speak_cbor_with_what_was_recorded_and_with_what_refuses() {
    let scene = Sdks::new("cbor", "");
    if scene.functions.is_empty() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(upstream());
    let (_, live) = scene.replay(&["--record-calls", "once", "--upstream", &server.uri()]);
    runtime.block_on(async { drop(server) });
    check_all_are(&live, "upstream");
    for seen in live.values() {
        assert_eq!(seen.response["cloudwatch list"], json!(["orders"]));
    }
    check_replayed(&scene, &live);

    let ran = scene.retrigger(&["replay", "--deny", "each"]);
    for action in ["ListMetrics", "PutMetricData"] {
        let rows = scene.functions.iter().rev().map(|name| format!("  {name}/cbor"));
        let shown = rows.map(|row| format!("{row:<19}  another response\n"));
        let shown: String = shown.collect();
        assert!(
            ran.stdout.contains(&format!("cloudwatch:{action} on *\n{shown}")),
            "{}",
            ran.text()
        );
    }
    for function in &scene.functions {
        scene.allow(function, &json!([]));
    }
    let (_, refused) = scene.replay(&[]);
    check_all_are(&refused, "refused");
    check_refused(&refused, " action", &[]);
}
