//! The triggers of a snapshot: added, listed and removed as AWS does.
//!
//! ```text
//! NewTrigger ─▶ permissions ─▶ add_permissions ─▶ lambda/FUNCTION/policy[.QUALIFIER].json
//! NewMapping ─▶ may the role poll? ─▶ create_mapping ─▶ lambda/FUNCTION/event-source-mappings.json
//! ```
//!
//! What AWS would refuse is refused in its words, and nothing is written. A snapshot that another
//! one extends is never changed through that one.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let root = folder.path();
//! # std::fs::create_dir_all(root.join("snapshot/lambda/demo")).unwrap();
//! # std::fs::write(root.join("function.toml"), "format = 1\nruntime = \"nodejs20.x\"\n\
//! #   arn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\nhandler = \"i.h\"\n").unwrap();
//! # std::fs::write(root.join("snapshot/snapshot.toml"), "format = 1\nregion = \"us-east-1\"\n\
//! #   taken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n").unwrap();
//! # std::fs::write(root.join("snapshot/lambda/demo/configuration.json"),
//! #   r#"{"Role": "arn:aws:iam::841860927337:role/demo"}"#).unwrap();
//! use retrigger::{trigger::Permission, triggers::Triggers};
//!
//! let mut triggers = Triggers::open(root, None).unwrap();
//! let topic = "arn:aws:sns:us-east-1:841860927337:orders".to_owned();
//! let permission =
//!     Permission { source_arn: Some(topic), ..Permission::invoke("orders", "sns.amazonaws.com") };
//! let added = triggers.add_permissions(&[permission], None).unwrap();
//! assert_eq!(added.written[0]["Sid"], "orders");
//! assert_eq!(triggers.list().unwrap().len(), 1);
//! ```

mod advice;
mod edit;
mod error;
mod list;
mod mappings;
mod new_mapping;
mod new_trigger;
mod policy;
mod poll;
mod refusal;
mod settings;
mod url;

use std::path::{Path, PathBuf};

use retrigger_iam::{Principal, Request};
use retrigger_recording::{
    FunctionArn, FunctionFolder, FunctionSnapshot, SNAPSHOT_FILE, Snapshot, SnapshotLock, Unread,
};
use retrigger_trigger::Permission;
use serde_json::{Map, Value};
use uuid::Uuid;

pub use error::TriggersError;
pub use list::{ListedTrigger, Statement};
pub use new_mapping::NewMapping;
pub use new_trigger::NewTrigger;
pub use poll::PollDenial;
pub use refusal::Refusal;
pub use settings::PolicyInForce;
pub use url::{NewUrl, UrlChanges};

use crate::replay::authority::Authority;
use mappings::MappingsFile;
use policy::PolicyFile;

/// The triggers of a function, as one snapshot has them.
#[derive(Clone, Debug)]
pub struct Triggers {
    folder: FunctionFolder,
    snapshot: Snapshot,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// The file.
    pub file: PathBuf,
    /// The statements, or the event source mapping, as AWS writes them.
    pub written: Vec<Value>,
    /// What a person should know about it.
    pub notes: Vec<String>,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// The file.
    pub file: PathBuf,
    /// The statement or event source mapping, as it was.
    pub removed: Value,
}

impl Triggers {
    /// Opens a snapshot of the function in `function`: the one given or else `snapshot`. `function`
    /// may be a snapshot's folder within a function folder, which is then the one that is opened.
    ///
    /// # Errors
    ///
    /// Where the function or the snapshot cannot be read.
    pub fn open(
        function: impl AsRef<Path>,
        snapshot: Option<&Path>,
    ) -> Result<Self, TriggersError> {
        let named = function.as_ref();
        let is_snapshot = named.join(SNAPSHOT_FILE).is_file();
        let root = if is_snapshot { function_above(named) } else { named.to_owned() };
        let folder = FunctionFolder::load(&root)?;
        let path = match snapshot {
            Some(path) if path.is_dir() => path.to_owned(),
            Some(path) => root.join(path),
            None if is_snapshot => named.to_owned(),
            None => root.join("snapshot"),
        };
        let snapshot = Snapshot::load(path, &folder)?;
        Ok(Self { folder, snapshot })
    }

