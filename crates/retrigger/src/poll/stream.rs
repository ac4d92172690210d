//! A stream: shard by shard, a checkpoint that moves forward only.

use std::{
    collections::{BTreeSet, VecDeque},
    pin::pin,
    time::Duration,
};

use jiff::Timestamp;
use retrigger_trigger::{BatchOutcome, ItemFate};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Poll, PollError, Polled, Position, Shard, Stream, StreamRecord, mapping::Mapped};
use crate::reporter::Reporter;

/// The batch size by default. Source: Lambda API Reference, "`CreateEventSourceMapping`".
const BATCH_SIZE: u32 = 100;

/// How often a shard is asked. Source: Lambda Developer Guide, "Polling and batching streams".
const INTERVAL: Duration = Duration::from_secs(1);

/// A shard with no record this many times in a row has none for now: an iterator may come back
/// empty before its records.
const EMPTY_PAGES: u32 = 3;

/// A shard that is read.
struct Open {
    id: String,
    iterator: String,
    empty: u32,
}

/// The shards of a stream: those that are read, by turns, and those whose time has not come.
struct Shards<'s, S> {
    stream: &'s mut S,
    known: BTreeSet<String>,
    waiting: Vec<(Shard, Position)>,
    open: VecDeque<Open>,
}

/// Records that are to be handed over, and how often they were before.
struct Batch {
    records: Vec<Value>,
    retries: u32,
}

pub(super) async fn poll<S: Stream>(
    poll: &Poll,
    mapped: &mut Mapped,
    stream: &mut S,
    reporter: &mut dyn Reporter,
    shutdown: impl Future<Output = ()>,
) -> Result<Polled, PollError> {
    let mut shutdown = pin!(shutdown);
    let mut polled = Polled::default();
    let mut shards =
        Shards { stream, known: BTreeSet::new(), waiting: Vec::new(), open: VecDeque::new() };
    shards.find(position(mapped)?).await?;
    while !poll.is_over(&polled) {
        let read = tokio::select! {
            biased;
            () = &mut shutdown => break,
            read = shards.read(mapped) => read?,
        };
        let Some(read) = read else { break };
        let batch = admitted(mapped, read, &mut polled);
        if !batch.records.is_empty()
            && !hand_over(poll, mapped, batch, &mut polled, reporter).await?
        {
            break;
        }
        if poll.until_empty && shards.are_empty() {
            break;
        }
        tokio::select! {
            () = &mut shutdown => break,
            () = sleep(shards.pause()) => {}
        }
    }
    Ok(polled)
}

/// The records that the filter criteria let through, as the function gets them.
fn admitted(mapped: &Mapped, read: Vec<StreamRecord>, polled: &mut Polled) -> Batch {
    let (arn, role) = (mapped.source_arn(), mapped.role_arn());
    let before = read.len();
    let records = read.into_iter().map(|record| record.into_record(arn, &role));
    let records: Vec<Value> = records.filter(|record| mapped.admits(record)).collect();
    polled.filtered_out += (before - records.len()) as u64;
    Batch { records, retries: 0 }
}

impl<S: Stream> Shards<'_, S> {
    /// Looks for shards that are not known yet, to be read from `position` on.
    async fn find(&mut self, position: Position) -> Result<(), PollError> {
        let mut shards = self.stream.shards().await.map_err(PollError::Source)?;
        // In the order of their ids, so that runs are alike.
        shards.sort_by(|a, b| a.id.cmp(&b.id));
        shards.retain(|shard| self.known.insert(shard.id.clone()));
        self.waiting.extend(shards.into_iter().map(|shard| (shard, position)));
        self.begin().await
    }

    /// Opens the shards whose parents are at their end, so that order is kept.
    async fn begin(&mut self) -> Result<(), PollError> {
        let is_unfinished = |id: &String| {
            self.open.iter().any(|open| open.id == *id)
                || self.waiting.iter().any(|(shard, _)| shard.id == *id)
        };
        let (later, now): (Vec<_>, Vec<_>) = self
            .waiting
            .iter()
            .cloned()
            .partition(|(shard, _)| shard.parents.iter().any(is_unfinished));
        self.waiting = later;
        for (shard, position) in now {
            let iterator = self.stream.iterator(&shard.id, &position).await;
            let iterator = iterator.map_err(PollError::Source)?;
            self.open.push_back(Open { id: shard.id, iterator, empty: 0 });
        }
        Ok(())
    }

    /// What the next shard has, up to a batch; further within the batching window. `None` where
    /// every shard has come to its end.
    async fn read(&mut self, mapped: &Mapped) -> Result<Option<Vec<StreamRecord>>, PollError> {
        let size = mapped.mapping.batch_size.unwrap_or(BATCH_SIZE).max(1);
        let window = mapped.mapping.maximum_batching_window_in_seconds.unwrap_or(0);
        let end = Instant::now() + Duration::from_secs(window.into());
        let Some(shard) = self.open.front() else { return Ok(None) };
        let (id, empty) = (shard.id.clone(), shard.empty);
        let (mut records, mut next) = (Vec::new(), Some(shard.iterator.clone()));
        while let Some(iterator) = next {
            let missing = size.saturating_sub(u32::try_from(records.len()).unwrap_or(size));
            let page =
                self.stream.records(&id, iterator, missing).await.map_err(PollError::Source)?;
            records.extend(page.records);
            next = page.next;
            let is_full = records.len() >= size as usize;
            if records.is_empty() || is_full || next.is_none() || Instant::now() >= end {
                break;
            }
            sleep(INTERVAL.min(end.saturating_duration_since(Instant::now()))).await;
        }
        // Only now: whoever stops waiting for this leaves the shard where it is.
        self.open.pop_front();
        let empty = if records.is_empty() { empty + 1 } else { 0 };
        match next {
            Some(iterator) => self.open.push_back(Open { id, iterator, empty }),
            // What it was split or merged into may be new.
            None => self.find(Position::TrimHorizon).await?,
        }
        Ok(Some(records))
    }

    /// Whether no shard has anything for now.
    fn are_empty(&self) -> bool {
        self.waiting.is_empty() && self.open.iter().all(|shard| shard.empty >= EMPTY_PAGES)
    }

    /// How long to wait before the next shard is asked: not at all while records come.
    fn pause(&self) -> Duration {
        let is_quiet = self.open.iter().all(|shard| shard.empty > 0);
        let shards = u32::try_from(self.open.len()).unwrap_or(1);
        if is_quiet && shards > 0 { INTERVAL / shards } else { Duration::ZERO }
    }
}

