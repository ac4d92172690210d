//! The handler's own AWS calls as files: recorded from an upstream, large answers in files of their
//! own, and removed by `accept` when the handler no longer makes them.

use std::fs;

use retrigger::recording::Recording;
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_string_contains},
};

use crate::{
    accept::{run, tree},
    bad_input::Demo,
    support::{Ran, command},
};

/// Gets items of a table, one after the other, with calls that it signs itself.
const HANDLER: &str = r"
import { createHash, createHmac } from 'node:crypto';

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const hash = (text) => createHash('sha256').update(text).digest('hex');

const get = async (id) => {
  const url = new URL(process.env.AWS_ENDPOINT_URL);
  const body = JSON.stringify({ TableName: 'orders', Key: { id: { S: id } } });
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'host': url.host,
    'x-amz-date': date,
    'x-amz-security-token': process.env.AWS_SESSION_TOKEN,
    'x-amz-target': 'DynamoDB_20120810.GetItem',
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join('');
  const request = ['POST', '/', '', lines, names, hash(body)].join('\n');
  const scope = `${date.slice(0, 8)}/${process.env.AWS_REGION}/dynamodb/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, hash(request)].join('\n');
  const key = scope.split('/').reduce(hmac, 'AWS4' + process.env.AWS_SECRET_ACCESS_KEY);
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const credential = `${process.env.AWS_ACCESS_KEY_ID}/${scope}`;
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, `
    + `Signature=${signature}`;
  delete headers.host;
  const answer = await fetch(url, { method: 'POST', headers, body });
  return (await answer.text()).length;
};

export const handler = async () => {
  const lengths = [];
  for (const id of IDS) lengths.push(await get(id));
  return lengths.length;
};
";

