//! Node handlers under the bootstrap of our own.

use std::time::{Duration, Instant};

use retrigger_runtime::StreamPart;
use rstest::rstest;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use crate::support::{Function, invocation, json};

#[tokio::test]
async fn answer_logs_and_times_come_back() {
    let function = Function::node(
        "export const handler = async (event) => {
            console.log('got', event.name); console.error('and'); process.stdout.write('more');
            return { statusCode: 200, body: event };
        };",
    );
    let outcome = function.invoke(r#"{"name":"Ada"}"#).await;
    assert_eq!(json(&outcome), json!({ "statusCode": 200, "body": { "name": "Ada" } }));
    assert_eq!(outcome.logs, ["got Ada", "and", "more"]);
    assert!(outcome.init_duration.is_some());
}

#[tokio::test]
async fn twenty_invocations_share_one_process() {
    let function = Function::node(
        "export const handler = async (n) => { console.log(`line ${n}`); return process.pid; };",
    );
    let mut process = function.process();
    for n in 0..20 {
        let outcome = process.invoke(invocation(&n.to_string())).await.unwrap();
        assert_eq!(json(&outcome), process.id().unwrap());
        assert_eq!(outcome.logs, [format!("line {n}")]);
        assert_eq!(outcome.init_duration.is_some(), n == 0);
    }
}

#[tokio::test]
async fn context_tells_what_the_invocation_says() {
    let function = Function::node(
        "export const handler = async (event, context) => ({
            id: context.awsRequestId, arn: context.invokedFunctionArn, client: context.clientContext,
            identity: context.identity, memory: context.memoryLimitInMB, left:
            context.getRemainingTimeInMillis() > 1000, trace: process.env._X_AMZN_TRACE_ID });",
    );
    let mut invocation = invocation("{}");
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:demo:PROD";
    invocation.request_id = "a/b c%".to_owned();
    invocation.invoked_arn = Some(arn.to_owned());
    invocation.client_context = Some(r#"{"custom":{"name":"Zoë"}}"#.to_owned());
    invocation.cognito_identity = Some(r#"{"cognitoIdentityId":"x"}"#.to_owned());
    invocation.trace_id = Some("Root=1-2-3;Sampled=0".to_owned());
    let outcome = function.process().invoke(invocation).await.unwrap();
    assert_eq!(
        json(&outcome),
        json!({
            "id": "a/b c%", "arn": arn, "client": { "custom": { "name": "Zoë" } },
            "identity": { "cognitoIdentityId": "x" }, "memory": "128", "left": true,
            "trace": "Root=1-2-3;Sampled=0",
        })
    );
}

/// AWS's SDK sends it to the host in the queue's URL.
#[tokio::test]
async fn a_call_that_names_a_queue_goes_where_all_calls_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut function = Function::node(
        "import { request } from 'node:https';
        const call = { host: 'sqs.eu-west-1.amazonaws.com', port: 443, method: 'POST', path: '/' };
        export const handler = () => new Promise((resolve, reject) =>
            request(call, (answer) => resolve(answer.statusCode)).on('error', reject).end());",
    );
    function.config.endpoint_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    assert_eq!(json(&function.invoke("{}").await), 204);
    let head = server.await.unwrap();
    assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("host: sqs.eu-west-1.amazonaws.com\r\n"), "{head}");
}

#[rstest]
#[case::callback("(event, context, callback) => { setTimeout(callback, 5, null, 1); }", json!(1))]
#[case::callback_at_once(
    "(event, context, callback) => {
        context.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 60000); callback(null, 2);
    }",
    json!(2)
)]
#[case::succeed("(event, context) => context.succeed(3)", json!(3))]
#[case::ignored_return("() => ({ statusCode: 200 })", json!(null))]
#[case::undefined("async () => undefined", json!(null))]
#[case::promise_that_never_settles("() => new Promise(() => {})", json!(null))]
#[case::environment(
    "async () => [process.env.AWS_REGION, process.cwd() === process.env.LAMBDA_TASK_ROOT,
                  process.env._HANDLER, process.env.CARGO_MANIFEST_DIR, process.argv.length]",
    json!(["us-east-1", true, "index.handler", null, 2])
)]
#[tokio::test]
async fn handlers_of_every_style_answer(#[case] code: &str, #[case] answer: serde_json::Value) {
    let function = Function::node(&format!("export const handler = {code};"));
    assert_eq!(json(&function.invoke("{}").await), answer);
}

#[rstest]
#[case("index.handler", "index.js", "exports.handler = async () => 'found'")]
#[case("index.handler", "index.cjs", "exports.handler = async () => 'found'")]
#[case("src/deep/main.run", "src/deep/main.mjs", "export const run = async () => 'found'")]
#[case("index.api.get", "index.js", "exports.api = { get: async () => 'found' }")]
#[case("pack.handler", "node_modules/pack/index.js", "exports.handler = async () => 'found'")]
#[case("index.handler", "index.mjs", "await 0; export const handler = async () => 'found'")]
#[tokio::test]
async fn handlers_are_found_where_lambda_finds_them(
    #[case] handler: &str,
    #[case] file: &str,
    #[case] code: &str,
) {
    let function = Function::new("nodejs20.x", handler, file, code);
    assert_eq!(json(&function.invoke("{}").await), "found");
}

