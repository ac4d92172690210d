//! Invocations as recordings.

use std::path::{Component, Path};

use retrigger_iam::Principal;
use retrigger_recording::{
    Error, Expected, ExpectedLogs, Fact, Manifest, Outcome, Recording, Snapshot, Step, Time,
    TriggerFacts,
};
use retrigger_trigger::Trigger;
use serde_json::Value;

use super::{ServeError, function::Served};
use crate::{
    event::Decided,
    record::{same_in_every_run, to_the_millisecond},
    replay::{answer, steps},
};

/// Writes invocations as recordings.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    /// The folder below the function folder.
    folder: String,
}

impl Recorder {
    pub(super) fn new(folder: String) -> Self {
        Self { folder }
    }

    /// Whether a function's recordings can be written, and replayed where they are.
    pub(super) fn check(&self, served: &Served) -> Result<(), ServeError> {
        let mut parts = Path::new(&self.folder).components();
        if !parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(ServeError::RecordingFolder(self.folder.clone()));
        }
        let triggers = served.triggers()?;
        let snapshot = triggers.snapshot_path();
        match snapshot.strip_prefix(served.folder()) {
            Ok(_) => Ok(()),
            Err(_) => Err(ServeError::SnapshotOutside(snapshot.to_owned())),
        }
    }

    /// Writes one. Secrets are replaced first.
    pub(super) fn write(
        &self,
        served: &Served,
        event: &[u8],
        manifest: Manifest,
        expected: Expected,
    ) -> Result<(), Error> {
        let folder = served.folder().join(&self.folder).join(name(&manifest));
        let redactor = served.function_folder().redactor();
        let expected = Some(expected);
        let mut recording = Recording { event: event.to_vec(), manifest, calls: vec![], expected };
        recording.redact(&redactor)?;
        recording.save(folder, &redactor)
    }
}

/// A name that tells the trigger, sorts by time and is no other's:
/// `invoke-20260302T094100.000Z-8f5c0a1b`.
fn name(manifest: &Manifest) -> String {
    let kind = manifest.trigger.kind.as_deref().filter(|kind| *kind != "direct-invoke");
    let kind = kind.unwrap_or("invoke");
    let facts = &manifest.invocation;
    let time = facts.time.as_ref().map_or("", Time::as_str).replace(['-', ':'], "");
    let id: String = facts.request_id.iter().flat_map(|id| id.chars()).take(13).collect();
    format!("{kind}-{time}-{id}")
}

/// What is known of the trigger of a call to `Invoke`: all of it was stated by the call.
pub(super) fn trigger_facts(caller: &Principal) -> TriggerFacts {
    TriggerFacts {
        kind: Some(Trigger::DirectInvoke.to_string()),
        principal: Some(Fact::declared(caller.as_str().to_owned())),
        ..TriggerFacts::default()
    }
}

/// What a replay of an invocation must show, given its decisions and, where it came to that, what
/// the handler did.
pub(super) fn expected(
    decisions: &[Decided],
    snapshot: &Snapshot,
    outcome: Option<retrigger_runtime::Outcome>,
) -> Expected {
    let mut expected = Expected::default();
    expected.decisions = Some(decisions.iter().map(answer::expectation).collect());
    if let Some(outcome) = outcome {
        answer::take(outcome, &mut expected);
        expected.function_error = match expected.function_error.take() {
            Some(Value::Object(error)) => same_in_every_run(error),
            other => other,
        };
        let logs = decisions.iter().filter(|decided| decided.step == Step::Log);
        let logs: Vec<Decided> = logs.cloned().collect();
        expected.logs = Some(ExpectedLogs { delivered: steps::delivers_logs(&logs, snapshot) });
    } else {
        expected.outcome = Some(Outcome::Denied);
        let denied = decisions.iter().find(|decided| {
            decided.step != Step::Log && !decided.explanation.decision.is_allowed()
        });
        expected.error = denied.and_then(|decided| decided.message.clone());
    }
    expected
}

/// The time, to the millisecond.
pub(super) fn now() -> Option<Time> {
    to_the_millisecond(jiff::Timestamp::now())
}
