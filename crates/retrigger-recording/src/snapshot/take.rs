//! Writing a snapshot that was taken, as a whole or not at all.
//!
//! ```text
//! what was taken ─▶ redacted ─▶ with what of an older snapshot it has no say in (merge)
//!                                 ─▶ a folder beside it ─▶ in its place (swap)
//! ```

mod merge;
mod swap;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;

use super::{
    NotRead, SNAPSHOT_FILE, SNAPSHOT_FORMAT, Snapshot,
    files::{
        CONFIGURATION_FILE, MAPPINGS_FILE, ORGANIZATION_FILE, POLICY_FILE, URL_FILE, is_policy,
        policy_file, qualifier_of,
    },
};
use crate::{
    error::{Error, Problem},
    redact::{Leak, Redactor},
    time::Time,
};

/// A snapshot in memory, as it was taken, and what it has a say in.
///
/// Where it is written over an older one, a file that it has takes the place of the old one, and a
/// file goes away of which AWS said that there is nothing. All else stays: other functions' files,
/// policies of resources that were not asked about, a file of one's own.
#[derive(Clone, Debug)]
pub struct TakenSnapshot {
    /// When it was taken.
    pub taken_at: Time,
    /// The account, as 12 digits.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Where it was taken from, in words.
    pub source: String,
    /// Its files but `snapshot.toml`, by their names in a snapshot.
    pub files: BTreeMap<String, String>,
    /// Names of files that it would have if there were anything for them.
    pub nothing: BTreeSet<String>,
    /// The name of the function whose aliases are known, and those aliases: policies of others are
    /// policies of aliases that are gone.
    pub aliases: Option<(String, BTreeSet<String>)>,
    /// The ARNs of the resources whose policies and attributes are known, if that they have none.
    pub resources: BTreeSet<String>,
    /// Whether all users, groups, roles and managed policies of the account are known.
    pub whole_account: bool,
    /// What could not be read.
    pub not_read: Vec<NotRead>,
}

/// What became of each file when a snapshot was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrittenSnapshot {
    /// Files that were not there before.
    pub added: Vec<String>,
    /// Files that read otherwise than before.
    pub changed: Vec<String>,
    /// Files that are as before.
    pub unchanged: Vec<String>,
    /// Files that are gone, as AWS has nothing for them any more.
    pub removed: Vec<String>,
    /// Files, and entries of `account-authorization-details.json`, that the older snapshot had and
    /// the new one has no say in. They are as before.
    pub kept: Vec<String>,
    /// What `snapshot.toml` says could not be read, now or for the older snapshot.
    #[serde(skip)]
    pub not_read: Vec<NotRead>,
    /// Secrets that were replaced, by file.
    #[serde(skip)]
    pub redacted: Vec<(String, Leak)>,
}

impl TakenSnapshot {
    /// The name of a file of a function.
    pub fn policy_file(function: &str, qualifier: Option<&str>) -> String {
        format!("lambda/{function}/{}", policy_file(qualifier))
    }

    /// The name of the file of a function's configuration.
    pub fn configuration_file(function: &str) -> String {
        format!("lambda/{function}/{CONFIGURATION_FILE}")
    }

    /// The name of the file of a function's event source mappings.
    pub fn mappings_file(function: &str) -> String {
        format!("lambda/{function}/{MAPPINGS_FILE}")
    }

    /// The name of the file of a function's URL.
    pub fn url_file(function: &str) -> String {
        format!("lambda/{function}/{URL_FILE}")
    }

    /// Writes it to `folder`, or over the snapshot that is there. Whoever reads the folder finds
    /// the old snapshot or the new one, whatever fails in between.
    ///
    /// # Errors
    ///
    /// When `folder` is there and no snapshot, or one that extends another; when it cannot be
    /// written. What was there is then as it was.
    pub fn write(mut self, folder: &Path, redactor: &Redactor) -> Result<WrittenSnapshot, Error> {
        let folder = &folder.canonicalize().unwrap_or_else(|_| folder.components().collect());
        let is_there = folder.join(SNAPSHOT_FILE).is_file();
        let _lock = is_there.then(|| Snapshot::lock_folder(folder)).transpose()?;
        let old = merge::Old::read(folder)?;
        let redacted = self.redact(redactor);
        let mut written = WrittenSnapshot { redacted, ..WrittenSnapshot::default() };
        let files = merge::merged(self, old, folder, &mut written)?;
        swap::write_folder(folder, &files, |temporary| check(temporary, folder))?;
        Ok(written)
    }

