//! `retrigger serve` as plain HTTP: what it answers, and what it refuses.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use retrigger::{
    recording::Outcome,
    serve::{Serve, ServeError},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    serve_scene::{Commanded, Serving, handler},
    support::retrigger,
    trigger_scene::{CALLER, Scene, arn},
};

const INVOKE: &str = "POST /2015-03-31/functions/demo/invocations";

fn scene() -> Scene {
    let payload = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn":
        arn("sns", "orders")}}]});
    Scene::new(&payload, "kind = \"sns\"\n")
}

fn serve(scene: &Scene) -> Serve {
    Serve::new([scene.root.path()]).in_process("demo", handler())
}

#[test]
fn a_function_is_invoked_by_each_of_its_names() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let names = [
        "demo",
        "841860927337:function:demo",
        "arn:aws:lambda:us-east-1:841860927337:function:demo",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A841860927337%3Afunction%3Ademo",
        "demo:%24LATEST",
        "demo/",
    ];
    for name in names {
        let name = name.strip_suffix('/').unwrap_or(name);
        let path = format!("POST /2015-03-31/functions/{name}/invocations");
        let reply = serving.request(&path, &[], b"{\"a\":1}");
        assert_eq!((reply.status, reply.json()), (200, json!({"a": 1})), "{name}");
        assert_eq!(reply.header("x-amz-executed-version"), Some("$LATEST"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("x-amzn-requestid").map(str::len), Some(36));
        assert_eq!(reply.header("x-amz-function-error"), None);
    }
}

#[test]
fn a_functions_error_is_unhandled_with_status_200() {
    let scene = scene();
    let reply = Serving::start(serve(&scene)).invoke("{\"fail\":\"boom\"}");
    assert_eq!((reply.status, reply.header("x-amz-function-error")), (200, Some("Unhandled")));
    assert_eq!(reply.json()["errorMessage"], "boom");
}

#[test]
fn nothing_is_given_as_an_empty_object() {
    let scene = scene();
    assert_eq!(Serving::start(serve(&scene)).invoke("").json(), json!({}));
}

#[test]
fn the_handler_gets_qualifier_and_client_context() {
    let scene = scene();
    scene.write(
        "snapshot/lambda/demo/policy.PROD.json",
        r#"{"Version":"2012-10-17","Statement":[]}"#,
    );
    let serving = Serving::start(serve(&scene));
    let context = STANDARD.encode(r#"{"custom":{"a":"b"}}"#);
    let headers = [("X-Amz-Client-Context", context.as_str())];
    let reply =
        serving.request(&format!("{INVOKE}?Qualifier=PROD"), &headers, b"{\"context\":true}");
    let function = arn("lambda", "function:demo:PROD");
    assert_eq!(reply.json(), json!({"arn": function, "client": {"custom": {"a": "b"}}}));
}

#[rstest]
#[case(INVOKE, &[], b"{", "400 InvalidRequestContentException: Could not parse request body into json: ")]
#[case(INVOKE, &[("X-Amz-Invocation-Type", "Later")], b"", "400 InvalidParameterValueException: ")]
#[case(INVOKE, &[("X-Amz-Client-Context", "{}")], b"",
    "400 InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object.")]
#[case(INVOKE, &[("Content-Type", "application/x-www-form-urlencoded")], b"a=1",
    "415 UnsupportedMediaTypeException: ")]
#[case("POST /2015-03-31/functions/nobody/invocations", &[], b"",
    "404 ResourceNotFoundException: Function not found: \
     arn:aws:lambda:us-east-1:841860927337:function:nobody")]
#[case("POST /2015-03-31/functions/111122223333:demo/invocations", &[], b"",
    "404 ResourceNotFoundException: Function not found: \
     arn:aws:lambda:us-east-1:111122223333:function:demo")]
#[case("POST /2015-03-31/functions/demo/invocations?Qualifier=PROD", &[], b"",
    "404 ResourceNotFoundException: Function not found: \
     arn:aws:lambda:us-east-1:841860927337:function:demo:PROD")]
#[case("POST /2015-03-31/functions/demo:A/invocations?Qualifier=B", &[], b"",
    "400 InvalidParameterValueException: The derived qualifier from the function name")]