    /// The unqualified ARN of the function.
    pub fn function_arn(&self) -> &FunctionArn {
        &self.folder.function().arn
    }

    /// The function folder.
    #[cfg(feature = "serve")]
    pub(crate) fn folder(&self) -> &FunctionFolder {
        &self.folder
    }

    /// The snapshot as it was last read.
    #[cfg(feature = "serve")]
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The snapshot's folder.
    pub fn snapshot_path(&self) -> &Path {
        self.snapshot.path()
    }

    /// Adds a trigger that needs permissions of the function's policy.
    ///
    /// # Errors
    ///
    /// As [`add_permissions`](Self::add_permissions); and where the trigger needs none, or facts
    /// are missing.
    pub fn add(&mut self, new: &NewTrigger) -> Result<Added, TriggersError> {
        let function = self.function()?;
        let permissions = new.permissions(function.function_url.as_ref())?;
        let qualifier = new.qualifier.as_deref();
        let arn = self.function_arn().qualified(qualifier);
        let notes = permissions.iter().flat_map(|one| advice::notes(new.trigger, one, &arn));
        let mut notes: Vec<String> = notes.collect();
        notes.extend(advice::about_qualifier(function, qualifier));
        notes.extend(advice::about_url(new, function.function_url.as_ref()));
        notes.extend(self.not_needed(&permissions, qualifier));
        notes.dedup();
        let added = self.add_permissions(&permissions, qualifier)?;
        Ok(Added { notes, ..added })
    }

    /// Within an account, a role whose own policies allow it needs no statement.
    fn not_needed(&self, permissions: &[Permission], qualifier: Option<&str>) -> Option<String> {
        let caller: Principal = permissions.first()?.principal.parse().ok()?;
        caller.account().filter(|account| *account == self.function_arn().account())?;
        let arn = self.function_arn();
        let mut authority = Authority::new(&self.snapshot, arn, qualifier).ok()?;
        let may = permissions.iter().all(|permission| {
            let asked = Request::new(caller.clone(), &permission.action, arn.qualified(qualifier));
            let decided = authority.decide_invoke(asked);
            decided.is_ok_and(|decided| decided.explanation.decision.is_allowed())
        });
        may.then(|| format!("`{caller}` may invoke it already: the statement is not needed"))
    }

    /// What `AddPermission` does, for one or more permissions of a version or alias, or of the
    /// unqualified function: all are written, or none.
    ///
    /// # Errors
    ///
    /// Where AWS would refuse one: a statement id that is there already, parameters that are not
    /// valid, a policy of more than 20 KB. Where the policy there is cannot be read.
    pub fn add_permissions(
        &mut self,
        permissions: &[Permission],
        qualifier: Option<&str>,
    ) -> Result<Added, TriggersError> {
        self.add_permissions_at(permissions, qualifier, None)
    }

    /// The same, if the policy has still this revision id.
    ///
    /// # Errors
    ///
    /// As [`add_permissions`](Self::add_permissions); and where the policy has another revision.
    pub fn add_permissions_at(
        &mut self,
        permissions: &[Permission],
        qualifier: Option<&str>,
        revision: Option<&str>,
    ) -> Result<Added, TriggersError> {
        let _lock = self.lock()?;
        let policy = self.policy(qualifier)?;
        policy.refuse_other_revision(revision)?;
        let arn = self.function_arn().qualified(qualifier);
        let write = |one: &Permission| one.statement(&arn);
        let written: Vec<Value> = permissions.iter().map(write).collect::<Result<_, _>>()?;
        let file = policy.path().to_owned();
        policy.append(&written)?;
        self.reload()?;
        Ok(Added { file, written, notes: vec![] })
    }

