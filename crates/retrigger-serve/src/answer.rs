//! Answers, and how they look on the wire.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::{
    ApiError,
    event_stream::{self, Complete},
};

/// What a call led to.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status and JSON.
    Json(u16, Value),
    /// A status alone.
    Empty(u16),
    /// A function has run to its end.
    Invoked(Box<Invoked>),
}

/// How an invocation ended. Source: Lambda API Reference, "Invoke" ("Response Elements").
#[derive(Clone, Debug)]
pub struct Invoked {
    /// The response, or the error as the runtime reports it.
    pub payload: Bytes,
    /// The type of the function's error, where it is one.
    pub function_error: Option<String>,
    /// The version that ran.
    pub executed_version: String,
    /// The end of the log, in base64, where it was asked for.
    pub log_result: Option<String>,
    /// Whether to answer by an event stream.
    pub streamed: bool,
}

pub(crate) type HttpResponse = Response<Full<Bytes>>;

/// The HTTP response to a call.
pub(crate) fn response(request_id: &str, answer: Result<Answer, ApiError>) -> HttpResponse {
    let mut response = match answer {
        Ok(Answer::Json(status, body)) => json(status, &body),
        Ok(Answer::Empty(status)) => plain(status, Bytes::new()),
        Ok(Answer::Invoked(invoked)) => {
            if invoked.streamed {
                streamed(&invoked)
            } else {
                buffered(&invoked)
            }
        }
        Err(error) => failed(&error),
    };
    set(&mut response, "x-amzn-requestid", request_id);
    response
}

fn failed(error: &ApiError) -> HttpResponse {
    let mut response = json(error.status(), &error.body());
    set(&mut response, "x-amzn-errortype", error.code());
    response
}

fn buffered(invoked: &Invoked) -> HttpResponse {
    let mut response = plain(200, invoked.payload.clone());
    set(&mut response, "content-type", "application/json");
    set(&mut response, "x-amz-executed-version", &invoked.executed_version);
    if invoked.function_error.is_some() {
        // INVARIANT of AWS's answers: `Unhandled` for every error of a function.
        set(&mut response, "x-amz-function-error", "Unhandled");
    }
    if let Some(log) = &invoked.log_result {
        set(&mut response, "x-amz-log-result", log);
    }
    response
}

/// A function's error comes at the end of the stream, where AWS has it too.
/// Not settled: whether AWS has the type of the error as its code, as here, or `Unhandled`.
fn streamed(invoked: &Invoked) -> HttpResponse {
    let Invoked { payload, function_error, executed_version, log_result, .. } = invoked;
    let mut complete = Complete { log_result: log_result.clone(), ..Complete::default() };
    let mut sent = payload.clone();
    if let Some(kind) = function_error {
        complete.error_code = Some(kind.clone());
        complete.error_details = Some(String::from_utf8_lossy(payload).into_owned());
        sent = Bytes::new();
    }
    let Some(stream) = event_stream::encode(&sent, &complete) else {
        return failed(&ApiError::service("the response cannot be framed as an event stream"));
    };
    let mut response = plain(200, stream);
    set(&mut response, "content-type", "application/vnd.amazon.eventstream");
    set(&mut response, "x-amz-executed-version", executed_version);
    response
}

fn json(status: u16, body: &Value) -> HttpResponse {
    let mut response = plain(status, body.to_string().into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(status: u16, body: Bytes) -> HttpResponse {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
}

/// Sets a header, unless its value is one that HTTP cannot carry.
fn set(response: &mut HttpResponse, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
