//! A snapshot: the policies in force when an event was recorded.

mod authorization;
mod change;
mod files;
mod lambda;
mod not_read;
mod organization;
mod queue;
mod take;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::value::RawValue;

pub use authorization::{Role, User};
pub use change::{FunctionFile, SnapshotLock};
pub use lambda::{
    Configuration, Destination, DestinationConfig, EventSourceMapping, FunctionSnapshot,
    FunctionUrl, LoggingConfig, SourceAccess, UrlAuthType,
};
pub use not_read::{NotRead, Unread};
pub use organization::{ORGANIZATION_FORMAT, Organization, OrganizationLevel};
pub use queue::{QueueAttributes, RedrivePolicy};
pub use take::{TakenSnapshot, WrittenSnapshot};

use crate::{
    document::PolicyDocument,
    error::{Error, Problem},
    function::{FUNCTION_FILE, FunctionFolder},
    parse,
    source::{DOCUMENT, Source},
    stored::{DocumentRole, StoredDocument},
    time::Time,
};
use authorization::AuthorizationDetails;
use files::{AUTHORIZATION_FILE, Files, ORGANIZATION_FILE, RESOURCE_POLICIES};

/// The version of `snapshot.toml` that is written. Version 1 is the first.
pub const SNAPSHOT_FORMAT: u32 = 1;

/// The file that makes a folder a snapshot.
pub const SNAPSHOT_FILE: &str = "snapshot.toml";

/// The policies in force at one time: what AWS's own commands print, and the organization's
/// policies.
#[derive(Clone, Debug)]
pub struct Snapshot {
    path: PathBuf,
    folders: Vec<PathBuf>,
    about: SnapshotAbout,
    authorization: Option<AuthorizationDetails>,
    functions: BTreeMap<String, FunctionSnapshot>,
    resource_policies: BTreeMap<String, PolicyDocument>,
    queues: BTreeMap<String, QueueAttributes>,
    organization: Option<Organization>,
    not_read: Vec<not_read::Entry>,
    files: BTreeMap<String, PathBuf>,
}

/// What `snapshot.toml` says, filled up from the snapshots it extends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotAbout {
    /// When it was taken.
    pub taken_at: Time,
    /// The account, as 12 digits.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Where it was taken from, in words.
    pub source: Option<String>,
    /// Whether the function's log group existed, so that it need not be created; `None` where
    /// that is not known.
    pub log_group_exists: Option<bool>,
}

/// `snapshot.toml` as it is written.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotToml {
    #[serde(rename = "format")]
    _format: u32,
    extends: Option<toml::Spanned<String>>,
    #[serde(default)]
    without: Vec<toml::Spanned<String>>,
    taken_at: Option<Time>,
    account: Option<toml::Spanned<String>>,
    region: Option<String>,
    source: Option<String>,
    log_group_exists: Option<bool>,
    #[serde(default)]
    not_read: Vec<toml::Spanned<NotRead>>,
}

/// One snapshot of a chain of `extends`.
struct Link {
    folder: PathBuf,
    source: Source,
    toml: SnapshotToml,
}

impl Snapshot {
    /// Reads the snapshot in the folder `path`, and those it extends. What it names must lie within
    /// the function folder; where `path` itself lies elsewhere, within `path`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with one of its files. Policy documents are taken out of their
    /// files but not read: whether they are policies is for the policy language to say.
    pub fn load(path: impl AsRef<Path>, function: &FunctionFolder) -> Result<Self, Error> {
        Self::within(path.as_ref(), function.path())
    }