    /// What `RemovePermission` does.
    ///
    /// # Errors
    ///
    /// Where there is no such statement, or the policy cannot be read or written.
    pub fn remove_permission(
        &mut self,
        statement_id: &str,
        qualifier: Option<&str>,
    ) -> Result<Removed, TriggersError> {
        self.remove_permission_at(statement_id, qualifier, None)
    }

    /// The same, if the policy has still this revision id.
    ///
    /// # Errors
    ///
    /// As [`remove_permission`](Self::remove_permission); and where the policy has another
    /// revision.
    pub fn remove_permission_at(
        &mut self,
        statement_id: &str,
        qualifier: Option<&str>,
        revision: Option<&str>,
    ) -> Result<Removed, TriggersError> {
        let _lock = self.lock()?;
        let policy = self.policy(qualifier)?;
        policy.refuse_other_revision(revision)?;
        let file = policy.path().to_owned();
        let removed = policy.remove(statement_id)?;
        self.reload()?;
        Ok(Removed { file, removed })
    }

    /// What `CreateEventSourceMapping` does, once the mapping has come to poll.
    ///
    /// # Errors
    ///
    /// [`TriggersError::Denied`] where the execution role lacks what polling needs; and where AWS
    /// would refuse a setting, or has such a mapping already.
    pub fn create_mapping(&mut self, new: &NewMapping) -> Result<Added, TriggersError> {
        let family = new.check()?;
        refusal::check_qualifier(new.qualifier.as_deref())?;
        let _lock = self.lock()?;
        self.function()?;
        let arn = self.function_arn();
        let mappings = MappingsFile::read(self.snapshot.mappings_file(arn.name()))?;
        let mapping = mappings::configuration(new, family, arn);
        mappings.refuse_duplicate(new, &mapping, arn.name())?;
        poll::check(&self.snapshot, arn, new)?;
        mappings.append(&mapping)?;
        let file = mappings.path().to_owned();
        self.reload()?;
        Ok(Added { file, written: vec![mapping], notes: vec![] })
    }

    /// What `DeleteEventSourceMapping` does; the mapping may be named by its source too.
    ///
    /// # Errors
    ///
    /// Where there is no such mapping, or several have that source.
    pub fn delete_mapping(&mut self, uuid_or_source: &str) -> Result<Removed, TriggersError> {
        let _lock = self.lock()?;
        let mappings = MappingsFile::read(self.snapshot.mappings_file(self.function_arn().name()))?;
        let (index, removed) = mappings.find(uuid_or_source)?;
        mappings.remove(index)?;
        let file = mappings.path().to_owned();
        self.reload()?;
        Ok(Removed { file, removed })
    }

    /// What `UpdateEventSourceMapping` does: `members` are those of its request. `function_arn`,
    /// where it is given, is this function's, with the version or alias to invoke from now on.
    ///
    /// # Errors
    ///
    /// Where there is no such mapping; and as [`create_mapping`](Self::create_mapping).
    pub fn update_mapping(
        &mut self,
        uuid: &str,
        members: &Map<String, Value>,
        function_arn: Option<&str>,
    ) -> Result<Value, TriggersError> {
        let _lock = self.lock()?;
        let arn = self.function_arn();
        let mappings = MappingsFile::read(self.snapshot.mappings_file(arn.name()))?;
        let (index, old) = mappings.find(uuid)?;
        let new = NewMapping::updated(&old, members, function_arn)?;
        let family = new.check()?;
        refusal::check_qualifier(new.qualifier.as_deref())?;
        if !new.disabled {
            poll::check(&self.snapshot, arn, &new)?;
        }
        let changed = mappings::changed(&old, mappings::configuration(&new, family, arn));
        mappings.update(index, &changed)?;
        self.reload()?;
        let mut updated = old;
        if let Value::Object(updated) = &mut updated {
            updated.extend(changed);
        }
        Ok(updated)
    }

