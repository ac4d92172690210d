//! A body that is copied while it is passed on.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};

/// The copy of a body.
#[derive(Debug)]
pub(super) enum Copied {
    /// All of it, and the room that it takes.
    Whole(Bytes, Room),
    /// It was larger than is kept.
    TooLarge,
    /// There was no room for it.
    NoRoom,
    /// It broke off.
    Cut,
}

/// Bytes beyond a copy's own, so that what is written around it moves it to no other place.
const SPARE: usize = 4 * 1024;

/// Bytes that may wait, of all that may; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    waiting: Arc<AtomicUsize>,
    /// The most bytes that may wait.
    limit: usize,
    bytes: usize,
}

impl Room {
    /// Room for nothing, where `limit` bytes may wait.
    pub(super) fn new(waiting: &Arc<AtomicUsize>, limit: usize) -> Self {
        Self { waiting: Arc::clone(waiting), limit, bytes: 0 }
    }

    /// Makes it larger; false where there is not so much.
    fn add(&mut self, bytes: usize) -> bool {
        let limit = self.limit;
        let add = |waiting: usize| waiting.checked_add(bytes).filter(|sum| *sum <= limit);
        let is_there = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok();
        self.bytes += if is_there { bytes } else { 0 };
        is_there
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Passes on a body as it comes, trailers included, and says at its end what it was.
pub(super) struct Tee<B, F: FnOnce(Copied)> {
    body: B,
    copy: Kept,
    limit: usize,
    then: Option<F>,
}

/// The bytes so far, or why they are not kept.
enum Kept {
    Whole(BytesMut, Room),
    TooLarge,
    NoRoom,
}

impl Kept {
    /// Makes room for so many bytes more, of `limit`.
    fn reserve(&mut self, bytes: usize, limit: usize) {
        let Self::Whole(copy, room) = self else { return };
        let length = copy.len().saturating_add(bytes);
        let needed = length.saturating_sub(room.bytes);
        if length > limit {
            *self = Self::TooLarge;
        } else if needed > 0 && !room.add(needed) {
            *self = Self::NoRoom;
        } else if copy.capacity() < length {
            copy.reserve(bytes + SPARE);
        }
    }
}

impl<B: Body, F: FnOnce(Copied)> Tee<B, F> {
    /// Keeps at most `limit` bytes, as far as there is room.
    pub(super) fn new(body: B, limit: usize, room: Room, then: F) -> Self {
        let mut copy = Kept::Whole(BytesMut::new(), room);
        // A body of known size is kept in one piece.
        if let Some(size) = body.size_hint().exact() {
            copy.reserve(usize::try_from(size).unwrap_or(usize::MAX), limit);
        }
        let mut tee = Self { body, copy, limit, then: Some(then) };
        if tee.body.is_end_stream() {
            tee.end(true);
        }
        tee
    }

    fn end(&mut self, is_whole: bool) {
        let Some(then) = self.then.take() else { return };
        // What is not handed over gives its room back.
        then(match std::mem::replace(&mut self.copy, Kept::TooLarge) {
            _ if !is_whole => Copied::Cut,
            Kept::Whole(bytes, room) => Copied::Whole(bytes.freeze(), room),
            Kept::TooLarge => Copied::TooLarge,
            Kept::NoRoom => Copied::NoRoom,
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
                    self.copy.reserve(data.len(), limit);
                    if let Kept::Whole(copy, _) = &mut self.copy {
                        copy.extend_from_slice(data);
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