    /// Reads the snapshot in the folder `path`, wherever it lies. What it names must lie within the
    /// function folder above it, if there is one, and otherwise within `path`.
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::load`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let is_function = |folder: &&Path| folder.join(FUNCTION_FILE).is_file();
        let real = path.canonicalize();
        let root = real.as_ref().ok().and_then(|real| real.ancestors().find(is_function));
        Self::within(path, root.unwrap_or(path))
    }

    fn within(path: &Path, function: &Path) -> Result<Self, Error> {
        let path = &as_below(path, function);
        let root = if path.starts_with(function) { function } else { path };
        let chain = chain(path, root)?;
        let files = Files::collect(&chain, root)?;
        let read = |name: &str| files.get(name).map(read).transpose();
        let authorization = read(AUTHORIZATION_FILE)?;
        let organization = read(ORGANIZATION_FILE)?;
        Ok(Self {
            path: path.to_owned(),
            folders: chain.iter().map(|link| link.folder.clone()).collect(),
            about: about(&chain)?,
            authorization: authorization
                .map(|source| AuthorizationDetails::parse(&source))
                .transpose()?,
            functions: lambda::functions(&files)?,
            resource_policies: resource_policies(&files)?,
            queues: queue::queues(&files)?,
            organization: organization.map(|source| Organization::parse(&source)).transpose()?,
            not_read: not_read::entries(&chain, &files),
            files: files.into_paths(),
        })
    }

    /// The snapshot's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folders it was read from: its own, then those of the snapshots it extends.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Its files and those it takes from the snapshots that it extends, by their names in a
    /// snapshot, such as `lambda/orders/policy.json`.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.files.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }

    /// What `snapshot.toml` says.
    pub fn about(&self) -> &SnapshotAbout {
        &self.about
    }

    /// What it holds of a function, by name.
    ///
    /// # Errors
    ///
    /// When there is no folder `lambda/NAME`.
    pub fn function(&self, name: &str) -> Result<&FunctionSnapshot, Error> {
        self.functions.get(name).ok_or_else(|| {
            let there = list("functions", self.functions.keys());
            let advice = format!("add the folder `lambda/{name}`; {there}");
            self.lacks("function", name, advice)
        })
    }

    /// A role, by ARN or name, with all its policies.
    ///
    /// # Errors
    ///
    /// When the role, or a managed policy that it has attached or for a boundary, is not in
    /// `account-authorization-details.json`, or part of it could not be read.
    pub fn role(&self, arn_or_name: &str) -> Result<Role, Error> {
        let role = match &self.authorization {
            Some(details) => details.role(arn_or_name),
            None => Err(self.lacks_authorization("role", arn_or_name)),
        };
        let role = role.map_err(|error| self.why_lacking(error))?;
        self.check_read(Unread::InlinePolicies, &role.arn)?;
        self.check_read(Unread::AttachedPolicies, &role.arn)?;
        Ok(role)
    }

    /// Why a role, a user or a managed policy is not there, where that is known.
    fn why_lacking(&self, error: Error) -> Error {
        let Problem::NotInSnapshot { what, name, .. } = error.problem() else { return error };
        let unread = match *what {
            "managed policy" => Unread::ManagedPolicy,
            "role" => Unread::Role,
            _ => Unread::Account,
        };
        let known = self.check_read(unread, name).and_then(|()| match unread {
            Unread::ManagedPolicy => Ok(()),
            _ => self.check_any_read(Unread::Account),
        });
        known.err().unwrap_or(error)
    }

    /// A user, by ARN, with all its policies and those of its groups.
    ///
    /// # Errors
    ///
    /// As for [`Snapshot::role`].
    pub fn user(&self, arn: &str) -> Result<User, Error> {
        let user = match &self.authorization {
            Some(details) => details.user(arn),
            None => Err(self.lacks_authorization("user", arn)),
        };
        user.map_err(|error| self.why_lacking(error))
    }

    fn lacks_authorization(&self, what: &'static str, name: &str) -> Error {
        let advice = format!(
            "add `{AUTHORIZATION_FILE}`: the output of `aws iam get-account-authorization-details`"
        );
        self.lacks(what, name, advice)
    }

    /// The policy of another resource, by the resource's ARN.
    pub fn resource_policy(&self, arn: &str) -> Option<&PolicyDocument> {
        self.resource_policies.get(arn)
    }

    /// The policies of other resources, by the resources' ARNs.
    pub fn resource_policies(&self) -> &BTreeMap<String, PolicyDocument> {
        &self.resource_policies
    }

    /// The attributes of a queue, by its ARN; `None` where they are not known.
    pub fn queue(&self, arn: &str) -> Option<&QueueAttributes> {
        self.queues.get(arn)
    }

    /// The organization's policies; `None` where the account is in none, or they are not known.
    pub fn organization(&self) -> Option<&Organization> {
        self.organization.as_ref()
    }

    fn lacks(&self, what: &'static str, name: &str, advice: String) -> Error {
        Error::new(&self.path, Problem::NotInSnapshot { what, name: name.to_owned(), advice })
    }
}

/// `the functions there are: a, b`, at most ten of them.
fn list<'n>(what: &str, names: impl Iterator<Item = &'n String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    match names.len() {
        0 => format!("there are no {what}"),
        1..=10 => format!("the {what} there are: {}", names.join(", ")),
        count => format!("there are {count} {what}"),
    }
}

fn read(path: &Path) -> Result<Arc<Source>, Error> {
    Source::read(path, DOCUMENT).map(Arc::new)
}

/// The snapshot at `path` and those it extends, the base last.
fn chain(path: &Path, root: &Path) -> Result<Vec<Link>, Error> {
    let mut chain: Vec<Link> = Vec::new();
    let mut folder = path.to_owned();
    loop {
        let source = Source::read(&folder.join(SNAPSHOT_FILE), DOCUMENT)?;
        let toml: SnapshotToml = parse::versioned_toml(&source, SNAPSHOT_FORMAT)?;
        let extends = toml.extends.clone();
        chain.push(Link { folder: folder.clone(), source, toml });
        let (Some(extends), Some(link)) = (extends, chain.last()) else { return Ok(chain) };
        let at = extends.span().start;
        let next = crate::paths::confined(root, &folder, extends.as_ref())
            .map_err(|problem| link.source.error(at, problem))?;
        if chain.iter().any(|link| is_same(&link.folder, &next)) {
            return Err(link
                .source
                .error(at, Problem::Cycle { chain: arrows(&chain, &next, root) }));
        }
        if !next.join(SNAPSHOT_FILE).is_file() {
            let reason = format!("`{}` leads nowhere", extends.as_ref());
            let advice = format!("name a folder with `{SNAPSHOT_FILE}`, relative to this one");
            return Err(link.source.error(at, Problem::value_with_advice(reason, advice)));
        }
        folder = next;
    }
}

/// A path that lies below `root`, spelt so; another unchanged.
fn as_below(path: &Path, root: &Path) -> PathBuf {
    let real = path.canonicalize().ok().zip(root.canonicalize().ok());
    let below = real.and_then(|(path, root)| path.strip_prefix(root).map(Path::to_owned).ok());
    below.map_or_else(|| path.to_owned(), |below| root.join(below))
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other
        || one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

fn arrows(chain: &[Link], next: &Path, root: &Path) -> String {
    let folders = chain.iter().map(|link| link.folder.as_path()).chain([next]);
    let names = folders.map(|folder| folder.strip_prefix(root).unwrap_or(folder));
    names.map(crate::paths::slashed).collect::<Vec<_>>().join(" → ")
}

/// What the first of the chain says, or else the next.
fn about(chain: &[Link]) -> Result<SnapshotAbout, Error> {
    fn first<T>(chain: &[Link], of: impl Fn(&SnapshotToml) -> Option<T>) -> Option<T> {
        chain.iter().find_map(|link| of(&link.toml))
    }
    let missing = |key: &str| {
        let reason = format!("the key `{key}` is missing");
        let advice = "say it here, or in a snapshot that this one extends";
        let link =
            chain.first().map_or(Path::new(SNAPSHOT_FILE), |link| link.source.path.as_path());
        Error::new(link, Problem::value_with_advice(reason, advice))
    };
    for link in chain {
        check_account(link)?;
    }
    let account =
        first(chain, |toml| toml.account.as_ref().map(|account| account.get_ref().clone()));
    Ok(SnapshotAbout {
        taken_at: first(chain, |toml| toml.taken_at.clone()).ok_or_else(|| missing("taken_at"))?,
        account: account.ok_or_else(|| missing("account"))?,
        region: first(chain, |toml| toml.region.clone()).ok_or_else(|| missing("region"))?,
        source: first(chain, |toml| toml.source.clone()),
        log_group_exists: first(chain, |toml| toml.log_group_exists),
    })
}

fn check_account(link: &Link) -> Result<(), Error> {
    let Some(account) = &link.toml.account else { return Ok(()) };
    let text = account.get_ref();
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let reason = format!("`{text}` is no account id, which has 12 digits");
    Err(link.source.error(account.span().start, Problem::value(reason)))
}

/// A file of `resource-policies/`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[serde(expecting = "an object with `ResourceArn` and `Policy`")]
struct ResourcePolicy<'a> {
    resource_arn: String,
    #[serde(borrow)]
    policy: &'a RawValue,
}

fn resource_policies(files: &Files) -> Result<BTreeMap<String, PolicyDocument>, Error> {
    let mut policies = BTreeMap::new();
    for (_, path) in files.below(RESOURCE_POLICIES) {
        let source = read(path)?;
        let ResourcePolicy { resource_arn, policy } = parse::json(&source)?;
        let name = format!("resource policy of `{resource_arn}`");
        let document = PolicyDocument::within(name, None, policy, &source)?;
        if let Some(other) = policies.insert(resource_arn.clone(), document) {
            let reason =
                format!("`{resource_arn}` has a policy in `{}` too", other.file().display());
            return Err(source.error_in_all(Problem::value(reason)));
        }
    }
    Ok(policies)
}

/// Whether a function's folder has a policy in a file of this name.
pub(crate) fn is_policy_file(name: &str) -> bool {
    files::is_policy(name)
}

/// The documents of `account-authorization-details.json`.
pub(crate) fn authorization_documents(source: &Arc<Source>) -> Result<Vec<StoredDocument>, Error> {
    Ok(AuthorizationDetails::parse(source)?.into_documents())
}

/// The documents of `organization.json`.
pub(crate) fn organization_documents(source: &Arc<Source>) -> Result<Vec<StoredDocument>, Error> {
    let Organization { scps, rcps, .. } = Organization::parse(source)?;
    let documents = |levels: Vec<OrganizationLevel>, role| {
        let policies = levels.into_iter().flat_map(|level| level.policies);
        policies.map(move |document| StoredDocument::new(document, role))
    };
    let scps = documents(scps, DocumentRole::Scp);
    Ok(scps.chain(documents(rcps, DocumentRole::Rcp)).collect())
}

#[cfg(test)]
mod tests;
