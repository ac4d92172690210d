//! What of an older snapshot stays beside what was taken anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value};
use walkdir::WalkDir;

use super::{TakenSnapshot, WrittenSnapshot};
use crate::{
    error::{Error, Problem, READ},
    parse,
    paths::slashed,
    snapshot::{
        NotRead, SNAPSHOT_FILE, SNAPSHOT_FORMAT, SnapshotToml, Unread,
        files::{AUTHORIZATION_FILE, QUEUE_ATTRIBUTES, RESOURCE_POLICIES},
    },
    source::{DOCUMENT, Source},
};

/// The files of an older snapshot by name.
pub(super) struct Old {
    files: BTreeMap<String, Vec<u8>>,
    toml: String,
    not_read: Vec<NotRead>,
}

impl Old {
    /// The snapshot in a folder; `None` where there is nothing.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let is_empty =
            |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut all| all.next().is_none());
        if !folder.exists() || (folder.is_dir() && is_empty(folder)) {
            return Ok(None);
        }
        let about = folder.join(SNAPSHOT_FILE);
        if !about.is_file() {
            let reason = "it is no snapshot, and nothing is written over";
            let advice = format!("name a new folder, or one with `{SNAPSHOT_FILE}`");
            return Err(Error::new(folder, Problem::value_with_advice(reason, advice)));
        }
        let source = Source::read(&about, DOCUMENT)?;
        let toml: SnapshotToml = parse::versioned_toml(&source, SNAPSHOT_FORMAT)?;
        if let Some(extends) = toml.extends {
            let reason = "a snapshot that extends another is not taken anew";
            let advice = "take the one it extends, or take this one into a new folder";
            let at = extends.span().start;
            return Err(source.error(at, Problem::value_with_advice(reason, advice)));
        }
        let not_read = toml.not_read.into_iter().map(toml::Spanned::into_inner).collect();
        Ok(Some(Self { files: read_files(folder)?, toml: source.text, not_read }))
    }
}

fn read_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            Error::io(&path, READ, &error.into())
        })?;
        let name = slashed(entry.path().strip_prefix(folder).unwrap_or(entry.path()));
        if entry.file_type().is_symlink() {
            let reason = "a symbolic link in a snapshot would be lost";
            let advice = "replace it by the file it leads to, or take the snapshot elsewhere";
            return Err(Error::new(entry.path(), Problem::value_with_advice(reason, advice)));
        }
        if entry.file_type().is_file() && name != SNAPSHOT_FILE {
            let bytes = std::fs::read(entry.path());
            files.insert(name, bytes.map_err(|error| Error::io(entry.path(), READ, &error))?);
        }
    }
    Ok(files)
}

/// The files of the snapshot as it will be; says what becomes of each.
pub(super) fn merged(
    mut taken: TakenSnapshot,
    old: Option<Old>,
    folder: &Path,
    written: &mut WrittenSnapshot,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    if let Some(old) = &old {
        let still: Vec<NotRead> =
            old.not_read.iter().filter(|one| is_still_unread(one, &taken)).cloned().collect();
        taken.not_read.extend(still);
    }
    taken.not_read.sort();
    taken.not_read.dedup();
    written.not_read.clone_from(&taken.not_read);
    let toml = taken.toml(old.as_ref().map(|old| old.toml.as_str()), folder)?;
    let old = old.map(|old| old.files).unwrap_or_default();
    if let (Some(before), Some(now)) =
        (old.get(AUTHORIZATION_FILE), taken.files.get_mut(AUTHORIZATION_FILE))
    {
        let whole_of = taken.whole_account.then_some(taken.account.as_str());
        if let Some(merged) = authorization(before, now, whole_of, &mut written.kept) {
            *now = merged;
        }
    }
    let mut files = BTreeMap::new();
    for (name, bytes) in &old {
        if taken.files.contains_key(name) {
            continue;
        }
        if taken.is_gone(name) || is_of(name, bytes, &taken.resources) {
            written.removed.push(name.clone());
        } else {
            written.kept.push(name.clone());
            files.insert(name.clone(), bytes.clone());
        }
    }
    for (name, text) in taken.files {
        let list = match old.get(&name) {
            None => &mut written.added,
            Some(before) if *before == text.as_bytes() => &mut written.unchanged,
            Some(_) => &mut written.changed,
        };
        list.push(name.clone());
        files.insert(name, text.into_bytes());
    }
    files.insert(SNAPSHOT_FILE.to_owned(), toml.into_bytes());
    Ok(files)
}

