//! Answers, and how they look on the wire.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    ApiError, BrokenOff,
    door::Outgoing,
    event_stream::{self, Complete},
};

/// What a call led to.
#[derive(Debug)]
pub enum Answer {
    /// A status and JSON.
    Json(u16, Value),
    /// A status alone.
    Empty(u16),
    /// A function has run to its end.
    Invoked(Box<Invoked>),
    /// A function runs, and its response is sent as it comes, by an event stream.
    Streamed(Streaming),
}

/// A response that comes in parts. Source: Lambda API Reference, "`InvokeWithResponseStream`".
#[derive(Debug)]
pub struct Streaming {
    /// The version that runs.
    pub executed_version: String,
    /// What comes: parts of the payload, then how it ended. Without an end the connection is cut.
    pub parts: mpsc::UnboundedReceiver<StreamedPart>,
}

/// A part of a response.
#[derive(Clone, Debug)]
pub enum StreamedPart {
    /// The next bytes.
    Payload(Bytes),
    /// The end. Its payload is sent only where it is an error.
    Complete(Box<Invoked>),
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
}

pub(crate) type HttpResponse = Response<Outgoing>;

/// The HTTP response to a call.
pub(crate) fn response(request_id: &str, answer: Result<Answer, ApiError>) -> HttpResponse {
    let mut response = match answer {
        Ok(Answer::Json(status, body)) => json(status, &body),
        Ok(Answer::Empty(status)) => plain(status, Bytes::new()),
        Ok(Answer::Invoked(invoked)) => buffered(&invoked),
        Ok(Answer::Streamed(streaming)) => streamed(streaming),
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

/// Sends the parts as they come.
fn streamed(streaming: Streaming) -> HttpResponse {
    let Streaming { executed_version, mut parts } = streaming;
    let (out, body) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut is_complete = false;
        while let Some(part) = parts.recv().await {
            is_complete = matches!(part, StreamedPart::Complete(_));
            // Fails only where the client has gone away; the function goes on all the same.
            let _ = out.send(framed(&part).ok_or(BrokenOff));
        }
        if !is_complete {
            let _ = out.send(Err(BrokenOff));
        }
    });
    let mut response = Response::new(Outgoing::Streamed(body));
    set(&mut response, "content-type", "application/vnd.amazon.eventstream");
    set(&mut response, "x-amz-executed-version", &executed_version);
    response
}

/// A function's error comes at the end of the stream, where AWS has it too.
/// Not settled: whether AWS has the type of the error as its code, as here, or `Unhandled`.
fn framed(part: &StreamedPart) -> Option<Bytes> {
    let invoked = match part {
        StreamedPart::Payload(part) => return event_stream::payload(part),
        StreamedPart::Complete(invoked) => invoked,
    };
    let details = String::from_utf8_lossy(&invoked.payload);
    event_stream::complete(&Complete {
        error_details: invoked.function_error.is_some().then(|| details.into_owned()),
        error_code: invoked.function_error.clone(),
        log_result: invoked.log_result.clone(),
    })
}

fn json(status: u16, body: &Value) -> HttpResponse {
    let mut response = plain(status, body.to_string().into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(status: u16, body: Bytes) -> HttpResponse {
    let mut response = Response::new(Outgoing::Whole(Full::new(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
}

/// Sets a header, unless its value is one that HTTP cannot carry.
fn set(response: &mut HttpResponse, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
