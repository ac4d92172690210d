//! What changed between two snapshots, statement by statement.
//!
//! ```text
//! files of each ─▶ policies and settings by place (places) ─▶ the same in a form in which an order
//!                  that means nothing is none (normal) ─▶ changes
//! ```

mod normal;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use retrigger_recording::{Error, NotRead, Snapshot};
use serde::Serialize;
use serde_json::Value;

use normal::{settings, statement};
use places::{Item, Place, concerns, places};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SnapshotChange {
    /// What it belongs to, such as ``function policy of `orders:PROD` ``.
    pub place: String,
    /// What of it, such as ``statement `files` `` or ``setting `Timeout` ``; empty where it is all
    /// of it.
    pub what: String,
    /// What became of it.
    pub kind: ChangeKind,
    /// How it was, as the older snapshot has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// How it is, as the newer snapshot has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Only the newer snapshot has it.
    Added,
    /// Only the older snapshot has it.
    Removed,
    /// Both have it, and it reads otherwise.
    Changed,
    /// It could not be read for the older snapshot alone; `after` is what there is now, as far as
    /// that is one thing.
    NotReadBefore,
    /// It could not be read for the newer snapshot alone; whether it changed is not known.
    NotReadAfter,
}

/// What changed from one snapshot to another, by place. The order of statements, of keys and of
/// values that are a set is no change; neither is when something was made or last used, nor how many
/// messages a queue has.
///
/// ```
/// # let root = tempfile::tempdir().unwrap();
/// # for (folder, action) in [("a", "lambda:InvokeFunction"), ("b", "lambda:*")] {
/// #     std::fs::create_dir_all(root.path().join(folder).join("lambda/orders")).unwrap();
/// #     let about = "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\n\
/// #                  account = \"841860927337\"\nregion = \"us-east-1\"\n";
/// #     std::fs::write(root.path().join(folder).join("snapshot.toml"), about).unwrap();
/// #     let policy = format!(r#"{{"Statement": [{{"Sid": "files", "Effect": "Allow", "Action": "{action}"}}]}}"#);
/// #     std::fs::write(root.path().join(folder).join("lambda/orders/policy.json"), policy).unwrap();
/// # }
/// use retrigger::{recording::Snapshot, snapshot_diff::{ChangeKind, snapshot_diff}};
///
/// let before = Snapshot::open(root.path().join("a")).unwrap();
/// let after = Snapshot::open(root.path().join("b")).unwrap();
/// let changes = snapshot_diff(&before, &after).unwrap();
/// assert_eq!(changes[0].place, "function policy of `orders`");
/// assert_eq!((changes[0].what.as_str(), changes[0].kind), ("statement `files`", ChangeKind::Changed));
/// ```
///
/// # Errors
///
/// When a file cannot be read, or is no JSON.
pub fn snapshot_diff(before: &Snapshot, after: &Snapshot) -> Result<Vec<SnapshotChange>, Error> {
    let (old, new) = (places(before)?, places(after)?);
    let not_read = |snapshot: &Snapshot| snapshot.not_read().cloned().collect::<Vec<_>>();
    let (unread_before, unread_after) = (not_read(before), not_read(after));
    let mut changes = Vec::new();
    let all: BTreeSet<&Place> = old.keys().chain(new.keys()).collect();
    for place in all {
        let (was, is) = (old.get(place), new.get(place));
        let is_unknown = |there: Option<&Item>, unread: &[NotRead]| {
            there.is_none() && unread.iter().any(|one| concerns(one, &place.name))
        };
        if is_unknown(was, &unread_before) || is_unknown(is, &unread_after) {
            continue;
        }
        let mut found = changes_of(was, is);
        let is_list_known = |change: &SnapshotChange| {
            change.what != "setting `AttachedManagedPolicies`"
                || ![&unread_before, &unread_after].iter().any(|unread| {
                    unread.iter().any(|one| places::is_attached_list(one, &place.name))
                })
        };
        found.retain(is_list_known);
        changes.extend(
            found.into_iter().map(|change| SnapshotChange { place: place.name.clone(), ..change }),
        );
    }
    changes.extend(only_in(&unread_before, &unread_after, ChangeKind::NotReadBefore));
    changes.extend(only_in(&unread_after, &unread_before, ChangeKind::NotReadAfter));
    Ok(changes)
}