#[tokio::test]
async fn js_file_of_a_module_package_is_a_module() {
    let function = Function::new(
        "nodejs20.x",
        "index.handler",
        "index.js",
        "export const handler = async () => 1",
    )
    .with_file("package.json", r#"{"type":"module"}"#);
    assert_eq!(json(&function.invoke("{}").await), 1);
}

#[rstest]
#[case::missing_file(
    "gone.handler",
    "",
    "Runtime.ImportModuleError",
    "Error: Cannot find module 'gone'"
)]
#[case::missing_import(
    "index.handler",
    "import 'gone'",
    "Runtime.ImportModuleError",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'gone'"
)]
#[case::syntax(
    "index.handler",
    "export const handler = (",
    "Runtime.UserCodeSyntaxError",
    "SyntaxError: Unexpected end of input"
)]
#[case::missing_export(
    "index.other",
    "export const handler = 1",
    "Runtime.HandlerNotFound",
    "index.other is undefined or not exported"
)]
#[case::no_function(
    "index.handler",
    "export const handler = 1",
    "Runtime.HandlerNotFound",
    "index.handler is not a function"
)]
#[case::malformed("handler", "", "Runtime.MalformedHandlerName", "Bad handler")]
#[case::outside(
    "../index.handler",
    "",
    "Runtime.MalformedHandlerName",
    "'../index.handler' is not a valid handler name"
)]
#[case::throws("index.handler", "throw new RangeError('at init')", "RangeError", "at init")]
#[tokio::test]
async fn failed_starts_say_what_lambda_says(
    #[case] handler: &str,
    #[case] code: &str,
    #[case] error_type: &str,
    #[case] error_message: &str,
) {
    let error = Function::new("nodejs20.x", handler, "index.mjs", code).fail("{}").await;
    assert_eq!(error.error_type, error_type);
    assert!(error.error_message.starts_with(error_message), "{error}");
}

#[rstest]
#[case::throws("async () => { throw new TypeError('boom') }", "TypeError", "boom")]
#[case::throws_early("() => { throw new TypeError('boom') }", "TypeError", "boom")]
#[case::callback("(event, context, callback) => callback('boom')", "string", "boom")]
#[case::uncaught(
    "() => new Promise(() => setTimeout(() => { throw new Error('late') }))",
    "Error",
    "late"
)]
#[case::rejected(
    "async () => { Promise.reject(new Error('loose')); await new Promise((r) => setTimeout(r, 50)) }",
    "Runtime.UnhandledPromiseRejection",
    "Error: loose"
)]
#[case::cyclic(
    "async () => { const a = {}; a.a = a; return a }",
    "TypeError",
    "Converting circular"
)]
#[case::exits(
    "async () => process.exit(3)",
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited with error: exit status 3"
)]
#[case::exits_quietly(
    "async () => process.exit(0)",
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited without providing a reason"
)]
#[case::killed(
    "async () => { process.kill(process.pid, 'SIGKILL'); await new Promise((r) => setTimeout(r, 9e3)) }",
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited with error: signal: killed"
)]
#[case::too_large(
    "async () => 'x'.repeat(6291555)",
    "Function.ResponseSizeTooLarge",
    "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
)]
#[case::far_too_large(
    "async () => 'x'.repeat(100 * 1024 * 1024)",
    "Function.ResponseSizeTooLarge",
    "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
)]
#[tokio::test]
async fn failures_say_what_lambda_says(
    #[case] code: &str,
    #[case] error_type: &str,
    #[case] error_message: &str,
) {
    let error = Function::node(&format!("export const handler = {code};")).fail("{}").await;
    assert_eq!(error.error_type, error_type);
    assert!(error.error_message.starts_with(error_message), "{error}");
}

#[tokio::test]
async fn an_error_leaves_the_process_running() {
    let function = Function::node(
        "export const handler = async (event) => {
            if (event === 'fail') throw new Error('boom');
            if (event === 'flood') return 'x'.repeat(7000000);
            return process.pid;
        };",
    );
    let mut process = function.process();
    let first = json(&process.invoke(invocation("1")).await.unwrap());
    for event in [r#""fail""#, r#""flood""#] {
        assert!(process.invoke(invocation(event)).await.unwrap().result.is_err(), "{event}");
    }
    assert_eq!(json(&process.invoke(invocation("1")).await.unwrap()), first);
}

#[tokio::test]
async fn largest_response_is_passed_on() {
    let function = Function::node("export const handler = async () => 'x'.repeat(6291554);");
    let body = function.invoke("{}").await.result.unwrap().body;
    assert_eq!(body.len(), retrigger_runtime::MAX_RESPONSE_BYTES);
}

