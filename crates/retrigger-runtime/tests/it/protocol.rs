//! The Runtime API as its clients see it, byte for byte.

use std::{
    io::{Read, Write},
    net::Shutdown,
};

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_client::{Client, Invoked, RUNTIME, Reply},
    support::invocation,
};

const EXTENSION: &str = "/2020-01-01/extension";
const OK: &str = r#"{"status":"OK"}"#;

fn refused_transition(from: &str, to: &str) -> String {
    json!({
        "errorMessage": format!(
            "State transition from {from} to {to} failed for runtime. Error: State transition is \
             not allowed"
        ),
        "errorType": "InvalidStateTransition",
    })
    .to_string()
}

async fn error_of(invoked: Invoked) -> (String, String) {
    let error = invoked.await.unwrap().1.unwrap().result.unwrap_err();
    (error.error_type, String::from_utf8(error.body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_by_its_state() {
    let (client, invoked) = Client::start(|_, invocation| {
        invocation.trace_id = Some("Root=1-2-3".to_owned());
        invocation.client_context = Some(r#"{"custom":{}}"#.to_owned());
    });
    let invocation_path = format!("{RUNTIME}/invocation/8f5c-11");
    let [response, error] = ["response", "error"].map(|end| format!("{invocation_path}/{end}"));
    let invalid_id = r#"{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#;

    client.post(&response, &[], "1").expect(400, invalid_id);
    client
        .get(&format!("{RUNTIME}/restore/next"))
        .expect(403, &refused_transition("Started", "Restoring"));
    client
        .post(&format!("{RUNTIME}/restore/error"), &[], "{}")
        .expect(403, &refused_transition("Started", "RestoreError"));

    let next = client.next();
    next.expect(200, r#"{"a":1}"#);
    assert_eq!(next.header("lambda-runtime-aws-request-id"), Some("8f5c-11"));
    let arn = client.function.config.arn.as_str();
    assert_eq!(next.header("lambda-runtime-invoked-function-arn"), Some(arn));
    assert_eq!(next.header("lambda-runtime-trace-id"), Some("Root=1-2-3"));
    assert_eq!(next.header("lambda-runtime-client-context"), Some(r#"{"custom":{}}"#));
    assert_eq!(next.header("lambda-runtime-cognito-identity"), None);
    assert_eq!(next.header("lambda-runtime-deadline-ms").map(str::len), Some(13));

    client.next().expect(403, &refused_transition("Running", "Ready"));
    let init_error = format!("{RUNTIME}/init/error");
    client.post(&init_error, &[], "{}").expect(403, &refused_transition("Running", "InitError"));
    client.post(&format!("{RUNTIME}/invocation/9/error"), &[], "{}").expect(400, invalid_id);
    let mode = [("Lambda-Runtime-Function-Response-Mode", "buffered")];
    client.post(&response, &mode, "1").expect_error(400, "InvalidFunctionResponseMode");

    client.post(&response, &[("Content-Type", "text/plain")], "not JSON").expect(202, OK);
    let twice = refused_transition("ResponseSent", "InvocationErrorResponse");
    client.post(&error, &[], "{}").expect(403, &twice);

    let result = invoked.await.unwrap().1.unwrap().result.unwrap();
    assert_eq!((&result.body[..], result.streamed), (&b"not JSON"[..], false));
    assert_eq!(result.content_type.as_deref(), Some("text/plain"));
}

#[rstest]
#[case("GET", "/")]
#[case("GET", "/2018-06-01/runtime/invocation")]
#[case("DELETE", "/2018-06-01/runtime/invocation/next")]
#[case("POST", "/2020-01-01/extension/event/next")]
#[case("GET", "/%00/%ff?x=../..")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_are_not_found(#[case] method: &str, #[case] path: &str) {
    let (client, _invoked) = Client::start(|_, _| ());
    client.call(method, path, &[], b"").expect_error(404, "NotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_harms_nobody() {
    let (client, invoked) = Client::start(|_, _| ());
    let mut stream = client.connect();
    stream.write_all(b"\x16\x03\x01 not HTTP\r\n\r\n").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    drop(client.connect());
    client.next();
    let _next = client.finish();
    assert_eq!(invoked.await.unwrap().1.unwrap().result.unwrap().body, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_and_body_arrive_together() {
    let (client, _invoked) = Client::start(|_, _| ());
    let mut stream = client.connect();
    let request = format!("GET {RUNTIME}/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut first_read = [0; 4096];
    let count = stream.read(&mut first_read).unwrap();
    assert!(first_read[..count].ends_with(b"\r\n\r\n{\"a\":1}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_over_the_limit_is_refused() {
    let (client, invoked) = Client::start(|_, _| ());
    client.next();
    let message = r#"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#;
    client.respond(&"x".repeat(6_291_557)).expect(413, message);
    assert_eq!(error_of(invoked).await.0, "Function.ResponseSizeTooLarge");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_response_is_refused() {
    let (client, invoked) = Client::start(|_, _| ());
    client.next();
    let mut stream = client.connect();
    let path = format!("{RUNTIME}/invocation/8f5c-11/response");
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    let sent = (0..1000).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 200, "the connection ends");
    assert_eq!(error_of(invoked).await.0, "Function.ResponseSizeTooLarge");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_response_is_an_error() {
    let (client, invoked) = Client::start(|_, _| ());
    client.next();
    let mut stream = client.connect();
    let path = format!("{RUNTIME}/invocation/8f5c-11/response");
    let text = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{\"a\"");
    stream.write_all(text.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply);
    assert_eq!(error_of(invoked).await.0, "Runtime.TruncatedResponse");
}

#[rstest]
#[case(
    "",
    r#"{"errorType":"Odd","errorMessage":"x","errorCause":{}}"#,
    "Odd",
    r#"{"errorType":"Odd","errorMessage":"x","errorCause":{}}"#
)]
#[case(
    "application/vnd.aws.lambda.error.cause+json",
    r#"{"errorType":"Odd","errorMessage":"x","errorCause":{}}"#,
    "Odd",
    r#"{"errorType":"Odd","errorMessage":"x"}"#
)]
#[case("", "not JSON", "Function.Odd", "not JSON")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reported_errors_reach_the_caller(
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] error_type: &str,
    #[case] error_body: &str,
    #[values("invocation/8f5c-11/error", "init/error")] path: &str,
) {
    let (client, invoked) = Client::start(|_, _| ());
    if !path.starts_with("init") {
        client.next();
    }
    let headers =
        [("Content-Type", content_type), ("Lambda-Runtime-Function-Error-Type", "Function.Odd")];
    client.post(&format!("{RUNTIME}/{path}"), &headers, body).expect(202, OK);
    assert_eq!(error_of(invoked).await, (error_type.to_owned(), error_body.to_owned()));
}

#[rstest]
#[case("", Ok("onetwo"))]
#[case("Lambda-Runtime-Function-Error-Type: Odd\r\nLambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJPZGQifQ==\r\n", Err(("Odd", r#"{"errorType":"Odd"}"#)))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streamed_responses_end_in_trailers(
    #[case] trailers: &str,
    #[case] expected: Result<&str, (&str, &str)>,
) {
    let (client, invoked) = Client::start(|_, _| ());
    client.next();
    let mut stream = client.connect();
    write!(
        stream,
        "POST {RUNTIME}/invocation/8f5c-11/response HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\
         Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n\
         3\r\none\r\n3\r\ntwo\r\n0\r\n{trailers}\r\n"
    )
    .unwrap();
    Reply::read(stream).expect(202, OK);
    match (invoked.await.unwrap().1.unwrap().result, expected) {
        (Ok(response), Ok(body)) => assert!(response.streamed && response.body == body),
        (Err(error), Err((error_type, body))) => {
            assert_eq!((error.error_type.as_str(), &error.body[..]), (error_type, body.as_bytes()));
        }
        (result, _) => panic!("{result:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snap_start_function_may_restore() {
    let (client, invoked) = Client::start(|function, _| function.config.snap_start = true);
    client.get(&format!("{RUNTIME}/restore/next")).expect(200, "");
    let error = r#"{"errorType":"Runtime.AfterRestoreError","errorMessage":"x"}"#;
    client.post(&format!("{RUNTIME}/restore/error"), &[], error).expect(202, OK);
    assert_eq!(error_of(invoked).await.1, error);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extensions_are_told_of_invocations_and_of_the_end() {
    let (client, invoked) = Client::start(|_, _| ());
    let register = format!("{EXTENSION}/register");
    let next = format!("{EXTENSION}/event/next");
    let events = r#"{"events":["INVOKE","SHUTDOWN"]}"#;
    client.post(&register, &[], events).expect_error(403, "Extension.InvalidExtensionName");
    let name =
        [("Lambda-Extension-Name", "watcher"), ("Lambda-Extension-Accept-Feature", "accountId")];
    client.post(&register, &name, r#"{"events":["X"]}"#).expect_error(400, "InvalidRequestFormat");
    let registered = client.post(&register, &name, events);
    let facts = json!({ "functionName": "demo", "functionVersion": "$LATEST", "handler": "boot",
                        "accountId": "123456789012" });
    registered.expect(200, &facts.to_string());
    client.post(&register, &name, events).expect_error(403, "Extension.AlreadyRegistered");

    client.get(&next).expect_error(403, "Extension.MissingHeader");
    let unknown = [("Lambda-Extension-Identifier", "x")];
    client
        .call("GET", &next, &unknown, b"")
        .expect_error(403, "Extension.UnknownExtensionIdentifier");
    let identifier = registered.header("lambda-extension-identifier").unwrap();
    let identifier = [("Lambda-Extension-Identifier", identifier)];

    client.next();
    let event: Value =
        serde_json::from_str(&client.call("GET", &next, &identifier, b"").body).unwrap();
    assert_eq!((&event["eventType"], &event["requestId"]), (&json!("INVOKE"), &json!("8f5c-11")));
    let _next = client.finish();
    let (mut process, outcome) = invoked.await.unwrap();
    assert_eq!(outcome.unwrap().result.unwrap().body, "1");
    let ended = tokio::spawn(async move { process.shutdown().await });
    let event: Value =
        serde_json::from_str(&client.call("GET", &next, &identifier, b"").body).unwrap();
    assert_eq!(event["eventType"], "SHUTDOWN");
    ended.await.unwrap();
}

#[rstest]
#[case("init/error", "Extension.InitError")]
#[case("exit/error", "Extension.ExitError")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_extension_fails_the_invocation(#[case] path: &str, #[case] error_type: &str) {
    let (client, invoked) = Client::start(|_, _| ());
    let name = [("Lambda-Extension-Name", "watcher")];
    let registered = client.post(&format!("{EXTENSION}/register"), &name, r#"{"events":[]}"#);
    let identifier = registered.header("lambda-extension-identifier").unwrap();
    let path = format!("{EXTENSION}/{path}");
    let mut headers = vec![("Lambda-Extension-Identifier", identifier)];
    client.post(&path, &headers, "{}").expect_error(403, "Extension.MissingHeader");
    headers.push(("Lambda-Extension-Function-Error-Type", "Extension.Odd"));
    client.post(&path, &headers, "{}").expect(202, OK);
    assert_eq!(error_of(invoked).await.0, error_type);
}

#[rstest]
#[case("/2022-07-01/telemetry", "Telemetry")]
#[case("/2020-08-15/logs", "Logs")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telemetry_is_politely_declined(#[case] path: &str, #[case] api: &str) {
    let (client, _invoked) = Client::start(|_, _| ());
    let body = json!({
        "errorMessage": format!("{api} API is not supported"),
        "errorType": format!("{api}.NotSupported"),
    });
    client.call("PUT", path, &[], b"{}").expect(202, &body.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_goes_away_loses_nothing() {
    let (client, invoked) = Client::start(|_, _| ());
    // Asks, and hangs up before the event comes to it: the next one to ask gets it.
    let (mut process, outcome) = {
        client.next();
        drop(client.finish());
        invoked.await.unwrap()
    };
    assert_eq!(outcome.unwrap().result.unwrap().body, "1");
    // An event that is handed over before the hang-up is noticed is lost, here as on AWS.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let invoked = tokio::spawn(async move { process.invoke(invocation("2")).await });
    client.next().expect(200, "2");
    let _next = client.finish();
    assert_eq!(invoked.await.unwrap().unwrap().result.unwrap().body, "1");
}
