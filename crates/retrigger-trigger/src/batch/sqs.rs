//! Queues: each message is deleted or returns on its own.

use std::collections::BTreeSet;

use super::items::Item;
use super::response::{Reading, Verdict};
use super::{BatchOutcome, ItemFate};

/// Lambda deletes the messages that are not reported, in FIFO queues too: keeping the order is the
/// function's task, which should report everything after the first failure. Source: Lambda
/// Developer Guide, "Handling errors for an SQS event source in Lambda".
pub(super) fn outcome(items: &[Item], mut reading: Reading) -> BatchOutcome {
    match &reading.verdict {
        Verdict::Success => reading.into_outcome(items, |_| ItemFate::Deleted),
        Verdict::Error | Verdict::BadAnswer => reading.into_outcome(items, |_| ItemFate::Returned),
        Verdict::Partial(failed) => {
            let failed = failed.clone();
            reading.warnings.extend(overtaken(items, &failed));
            reading.into_outcome(items, |index| {
                if failed.contains(&index) { ItemFate::Returned } else { ItemFate::Deleted }
            })
        }
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