#[case("POST /2015-03-31/functions/a%20b/invocations", &[], b"", "400 ValidationException: ")]
#[case(INVOKE, &[("Authorization", "Basic x")], b"", "400 IncompleteSignatureException: ")]
#[case(INVOKE, &[("Origin", "https://example.com")], b"", "403 AccessDeniedException: ")]
#[case(INVOKE, &[("host", "example.com")], b"", "403 AccessDeniedException: ")]
#[case("DELETE /2015-03-31/functions/demo", &[], b"", "404 UnknownOperationException: ")]
#[case("GET /", &[], b"", "404 UnknownOperationException: ")]
#[case("POST /2015-03-31/functions/demo/policy", &[], b"[]", "400 InvalidRequestContentException: ")]
#[case("POST /2015-03-31/functions/demo/policy", &[], b"{}",
    "400 ValidationException: 1 validation error detected: Value null at 'action'")]
#[case("GET /2015-03-31/functions/demo/policy", &[], b"",
    "404 ResourceNotFoundException: The resource you requested does not exist.")]
#[case("GET /2015-03-31/event-source-mappings/orders", &[], b"", "404 ResourceNotFoundException: ")]
#[case("POST /2015-03-31/event-source-mappings", &[],
    b"{\"FunctionName\":\"demo\",\"EventSourceArn\":\"arn:aws:s3:::b\"}",
    "400 InvalidParameterValueException: Unrecognized event source")]
fn what_aws_refuses_is_refused(
    #[case] head: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &[u8],
    #[case] start: &str,
) {
    let scene = scene();
    let error = Serving::start(serve(&scene)).request(head, headers, body).error();
    assert!(error.starts_with(start), "{error}");
}

#[test]
fn a_connection_outlives_an_error() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let mut connection = serving.connect();
    let body = vec![b'x'; 300_000];
    let mut status = |head: &str, headers: &[(&str, &str)], body: &[u8]| {
        connection.send(head, headers, body).unwrap();
        connection.receive().unwrap().status
    };
    assert_eq!(status("POST /nowhere", &[], &body), 404);
    assert_eq!(status(INVOKE, &[("Content-Type", "text/plain")], &body), 415);
    assert_eq!(status(INVOKE, &[("Authorization", "Basic x")], &body), 400);
    assert_eq!(status(INVOKE, &[], &vec![b'x'; 7_000_000]), 413);
    assert_eq!(status(INVOKE, &[], b"{}"), 200);
}

#[test]
fn requests_have_a_size_that_depends_on_whether_the_caller_waits() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let event = |size: usize| format!("\"{}\"", "x".repeat(size - 2)).into_bytes();
    let reply = serving.request(INVOKE, &[], &event(6 * 1024 * 1024));
    assert_eq!(reply.status, 200);
    let error = serving.request(INVOKE, &[], &event(6 * 1024 * 1024 + 1)).error();
    let text = "Request must be smaller than 6291456 bytes for the InvokeFunction operation";
    assert_eq!(error, format!("413 RequestTooLargeException: {text}"));
    let later = [("X-Amz-Invocation-Type", "Event")];
    assert_eq!(serving.request(INVOKE, &later, &event(1024 * 1024)).status, 202);
    let error = serving.request(INVOKE, &later, &event(1024 * 1024 + 1)).error();
    assert!(error.starts_with("413 RequestTooLargeException: 1048577 byte payload"), "{error}");
}