/// What could not be read for one of the two alone.
fn only_in<'n>(
    one: &'n [NotRead],
    other: &'n [NotRead],
    kind: ChangeKind,
) -> impl Iterator<Item = SnapshotChange> + 'n {
    let is_in = |not_read: &NotRead| {
        other.iter().any(|other| other.what == not_read.what && other.of == not_read.of)
    };
    one.iter().filter(move |not_read| !is_in(not_read)).map(move |not_read| {
        let reason = Some(Value::from(not_read.reason.as_str()));
        let (before, after) = match kind {
            ChangeKind::NotReadBefore => (reason, None),
            _ => (None, reason),
        };
        let name = not_read.what.name();
        let place = format!("{} of `{}`", name.strip_prefix("the ").unwrap_or(name), not_read.of);
        SnapshotChange { place, what: String::new(), kind, before, after }
    })
}

/// The changes within one place, which does not stand in them yet.
fn changes_of(was: Option<&Item>, is: Option<&Item>) -> Vec<SnapshotChange> {
    match (was, is) {
        (Some(Item::Settings(was)), Some(Item::Settings(is))) => members(was, is),
        (Some(Item::Policy(was)), Some(Item::Policy(is))) => policies(was, is),
        (Some(Item::Policy(was)), None) => whole(was, &policies(was, &Value::Null), true),
        (None, Some(Item::Policy(is))) => whole(is, &policies(&Value::Null, is), false),
        (was, is) => {
            let value = |item: Option<&Item>| item.map(|item| item.value().clone());
            vec![change("", value(was), value(is))]
        }
    }
}

/// A policy that only one of the two has: its statements, or itself where it has none.
fn whole(policy: &Value, statements: &[SnapshotChange], was: bool) -> Vec<SnapshotChange> {
    let is_statement = |change: &&SnapshotChange| change.what.starts_with("statement");
    let statements: Vec<SnapshotChange> = statements.iter().filter(is_statement).cloned().collect();
    match (statements.is_empty(), was) {
        (false, _) => statements,
        (true, true) => vec![change("", Some(policy.clone()), None)],
        (true, false) => vec![change("", None, Some(policy.clone()))],
    }
}

fn change(what: impl Into<String>, before: Option<Value>, after: Option<Value>) -> SnapshotChange {
    let kind = match (&before, &after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    SnapshotChange { place: String::new(), what: what.into(), kind, before, after }
}

/// Settings that differ, member by member.
fn members(was: &Value, is: &Value) -> Vec<SnapshotChange> {
    let (old, new) = (settings(was), settings(is));
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return if old == new { Vec::new() } else { vec![change("", Some(old), Some(new))] };
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let written = |value: &Value, name: &str| value.get(name).cloned();
    differing
        .map(|name| change(format!("setting `{name}`"), written(was, name), written(is, name)))
        .collect()
}

/// Statements that differ, and the version of the language.
fn policies(was: &Value, is: &Value) -> Vec<SnapshotChange> {
    let (mut old, mut new) = (statements(was), statements(is));
    // What both have, wherever it stands and however often.
    old.retain(|(_, one, _)| match new.iter().position(|(_, other, _)| other == one) {
        Some(index) => {
            new.remove(index);
            false
        }
        None => true,
    });
    let mut changes = Vec::new();
    if was.is_object() && is.is_object() && was["Version"] != is["Version"] {
        let version = |policy: &Value| policy.get("Version").cloned();
        changes.push(change("`Version`", version(was), version(is)));
    }
    let is_only_one = old.len() == 1 && new.len() == 1;
    for (name, _, before) in old {
        let same_name = new.iter().position(|(other, ..)| *other == name);
        let only_one = is_only_one.then_some(0);
        let after = same_name.or(only_one).map(|index| new.remove(index).2);
        changes.push(change(name, Some(before), after));
    }
    changes.extend(new.into_iter().map(|(name, _, after)| change(name, None, Some(after))));
    changes
}

/// The statements of a policy: what they are called, their form for comparison, and as written.
fn statements(policy: &Value) -> Vec<(String, Value, Value)> {
    let listed = match &policy["Statement"] {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        single => std::slice::from_ref(single),
    };
    let name = |index: usize, statement: &Value| match statement["Sid"].as_str() {
        Some(sid) => format!("statement `{sid}`"),
        None => format!("statement {}", index + 1),
    };
    let listed = listed.iter().enumerate();
    listed.map(|(index, one)| (name(index, one), statement(one), one.clone())).collect()
}

/// Places by name.
type Places = BTreeMap<Place, Item>;

#[cfg(test)]
mod tests;