/// Hands a batch over until it is done with, in parts where it is split. `false` where polling
/// must end: the function may not be run, or a batch has been retried enough.
async fn hand_over(
    poll: &Poll,
    mapped: &mut Mapped,
    batch: Batch,
    polled: &mut Polled,
    reporter: &mut dyn Reporter,
) -> Result<bool, PollError> {
    let mut waiting = VecDeque::from([batch]);
    let is_endless = mapped.mapping.maximum_retry_attempts.is_none_or(|attempts| attempts < 0);
    while let Some(Batch { records, retries }) = waiting.pop_front() {
        let outcome = mapped.batch(records.clone(), retries, polled, reporter).await?;
        let Some(outcome) = outcome else { return Ok(false) };
        let bisects = mapped.mapping.bisect_batch_on_function_error == Some(true);
        let is_split = bisects && is_split(&outcome);
        if is_endless && !is_split && !outcome.next_batches.is_empty() && retries >= poll.retries {
            polled.left += 1;
            return Ok(false);
        }
        for ids in outcome.next_batches.iter().rev() {
            let wanted: BTreeSet<&String> = ids.iter().collect();
            let items = outcome.items.iter().zip(&records);
            let again = items.filter(|(item, _)| wanted.contains(&item.id));
            waiting.push_front(Batch {
                records: again.map(|(_, record)| record.clone()).collect(),
                retries: if is_split { retries } else { retries + 1 },
            });
        }
    }
    Ok(true)
}

/// Splitting a batch costs no retry.
fn is_split(outcome: &BatchOutcome) -> bool {
    let some_done = outcome.items.iter().any(|item| item.outcome == ItemFate::Done);
    outcome.next_batches.len() > 1 || (some_done && !outcome.next_batches.is_empty())
}

/// Where to start. A mapping of a stream must say so when it is made; one that was read without it
/// starts with the oldest record.
fn position(mapped: &Mapped) -> Result<Position, PollError> {
    let mapping = &mapped.mapping;
    let named = mapping.starting_position.as_deref().unwrap_or("TRIM_HORIZON");
    let at = mapping.starting_position_timestamp.as_ref().and_then(time);
    match (named, at) {
        ("LATEST", _) => Ok(Position::Latest),
        ("TRIM_HORIZON", _) => Ok(Position::TrimHorizon),
        ("AT_TIMESTAMP", Some(time)) => Ok(Position::AtTimestamp(time)),
        ("AT_TIMESTAMP", None) => Err(PollError::Undecidable(
            "the event source mapping starts at a time, and `StartingPositionTimestamp` is none"
                .to_owned(),
        )),
        (other, _) => Err(PollError::Undecidable(format!(
            "the event source mapping's `StartingPosition` is `{other}`: known are `TRIM_HORIZON`, \
             `LATEST` and `AT_TIMESTAMP`"
        ))),
    }
}

/// Seconds since 1970, as the API has it, or RFC 3339, as the AWS CLI prints it.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => {
            let seconds = Duration::try_from_secs_f64(other.as_f64()?).ok()?;
            Timestamp::from_millisecond(i64::try_from(seconds.as_millis()).ok()?).ok()
        }
    }
}
