//! The answers of the Runtime API that carry no event.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};

use super::state::Refusal;
use crate::invocation::{MAX_RESPONSE_BYTES, MAX_STREAMED_RESPONSE_BYTES};

/// A whole answer: with the body in one piece, head and body leave in one write.
pub(super) type Answer = Response<Full<Bytes>>;

/// An answer of JSON.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Answer {
    bytes_answer(status, body.to_string().into())
}

/// An answer of bytes that are taken for JSON.
pub(super) fn bytes_answer(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// `202 {"status":"OK"}`.
pub(super) fn accepted() -> Answer {
    json_answer(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

/// An error in the shape of the Runtime API.
pub(super) fn error_answer(status: StatusCode, error_type: &str, message: &str) -> Answer {
    json_answer(status, &json!({ "errorMessage": message, "errorType": error_type }))
}

/// `403`, for a call that the state of the runtime does not allow.
pub(super) fn invalid_transition(from: &str, to: &str) -> Answer {
    let message = format!(
        "State transition from {from} to {to} failed for runtime. Error: State transition is not \
         allowed"
    );
    error_answer(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
}

/// `400`, for a request id that is not under way.
pub(super) fn invalid_request_id() -> Answer {
    error_answer(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
}

/// `400`, for a response mode other than `streaming`.
pub(super) fn invalid_response_mode() -> Answer {
    let message = "Invalid function response mode";
    error_answer(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", message)
}

/// `400`, for a body that ended early.
pub(super) fn truncated() -> Answer {
    let message = "HTTP request detected as truncated";
    error_answer(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", message)
}

/// `413`, for a body over the limit.
pub(super) fn too_large(streamed: bool) -> Answer {
    let limit = limit(streamed);
    let message = format!("Exceeded maximum allowed payload size ({limit} bytes).");
    error_answer(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

/// The largest body of a response.
pub(super) fn limit(streamed: bool) -> usize {
    if streamed { MAX_STREAMED_RESPONSE_BYTES } else { MAX_RESPONSE_BYTES }
}

/// `404`, for a path outside the API.
pub(super) fn not_found(method: &str, path: &str) -> Answer {
    let message = format!("no such endpoint: `{method} {path}`");
    error_answer(StatusCode::NOT_FOUND, "NotFound", &message)
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::RequestId => invalid_request_id(),
            Refusal::Transition { from, to } => invalid_transition(from.name(), to.name()),
        }
    }
}
