//! Python handlers under the bootstrap of our own.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Function, invocation, json};

#[tokio::test]
async fn answer_and_logs_come_back_in_order() {
    let function = Function::python(
        "import logging, sys
logging.getLogger().setLevel(logging.INFO)
print('loaded')
def handler(event, context):
    print('out', event['name'])
    print('err', file=sys.stderr)
    logging.info('logged')
    sys.stdout.write('no newline')
    return {'statusCode': 200, 'body': event}
",
    );
    let outcome = function.invoke(r#"{"name":"Zoë"}"#).await;
    assert_eq!(json(&outcome), json!({ "statusCode": 200, "body": { "name": "Zoë" } }));
    assert_eq!(outcome.logs, ["loaded", "out Zoë", "err", "[INFO]\tlogged", "no newline"]);
}

#[tokio::test]
async fn twenty_invocations_share_one_process() {
    let code = "import os\ndef handler(event, context):\n    print('line', event)\n    return os.getpid()\n";
    let function = Function::python(code);
    let mut process = function.process();
    for n in 0..20 {
        let outcome = process.invoke(invocation(&n.to_string())).await.unwrap();
        assert_eq!(json(&outcome), process.id().unwrap());
        assert_eq!(outcome.logs, [format!("line {n}")]);
    }
    let litter = function.folder.path().join("__pycache__");
    assert!(!litter.exists(), "the code folder is left as it was");
}

#[tokio::test]
async fn context_tells_what_the_invocation_says() {
    let function = Function::python(
        "import os
def handler(event, context):
    return [context.aws_request_id, context.invoked_function_arn, context.client_context.custom,
            context.client_context.client.app_title, context.identity.cognito_identity_id,
            context.memory_limit_in_mb, context.get_remaining_time_in_millis() > 1000,
            os.environ['_X_AMZN_TRACE_ID']]
",
    );
    let mut invocation = invocation("{}");
    invocation.request_id = "a/b c%".to_owned();
    invocation.client_context =
        Some(r#"{"custom":{"name":"Zoë"},"client":{"app_title":"t"}}"#.to_owned());
    invocation.cognito_identity = Some(r#"{"cognitoIdentityId":"x"}"#.to_owned());
    invocation.trace_id = Some("Root=1-2-3;Sampled=0".to_owned());
    let outcome = function.process().invoke(invocation).await.unwrap();
    let arn = function.config.arn.as_str();
    let custom = json!({ "name": "Zoë" });
    let trace = "Root=1-2-3;Sampled=0";
    assert_eq!(json(&outcome), json!(["a/b c%", arn, custom, "t", "x", "128", true, trace]));
}

#[rstest]
#[case("app.handler", "app.py")]
#[case("src/deep/app.handler", "src/deep/app.py")]
#[case("src.deep.app.handler", "src/deep/app.py")]
#[tokio::test]
async fn handlers_are_found_where_lambda_finds_them(#[case] handler: &str, #[case] file: &str) {
    let code = "def handler(event, context):\n    return 'found'\n";
    let function = Function::new("python3.11", handler, file, code);
    assert_eq!(json(&function.invoke("{}").await), "found");
}

#[rstest]
#[case::missing_file(
    "gone.handler",
    "",
    "Runtime.ImportModuleError",
    "Unable to import module 'gone': No module named 'gone'"
)]
#[case::missing_import(
    "app.handler",
    "import gone",
    "Runtime.ImportModuleError",
    "Unable to import module 'app': No module named 'gone'"
)]
#[case::syntax(
    "app.handler",
    "def handler(",
    "Runtime.UserCodeSyntaxError",
    "Syntax error in module 'app': '(' was never closed (app.py, line 1)"
)]
#[case::missing_function(
    "app.other",
    "",
    "Runtime.HandlerNotFound",
    "Handler 'other' missing on module 'app'"
)]
#[case::malformed("handler", "", "Runtime.MalformedHandlerName", "Bad handler 'handler'")]
#[case::raises("app.handler", "raise KeyError('at init')", "KeyError", "'at init'")]
#[case::exits(
    "app.handler",
    "import sys; sys.exit(4)",
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited with error: exit status 4"
)]
#[tokio::test]
async fn failed_starts_say_what_lambda_says(
    #[case] handler: &str,
    #[case] code: &str,
    #[case] error_type: &str,
    #[case] error_message: &str,
) {
    let error = Function::new("python3.11", handler, "app.py", code).fail("{}").await;
    assert_eq!(error.error_type, error_type);
    assert!(error.error_message.starts_with(error_message), "{error}");
}

#[rstest]
#[case::raises("raise ValueError('boom')", "ValueError", "boom")]
#[case::no_json(
    "return {1, 2}",
    "Runtime.MarshalError",
    "Unable to marshal response: Object of type set"
)]
#[case::exits(
    "import sys; sys.exit(3)",
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited with error: exit status 3"
)]
#[case::aborts(
    "import os; os.abort()",
    "Runtime.ExitError",
    "RequestId: 8f5c-11 Error: Runtime exited with error: signal: aborted"
)]
#[case::too_large(
    "return 'x' * 6291555",
    "Function.ResponseSizeTooLarge",
    "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
)]
#[tokio::test]
async fn failures_say_what_lambda_says(
    #[case] code: &str,
    #[case] error_type: &str,
    #[case] error_message: &str,
) {
    let code = format!("def handler(event, context):\n    {code}\n");
    let error = Function::python(&code).fail("{}").await;
    assert_eq!(error.error_type, error_type);
    assert!(error.error_message.starts_with(error_message), "{error}");
}

#[tokio::test]
async fn error_body_has_the_request_id_and_the_handlers_frames() {
    let function = Function::python("def handler(event, context):\n    raise ValueError('boom')\n");
    let error = function.fail("{}").await;
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    assert_eq!(body["requestId"], "8f5c-11");
    let trace = body["stackTrace"].as_array().unwrap();
    assert_eq!(trace.len(), 1, "{trace:?}");
    assert!(trace[0].as_str().unwrap().contains("line 2, in handler"), "{trace:?}");
}

#[tokio::test]
async fn hanging_handler_times_out() {
    let code =
        "import time\ndef handler(event, context):\n    print('waiting')\n    time.sleep(60)\n";
    let function = Function::python(code).with_timeout(Duration::from_millis(1500));
    let outcome = function.invoke("{}").await;
    let error = outcome.result.unwrap_err();
    let message = "RequestId: 8f5c-11 Error: Task timed out after 1.50 seconds";
    assert_eq!(
        (error.error_type.as_str(), error.error_message.as_str()),
        ("Sandbox.Timedout", message)
    );
    assert_eq!(outcome.logs, ["waiting"]);
}
