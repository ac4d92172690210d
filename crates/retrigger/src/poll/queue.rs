//! A queue: batches of messages, which are deleted once the function is done with them.

use std::{pin::pin, time::Duration};

use retrigger_trigger::{BatchOutcome, ItemFate, SqsMessage, sqs_record};
use serde_json::Value;
use tokio::time::Instant;

use super::{LONG_POLL, Poll, PollError, Polled, Queue, SHORT_POLL, mapping::Mapped};
use crate::reporter::Reporter;

/// How many messages one call receives or deletes. Source: Amazon SQS API Reference,
/// "`ReceiveMessage`".
const MOST_PER_CALL: u32 = 10;

/// The most bytes of a batch. Source: Lambda Developer Guide, "Batching behavior" (the payload
/// limit of an invocation).
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// A message, and the record that the function gets of it.
struct Received {
    message: SqsMessage,
    record: Value,
    size: usize,
}

/// Messages received, and those of them that wait for the next batch.
struct Inbox<'q, Q> {
    queue: &'q mut Q,
    arn: String,
    waiting: Vec<Received>,
    filtered_out: u64,
    until_empty: bool,
}

pub(super) async fn poll<Q: Queue>(
    poll: &Poll,
    mapped: &mut Mapped,
    queue: &mut Q,
    reporter: &mut dyn Reporter,
    shutdown: impl Future<Output = ()>,
) -> Result<Polled, PollError> {
    let mut shutdown = pin!(shutdown);
    let mut polled = Polled::default();
    let arn = mapped.source_arn().to_owned();
    let (waiting, until_empty) = (Vec::new(), poll.until_empty);
    let mut inbox = Inbox { queue, arn, waiting, filtered_out: 0, until_empty };
    while !poll.is_over(&polled) {
        let batch = tokio::select! {
            biased;
            () = &mut shutdown => break,
            batch = inbox.batch(mapped) => batch?,
        };
        polled.filtered_out = inbox.filtered_out;
        if batch.is_empty() {
            if until_empty {
                break;
            }
            continue;
        }
        let records = batch.iter().map(|received| received.record.clone()).collect();
        let Some(outcome) = mapped.batch(records, 0, &mut polled, reporter).await? else {
            // Denied although it was allowed before: by a condition on the time. Nothing is
            // deleted, and asking on would be refused as well.
            break;
        };
        inbox.delete(&done(&batch, &outcome)).await?;
    }
    Ok(polled)
}

/// The receipt handles of the messages that are done with.
fn done(batch: &[Received], outcome: &BatchOutcome) -> Vec<String> {
    let fates = outcome.items.iter().zip(batch);
    let done = fates.filter(|(item, _)| item.outcome == ItemFate::Deleted);
    done.map(|(_, received)| received.message.receipt_handle.clone()).collect()
}

impl<Q: Queue> Inbox<'_, Q> {
    /// The next batch: what one call brings, or what comes within the batching window, up to the
    /// batch size and the payload limit. Empty where nothing came. Source: Lambda Developer Guide,
    /// "Polling and batching streams", "Configuring scaling and batching for SQS".
    async fn batch(&mut self, mapped: &Mapped) -> Result<Vec<Received>, PollError> {
        let is_fifo = self.arn.strip_suffix(".fifo").is_some();
        let size = mapped.mapping.batch_size.unwrap_or(MOST_PER_CALL).max(1);
        let size = if is_fifo { size.min(MOST_PER_CALL) } else { size };
        let window = mapped.mapping.maximum_batching_window_in_seconds.unwrap_or(0);
        let window = Duration::from_secs(if is_fifo { 0 } else { window.into() });
        if self.waiting.is_empty() {
            let wait = if self.until_empty { SHORT_POLL } else { LONG_POLL };
            self.receive(mapped, size, wait).await?;
        }
        let end = Instant::now() + window;
        while !self.waiting.is_empty() && !self.is_full(size) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let wanted = size.saturating_sub(u32::try_from(self.waiting.len()).unwrap_or(size));
            self.receive(mapped, wanted, left.min(LONG_POLL).max(Duration::from_secs(1))).await?;
        }
        let count = self.fitting(size);
        Ok(self.waiting.drain(..count).collect())
    }

    /// Receives once. What the filter criteria keep from the function is deleted.
    async fn receive(
        &mut self,
        mapped: &Mapped,
        most: u32,
        wait: Duration,
    ) -> Result<(), PollError> {
        let received = self.queue.receive(most.min(MOST_PER_CALL), wait).await;
        let mut left = Vec::new();
        for message in received.map_err(PollError::Source)? {
            let record = sqs_record(&message, &self.arn);
            if mapped.admits(&record) {
                let size = record.to_string().len() + 1;
                self.waiting.push(Received { message, record, size });
            } else {
                left.push(message.receipt_handle);
            }
        }
        self.filtered_out += left.len() as u64;
        self.delete(&left).await
    }

    fn is_full(&self, size: u32) -> bool {
        self.waiting.len() >= size as usize || self.fitting(size) < self.waiting.len()
    }

    /// How many of those that wait make one batch.
    fn fitting(&self, size: u32) -> usize {
        let mut bytes = r#"{"Records":[]}"#.len();
        let fit = self.waiting.iter().take(size as usize).take_while(|received| {
            bytes += received.size;
            bytes <= MAX_PAYLOAD
        });
        // One that is too large on its own is for the function to refuse.
        fit.count().max(usize::from(!self.waiting.is_empty()))
    }

    async fn delete(&mut self, receipt_handles: &[String]) -> Result<(), PollError> {
        for handles in receipt_handles.chunks(MOST_PER_CALL as usize) {
            self.queue.delete(handles).await.map_err(PollError::Source)?;
        }
        Ok(())
    }
}
