//! What recordings ask, and under which policies.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use retrigger_iam::{Decision, Explanation, Request};
use retrigger_recording::{FunctionFolder, Outcome, Recording, RecordingPath, Snapshot};
use retrigger_trigger::Declared;

use super::{CoverageError, UndecidedRequest};
use crate::{
    documents::Documents,
    event::{Decided, RecordingId},
    replay::{Asked, Assumed, Kept, Question, Undecidable, decide_keeping_all, id_of},
};

/// What one recording asks.
pub(crate) struct AskedByRecording {
    pub(crate) recording: RecordingId,
    pub(crate) function: Arc<FunctionFolder>,
    /// Each request with the policies it is decided under, and why it is decided as it is.
    pub(crate) asked: Vec<(Asked, Explanation)>,
    /// Those that are not decided.
    pub(crate) undecided: Vec<UndecidedRequest>,
    /// The documents that can bear on it.
    pub(super) documents: Documents,
}

impl AskedByRecording {
    /// Whether nothing shows how AWS decides a request.
    pub(crate) fn is_undecided(&self, request: &Request) -> bool {
        let is_it = |one: &UndecidedRequest| {
            (&one.action, &one.resource) == (&request.action, &request.resource)
        };
        self.undecided.iter().any(is_it)
    }
}

/// What all of them ask. `snapshot` gives the one to decide under in place of their own.
pub(super) fn all(
    found: &[RecordingPath],
    assumed: &Assumed,
    snapshot: impl Fn(&FunctionFolder) -> Result<Option<Snapshot>, CoverageError>,
) -> Result<Vec<AskedByRecording>, CoverageError> {
    let mut functions: BTreeMap<PathBuf, (Arc<FunctionFolder>, Option<Snapshot>)> = BTreeMap::new();
    let mut all = Vec::with_capacity(found.len());
    for path in found {
        if !functions.contains_key(&path.function) {
            let folder = FunctionFolder::load(&path.function)?;
            let snapshot = snapshot(&folder)?;
            functions.insert(path.function.clone(), (Arc::new(folder), snapshot));
        }
        let (folder, snapshot) = &functions[&path.function];
        all.extend(of_recording(path, folder, snapshot.as_ref(), assumed)?);
    }
    Ok(all)
}

/// `None` for a recording that must not be loadable, and is not.
fn of_recording(
    path: &RecordingPath,
    folder: &Arc<FunctionFolder>,
    snapshot: Option<&Snapshot>,
    assumed: &Assumed,
) -> Result<Option<AskedByRecording>, CoverageError> {
    let recording = Recording::load(&path.folder)?;
    let kept = match kept(path, folder, &recording, snapshot, assumed) {
        Ok(kept) => kept,
        Err(_) if must_not_load(&recording) => return Ok(None),
        Err(Undecidable::File(error)) => return Err(error.into()),
        Err(why) => {
            let message = why.to_string();
            return Err(CoverageError::Undecidable { recording: id_of(path), message });
        }
    };
    let explained = |asked: Asked| {
        let explanation = asked.policies.explain(&asked.request);
        (asked, explanation)
    };
    let is_undecided = |decided: &&Decided| decided.explanation.decision == Decision::Undecided;
    let undecided = kept.decisions.iter().filter(is_undecided).map(|decided| UndecidedRequest {
        recording: id_of(path),
        action: decided.request.action.clone(),
        resource: decided.request.resource.clone(),
        hangs_on: decided.explanation.hangs_on.clone(),
    });
    Ok(Some(AskedByRecording {
        recording: id_of(path),
        function: Arc::clone(folder),
        undecided: undecided.collect(),
        asked: kept.asked.into_iter().map(explained).collect(),
        documents: kept.documents,
    }))
}

fn kept(
    path: &RecordingPath,
    folder: &FunctionFolder,
    recording: &Recording,
    snapshot: Option<&Snapshot>,
    assumed: &Assumed,
) -> Result<Kept, Undecidable> {
    let own;
    let snapshot = if let Some(snapshot) = snapshot {
        snapshot
    } else {
        own = recording.snapshot(folder, &path.folder)?;
        &own
    };
    let payload = serde_json::from_slice(&recording.event).map_err(|error| Undecidable::Other {
        message: format!("the event is not JSON: {error}"),
        help: "Lambda accepts JSON only".to_owned(),
    })?;
    let question = Question {
        folder,
        snapshot,
        manifest: &recording.manifest,
        payload: &payload,
        declared: Declared::default(),
        edits: &[],
    };
    decide_keeping_all(&question, &recording.calls, assumed)
}

fn must_not_load(recording: &Recording) -> bool {
    recording.expected.as_ref().and_then(|it| it.outcome) == Some(Outcome::NotLoaded)
}
