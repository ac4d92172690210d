//! The endpoints of the Runtime API.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hyper::{
    HeaderMap, Request, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Map, Value};

use super::{
    Parts, Report, Shared,
    answer::{Answer, accepted, bytes_answer, invalid_response_mode, limit, too_large, truncated},
    body::{BodyError, Received, read_body, read_parts},
    state::{Phase, Refusal},
};
use crate::{FunctionError, Response, StreamPart};

const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// The content type of an error body that carries its X-Ray cause along.
const ERROR_WITH_CAUSE: &str = "application/vnd.aws.lambda.error.cause+json";

impl Shared {
    /// `GET /invocation/next`: waits for an event.
    pub(super) async fn next(&self) -> Answer {
        if let Err(refusal) = self.enter(Phase::Ready) {
            return refusal.into();
        }
        self.report(Report::Ready);
        let event = self
            .wait_for(|state| {
                let request_id = &state.pending.as_ref()?.request_id;
                // Two calls may wait; the first one to look gets the event, the other waits on.
                state.runtime.run(request_id).ok()?;
                state.pending.take()
            })
            .await;
        event.into_answer()
    }

    /// `POST /invocation/{id}/response`.
    pub(super) async fn response(&self, request_id: &str, request: Request<Incoming>) -> Answer {
        let streamed = match request.headers().get(RESPONSE_MODE).map(HeaderValue::as_bytes) {
            None | Some(b"") => false,
            Some(mode) if mode.eq_ignore_ascii_case(b"streaming") => true,
            Some(_) => return invalid_response_mode(),
        };
        let parts = match self.answering(request_id, Phase::InvocationResponse) {
            Ok(parts) => parts,
            Err(refusal) => return refusal.into(),
        };
        let content_type = header(request.headers(), &CONTENT_TYPE);
        let parts = parts.filter(|_| streamed);
        let tell = |part| {
            if let Some(parts) = &parts {
                // Fails only where nobody listens any more.
                let _ = parts.send(part);
            }
        };
        tell(StreamPart::Started(content_type.clone()));
        let pass_on = |data: &Bytes| tell(StreamPart::Data(data.clone()));
        let read = read_parts(request.into_body(), limit(streamed), pass_on).await;
        let result = match &read {
            Ok(received) => streamed_error(&received.trailers).map_or_else(
                || Ok(Response { body: received.bytes.clone(), content_type, streamed }),
                Err,
            ),
            Err(BodyError::TooLarge) => Err(FunctionError::too_large(limit(streamed))),
            Err(BodyError::Truncated) => Err(FunctionError::truncated(request_id)),
        };
        self.answered(result, read.err(), streamed)
    }

    /// `POST /invocation/{id}/error`.
    pub(super) async fn error(&self, request_id: &str, request: Request<Incoming>) -> Answer {
        if let Err(refusal) = self.answering(request_id, Phase::InvocationErrorResponse) {
            return refusal.into();
        }
        let read = read_error(request).await;
        let error = match &read {
            Ok(error) => error.clone(),
            Err(BodyError::TooLarge) => FunctionError::too_large(limit(false)),
            Err(BodyError::Truncated) => FunctionError::truncated(request_id),
        };
        self.answered(Err(error), read.err(), false)
    }

    /// `POST /init/error`.
    pub(super) async fn init_error(&self, request: Request<Incoming>) -> Answer {
        self.failed_start(Phase::InitError, request).await
    }

    /// `GET /restore/next`: nothing is to be restored, so the answer comes at once.
    pub(super) fn restore_next(&self) -> Answer {
        let to = Phase::Restoring;
        if !self.function.snap_start {
            return Refusal::Transition { from: Phase::Started, to }.into();
        }
        match self.enter(to) {
            Ok(()) => bytes_answer(StatusCode::OK, Bytes::new()),
            Err(refusal) => refusal.into(),
        }
    }

    /// `POST /restore/error`.
    pub(super) async fn restore_error(&self, request: Request<Incoming>) -> Answer {
        self.failed_start(Phase::RestoreError, request).await
    }

