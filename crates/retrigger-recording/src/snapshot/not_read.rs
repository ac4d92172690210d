//! What could not be read when a snapshot was taken, and why.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    Link, Snapshot,
    files::{
        AUTHORIZATION_FILE, Files, LAMBDA, MAPPINGS_FILE, ORGANIZATION_FILE, URL_FILE, policy_file,
    },
};
use crate::{
    error::{Error, Problem},
    source::Place,
};

/// One `[[not_read]]` of `snapshot.toml`: something of which AWS did not say whether it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotRead {
    /// What it is.
    pub what: Unread,
    /// The ARN of what it belongs to, qualified where it is a version's or an alias's; the account
    /// where it belongs to all of it.
    pub of: String,
    /// AWS's error code and message.
    pub reason: String,
}

/// A part of a snapshot that may not have been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unread {
    /// The resource-based policy of a function, version or alias.
    FunctionPolicy,
    /// Which aliases a function has, and so their policies.
    Aliases,
    /// The event source mappings of a function.
    EventSourceMappings,
    /// The function URL of a function.
    FunctionUrl,
    /// A role, with its trust policy.
    Role,
    /// The inline policies of a role.
    InlinePolicies,
    /// Which managed policies a role has attached.
    AttachedPolicies,
    /// A managed policy, which may be a permissions boundary.
    ManagedPolicy,
    /// All users, groups, roles and managed policies of an account.
    Account,
    /// The policy of a resource.
    ResourcePolicy,
    /// The attributes of a queue.
    QueueAttributes,
    /// The policies of the organization that an account belongs to.
    Organization,
}

impl Unread {
    /// In words, such as `the inline policies`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FunctionPolicy => "the function policy",
            Self::Aliases => "the aliases",
            Self::EventSourceMappings => "the event source mappings",
            Self::FunctionUrl => "the function URL",
            Self::Role => "the role",
            Self::InlinePolicies => "the inline policies",
            Self::AttachedPolicies => "the list of attached policies",
            Self::ManagedPolicy => "the managed policy",
            Self::Account => "the users, groups and roles",
            Self::ResourcePolicy => "the resource policy",
            Self::QueueAttributes => "the queue attributes",
            Self::Organization => "the organization's policies",
        }
    }

    /// The file that would have it, where that is one of a fixed name.
    pub(super) fn file(self, of: &str) -> Option<String> {
        let mut parts = of.split(':').skip(6);
        let (name, qualifier) = (parts.next(), parts.next());
        let of_function = |file: &str| Some(format!("{LAMBDA}{}/{file}", name?));
        match self {
            Self::FunctionPolicy => of_function(&policy_file(qualifier)),
            Self::EventSourceMappings => of_function(MAPPINGS_FILE),
            Self::FunctionUrl => of_function(URL_FILE),
            Self::Organization => Some(ORGANIZATION_FILE.to_owned()),
            Self::Role
            | Self::InlinePolicies
            | Self::AttachedPolicies
            | Self::ManagedPolicy
            | Self::Account => Some(AUTHORIZATION_FILE.to_owned()),
            Self::Aliases | Self::ResourcePolicy | Self::QueueAttributes => None,
        }
    }
}

impl std::fmt::Display for NotRead {
    /// ``the inline policies of `arn:…`: AccessDenied: …``
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of `{}`: {}", self.what.name(), self.of, self.reason)
    }
}

/// An entry, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    not_read: NotRead,
    file: PathBuf,
    place: Place,
}

impl Snapshot {
    /// What could not be read when the snapshot was taken, or one that it extends, and has not been
    /// added since in a file of its own.
    pub fn not_read(&self) -> impl Iterator<Item = &NotRead> {
        self.not_read.iter().map(|entry| &entry.not_read)
    }

    /// Fails where `what` of `of` could not be read when the snapshot was taken: that it is not
    /// there does then not mean that AWS has none.
    ///
    /// # Errors
    ///
    /// [`Problem::NotRead`], with the place of the entry in `snapshot.toml`.
    pub fn check_read(&self, what: Unread, of: &str) -> Result<(), Error> {
        let is_it = |entry: &&Entry| entry.not_read.what == what && entry.not_read.of == of;
        match self.not_read.iter().find(is_it) {
            None => Ok(()),
            Some(entry) => Err(entry.error()),
        }
    }

    /// The same of anything of this kind.
    pub(super) fn check_any_read(&self, what: Unread) -> Result<(), Error> {
        match self.not_read.iter().find(|entry| entry.not_read.what == what) {
            None => Ok(()),
            Some(entry) => Err(entry.error()),
        }
    }
}

impl Entry {
    fn error(&self) -> Error {
        let NotRead { what, of, reason } = self.not_read.clone();
        Error::new(&self.file, Problem::NotRead { what, of, reason }).at(self.place)
    }
}

/// The entries of a chain of snapshots that still hold: those of which no nearer snapshot has the
/// file, and of their own snapshot only those of a file that is there in part.
pub(super) fn entries(chain: &[Link], files: &Files) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, link) in chain.iter().enumerate() {
        for spanned in &link.toml.not_read {
            let not_read = spanned.get_ref();
            let file = not_read.what.file(&not_read.of);
            let path = file.as_deref().and_then(|name| Some((name, files.get(name)?)));
            if !path.is_some_and(|(name, path)| is_superseded(name, path, &chain[..index], link)) {
                entries.push(Entry {
                    not_read: not_read.clone(),
                    file: link.source.path.clone(),
                    place: link.source.place(spanned.span().start),
                });
            }
        }
    }
    entries
}

/// Whether a file has what is said not to have been read: one of a nearer snapshot, or, where it
/// holds nothing else, one that was added to the snapshot.
fn is_superseded(name: &str, path: &Path, nearer: &[Link], own: &Link) -> bool {
    let is_of = |link: &Link| link.folder.join(name) == path;
    nearer.iter().any(is_of) || (name != AUTHORIZATION_FILE && is_of(own))
}
