//! Log lines, bounded: a flood of output neither fills the memory nor the report.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most lines that one invocation's log keeps.
const MAX_LINES: usize = 10_000;

/// The most bytes that one invocation's log keeps.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The longest line; a longer one is broken here. It is the largest event of CloudWatch Logs.
/// Source: CloudWatch Logs User Guide, "CloudWatch Logs quotas".
const MAX_LINE_BYTES: usize = 256 * 1024;

/// The lines of one invocation: the first ones, and how many were dropped after them.
#[derive(Debug, Default)]
pub(crate) struct LogBuffer {
    lines: Vec<String>,
    bytes: usize,
    dropped: usize,
    /// The line that has begun and has no end yet.
    partial: Vec<u8>,
}

impl LogBuffer {
    /// Appends output in the pieces in which it arrives.
    pub(crate) fn push(&mut self, output: &[u8]) {
        for piece in output.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) if self.partial.is_empty() => self.push_line(end),
                Some(end) => {
                    self.push_partial(end);
                    self.end_line();
                }
                None => self.push_partial(piece),
            }
        }
    }

    /// Ends a line that has begun, as when the process that wrote it is gone.
    pub(crate) fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        self.push_line(&line);
    }

    /// All lines so far, a last unfinished one included, with a marker for the dropped ones.
    pub(crate) fn take(&mut self) -> Vec<String> {
        if !self.partial.is_empty() {
            self.end_line();
        }
        let Self { mut lines, dropped, .. } = std::mem::take(self);
        if dropped > 0 {
            lines.push(format!("… {dropped} lines dropped"));
        }
        lines
    }

    fn push_partial(&mut self, mut piece: &[u8]) {
        while self.partial.len() + piece.len() > MAX_LINE_BYTES {
            let (fits, rest) = piece.split_at(MAX_LINE_BYTES - self.partial.len());
            self.partial.extend_from_slice(fits);
            self.end_line();
            piece = rest;
        }
        self.partial.extend_from_slice(piece);
    }

    fn push_line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let full = self.lines.len() >= MAX_LINES || self.bytes + line.len() > MAX_BYTES;
        if full || self.dropped > 0 {
            self.dropped += 1;
            return;
        }
        let text: Cow<'_, str> = String::from_utf8_lossy(line);
        self.bytes += text.len();
        self.lines.push(text.into_owned());
    }
}

/// A log buffer that several tasks write to.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedLogs(Arc<Mutex<LogBuffer>>);

impl SharedLogs {
    /// Appends one or more whole lines.
    pub(crate) fn push_text(&self, text: &str) {
        let mut buffer = self.lock();
        text.split('\n').for_each(|line| buffer.push_line(line.as_bytes()));
    }

    /// All lines so far.
    pub(crate) fn take(&self) -> Vec<String> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, LogBuffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["one\ntwo\n"], &["one", "two"])]
    #[case(&["o", "ne\nt", "wo"], &["one", "two"])]
    #[case(&["\n\nend"], &["", "", "end"])]
    #[case(&["windows\r\n"], &["windows"])]
    #[case(&["wind", "ows\r\n"], &["windows"])]
    #[case(&[""], &[])]
    fn output_becomes_lines(#[case] pieces: &[&str], #[case] lines: &[&str]) {
        let mut buffer = LogBuffer::default();
        for piece in pieces {
            buffer.push(piece.as_bytes());
        }
        assert_eq!(buffer.take(), lines);
        assert_eq!(buffer.take(), [""; 0]);
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        let mut buffer = LogBuffer::default();
        buffer.push(b"\xff\xfegarbage\0\n");
        assert_eq!(buffer.take(), ["\u{fffd}\u{fffd}garbage\0"]);
    }

    #[test]
    fn floods_of_lines_are_counted() {
        let mut buffer = LogBuffer::default();
        buffer.push("again\n".repeat(MAX_LINES + 7).as_bytes());
        let lines = buffer.take();
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert_eq!(lines.last().unwrap(), "… 7 lines dropped");
    }

    #[test]
    fn endless_lines_are_broken_and_bounded() {
        let mut buffer = LogBuffer::default();
        let chunk = vec![b'x'; 64 * 1024];
        (0..1000).for_each(|_| buffer.push(&chunk));
        assert!(buffer.partial.len() <= MAX_LINE_BYTES);
        let lines = buffer.take();
        assert_eq!(lines.len(), MAX_BYTES / MAX_LINE_BYTES + 1);
        assert_eq!(lines.last().unwrap(), "… 234 lines dropped");
    }
}
