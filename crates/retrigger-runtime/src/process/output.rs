//! What a process writes to stdout and stderr.
//!
//! Both are one pipe, so that the order of lines is the order of writing. It is read without
//! waiting for more at the end of an invocation: a client writes its lines before it sends the
//! answer, so by then they are all in the pipe, and none is lost or taken for the next one's.

use std::{
    future::pending,
    io::{self, ErrorKind, PipeReader, Read},
    os::fd::OwnedFd,
    process::Stdio,
};

use tokio::net::unix::pipe::Receiver;

use crate::logs::LogBuffer;

/// The most that is read at the end of an invocation. A pipe holds 64 KiB; more than this comes
/// only from a process that goes on writing.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// The reading end, and the lines read so far.
#[derive(Debug)]
pub(super) struct Output {
    pipe: Option<Pipe>,
    logs: LogBuffer,
    buffer: Box<[u8]>,
}

/// One pipe, read in two ways.
#[derive(Debug)]
struct Pipe {
    /// Through the event loop, which may not know yet what is in it.
    events: Receiver,
    /// By asking the pipe itself.
    direct: PipeReader,
}

impl Output {
    /// A pipe: this end, and the two handles for a child's stdout and stderr.
    pub(super) fn pipe() -> io::Result<(Self, Stdio, Stdio)> {
        let (direct, writer) = io::pipe()?;
        let second = writer.try_clone()?;
        // INVARIANT: both are the same open file, which this makes non-blocking.
        let events = Receiver::from_owned_fd(OwnedFd::from(direct.try_clone()?))?;
        let pipe = Pipe { events, direct };
        let buffer = vec![0; 64 * 1024].into_boxed_slice();
        let output = Self { pipe: Some(pipe), logs: LogBuffer::default(), buffer };
        Ok((output, writer.into(), second.into()))
    }

    /// Waits for output and reads some. Never resolves once every writer is gone. Nothing is lost
    /// when the future is dropped.
    pub(super) async fn pump(&mut self) {
        let Some(Pipe { events, .. }) = &self.pipe else { return pending().await };
        let read = match events.readable().await {
            Ok(()) => events.try_read(&mut self.buffer),
            Err(error) => Err(error),
        };
        self.store(read);
    }

    /// Reads what has been written up to now.
    pub(super) fn drain(&mut self) {
        let mut drained = 0;
        while drained < MAX_DRAINED_BYTES {
            let Some(Pipe { direct, .. }) = &mut self.pipe else { return };
            let read = direct.read(&mut self.buffer);
            match self.store(read) {
                Some(count) => drained += count,
                None => return,
            }
        }
    }

    /// The lines up to now.
    pub(super) fn take(&mut self) -> Vec<String> {
        self.drain();
        self.logs.take()
    }

    /// How much was read, or `None` where there is nothing to read for now or for good.
    fn store(&mut self, read: io::Result<usize>) -> Option<usize> {
        match read {
            Ok(count @ 1..) => {
                self.logs.push(self.buffer.get(..count)?);
                Some(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Some(0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Ok(0) | Err(_) => {
                self.pipe = None;
                None
            }
        }
    }
}
