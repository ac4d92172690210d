//! Queues: each message is deleted or returns on its own.

use std::collections::BTreeSet;

use super::items::Item;
use super::response::{Reading, Verdict};
use super::{BatchOutcome, ItemFate, ItemOutcome, Redrive};

/// Lambda deletes the messages that are not reported, in FIFO queues too: keeping the order is the
/// function's task, which should report everything after the first failure. Source: Lambda
/// Developer Guide, "Handling errors for an SQS event source in Lambda".
pub(super) fn outcome(
    items: &[Item],
    mut reading: Reading,
    redrive: Option<&Redrive>,
) -> BatchOutcome {
    let failed: BTreeSet<usize> = match &reading.verdict {
        Verdict::Success => BTreeSet::new(),
        Verdict::Error | Verdict::BadAnswer => (0..items.len()).collect(),
        Verdict::Partial(failed) => failed.clone(),
    };
    reading.warnings.extend(overtaken(items, &failed));
    let mut outcome = reading.into_outcome(items, |index| match items.get(index) {
        Some(item) if failed.contains(&index) => fate_of_failed(item, redrive),
        _ => ItemFate::Deleted,
    });
    let is_dead = |item: &ItemOutcome| item.outcome == ItemFate::SentToDeadLetterQueue;
    if outcome.items.iter().any(is_dead) {
        outcome.destination = redrive.map(|redrive| redrive.dead_letter_queue.clone());
    }
    outcome
}

/// A message whose receive count would exceed the limit is moved when it would next be received.
/// Source: Amazon SQS Developer Guide, "Using dead-letter queues in Amazon SQS".
fn fate_of_failed(item: &Item, redrive: Option<&Redrive>) -> ItemFate {
    let limit = redrive.map(|redrive| redrive.max_receive_count);
    match item.receives.zip(limit) {
        Some((receives, limit)) if receives >= limit => ItemFate::SentToDeadLetterQueue,
        _ => ItemFate::Returned,
    }
}

/// A warning for each message that is deleted although an earlier one of its group returns.
fn overtaken(items: &[Item], failed: &BTreeSet<usize>) -> Vec<String> {
    let first_failed = |later: usize, group: &str| {
        failed.iter().copied().find(|&index| {
            index < later
                && items.get(index).is_some_and(|item| item.group.as_deref() == Some(group))
        })
    };
    let deleted = items.iter().enumerate().filter(|(index, _)| !failed.contains(index));
    let warning = |(index, item): (usize, &Item)| {
        let group = item.group.as_deref()?;
        let before = &items.get(first_failed(index, group)?)?.id;
        let id = &item.id;
        Some(format!(
            "message `{id}` of group `{group}` is deleted although `{before}` before it returns: \
             report every message of a group from the first that fails"
        ))
    };
    deleted.filter_map(warning).collect()
}
