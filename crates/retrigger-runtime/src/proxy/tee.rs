//! A body that is copied while it is passed on.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};

/// The copy of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// All of it.
    Whole(Bytes),
    /// It was larger than is kept.
    TooLarge,
    /// It broke off.
    Cut,
}

/// Passes on a body as it comes, trailers included, and says at its end what it was.
pub(super) struct Tee<B, F: FnOnce(Copied)> {
    body: B,
    /// The bytes so far; `None` where they are too many.
    copy: Option<BytesMut>,
    limit: usize,
    then: Option<F>,
}

impl<B: Body, F: FnOnce(Copied)> Tee<B, F> {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(body: B, limit: usize, then: F) -> Self {
        // A body of known size is kept in one piece.
        let size = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
        let copy = BytesMut::with_capacity(size.filter(|size| *size <= limit).unwrap_or(0));
        let mut tee = Self { body, copy: Some(copy), limit, then: Some(then) };
        if tee.body.is_end_stream() {
            tee.end(true);
        }
        tee
    }

    fn end(&mut self, is_whole: bool) {
        let Some(then) = self.then.take() else { return };
        then(match self.copy.take() {
            _ if !is_whole => Copied::Cut,
            Some(bytes) => Copied::Whole(bytes.freeze()),
            None => Copied::TooLarge,
        });
    }
}

impl<B, F> Body for Tee<B, F>
where
    B: Body<Data = Bytes> + Unpin,
    F: FnOnce(Copied) + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let limit = self.limit;
                    let fits = |copy: &BytesMut| copy.len() + data.len() <= limit;
                    match self.copy.as_mut().filter(|copy| fits(copy)) {
                        Some(copy) => copy.extend_from_slice(data),
                        None => self.copy = None,
                    }
                }
                // Whoever reads it may not ask again after the last byte, or after trailers.
                if frame.is_trailers() || self.body.is_end_stream() {
                    self.end(true);
                }
            }
            Some(Err(_)) => self.end(false),
            None => self.end(true),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B, F: FnOnce(Copied)> Drop for Tee<B, F> {
    fn drop(&mut self) {
        if let Some(then) = self.then.take() {
            then(Copied::Cut);
        }
    }
}
