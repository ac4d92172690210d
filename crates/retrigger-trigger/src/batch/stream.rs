//! Streams: a checkpoint moves forward, and everything from it on comes again.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::items::Item;
use super::response::{Reading, Verdict};
use super::{BatchOutcome, ItemFate, MappingSettings, Source};

/// A complete failure retries the batch, in halves with `BisectBatchOnFunctionError`. A partial one
/// moves the checkpoint to the lowest sequence number reported, in Kafka to the lowest offset of
/// each partition, and retries from there in one batch. Out of retries, what failed goes to the
/// destination, if there is one. Splitting a batch costs no retry, so that a batch of several is
/// split even where none is left. With both settings the batch is split at the record reported,
/// which costs none either, unless that is the first. Sources: Lambda Developer Guide, "Configuring
/// partial batch response with Kinesis Data Streams and Lambda", "Retain discarded batch records for
/// a Kinesis Data Streams event source in Lambda".
///
/// That a split at the record reported costs no retry follows from both pages; neither says it of
/// the two settings together. AWS does not say whether bisecting applies to a response that is
/// malformed: it is done only for an error of the function, which is what the setting's name says.
pub(super) fn outcome(
    items: &[Item],
    reading: Reading,
    settings: &MappingSettings,
    most: Option<u32>,
    retries: u32,
) -> BatchOutcome {
    let again: Vec<bool> = match &reading.verdict {
        Verdict::Success => vec![false; items.len()],
        Verdict::Partial(failed) => {
            items.iter().map(|item| is_behind(item, items, failed)).collect()
        }
        Verdict::Error | Verdict::BadAnswer => vec![true; items.len()],
    };
    let count = again.iter().filter(|again| **again).count();
    let bisects = settings.bisect_batch_on_function_error;
    let is_halved = bisects && matches!(reading.verdict, Verdict::Error) && count > 1;
    let is_cut = bisects
        && matches!(reading.verdict, Verdict::Partial(_))
        && (1..items.len()).contains(&count);
    let fate = match most {
        Some(most) if retries >= most && !is_halved && !is_cut => fate_of_given_up(settings),
        _ => ItemFate::Retried,
    };
    let mut outcome = reading.into_outcome(items, |index| match again.get(index) {
        Some(true) => fate,
        _ => ItemFate::Done,
    });
    outcome.next_batches = next_batches(&outcome, is_halved);
    if count > 0 && fate == ItemFate::SentToDestination {
        outcome.destination.clone_from(&settings.on_failure_destination);
    }
    outcome
}

/// How often a failed batch is retried; `None`: until its records expire. A Kafka mapping with an
/// on-failure destination and no limit of its own gives up after 10. Source: Lambda Developer
/// Guide, "Configuring error handling controls for Kafka event sources".
pub(super) fn most_retries(source: Source, settings: &MappingSettings) -> Option<u32> {
    let of_kafka =
        (source == Source::Kafka && settings.on_failure_destination.is_some()).then_some(10);
    settings.maximum_retry_attempts.or(of_kafka)
}

const fn fate_of_given_up(settings: &MappingSettings) -> ItemFate {
    match settings.on_failure_destination {
        Some(_) => ItemFate::SentToDestination,
        None => ItemFate::Discarded,
    }
}

/// The batches in which the items come again: one, or two halves.
fn next_batches(outcome: &BatchOutcome, bisected: bool) -> Vec<Vec<String>> {
    let again = outcome.items.iter().filter(|item| item.outcome == ItemFate::Retried);
    let ids: Vec<_> = again.map(|item| item.id.clone()).collect();
    let (first, second) = ids.split_at(ids.len().div_ceil(if bisected { 2 } else { 1 }));
    [first, second].into_iter().filter(|half| !half.is_empty()).map(<[_]>::to_vec).collect()
}

/// Whether an item is the lowest reported one of its group, or comes after it.
fn is_behind(item: &Item, items: &[Item], failed: &BTreeSet<usize>) -> bool {
    let reported = failed.iter().filter_map(|&index| items.get(index));
    let lowest = reported.filter(|other| other.group == item.group).min_by(|a, b| order(a, b));
    lowest.is_some_and(|lowest| order(item, lowest) != Ordering::Less)
}

/// Sequence numbers are decimal and longer than any integer type: compared by length, then by
/// digits.
fn order(a: &Item, b: &Item) -> Ordering {
    fn number(item: &Item) -> (usize, &str) {
        let digits = item.id.trim_start_matches('0');
        (digits.len(), digits)
    }
    match (a.offset, b.offset) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => number(a).cmp(&number(b)),
    }
}
