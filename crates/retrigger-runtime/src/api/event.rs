//! An event on its way to the runtime.

use bytes::Bytes;
use hyper::{
    HeaderMap, StatusCode,
    header::{HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use super::answer::{Answer, bytes_answer};
use crate::Invocation;

/// A fact of an invocation that no runtime can be told, as HTTP headers cannot carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidInvocation {
    /// Such as `client context`.
    pub(crate) what: &'static str,
    /// What is wrong with it.
    pub(crate) problem: &'static str,
}

/// The answer to `/invocation/next`, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct NextEvent {
    pub(super) request_id: String,
    arn: String,
    trace_id: Option<String>,
    deadline_ms: u128,
    headers: HeaderMap,
    body: Bytes,
}

impl NextEvent {
    /// The event of an invocation; `arn` is the function ARN as invoked, `deadline_ms` the time it
    /// must be answered by, in milliseconds since 1970.
    pub(crate) fn new(
        invocation: &Invocation,
        arn: &str,
        deadline_ms: u128,
    ) -> Result<Self, InvalidInvocation> {
        if invocation.request_id.is_empty() {
            return Err(InvalidInvocation { what: "request id", problem: "is empty" });
        }
        Ok(Self {
            request_id: invocation.request_id.clone(),
            arn: arn.to_owned(),
            trace_id: invocation.trace_id.clone(),
            deadline_ms,
            headers: headers(invocation, arn, &deadline_ms.to_string())?,
            body: invocation.event.clone(),
        })
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut answer = bytes_answer(StatusCode::OK, self.body);
        answer.headers_mut().extend(self.headers);
        answer
    }

    /// What an extension is told of it.
    pub(super) fn for_extension(&self) -> Value {
        let mut event = json!({
            "eventType": "INVOKE",
            // Milliseconds since 1970 fit 64 bits for 500 million years.
            "deadlineMs": u64::try_from(self.deadline_ms).unwrap_or(u64::MAX),
            "requestId": self.request_id,
            "invokedFunctionArn": self.arn,
        });
        if let Some(trace_id) = &self.trace_id {
            event["tracing"] = json!({ "type": "X-Amzn-Trace-Id", "value": trace_id });
        }
        event
    }
}

/// The facts of an invocation as headers, without those that are empty.
fn headers(
    invocation: &Invocation,
    arn: &str,
    deadline: &str,
) -> Result<HeaderMap, InvalidInvocation> {
    let Invocation { request_id, trace_id, client_context, cognito_identity, .. } = invocation;
    let facts = [
        ("request id", "lambda-runtime-aws-request-id", Some(request_id.as_str())),
        ("deadline", "lambda-runtime-deadline-ms", Some(deadline)),
        ("function ARN", "lambda-runtime-invoked-function-arn", Some(arn)),
        ("trace id", "lambda-runtime-trace-id", trace_id.as_deref()),
        ("client context", "lambda-runtime-client-context", client_context.as_deref()),
        ("Cognito identity", "lambda-runtime-cognito-identity", cognito_identity.as_deref()),
    ];
    let mut headers = HeaderMap::new();
    for (what, name, value) in facts {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        let problem = "holds a line break or another control character";
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| InvalidInvocation { what, problem })?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_break_in_a_header_is_refused() {
        let mut invocation = Invocation::new("1-2", "{}");
        invocation.client_context = Some("{\n}".to_owned());
        let error = NextEvent::new(&invocation, "arn", 0).unwrap_err();
        assert_eq!(error.what, "client context");
        assert_eq!(error.problem, "holds a line break or another control character");
    }

    #[test]
    fn empty_facts_are_left_out() {
        let mut invocation = Invocation::new("1-2", "{}");
        invocation.trace_id = Some(String::new());
        let answer = NextEvent::new(&invocation, "arn", 7).unwrap().into_answer();
        assert!(!answer.headers().contains_key("lambda-runtime-trace-id"));
        assert_eq!(answer.headers()["lambda-runtime-deadline-ms"], "7");
    }
}
