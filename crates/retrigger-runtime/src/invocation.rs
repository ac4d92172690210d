//! What goes into a sandbox and what comes out.

use std::{fmt, time::Duration};

use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The largest buffered response, in bytes: 6 MiB and 100 bytes. Source: Lambda Developer Guide,
/// "Lambda quotas" (6 MB), with the exact figure of Lambda's own error message.
pub const MAX_RESPONSE_BYTES: usize = 6_291_556;

/// The largest streamed response, in bytes: 20 MiB. Source: Lambda Developer Guide, "Response
/// streaming for Lambda functions". AWS has raised it since for some Regions; an answer between the
/// two limits is refused here.
pub const MAX_STREAMED_RESPONSE_BYTES: usize = 20 * 1024 * 1024;

/// One event for a function, with the facts that reach the handler's context object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The request id, on AWS a UUID.
    pub request_id: String,
    /// The event, byte for byte; not necessarily JSON.
    pub event: Bytes,
    /// The function ARN as invoked, qualified where an alias or version was invoked. `None`: the
    /// function's own ARN.
    pub invoked_arn: Option<String>,
    /// How long the handler may take. `None`: the function's own timeout.
    pub timeout: Option<Duration>,
    /// The X-Ray trace header, `Root=1-…;Parent=…;Sampled=0`.
    pub trace_id: Option<String>,
    /// The client context, as JSON text.
    pub client_context: Option<String>,
    /// The Cognito identity, as JSON text with `cognitoIdentityId` and `cognitoIdentityPoolId`.
    pub cognito_identity: Option<String>,
}

impl Invocation {
    /// An invocation of the function itself, under its own timeout.
    pub fn new(request_id: impl Into<String>, event: impl Into<Bytes>) -> Self {
        Self {
            request_id: request_id.into(),
            event: event.into(),
            invoked_arn: None,
            timeout: None,
            trace_id: None,
            client_context: None,
            cognito_identity: None,
        }
    }
}

/// What an invocation led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The function's answer, or the error that AWS would report as `Unhandled`.
    pub result: Result<Response, FunctionError>,
    /// What the function wrote to stdout and stderr, line by line in the order of writing, from
    /// the end of the invocation before (or the start of the process) to the end of this one.
    pub logs: Vec<String>,
    /// From handing over the event to having the answer; zero where it never came to that.
    pub duration: Duration,
    /// How long the sandbox took to start, where this invocation started it.
    pub init_duration: Option<Duration>,
}

/// A function's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The bytes, not necessarily JSON.
    pub body: Bytes,
    /// The content type its client gave, if any. Where it is
    /// `application/vnd.awslambda.http-integration-response` the body starts with a JSON prelude
    /// (`statusCode`, `headers`, `cookies`) and eight NUL bytes.
    pub content_type: Option<String>,
    /// Whether it came in streaming mode.
    pub streamed: bool,
}

impl Response {
    /// A buffered answer without content type.
    pub fn buffered(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), content_type: None, streamed: false }
    }
}

/// A part of a streamed response, as it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamPart {
    /// The function begins to stream, with the content type its client gave.
    Started(Option<String>),
    /// The next bytes.
    Data(Bytes),
}

/// An error as AWS reports it to the caller, with status 200 and `X-Amz-Function-Error: Unhandled`.
/// Source: Lambda API Reference, "Invoke".
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionError {
    /// `errorType` of the body, such as `TypeError`, `Sandbox.Timedout`, `Runtime.ExitError`. A
    /// Rust handler's is the name of a type, which depends on the compiler.
    pub error_type: String,
    /// `errorMessage` of the body.
    pub error_message: String,
    /// The body the caller gets, byte for byte.
    pub body: Bytes,
}

impl FunctionError {
    /// The error of a runtime client, whose `body` is passed on unchanged. Where the body names no
    /// type, `reported_type` (a header) stands in, and `Runtime.Unknown` where there is none.
    pub fn reported(body: Bytes, reported_type: Option<&str>) -> Self {
        let fields: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let fallback = || reported_type.unwrap_or("Runtime.Unknown").to_owned();
        Self {
            error_type: text("errorType").unwrap_or_else(fallback),
            error_message: text("errorMessage").unwrap_or_default(),
            body,
        }
    }

    /// An error that the platform makes: `{"errorType":…,"errorMessage":…}`.
    pub fn platform(error_type: impl Into<String>, error_message: impl Into<String>) -> Self {
        let (error_type, error_message) = (error_type.into(), error_message.into());
        let body = json!({ "errorType": error_type, "errorMessage": error_message });
        Self { error_type, error_message, body: body.to_string().into() }
    }

    /// `Sandbox.Timedout`, for a handler that took longer than `timeout`.
    pub(crate) fn timed_out(request_id: &str, timeout: Duration) -> Self {
        let seconds = timeout.as_secs_f64();
        let what = format!("Task timed out after {seconds:.2} seconds");
        Self::platform("Sandbox.Timedout", format!("RequestId: {request_id} Error: {what}"))
    }

    /// `Runtime.ExitError`, for a process that ended: `how` is `exit status 3`, `signal: killed`,
    /// or `None` where it ended as if all were well.
    pub(crate) fn exited(request_id: &str, how: Option<&str>) -> Self {
        let what = match how {
            Some(how) => format!("Runtime exited with error: {how}"),
            None => "Runtime exited without providing a reason".to_owned(),
        };
        Self::platform("Runtime.ExitError", format!("RequestId: {request_id} Error: {what}"))
    }

    /// `Function.ResponseSizeTooLarge`, for an answer of more than `limit` bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        let what =
            format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
        Self::platform("Function.ResponseSizeTooLarge", what)
    }

    /// `Runtime.TruncatedResponse`, for an answer that was cut off.
    pub(crate) fn truncated(request_id: &str) -> Self {
        let what = format!("RequestId: {request_id} Error: Response was truncated");
        Self::platform("Runtime.TruncatedResponse", what)
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.error_message)
    }
}

impl fmt::Debug for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        f.debug_tuple("FunctionError").field(&body).finish()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        FunctionError::timed_out("1-2", Duration::from_secs(1)),
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1-2 Error: Task timed out after 1.00 seconds"}"#
    )]
    #[case(
        FunctionError::exited("1-2", Some("exit status 127")),
        r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1-2 Error: Runtime exited with error: exit status 127"}"#
    )]
    #[case(
        FunctionError::too_large(MAX_RESPONSE_BYTES),
        r#"{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}"#
    )]
    fn platform_errors_are_worded_as_on_aws(#[case] error: FunctionError, #[case] body: &str) {
        assert_eq!(error.body, body);
    }

    #[rstest]
    #[case(r#"{"errorType":"TypeError","errorMessage":"boom","trace":[]}"#, "TypeError", "boom")]
    #[case(r#"{"errorMessage":"boom"}"#, "Function.Odd", "boom")]
    #[case("not JSON", "Function.Odd", "")]
    #[case(r#"{"errorType":7}"#, "Function.Odd", "")]
    fn reported_errors_keep_their_body(
        #[case] body: &str,
        #[case] error_type: &str,
        #[case] error_message: &str,
    ) {
        let error = FunctionError::reported(Bytes::from(body.to_owned()), Some("Function.Odd"));
        assert_eq!(error.to_string(), format!("{error_type}: {error_message}"));
        assert_eq!(error.body, body);
    }
}
