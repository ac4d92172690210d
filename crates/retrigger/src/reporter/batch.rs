//! What became of a batch, for people.

use std::fmt::Write;

use retrigger_trigger::{BatchOutcome, ItemFate};

/// A line an item, where those go that are given up, and how the batch is split.
pub(super) fn details(batch: &BatchOutcome) -> String {
    let words: Vec<String> = batch.items.iter().map(|item| fate_word(item.outcome)).collect();
    let width = words.iter().map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for (word, item) in words.iter().zip(&batch.items) {
        let _ = writeln!(text, "  {word:<width$} {}", item.id);
    }
    if let Some(destination) = &batch.destination {
        let _ = writeln!(text, "  to {destination}");
    }
    if batch.next_batches.len() > 1 {
        let _ = writeln!(text, "  split into {}", sizes(&batch.next_batches));
    }
    text
}

/// How many items went which way, and how many warnings there are: `2 deleted, 1 returned`.
pub(super) fn phrase(batch: &BatchOutcome) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for item in &batch.items {
        let fate = fate_word(item.outcome);
        match counts.iter_mut().find(|(known, _)| *known == fate) {
            Some((_, count)) => *count += 1,
            None => counts.push((fate, 1)),
        }
    }
    let warnings = match batch.warnings.len() {
        0 => None,
        1 => Some("1 warning".to_owned()),
        count => Some(format!("{count} warnings")),
    };
    let counts = counts.into_iter().map(|(fate, count)| format!("{count} {fate}"));
    counts.chain(warnings).collect::<Vec<_>>().join(", ")
}

/// How many items the next batches have: `2 and 1`.
fn sizes(batches: &[Vec<String>]) -> String {
    let sizes: Vec<String> = batches.iter().map(|batch| batch.len().to_string()).collect();
    sizes.join(" and ")
}

/// As in `expected.json`.
fn fate_word(fate: ItemFate) -> String {
    serde_json::to_value(fate)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}