    /// `snapshot.toml`, with what the older one says besides.
    fn toml(&self, old: Option<&str>, folder: &Path) -> Result<String, Error> {
        let path = folder.join(SNAPSHOT_FILE);
        let broken = |reason: String| Error::new(&path, Problem::value(reason));
        let mut document: toml_edit::DocumentMut = old
            .unwrap_or_default()
            .parse()
            .map_err(|_| broken("it is not valid TOML".to_owned()))?;
        document["format"] = toml_edit::value(i64::from(SNAPSHOT_FORMAT));
        document["taken_at"] = toml_edit::value(self.taken_at.as_str());
        document["account"] = toml_edit::value(self.account.as_str());
        document["region"] = toml_edit::value(self.region.as_str());
        document["source"] = toml_edit::value(self.source.as_str());
        document.remove("not_read");
        crate::edit_toml::with_items(&document.to_string(), "not_read", &self.not_read)
            .map_err(broken)
    }

    /// Replaces the secrets. What is settings or attributes is one text, so that a secret has the
    /// same token in all of it; a policy is looked at by itself, as a secret of the settings that is
    /// a resource's name too must stay one in a policy.
    fn redact(&mut self, redactor: &Redactor) -> Vec<(String, Leak)> {
        let redactor = redactor.clone().anonymize(&[]);
        let is_policies = |name: &str| {
            let file = name.rsplit('/').next().unwrap_or(name);
            (name.starts_with("lambda/") && is_policy(file)) || !name.starts_with("lambda/")
        };
        let (alone, together): (Vec<_>, Vec<_>) =
            self.files.iter_mut().partition(|(name, _)| is_policies(name));
        let mut groups: Vec<Vec<(&String, &mut String)>> =
            alone.into_iter().map(|file| vec![file]).collect();
        groups.push(together);
        let mut redacted = Vec::new();
        for group in groups {
            let mut texts: Vec<Cow<'_, str>> =
                group.iter().map(|(_, text)| Cow::Owned((*text).clone())).collect();
            let leaks = redactor.redact_all(&mut texts);
            for (((name, text), new), leaks) in group.into_iter().zip(texts).zip(leaks) {
                redacted.extend(leaks.into_iter().map(|leak| (name.clone(), leak)));
                *text = new.into_owned();
            }
        }
        for one in &mut self.not_read {
            one.reason = redactor.redact_text(&one.reason).0;
        }
        redacted.sort();
        redacted
    }

    /// Whether AWS said that there is nothing for a file of an older snapshot.
    fn is_gone(&self, name: &str) -> bool {
        if self.nothing.contains(name) {
            return true;
        }
        let Some((function, aliases)) = &self.aliases else { return false };
        let qualifier = name
            .strip_prefix(&format!("lambda/{function}/"))
            .filter(|file| *file != POLICY_FILE)
            .and_then(qualifier_of);
        qualifier.is_some_and(|qualifier| {
            let is_version = qualifier.bytes().all(|byte| byte.is_ascii_digit());
            !is_version && !aliases.contains(qualifier)
        })
    }

    /// The name of the file with the organization's policies.
    pub fn organization_file() -> &'static str {
        ORGANIZATION_FILE
    }
}

/// Whether what was written elsewhere can be read as a snapshot.
fn check(written: &Path, folder: &Path) -> Result<(), Error> {
    let Err(error) = Snapshot::open(written) else { return Ok(()) };
    let name = error.file().strip_prefix(written.canonicalize().as_deref().unwrap_or(written));
    let name = name.or_else(|_| error.file().strip_prefix(written));
    let file = folder.join(name.unwrap_or(error.file()));
    let place = error.place().map(|place| format!(" at {place}")).unwrap_or_default();
    let reason = format!("what was taken cannot be read back{place}: {}", error.problem());
    Err(Error::new(file, Problem::value_with_advice(reason, "nothing was written")))
}

#[cfg(test)]
mod tests;
