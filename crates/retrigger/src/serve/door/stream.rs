//! Responses that are sent as they come.

use std::sync::Arc;

use bytes::Bytes;
use retrigger_runtime::{Outcome, StreamPart};
use retrigger_serve::{BrokenOff, DoorBody, DoorResponse};
use retrigger_trigger::http::{
    Failure, FrontDoor, FunctionUrl, HttpRequest, HttpResponse, Malformed, Prelude, PreludeReader,
    STREAM_CONTENT_TYPE,
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    task::JoinHandle,
};

use super::{Answered, OpenDoor, Sent, failed, refused};
use crate::serve::invoke::Decision;

type Parts = mpsc::UnboundedReceiver<StreamPart>;

/// How the function ended: why it did not do well, where it did not.
type Ended = Result<Outcome, (Failure, String)>;

/// How a response begins.
enum Start {
    /// With a prelude, or none where the function streams plain bytes.
    Streamed(Option<Prelude>, Option<String>),
    /// The function streams nothing.
    Buffered,
}

impl OpenDoor {
    /// Runs the function, and answers as soon as it begins to.
    pub(super) async fn stream(
        &self,
        door: FrontDoor,
        url: FunctionUrl,
        request: HttpRequest,
        decision: Decision,
        room: OwnedSemaphorePermit,
    ) -> Sent {
        let (sender, mut parts) = mpsc::unbounded_channel();
        let api = Arc::clone(&self.api);
        let running: JoinHandle<Ended> = tokio::spawn(async move {
            let outcome = api.run(&decision, Some(sender), &room).await;
            let outcome = outcome.map_err(|error| (Failure::NotInvoked, error.to_string()))?;
            let ended = match &outcome.result {
                Ok(_) => Ok(outcome.clone()),
                Err(error) => Err((Failure::FunctionError, failed(error))),
            };
            api.record(decision, Some(outcome)).await;
            drop(room);
            ended
        });
        match start(&mut parts).await {
            Ok(Start::Streamed(prelude, content_type)) => {
                let mut head = url.streamed_head(&request, prelude.as_ref());
                if let (None, Some(content_type)) = (&prelude, content_type) {
                    head.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                    head = head.with("content-type", content_type);
                }
                let (out, body) = mpsc::unbounded_channel();
                let first = prelude.map(|prelude| prelude.rest).unwrap_or_default();
                tokio::spawn(forward(first.into(), parts, running, out));
                sent(head, body)
            }
            Ok(Start::Buffered) => whole(&door, &url, &request, running).await.into(),
            Err(error) => refused(&door, &request, Failure::Malformed, error.to_string()).into(),
        }
    }
}

/// Waits for the head of a response.
async fn start(parts: &mut Parts) -> Result<Start, Malformed> {
    let Some(StreamPart::Started(content_type)) = parts.recv().await else {
        return Ok(Start::Buffered);
    };
    if content_type.as_deref() != Some(STREAM_CONTENT_TYPE) {
        return Ok(Start::Streamed(None, content_type));
    }
    let mut reader = PreludeReader::default();
    while let Some(part) = parts.recv().await {
        if let StreamPart::Data(data) = part
            && let Some(prelude) = reader.push(&data)?
        {
            return Ok(Start::Streamed(Some(prelude), None));
        }
    }
    // It ended within its prelude: the outcome says how.
    Ok(Start::Buffered)
}

/// Hands on the body until it ends, or breaks off where the function fails.
async fn forward(
    first: Bytes,
    mut parts: Parts,
    running: JoinHandle<Ended>,
    out: mpsc::UnboundedSender<Result<Bytes, BrokenOff>>,
) {
    // Fails only where the client has gone away; the function goes on all the same.
    if !first.is_empty() {
        let _ = out.send(Ok(first));
    }
    while let Some(part) = parts.recv().await {
        if let StreamPart::Data(data) = part {
            let _ = out.send(Ok(data));
        }
    }
    if !matches!(running.await, Ok(Ok(_))) {
        let _ = out.send(Err(BrokenOff));
    }
}

/// The answer of a function that streamed nothing: a function in this process, which hands over all
/// of a stream at once, or one that does not stream.
async fn whole(
    door: &FrontDoor,
    url: &FunctionUrl,
    request: &HttpRequest,
    running: JoinHandle<Ended>,
) -> Answered {
    let ended = match running.await {
        Ok(ended) => ended,
        Err(error) => Err((Failure::NotInvoked, error.to_string())),
    };
    let outcome = match ended {
        Ok(outcome) => outcome,
        Err((failure, text)) => return refused(door, request, failure, text),
    };
    let body = outcome.result.map(|response| response.body).unwrap_or_default();
    let prelude = PreludeReader::default().push(&body).ok().flatten();
    let head = url.streamed_head(request, prelude.as_ref());
    let body = prelude.map_or_else(|| body.to_vec(), |prelude| prelude.rest);
    Answered { response: HttpResponse { body, ..head }, error: None }
}

fn sent(head: HttpResponse, body: mpsc::UnboundedReceiver<Result<Bytes, BrokenOff>>) -> Sent {
    let HttpResponse { status, reason, headers, .. } = head;
    let body = DoorBody::Streamed(body);
    Sent { response: DoorResponse { status, reason, headers, body }, error: None }
}
