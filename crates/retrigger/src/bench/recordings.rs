//! The decisions that a replay of recordings makes, as a workload.

use std::{collections::BTreeMap, path::PathBuf};

use retrigger_iam::Decision;
use retrigger_recording::{
    DecisionKind, ExpectedDecision, FunctionFolder, Outcome, Recording, RecordingPath, discover,
};
use retrigger_trigger::Declared;

use super::{
    BenchError,
    workload::{Caller, Question, Workload},
};
use crate::{
    event::Decided,
    replay::{self, Asked, Kept, Undecidable, decide_keeping},
};

/// Among how many policy sets an equal one is looked for. Those of one function come together.
const SEARCHED: usize = 64;

impl Workload {
    /// The decisions that a replay of the recordings at and below `path` makes, each recording
    /// under its snapshot. Each must be the one that `expected.json` has or, where that has none,
    /// the one of the plain evaluator. Recordings that must not be loadable are passed over.
    ///
    /// # Errors
    ///
    /// Where there is no recording, one cannot be read or decided, or none makes a decision.
    pub fn read_recordings(name: &str, path: impl Into<PathBuf>) -> Result<Self, BenchError> {
        let mut workload =
            Self { name: name.to_owned(), callers: Vec::new(), questions: Vec::new() };
        let mut functions = BTreeMap::new();
        for path in discover(&[path.into()])? {
            if !functions.contains_key(&path.function) {
                functions.insert(path.function.clone(), FunctionFolder::load(&path.function)?);
            }
            workload.add_recording(&path, &functions[&path.function])?;
        }
        if workload.questions.is_empty() {
            return Err(BenchError::NoDecision { name: name.to_owned() });
        }
        Ok(workload)
    }

    fn add_recording(
        &mut self,
        path: &RecordingPath,
        folder: &FunctionFolder,
    ) -> Result<(), BenchError> {
        let recording = Recording::load(&path.folder)?;
        let expected = recording.expected.as_ref();
        let Kept { decisions, asked, .. } = match decisions(path, folder, &recording) {
            Ok(answer) => answer,
            Err(_) if expected.and_then(|it| it.outcome) == Some(Outcome::NotLoaded) => {
                return Ok(());
            }
            Err(Undecidable::File(error)) => return Err(error.into()),
            Err(why) => {
                let name = path.name.clone();
                return Err(BenchError::Undecidable { name, message: why.to_string() });
            }
        };
        let expected = expected.and_then(|it| it.decisions.as_deref()).unwrap_or_default();
        for asked in asked {
            let expect = expectation(&asked, &decisions, expected);
            self.add(&path.name, asked, expect);
        }
        Ok(())
    }

    fn add(&mut self, recording: &str, asked: Asked, expect: Decision) {
        let Asked { request, policies, .. } = asked;
        let new = Caller::new(policies);
        let passed_over = self.callers.len().saturating_sub(SEARCHED);
        let known = self.callers[passed_over..].iter().position(|known| *known == new);
        let caller = known.map_or(self.callers.len(), |index| passed_over + index);
        if known.is_none() {
            self.callers.push(new);
        }
        let id = format!("{recording}: {}", request.action);
        let (resource, is_settled, broken) = (None, true, None);
        self.questions.push(Question { id, caller, resource, request, expect, is_settled, broken });
    }
}

fn decisions(
    path: &RecordingPath,
    folder: &FunctionFolder,
    recording: &Recording,
) -> Result<Kept, Undecidable> {
    let snapshot = recording.snapshot(folder, &path.folder)?;
    let payload = serde_json::from_slice(&recording.event).map_err(|error| Undecidable::Other {
        message: format!("the event is not JSON: {error}"),
        help: "Lambda accepts JSON only".to_owned(),
    })?;
    decide_keeping(&replay::Question {
        folder,
        snapshot: &snapshot,
        manifest: &recording.manifest,
        payload: &payload,
        declared: Declared::default(),
        edits: &[],
    })
}

/// The decision that the recording expects at the place of this one, else the one that was made.
fn expectation(asked: &Asked, decisions: &[Decided], expected: &[ExpectedDecision]) -> Decision {
    let place = decisions.iter().position(|decided| decided.request == asked.request);
    let there = place.and_then(|place| expected.get(place));
    match there.filter(|expected| expected.action == asked.request.action) {
        Some(expected) => match expected.decision {
            DecisionKind::Allowed => Decision::Allowed,
            DecisionKind::ExplicitlyDenied => Decision::ExplicitlyDenied,
            DecisionKind::ImplicitlyDenied => Decision::ImplicitlyDenied,
            DecisionKind::Undecided => Decision::Undecided,
        },
        None => asked.decision,
    }
}