    async fn failed_start(&self, phase: Phase, request: Request<Incoming>) -> Answer {
        if let Err(refusal) = self.enter(phase) {
            return refusal.into();
        }
        let read = read_error(request).await;
        let error = match &read {
            Ok(error) => error.clone(),
            Err(_) => FunctionError::platform("Runtime.Unknown", "the error was not readable"),
        };
        self.report(Report::InitError(error));
        accepted_or_refused(read.err(), false)
    }

    fn enter(&self, phase: Phase) -> Result<(), Refusal> {
        self.lock().runtime.enter(phase)
    }

    /// Whoever wants the parts of a streamed response gets none but of this answer.
    fn answering(&self, request_id: &str, phase: Phase) -> Result<Option<Parts>, Refusal> {
        let mut state = self.lock();
        state.runtime.answer(request_id, phase)?;
        Ok(state.parts.take())
    }

    /// Reports the answer to an invocation, and answers the call that brought it.
    fn answered(
        &self,
        result: Result<Response, FunctionError>,
        unread: Option<BodyError>,
        streamed: bool,
    ) -> Answer {
        if let Err(refusal) = self.enter(Phase::ResponseSent) {
            return refusal.into();
        }
        self.report(Report::Answer(result));
        accepted_or_refused(unread, streamed)
    }
}

fn accepted_or_refused(unread: Option<BodyError>, streamed: bool) -> Answer {
    match unread {
        None => accepted(),
        Some(BodyError::TooLarge) => too_large(streamed),
        Some(BodyError::Truncated) => truncated(),
    }
}

/// The error that a streamed response ended with, in the trailers after it.
fn streamed_error(trailers: &HeaderMap) -> Option<FunctionError> {
    let error_type = header(trailers, &ERROR_TYPE);
    let body = header(trailers, &ERROR_BODY);
    if error_type.is_none() && body.is_none() {
        return None;
    }
    let body = body.unwrap_or_default();
    let decoded = BASE64_STANDARD.decode(&body).unwrap_or(body.into_bytes());
    Some(FunctionError::reported(decoded.into(), error_type.as_deref()))
}

async fn read_error(request: Request<Incoming>) -> Result<FunctionError, BodyError> {
    let error_type = header(request.headers(), &ERROR_TYPE).map(known_error_type);
    let with_cause = header(request.headers(), &CONTENT_TYPE).as_deref() == Some(ERROR_WITH_CAUSE);
    let Received { bytes, .. } = read_body(request.into_body(), limit(false)).await?;
    let body = if with_cause { without_cause(bytes) } else { bytes };
    Ok(FunctionError::reported(body, error_type.as_deref()))
}

/// The body without the X-Ray cause, which the caller does not get to see.
fn without_cause(body: Bytes) -> Bytes {
    match serde_json::from_slice::<Map<String, Value>>(&body) {
        Ok(mut fields) => {
            fields.shift_remove("errorCause");
            Value::Object(fields).to_string().into()
        }
        Err(_) => body,
    }
}

/// An error type as the platform knows it: `Runtime.` or `Function.` and a capitalized word.
fn known_error_type(reported: String) -> String {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.len() > 1
            && word.chars().all(|c| c.is_ascii_alphabetic())
    };
    match reported.split_once('.') {
        Some(("Runtime" | "Function", word)) if is_word(word) => reported,
        Some(("Function", _)) => "Function.Unknown".to_owned(),
        _ => "Runtime.Unknown".to_owned(),
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Runtime.HandlerNotFound", "Runtime.HandlerNotFound")]
    #[case("Function.Odd", "Function.Odd")]
    #[case("Function.odd", "Function.Unknown")]
    #[case("unhandled", "Runtime.Unknown")]
    #[case("Runtime.X", "Runtime.Unknown")]
    fn error_types_become_known_ones(#[case] reported: &str, #[case] known: &str) {
        assert_eq!(known_error_type(reported.to_owned()), known);
    }

    #[rstest]
    #[case(
        r#"{"errorType":"A","errorCause":{"x":1},"errorMessage":"b"}"#,
        r#"{"errorType":"A","errorMessage":"b"}"#
    )]
    #[case("not JSON", "not JSON")]
    fn x_ray_cause_is_taken_out(#[case] body: &'static str, #[case] rest: &str) {
        assert_eq!(without_cause(Bytes::from_static(body.as_bytes())), rest);
    }
}
