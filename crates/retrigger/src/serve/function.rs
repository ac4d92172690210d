//! One function: its folder, its sandboxes, and its snapshot as it now is.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use retrigger_iam::Principal;
use retrigger_recording::{Anonymize, FunctionArn, FunctionFolder, Manifest};
use serde_json::json;
use walkdir::WalkDir;

use super::{ServeError, ServedFunction, record};
use crate::{
    replay::{
        Question, build, decide,
        pool::{self, Pool, SharedHandler},
    },
    triggers::{Triggers, TriggersError},
};

/// A function that is served.
pub(super) struct Served {
    folder: FunctionFolder,
    pool: Pool,
    held: Mutex<Held>,
}

/// A snapshot, and the state of its files when it was read.
struct Held {
    triggers: Arc<Triggers>,
    files: Vec<FileState>,
}

type FileState = (PathBuf, Option<SystemTime>, u64);

impl Served {
    /// Opens a function folder and builds the function. `handler` gives the handler that is to run
    /// in process, if there is one.
    pub(super) fn open(
        path: &Path,
        snapshot: Option<&Path>,
        build: bool,
        handler: impl FnOnce(&str) -> Option<SharedHandler>,
    ) -> Result<Self, ServeError> {
        let triggers = Triggers::open(path, snapshot)?;
        let folder = triggers.folder().clone();
        let handler = handler(folder.function().arn.name());
        check(&triggers)?;
        let executable = if build && handler.is_none() {
            build::build(&folder).map_err(|error| ServeError::Build {
                message: error.to_string(),
                help: error.help().map(str::to_owned),
            })?
        } else {
            None
        };
        let pool = Pool::new(pool::config(&folder, executable), handler, false);
        let files = files(&triggers);
        let held = Mutex::new(Held { triggers: Arc::new(triggers), files });
        Ok(Self { folder, pool, held })
    }

    /// The same, with these replaced in what is recorded.
    pub(super) fn anonymize(self, kinds: &[Anonymize]) -> Self {
        Self { folder: self.folder.anonymize(kinds), ..self }
    }

    pub(super) fn arn(&self) -> &FunctionArn {
        &self.folder.function().arn
    }

    pub(super) fn name(&self) -> &str {
        self.arn().name()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn function_folder(&self) -> &FunctionFolder {
        &self.folder
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(super) fn memory_size(&self) -> u32 {
        self.folder.function().memory_size
    }

    /// The root user of its account.
    pub(super) fn root(&self) -> Principal {
        root_of(self.arn())
    }

    pub(super) fn about(&self) -> ServedFunction {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        ServedFunction {
            arn: self.arn().clone(),
            folder: self.folder().to_owned(),
            snapshot: held.triggers.snapshot_path().to_owned(),
        }
    }

    /// The snapshot as its files now are: read again where one has changed.
    pub(super) fn triggers(&self) -> Result<Arc<Triggers>, TriggersError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let files = files(&held.triggers);
        if files != held.files {
            let path = held.triggers.snapshot_path();
            held.triggers = Arc::new(Triggers::open(self.folder.path(), Some(path))?);
            held.files = files;
        }
        Ok(Arc::clone(&held.triggers))
    }

    /// Changes the snapshot. The files are locked meanwhile, so that no change is lost.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Triggers) -> Result<T, TriggersError>,
    ) -> Result<T, TriggersError> {
        let mut triggers = Triggers::clone(&*self.triggers()?);
        let changed = change(&mut triggers)?;
        // The state before, so that whatever is written meanwhile is read.
        self.held.lock().unwrap_or_else(PoisonError::into_inner).files.clear();
        Ok(changed)
    }
}

/// Whether everything that an invocation needs to be decided is there, and such as AWS accepts.
fn check(triggers: &Triggers) -> Result<(), ServeError> {
    triggers.list()?;
    let manifest = Manifest {
        trigger: record::trigger_facts(&root_of(triggers.function_arn())),
        ..Manifest::default()
    };
    let question = Question {
        folder: triggers.folder(),
        snapshot: triggers.snapshot(),
        manifest: &manifest,
        payload: &json!({}),
        declared: retrigger_trigger::Declared::default(),
        edits: &[],
    };
    decide(&question)?;
    Ok(())
}

fn root_of(arn: &FunctionArn) -> Principal {
    Principal::Root(format!("arn:{}:iam::{}:root", arn.partition(), arn.account()))
}

/// The files of a snapshot and of those it extends. Writing one whole gives it another time.
fn files(triggers: &Triggers) -> Vec<FileState> {
    let folders = triggers.snapshot().folders().iter();
    let entries = folders.flat_map(|folder| WalkDir::new(folder).sort_by_file_name());
    let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let about = entry.metadata().ok();
            let changed = about.as_ref().and_then(|about| about.modified().ok());
            (entry.into_path(), changed, about.map_or(0, |about| about.len()))
        })
        .collect()
}