#[rstest]
#[case("process.stdout.write(Buffer.from([255, 254, 0, 10, 104, 105]))", &["\u{fffd}\u{fffd}\0", "hi"])]
#[case("console.log('HTTP/1.1 200 OK\\r\\n\\r\\n{}')", &["HTTP/1.1 200 OK", "", "{}"])]
#[tokio::test]
async fn garbage_on_stdout_is_only_logged(#[case] code: &str, #[case] logs: &[&str]) {
    let function = Function::node(&format!("export const handler = async () => {{ {code} }};"));
    let outcome = function.invoke("{}").await;
    assert_eq!(json(&outcome), json!(null));
    assert_eq!(outcome.logs, logs);
}

#[tokio::test]
async fn flood_of_lines_is_bounded() {
    let function = Function::node(
        "export const handler = async () => { for (let i = 0; i < 50000; i++) console.log(i) };",
    );
    let logs = function.invoke("{}").await.logs;
    assert_eq!(logs.len(), 10_001);
    assert_eq!(logs.last().unwrap(), "… 40000 lines dropped");
}

#[tokio::test]
async fn streamed_response_has_its_prelude() {
    let function = Function::node(
        "export const handler = awslambda.streamifyResponse(async (event, out) => {
            const body = awslambda.HttpResponseStream.from(out, { statusCode: 201 });
            body.write('one'); await new Promise((r) => setTimeout(r, 5)); body.end('two');
        });",
    );
    let response = function.invoke("{}").await.result.unwrap();
    assert!(response.streamed);
    let content_type = "application/vnd.awslambda.http-integration-response";
    assert_eq!(response.content_type.as_deref(), Some(content_type));
    assert_eq!(response.body, "{\"statusCode\":201}\0\0\0\0\0\0\0\0onetwo");
}

#[tokio::test]
async fn parts_of_a_streamed_response_come_before_its_end() {
    let function = Function::node(
        "export const handler = awslambda.streamifyResponse(async (event, out) => {
            out.write('one'); await new Promise((r) => setTimeout(r, 500)); out.end('two');
        });",
    );
    let mut process = function.process();
    let (sender, mut parts) = mpsc::unbounded_channel();
    let mut invoked = Box::pin(process.invoke_streaming(invocation("{}"), sender));
    let mut early = Vec::new();
    let outcome = loop {
        tokio::select! {
            biased;
            Some(part) = parts.recv() => early.push((part, Instant::now())),
            outcome = &mut invoked => break outcome.unwrap(),
        }
    };
    let content_type = Some("application/octet-stream".to_owned());
    let told: Vec<_> = early.iter().map(|(part, _)| part.clone()).collect();
    assert_eq!(
        told,
        [
            StreamPart::Started(content_type),
            StreamPart::Data("one".into()),
            StreamPart::Data("two".into()),
        ]
    );
    assert!(early[2].1 - early[1].1 > Duration::from_millis(300));
    assert_eq!(outcome.result.unwrap().body, "onetwo");
}

#[tokio::test]
async fn a_response_that_is_not_streamed_has_no_parts() {
    let function = Function::node("export const handler = async () => 1;");
    let (sender, mut parts) = mpsc::unbounded_channel();
    let mut process = function.process();
    let outcome = process.invoke_streaming(invocation("{}"), sender).await.unwrap();
    assert_eq!((outcome.result.unwrap().body, parts.recv().await), ("1".into(), None));
    let function = Function::node("export const handler = async () => { throw new Error('x'); };");
    let (sender, mut parts) = mpsc::unbounded_channel();
    let mut process = function.process();
    let outcome = process.invoke_streaming(invocation("{}"), sender).await.unwrap();
    // While the process lives on, and waits for its next event.
    assert_eq!((outcome.result.is_err(), parts.recv().await), (true, None));
}

#[tokio::test]
async fn streamed_response_may_end_in_an_error() {
    let function = Function::node(
        "export const handler = awslambda.streamifyResponse(async (event, out) => {
            out.write('one'); throw new TypeError('boom');
        });",
    );
    let error = function.fail("{}").await;
    assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("TypeError", "boom"));
}

#[tokio::test]
async fn event_that_is_not_json_is_an_error_of_the_handler() {
    let error = Function::node("export const handler = async () => 1;").fail("not JSON").await;
    assert_eq!(error.error_type, "SyntaxError");
}

#[tokio::test]
async fn hanging_handler_times_out() {
    let function = Function::node(
        "export const handler = async (event) => {
            console.log('waiting'); if (event === 1) while (true); return process.pid; };",
    )
    .with_timeout(Duration::from_secs(1));
    let mut process = function.process();
    let outcome = process.invoke(invocation("1")).await.unwrap();
    let error = outcome.result.unwrap_err();
    let message = "RequestId: 8f5c-11 Error: Task timed out after 1.00 seconds";
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert_eq!(error.error_message, message);
    assert_eq!(outcome.logs, ["waiting"]);
    let outcome = process.invoke(invocation("2")).await.unwrap();
    assert_eq!(json(&outcome), process.id().unwrap());
    assert!(outcome.init_duration.is_some(), "a fresh process");
}