/// Whether what could not be read for an older snapshot was not asked for anew.
fn is_still_unread(old: &NotRead, taken: &TakenSnapshot) -> bool {
    let is_listed = |list: &str| {
        let details = taken.files.get(AUTHORIZATION_FILE).map(String::as_str).unwrap_or_default();
        let details: Value = serde_json::from_str(details).unwrap_or_default();
        let mut entries = details[list].as_array().into_iter().flatten();
        entries.any(|entry| entry["Arn"].as_str() == Some(&old.of))
    };
    let is_read = match old.what {
        Unread::Role | Unread::InlinePolicies | Unread::AttachedPolicies => {
            taken.whole_account || is_listed("RoleDetailList")
        }
        Unread::ManagedPolicy => taken.whole_account || is_listed("Policies"),
        Unread::Account => taken.whole_account,
        Unread::Aliases => taken
            .aliases
            .as_ref()
            .is_some_and(|(function, _)| old.of.rsplit(':').next() == Some(function.as_str())),
        Unread::ResourcePolicy | Unread::QueueAttributes => taken.resources.contains(&old.of),
        _ => old
            .what
            .file(&old.of)
            .is_some_and(|name| taken.files.contains_key(&name) || taken.is_gone(&name)),
    };
    let is_new = taken.not_read.iter().any(|new| new.what == old.what && new.of == old.of);
    !is_read && !is_new
}

/// Whether a file has the policy or the attributes of one of these resources.
fn is_of(name: &str, bytes: &[u8], resources: &BTreeSet<String>) -> bool {
    let pointer = match name {
        _ if name.starts_with(RESOURCE_POLICIES) => "/ResourceArn",
        _ if name.starts_with(QUEUE_ATTRIBUTES) => "/Attributes/QueueArn",
        _ => return false,
    };
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    let arn = value.as_ref().and_then(|value| value.pointer(pointer)?.as_str());
    arn.is_some_and(|arn| resources.contains(arn))
}

const LISTS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

/// `account-authorization-details.json` with the entries of the older one that the new one does not
/// have: users, groups and roles, but where all of their account are known, and the managed policies
/// that these refer to. `None` where there are none.
fn authorization(
    before: &[u8],
    now: &str,
    whole_of: Option<&str>,
    kept: &mut Vec<String>,
) -> Option<String> {
    let before: Map<String, Value> = serde_json::from_slice(before).ok()?;
    let mut now: Map<String, Value> = serde_json::from_str(now).ok()?;
    let arn = |entry: &Value| entry["Arn"].as_str().unwrap_or_default().to_owned();
    let mut referred = BTreeSet::new();
    let mut any = false;
    for list in LISTS {
        let entries = before.get(list).and_then(Value::as_array);
        let into = now.entry(list).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
        let there: BTreeSet<String> = into.iter().map(arn).collect();
        for entry in entries.into_iter().flatten() {
            let own = arn(entry);
            let is_known = whole_of.is_some() && own.split(':').nth(4) == whole_of;
            let is_wanted = list != "Policies" || referred.contains(&own);
            if there.contains(&own) || !is_wanted || (is_known && list != "Policies") {
                continue;
            }
            refer(entry, &mut referred);
            kept.push(format!("{AUTHORIZATION_FILE}: {own}"));
            into.push(entry.clone());
            any = true;
        }
    }
    any.then(|| serde_json::to_string_pretty(&now).ok()).flatten().map(|text| text + "\n")
}

/// Adds the ARNs of the managed policies that a user, group or role has.
fn refer(entry: &Value, referred: &mut BTreeSet<String>) {
    let attached = entry["AttachedManagedPolicies"].as_array().into_iter().flatten();
    let attached = attached.map(|policy| &policy["PolicyArn"]);
    let boundary = &entry["PermissionsBoundary"]["PermissionsBoundaryArn"];
    let arns = attached.chain([boundary]).filter_map(Value::as_str);
    referred.extend(arns.map(str::to_owned));
}