    /// Removes a statement by its id or, where it is none, an event source mapping by UUID or
    /// source ARN.
    ///
    /// # Errors
    ///
    /// Where there is neither.
    pub fn remove(
        &mut self,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Removed, TriggersError> {
        if is_mapping_name(name) {
            return self.delete_mapping(name);
        }
        self.remove_permission(name, qualifier).map_err(|error| match self.elsewhere(name) {
            Some(help) => error.with_help(help),
            None => error,
        })
    }

    /// All triggers: statements of the function's policies, the unqualified function's first, and
    /// event source mappings.
    ///
    /// # Errors
    ///
    /// Where a policy cannot be read.
    pub fn list(&self) -> Result<Vec<ListedTrigger>, TriggersError> {
        let mappings = MappingsFile::read(self.snapshot.mappings_file(self.function_arn().name()))?;
        let function = self.function()?;
        let mut listed = list::statements(function, self.function_arn())?;
        listed.extend(list::mappings(mappings.mappings(), mappings.path()));
        Ok(listed)
    }

    fn function(&self) -> Result<&FunctionSnapshot, TriggersError> {
        Ok(self.snapshot.function(self.function_arn().name())?)
    }

    fn policy(&self, qualifier: Option<&str>) -> Result<PolicyFile, TriggersError> {
        refusal::check_qualifier(qualifier)?;
        let document = self.function()?.policy(qualifier);
        if document.is_none() {
            let arn = self.function_arn().qualified(qualifier);
            self.snapshot.check_read(Unread::FunctionPolicy, &arn)?;
        }
        let file = self.snapshot.policy_file(self.function_arn().name(), qualifier);
        PolicyFile::read(file, document, self.function_arn().qualified(qualifier))
    }

    /// Keeps others from changing the snapshot, and reads it as it now is.
    fn lock(&mut self) -> Result<SnapshotLock, TriggersError> {
        let lock = self.snapshot.lock()?;
        self.reload()?;
        Ok(lock)
    }

    fn reload(&mut self) -> Result<(), TriggersError> {
        self.snapshot = Snapshot::load(self.snapshot.path(), &self.folder)?;
        Ok(())
    }

    /// Where a statement of this id is, if not where it was looked for.
    fn elsewhere(&self, statement_id: &str) -> Option<String> {
        let listed = self.list().ok()?;
        let qualifiers = listed.iter().filter_map(|listed| match listed {
            ListedTrigger::Statement(statement) => {
                let is_it = statement.sid.as_deref() == Some(statement_id);
                is_it.then_some(statement.qualifier.as_deref())
            }
            ListedTrigger::EventSourceMapping { .. } => None,
        });
        let places: Vec<String> = qualifiers
            .map(|qualifier| match qualifier {
                Some(name) => format!("`{name}`"),
                None => "the unqualified function".to_owned(),
            })
            .collect();
        let places = places.join(" and ");
        (!places.is_empty()).then(|| format!("the policy of {places} has a statement of this id"))
    }
}

/// The nearest folder above a snapshot that is a function folder.
fn function_above(snapshot: &Path) -> PathBuf {
    let absolute = std::path::absolute(snapshot).unwrap_or_else(|_| snapshot.to_owned());
    let is_function = |path: &&Path| path.join(retrigger_recording::FUNCTION_FILE).is_file();
    absolute.ancestors().find(is_function).unwrap_or(snapshot).to_owned()
}

/// Whether a name is that of an event source mapping: no statement has an id with a colon, and
/// those of AWS's form are UUIDs.
fn is_mapping_name(name: &str) -> bool {
    name.starts_with("arn:") || Uuid::try_parse(name).is_ok()
}

/// An id in the form of AWS's, the same for the same parts.
fn identifier(parts: &[&str]) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("\n").as_bytes()).to_string()
}
