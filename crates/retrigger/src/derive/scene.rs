//! A recording with all that cases are made of.

use retrigger_recording::{FunctionFolder, Outcome, Recording, RecordingPath, Snapshot, Step};
use retrigger_trigger::Declared;
use serde_json::Value;

use super::error::DeriveError;
use crate::{
    event::Decided,
    replay::{Answer, Question, decide},
};

/// A recording that is allowed, and how it was decided.
pub(super) struct Scene {
    pub(super) folder: FunctionFolder,
    pub(super) recording: Recording,
    /// Its path below the function folder, with `/`.
    pub(super) name: String,
    pub(super) snapshot: Snapshot,
    pub(super) payload: Value,
    pub(super) answer: Answer,
}

impl Scene {
    /// Reads a recording and decides it.
    pub(super) fn load(path: &RecordingPath) -> Result<Self, DeriveError> {
        let recording = Recording::load(&path.folder)?;
        let (_, name) = path.name.split_once('/').unwrap_or(("", &path.name));
        if let Some(from) = &recording.manifest.derived_from {
            return Err(DeriveError::IsDerived { name: path.name.clone(), from: from.clone() });
        }
        match Self::decided_on(path, &recording, name.to_owned()) {
            Err(error) if is_not_loaded(&recording) => {
                let reason = format!("it cannot be loaded, as it must not be ({error})");
                Err(DeriveError::NotAllowed { name: path.name.clone(), reason })
            }
            other => other,
        }
    }

    fn decided_on(
        path: &RecordingPath,
        recording: &Recording,
        name: String,
    ) -> Result<Self, DeriveError> {
        let folder = FunctionFolder::load(&path.function)?;
        let snapshot = recording.snapshot(&folder, &path.folder)?;
        let event = serde_json::from_slice(&recording.event);
        let payload: Value = event.map_err(|error| DeriveError::Undecidable {
            name: path.name.clone(),
            message: format!("the event is not JSON: {error}"),
        })?;
        let question = Question {
            folder: &folder,
            snapshot: &snapshot,
            manifest: &recording.manifest,
            payload: &payload,
            declared: Declared::default(),
            edits: &[],
        };
        let answer = decide(&question).map_err(|why| DeriveError::undecidable(&path.name, why))?;
        if let Some(denied) = denial(&answer.decisions) {
            let (action, decision) = (&denied.request.action, denied.explanation.decision);
            let reason = format!("`{action}` is {decision}");
            return Err(DeriveError::NotAllowed { name: path.name.clone(), reason });
        }
        Ok(Self { folder, recording: recording.clone(), name, snapshot, payload, answer })
    }

    /// The decisions of one step.
    pub(super) fn decided(&self, step: Step) -> impl Iterator<Item = &Decided> {
        self.answer.decisions.iter().filter(move |decided| decided.step == step)
    }

    /// The question that was decided.
    pub(super) fn question(&self) -> Question<'_> {
        Question {
            folder: &self.folder,
            snapshot: &self.snapshot,
            manifest: &self.recording.manifest,
            payload: &self.payload,
            declared: Declared::default(),
            edits: &[],
        }
    }

    /// Whether the trigger asks for this action.
    pub(super) fn asks(&self, action: &str) -> bool {
        self.answer.decisions.iter().any(|decided| decided.request.action == action)
    }
}

/// The decision that keeps the handler from running.
pub(super) fn denial(decisions: &[Decided]) -> Option<&Decided> {
    let is_denied = |decided: &&Decided| {
        decided.step != Step::Log && !decided.explanation.decision.is_allowed()
    };
    decisions.iter().find(is_denied)
}

fn is_not_loaded(recording: &Recording) -> bool {
    let expected = recording.expected.as_ref().and_then(|expected| expected.outcome);
    expected == Some(Outcome::NotLoaded)
}