/// A function that may read the table; nothing of its answer is expected.
fn demo(ids: &[&str]) -> Demo {
    let demo = Demo::new("");
    let path = "snapshot/account-authorization-details.json";
    let text = fs::read_to_string(demo.path(path)).unwrap();
    let mut details: Value = serde_json::from_str(&text).unwrap();
    let allow = json!({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": [allow]});
    details["RoleDetailList"][0]["RolePolicyList"] =
        json!([{"PolicyName": "table", "PolicyDocument": document}]);
    demo.write(path, details.to_string());
    let function = fs::read_to_string(demo.path("function.toml")).unwrap();
    demo.write("function.toml", function.replace("timeout = 1\n", "timeout = 60\n"));
    demo.write("one/expected.json", "{\"format\":1,\"outcome\":\"completed\"}\n");
    asking(&demo, ids);
    demo
}

fn asking(demo: &Demo, ids: &[&str]) {
    let ids = json!(ids).to_string();
    demo.write("handler/index.mjs", HANDLER.replace("IDS", &ids));
}

/// Answers for the item `large` with more than stands in a list of calls.
async fn upstream() -> MockServer {
    let server = MockServer::start().await;
    let item = |text: &str| {
        let body = json!({"Item": {"id": {"S": text}, "password": {"S": "hunter2hunter2"}}});
        ResponseTemplate::new(200).set_body_raw(body.to_string(), "application/x-amz-json-1.0")
    };
    let large = Mock::given(body_string_contains("large"));
    large.respond_with(item(&"large ".repeat(8000))).mount(&server).await;
    Mock::given(any()).respond_with(item("small")).mount(&server).await;
    server
}

/// The items that are asked for in the recorded calls, in their order.
fn recorded(demo: &Demo) -> Vec<String> {
    let calls = Recording::load(demo.path("one")).unwrap().calls;
    let id = |call: &Value| call["Key"]["id"]["S"].as_str().unwrap().to_owned();
    calls.iter().map(|call| id(&call.key.parameters)).collect()
}

fn bodies(demo: &Demo) -> Vec<String> {
    let Ok(entries) = fs::read_dir(demo.path("one/calls")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn accept_removes_calls_that_are_no_longer_made_and_keeps_the_order_of_the_others() {
    let demo = demo(&["small", "other", "large"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(upstream());
    let ran = run(&demo, None, &["replay", "--record-calls", "once", "--upstream", &server.uri()]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains(", 3 calls recorded"), "{}", ran.text());
    runtime.block_on(async { drop(server) });
    assert_eq!(recorded(&demo), ["large", "other", "small"]);
    let [body] = bodies(&demo).try_into().unwrap();
    let (name, end) = body.split_once('.').unwrap();
    assert!(name.starts_with("GetItem-") && end == "json", "{body}");
    let text = fs::read_to_string(demo.path("one/calls").join(&body)).unwrap();
    assert!(text.contains("\"password\":{\"S\":\"<password:1>\"}"), "{}", &text[text.len() - 80..]);
    let scanned = Ran::of(command().arg("scan").arg(demo.path("one")));
    assert_eq!(scanned.code, 0, "{}", scanned.text());
    let before = tree(&demo);
    assert_eq!(run(&demo, None, &["replay"]).code, 0);
    assert_eq!(run(&demo, None, &["accept", "--yes"]).code, 0);
    assert_eq!(tree(&demo), before, "there is nothing to accept");

    asking(&demo, &["small", "new", "large"]);
    assert_eq!(run(&demo, None, &["replay"]).code, 1);
    let ran = run(&demo, None, &["accept"]);
    assert_eq!(ran.code, 2, "nobody can be asked: {}", ran.text());
    let ran = run(&demo, None, &["accept", "--yes"]);
    let call = "call `dynamodb:GetItem on arn:aws:dynamodb:us-east-1:841860927337:table/orders`";
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        format!("{call} is no longer made: accepting removes it"),
        format!("{call} is not recorded: accepting does not change that"),
        "`retrigger replay --record-calls new --upstream URL` records it".to_owned(),
    ] {
        assert!(words.contains(&expected), "{}", ran.text());
    }
    assert_eq!(recorded(&demo), ["large", "small"]);
    assert_eq!(run(&demo, None, &["replay"]).code, 1);
    let ran = run(&demo, Some("true"), &["accept"]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.stdout.contains("1 recording: 1 left as they are"), "{}", ran.text());

    asking(&demo, &["small"]);
    let ran = run(&demo, None, &["accept", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert_eq!((recorded(&demo), bodies(&demo)), (vec!["small".to_owned()], vec![]));
    assert!(!demo.path("one/calls").exists());
    assert_eq!(run(&demo, None, &["replay"]).code, 0);
}

#[test]
fn a_recording_of_which_a_call_is_not_answered_is_not_written() {
    let demo = demo(&["small", "other"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        let item = ResponseTemplate::new(200).set_body_string("{}");
        Mock::given(body_string_contains("small")).respond_with(item).mount(&server).await;
        // More than is recorded of an answer.
        let other = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 64 * 1024 * 1024 + 1]);
        Mock::given(any()).respond_with(other).mount(&server).await;
        server
    });
    let before = tree(&demo);
    let record = ["replay", "--record-calls", "once", "--upstream", &server.uri()];
    let ran = run(&demo, None, &record);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.stdout.contains("more than the 64 MiB"), "{}", ran.text());
    assert_eq!(tree(&demo), before);
}

#[rstest]
#[case::none("", "there are no AWS credentials")]
#[case::expired(
    "[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"ASIAEXAMPLE\", \
     \"SecretAccessKey\": \"x\", \"SessionToken\": \"x\", \
     \"Expiration\": \"2020-01-01T00:00:00Z\"}'\n",
    "expired"
)]
fn without_credentials_aws_is_no_upstream(#[case] config: &str, #[case] expected: &str) {
    let demo = demo(&["small"]);
    let before = tree(&demo);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config"), config).unwrap();
    let mut command = command();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command
        .args(["replay", "--record-calls", "once", "--upstream", "aws"])
        .arg(demo.path(""))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", home.path().join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.path().join("none"));
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, 2, "{}", ran.text());
    assert!(ran.stderr.contains("`aws` cannot be the upstream"), "{}", ran.text());
    assert!(ran.stderr.contains(expected), "{}", ran.text());
    assert_eq!(tree(&demo), before);
}
