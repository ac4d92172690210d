//! Answers on their way to the handler: whole, or as an upstream sends them, and kept for the
//! recording meanwhile.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    http::{Response, response},
};
use tokio::sync::mpsc;

use crate::{
    calls::Calls,
    gateway::{MAX_BODY, recorded},
    invocation::{Answered, CallId},
};

/// How many parts of a body wait for a handler that is slow to read.
const WAITING: usize = 16;

/// What an upstream answers with.
pub(crate) enum Source {
    Whole(Bytes),
    Incoming(Incoming),
}

/// The body of an answer, which may come part by part.
#[derive(Debug)]
pub struct AnswerBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Option<Bytes>),
    Streamed { parts: mpsc::Receiver<Result<Frame<Bytes>, BrokenOff>>, size: SizeHint },
}

/// The upstream's answer broke off.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the upstream's answer broke off: {0}")]
pub struct BrokenOff(String);

impl AnswerBody {
    /// All of it.
    ///
    /// # Errors
    ///
    /// Where the upstream breaks off.
    pub async fn whole(self) -> Result<Bytes, BrokenOff> {
        match self.0 {
            Kind::Whole(bytes) => Ok(bytes.unwrap_or_default()),
            streamed @ Kind::Streamed { .. } => Ok(Self(streamed).collect().await?.to_bytes()),
        }
    }

    /// The bytes of a body that need not be waited for; the body as it is otherwise.
    ///
    /// # Errors
    ///
    /// Gives back a body that comes part by part.
    pub fn try_whole(self) -> Result<Bytes, Self> {
        match self.0 {
            Kind::Whole(bytes) => Ok(bytes.unwrap_or_default()),
            streamed @ Kind::Streamed { .. } => Err(Self(streamed)),
        }
    }
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Streamed { parts, .. } => Poll::Ready(ready!(parts.poll_recv(context))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Streamed { size, .. } => *size,
        }
    }
}

/// Where an answer is noted once it is whole.
pub(crate) struct Noting {
    pub(crate) calls: Arc<Calls>,
    pub(crate) id: CallId,
    pub(crate) address: Option<String>,
}

impl Noting {
    fn note(&self, head: &response::Parts, body: Bytes, answered: Answered) {
        let response = recorded((head.status, &head.headers), body, self.address.as_deref());
        self.calls.finish(self.id, response, answered);
    }
}

/// Passes an upstream's answer on. It is noted before the handler sees its end, so that a handler
/// that has read all has made its call; one that does not read on is noted all the same.
pub(crate) fn passed_on(response: Response<Source>, noting: Noting) -> Response<AnswerBody> {
    let (head, source) = response.into_parts();
    let incoming = match source {
        Source::Incoming(incoming) if !incoming.is_end_stream() => incoming,
        Source::Incoming(_) => return noted(head, Bytes::new(), &noting),
        Source::Whole(bytes) => return noted(head, bytes, &noting),
    };
    let (sender, parts) = mpsc::channel(WAITING);
    let size = incoming.size_hint();
    let answered = Response::from_parts(head.clone(), AnswerBody(Kind::Streamed { parts, size }));
    tokio::spawn(pump(incoming, sender, head, noting));
    answered
}

fn noted(head: response::Parts, body: Bytes, noting: &Noting) -> Response<AnswerBody> {
    noting.note(&head, body.clone(), Answered::Upstream);
    Response::from_parts(head, body.into())
}

async fn pump(
    mut incoming: Incoming,
    sender: mpsc::Sender<Result<Frame<Bytes>, BrokenOff>>,
    head: response::Parts,
    noting: Noting,
) {
    let (mut kept, mut size, mut is_noted) = (BytesMut::new(), 0_usize, false);
    while let Some(frame) = incoming.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                let broken = BrokenOff(error.to_string());
                let answered = Answered::Failed { why: broken.to_string() };
                noting.note(&head, Bytes::new(), answered);
                let _ = sender.send(Err(broken)).await;
                return;
            }
        };
        if let Some(data) = frame.data_ref() {
            size = size.saturating_add(data.len());
            if size <= MAX_BODY {
                kept.extend_from_slice(data);
            } else {
                kept = BytesMut::new();
            }
        }
        // The last part says of itself that it is, where the answer has a length.
        if incoming.is_end_stream() {
            note_all(&noting, &head, std::mem::take(&mut kept), size);
            is_noted = true;
        }
        // A handler that does not read on has the rest recorded all the same, within the limit.
        let is_read = sender.send(Ok(frame)).await.is_ok();
        if !is_read && size > MAX_BODY {
            break;
        }
    }
    if !is_noted {
        note_all(&noting, &head, kept, size);
    }
}

fn note_all(noting: &Noting, head: &response::Parts, kept: BytesMut, size: usize) {
    if size <= MAX_BODY {
        noting.note(head, kept.freeze(), Answered::Upstream);
        return;
    }
    let most = MAX_BODY / 1024 / 1024;
    let why = format!("its answer has more than the {most} MiB that are recorded of one");
    noting.note(head, Bytes::new(), Answered::Failed { why });
}

#[cfg(test)]
mod tests;