#[test]
fn more_invocations_than_may_wait_are_throttled() {
    let scene = scene();
    let serving = Serving::start(serve(&scene).concurrency(2).sandboxes(1));
    let mut waiting = [serving.connect(), serving.connect()];
    for connection in &mut waiting {
        connection.send(INVOKE, &[], b"{\"sleep\":400}").unwrap();
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(serving.invoke("{}").error(), "429 TooManyRequestsException: Rate Exceeded.");
    for connection in &mut waiting {
        assert_eq!(connection.receive().unwrap().status, 200);
    }
    assert_eq!(serving.invoke("{}").status, 200);
}

#[test]
fn callers_are_told_apart_by_their_access_keys() {
    let scene = scene();
    let session = "arn:aws:sts::841860927337:assumed-role/caller/now";
    let root = "arn:aws:iam::841860927337:root";
    let serve = serve(&scene).caller_of("AKIDCALLER", session).unwrap();
    let serving = Serving::start(serve.caller_of("AKIDROOT", root).unwrap());
    let signed = |key: &str| {
        let scope = format!("{key}/20260302/us-east-1/lambda/aws4_request");
        let header =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        serving.request(INVOKE, &[("Authorization", &header)], b"{}")
    };
    assert_eq!(signed("AKIDROOT").status, 200);
    assert_eq!(
        signed("AKIDCALLER").error(),
        format!(
            "403 AccessDeniedException: User: {session} is not authorized to perform: \
             lambda:InvokeFunction on resource: {} because no identity-based policy allows the \
             lambda:InvokeFunction action",
            arn("lambda", "function:demo")
        )
    );
    let invalid = "403 UnrecognizedClientException: The security token included in the request is \
                   invalid.";
    assert_eq!(signed("AKIDOTHER").error(), invalid);
    let missing = "403 MissingAuthenticationTokenException: Missing Authentication Token";
    assert_eq!(serving.invoke("{}").error(), missing);
}

#[test]
fn what_a_caller_may_is_decided_for_every_call() {
    let scene = scene();
    let serving = Serving::start(serve(&scene).caller(CALLER).unwrap());
    let denied = |head: &str, body: &Value, action: &str, resource: &str| {
        let error = serving.request(head, &[], body.to_string().as_bytes()).error();
        let start = format!(
            "403 AccessDeniedException: User: {CALLER} is not authorized to perform: \
             lambda:{action} on resource: {resource} because"
        );
        assert!(error.starts_with(&start), "{error}");
    };
    let function = &arn("lambda", "function:demo");
    let permission = json!({"StatementId": "s", "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com"});
    denied("POST /2015-03-31/functions/demo/policy", &permission, "AddPermission", function);
    let mapping = json!({"FunctionName": "demo", "EventSourceArn": arn("sqs", "orders")});
    denied("POST /2015-03-31/event-source-mappings", &mapping, "CreateEventSourceMapping", "*");
    denied("GET /2015-03-31/functions", &json!({}), "ListFunctions", "*");
    denied("GET /2015-03-31/functions/demo", &json!({}), "GetFunction", function);
    let url = json!({"AuthType": "NONE"});
    denied("POST /2021-10-31/functions/demo/url", &url, "CreateFunctionUrlConfig", function);
    assert!(!scene.root.path().join("snapshot/lambda/demo/policy.json").exists());
}

#[test]
fn the_organization_bears_on_the_root_user() {
    let scene = scene();
    let scp = |effect: &str, action: &str| {
        json!({"Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]})
    };
    let level = |policies: Value| json!({"target": "r-1", "policies": policies});
    let organization = json!({"format": 1, "scps": [level(json!([
        {"Name": "all", "Content": scp("Allow", "*")},
        {"Name": "no-invoke", "Content": scp("Deny", "lambda:InvokeFunction")},
    ]))]});
    scene.write("snapshot/organization.json", &organization.to_string());
    let error = Serving::start(serve(&scene)).invoke("{}").error();
    assert!(error.ends_with("with an explicit deny in a service control policy"), "{error}");
}

#[test]
fn a_role_that_cannot_be_assumed_runs_nothing() {
    let scene = scene();
    let file = "snapshot/account-authorization-details.json";
    let details = std::fs::read_to_string(scene.root.path().join(file)).unwrap();
    scene.write(file, &details.replace("lambda.amazonaws.com", "ec2.amazonaws.com"));
    let error = Serving::start(serve(&scene)).invoke("{}").error();
    let text = "The role defined for the function cannot be assumed by Lambda.";
    assert_eq!(error, format!("400 InvalidParameterValueException: {text}"));
}

#[test]
fn what_a_person_changes_in_the_files_the_next_call_sees() {
    let scene = scene();
    let serving = Serving::start(serve(&scene).caller(CALLER).unwrap());
    assert_eq!(serving.invoke("{}").status, 403);
    let statement = json!({"Sid": "caller", "Effect": "Allow", "Principal": {"AWS": CALLER},
        "Action": "lambda:InvokeFunction", "Resource": arn("lambda", "function:demo")});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    scene.write("snapshot/lambda/demo/policy.json", &policy.to_string());
    assert_eq!(serving.invoke("{}").status, 200);
    scene.write("snapshot/lambda/demo/policy.json", "{");
    let error = serving.invoke("{}").error();
    assert!(error.starts_with("500 ServiceException: "), "{error}");
    assert!(error.contains("policy.json:1:"), "{error}");
}

#[test]
fn permissions_that_are_added_at_once_are_all_kept() {
    let scene = scene();
    let serving = Arc::new(Serving::start(serve(&scene)));
    let add = |first: usize| {
        let serving = Arc::clone(&serving);
        std::thread::spawn(move || {
            for id in first..first + 5 {
                let body = json!({"StatementId": format!("s{id}"), "Principal": "111122223333",
                    "Action": "lambda:InvokeFunction"});
                let head = "POST /2015-03-31/functions/demo/policy";
                let reply = serving.request(head, &[], body.to_string().as_bytes());
                assert_eq!(reply.status, 201, "{reply:?}");
            }
        })
    };
    let threads: Vec<_> = (0..8).map(|thread| add(thread * 5)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let reply = serving.request("GET /2015-03-31/functions/demo/policy", &[], b"");
    let policy: Value = serde_json::from_str(reply.json()["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 40);
    drop(serving);
    assert_eq!(scene.triggers().list().unwrap().len(), 40);
}

#[test]
fn what_is_added_lets_a_recording_pass_that_was_denied() {
    let scene = scene();
    scene.check(Outcome::Denied, "before");
    let permission = json!({"StatementId": "sns", "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com", "SourceArn": arn("sns", "orders")});
    let reply = Serving::start(serve(&scene)).request(
        "POST /2015-03-31/functions/demo/policy",
        &[],
        permission.to_string().as_bytes(),
    );
    assert_eq!(reply.status, 201);
    scene.check(Outcome::Completed, "after");
}

#[test]
fn a_mapping_is_made_changed_and_removed() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let mappings = "/2015-03-31/event-source-mappings";
    let call = |head: &str, body: &Value| serving.request(head, &[], body.to_string().as_bytes());
    let new = json!({"FunctionName": "demo:PROD", "EventSourceArn": arn("sqs", "orders")});
    let text =
        "The provided execution role does not have permissions to call ReceiveMessage on SQS";
    let denied = call(&format!("POST {mappings}"), &new);
    assert_eq!(denied.error(), format!("400 InvalidParameterValueException: {text}"));

    scene.grant_role(&[json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})]);
    let made = call(&format!("POST {mappings}"), &new);
    assert_eq!(made.status, 202);
    assert_eq!(made.json()["FunctionArn"], arn("lambda", "function:demo:PROD"));
    assert_eq!(call(&format!("POST {mappings}"), &new).status, 409);
    let uuid = made.json()["UUID"].as_str().unwrap().to_owned();
    let change = json!({"FunctionName": "demo", "BatchSize": 3});
    let changed = call(&format!("PUT {mappings}/{uuid}"), &change);
    assert_eq!(changed.json()["FunctionArn"], arn("lambda", "function:demo"));
    let listed = call(&format!("GET {mappings}?FunctionName=demo&MaxItems=1"), &json!({}));
    assert_eq!(listed.json(), json!({"EventSourceMappings": [changed.json()]}));
    assert_eq!(call(&format!("DELETE {mappings}/{uuid}"), &json!({})).status, 202);
    assert_eq!(call(&format!("GET {mappings}/{uuid}"), &json!({})).status, 404);
}

/// More with `RETRIGGER_SERVE_INVOCATIONS`.
#[test]
fn many_invocations_at_a_time_lose_nothing() {
    let scene = scene();
    let all = std::env::var("RETRIGGER_SERVE_INVOCATIONS").ok();
    let all: usize = all.map_or(1_000, |text| text.parse().unwrap());
    let serving = Arc::new(Serving::start(serve(&scene)));
    let client = |number: usize| {
        let serving = Arc::clone(&serving);
        std::thread::spawn(move || {
            let mut connection = serving.connect();
            for n in (number..all).step_by(50) {
                let event = json!({"n": n}).to_string();
                connection.send(INVOKE, &[], event.as_bytes()).unwrap();
                let reply = connection.receive().unwrap();
                assert_eq!((reply.status, reply.json()), (200, json!({"n": n})));
            }
        })
    };
    let clients: Vec<_> = (0..50).map(client).collect();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn what_runs_comes_to_its_end() {
    let scene = scene();
    let serving = Serving::start(serve(&scene).record("recorded"));
    let mut connection = serving.connect();
    connection.send(INVOKE, &[], b"{\"sleep\":900}").unwrap();
    let later = [("X-Amz-Invocation-Type", "Event")];
    assert_eq!(serving.request(INVOKE, &later, b"{\"sleep\":900}").status, 202);
    // Until the first one is certain to have been read.
    std::thread::sleep(Duration::from_millis(300));
    drop(serving);
    assert_eq!(connection.receive().unwrap().status, 200);
    assert_eq!(std::fs::read_dir(scene.root.path().join("recorded")).unwrap().count(), 2);
}

#[test]
fn half_a_request_keeps_nobody_waiting() {
    let scene = scene();
    let serving = Serving::start(serve(&scene));
    let mut silent = serving.connect();
    silent.send_text("POST /2015-03-31/functions/demo/invocations HTTP/1.1\r\nhost: ").unwrap();
    let mut broken = serving.connect();
    let head = "POST /2015-03-31/functions/demo/invocations HTTP/1.1\r\n";
    broken.send_text(&format!("{head}host: localhost\r\ncontent-length: 9\r\n\r\n{{")).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    drop(serving);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let scene = scene();
    let why = |serve: Serve| async { serve.start().await.unwrap_err().to_string() };
    let empty = tempfile::tempdir().unwrap();
    let error = why(Serve::new([empty.path()])).await;
    assert!(error.ends_with("no function folder there or below; it is one with a `function.toml`"));

    let first = serve(&scene).start().await.unwrap();
    let port = first.address().port();
    let error = why(serve(&scene).port(port)).await;
    let start = format!("cannot listen on 127.0.0.1:{port}: the port is taken");
    assert!(error.starts_with(&start), "{error}");

    let nobody = serve(&scene).caller("arn:aws:iam::841860927337:role/nobody").unwrap();
    let error = why(nobody).await;
    assert!(error.contains("`arn:aws:iam::841860927337:role/nobody`"), "{error}");
    let no_principal = serve(&scene).caller("sns.amazonaws.com");
    assert!(matches!(no_principal, Err(ServeError::NoCaller(_))));

    let error = why(serve(&scene).record("../elsewhere")).await;
    assert!(error.starts_with("recordings cannot be written to `../elsewhere`"), "{error}");

    scene.write("snapshot/lambda/demo/event-source-mappings.json", "{\n  \"x\"\n}");
    let error = why(serve(&scene)).await;
    assert!(error.contains("event-source-mappings.json:3:1: "), "{error}");
}

#[rstest]
#[case("TERM")]
#[case("INT")]
fn the_command_serves_until_it_is_told_to_end(#[case] signal: &str) {
    let scene = scene();
    let folder = scene.root.path().to_str().unwrap();
    let serve = Commanded::start(&[folder]);
    assert_eq!(serve.about["functions"][0]["arn"], arn("lambda", "function:demo"));
    let port = serve.about["port"].to_string();
    assert_eq!(serve.url(), format!("http://127.0.0.1:{port}"));

    let ran = retrigger(["serve", folder, "--port", &port]);
    let start = format!("error: cannot listen on 127.0.0.1:{port}: the port is taken");
    assert!(ran.code == 2 && ran.stderr.starts_with(&start), "{}", ran.text());
    assert_eq!(serve.stop(signal), Some(0));
}

#[test]
fn a_policy_that_aws_would_refuse_is_shown_where_it_stands() {
    let scene = scene();
    let policy =
        "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"ALLOW\"}]\n}\n";
    scene.write("snapshot/lambda/demo/policy.json", policy);
    let ran = retrigger(["serve", scene.root.path().to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("policy.json:3:"), "{}", ran.text());
}
