//! `retrigger snapshot diff`.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use retrigger::{
    recording::Snapshot,
    snapshot_diff::{ChangeKind, SnapshotChange, snapshot_diff},
};
use serde_json::{Value, json};

use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// Compare two snapshots, statement by statement
///
/// The order of statements, keys and values means nothing, and is no change. Neither is when
/// something was made or last used, nor how many messages a queue has.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The older snapshot
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The newer snapshot
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// How to print the changes
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Compares. Exit code 1 where something differs.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let failed = |error: retrigger::recording::Error| Failure::new(error.to_string());
    let open = |path: &Path| Snapshot::open(path).map_err(failed);
    let (before, after) = (open(&args.before)?, open(&args.after)?);
    let changes = snapshot_diff(&before, &after).map_err(failed)?;
    match args.format {
        Format::Json => {
            changes.iter().try_for_each(|change| output.json(change))?;
            output.json(&json!({ "changes": changes.len() }))?;
        }
        Format::Human => print(&changes, output)?,
    }
    Ok(if changes.is_empty() { Outcome::AsExpected } else { Outcome::Different })
}

fn print(changes: &[SnapshotChange], output: &mut Output) -> io::Result<()> {
    let mut last = None;
    for change in changes {
        if last != Some(&change.place) {
            let gap = if last.is_some() { "\n" } else { "" };
            writeln!(output, "{gap}{}", change.place)?;
            last = Some(&change.place);
        }
        print_change(change, output)?;
    }
    match changes.len() {
        0 => writeln!(output, "no difference"),
        1 => writeln!(output, "\n1 difference"),
        many => writeln!(output, "\n{many} differences"),
    }
}

fn print_change(change: &SnapshotChange, output: &mut Output) -> io::Result<()> {
    let SnapshotChange { what, kind, before, after, .. } = change;
    let word = match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
        ChangeKind::NotReadBefore => return unread("the older", before.as_ref(), output),
        ChangeKind::NotReadAfter => return unread("the newer", after.as_ref(), output),
    };
    writeln!(output, "  {word}{}{what}", if what.is_empty() { "" } else { " " })?;
    print_differing("", before.as_ref(), after.as_ref(), output)
}

/// What differs within two objects, and nothing else of them.
fn print_differing(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    output: &mut Output,
) -> io::Result<()> {
    let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after) else {
        return print_values(path, before, after, output);
    };
    let names = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
    for name in names.filter(|name| old.get(*name) != new.get(*name)) {
        let gap = if path.is_empty() { "" } else { " " };
        print_differing(&format!("{path}{gap}{name}"), old.get(name), new.get(name), output)?;
    }
    Ok(())
}

fn unread(which: &str, reason: Option<&Value>, output: &mut Output) -> io::Result<()> {
    let reason = reason.and_then(Value::as_str).unwrap_or_default();
    output.wrapped(&format!("  not read for {which} snapshot: {reason}"))
}

/// What is gone after a minus, what came after a plus; of lists, only the values that did.
fn print_values(
    name: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    output: &mut Output,
) -> io::Result<()> {
    if !name.is_empty() {
        writeln!(output, "    {name}")?;
    }
    let values = |value: Option<&Value>| match value {
        None => Vec::new(),
        Some(Value::Array(list)) if before.is_some() && after.is_some() => list.clone(),
        Some(single) => vec![single.clone()],
    };
    let (old, new) = (values(before), values(after));
    for value in old.iter().filter(|value| !new.contains(value)) {
        print_value('-', value, output)?;
    }
    for value in new.iter().filter(|value| !old.contains(value)) {
        print_value('+', value, output)?;
    }
    Ok(())
}

fn print_value(sign: char, value: &Value, output: &mut Output) -> io::Result<()> {
    match value {
        Value::String(text) => writeln!(output, "    {sign} {text}"),
        // Short ones on a line.
        other if other.to_string().len() <= 70 => writeln!(output, "    {sign} {other}"),
        other => {
            format!("{other:#}").lines().try_for_each(|line| writeln!(output, "    {sign} {line}"))
        }
    }
}
