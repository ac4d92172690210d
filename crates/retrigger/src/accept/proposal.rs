//! One recording and what accepting it would write.

use std::io;

use retrigger_iam::Severity;
use retrigger_recording::{
    CallKey, Error, Expected, FunctionFolder, Manifest, NoiseRule, Outcome, Recording, Redactor,
    discover,
};
use serde::Serialize;

use crate::{
    accept::{Seen, merge},
    event::{Difference, Event, FileFinding, RecordingFinished, RecordingId, Status},
    noise,
    place::Place,
    replay::{compare, file_error},
    reporter::Reporter,
};

/// What a replay of one recording showed beside what it must show.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// Which recording.
    pub recording: RecordingId,
    /// How its replay ended.
    pub status: Status,
    /// What differs, when what varies by itself is left aside.
    pub differences: Vec<Difference>,
    /// What was found to vary by itself, and is not yet said in `recording.toml`.
    pub noise: Vec<NoiseRule>,
    /// The recorded calls that the handler no longer makes, in no run. Accepting removes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmade: Vec<CallKey>,
    /// The calls that it makes and that are not recorded. They are recorded by a replay with an
    /// upstream, not by accepting.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unrecorded: Vec<CallKey>,
    /// What is wrong with the recording, or no longer applies to anything.
    pub findings: Vec<FileFinding>,
    /// What is expected from now on, where nothing is expected yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Expected>,
    #[serde(skip)]
    events: Vec<Event>,
    /// What to write; `None` where the recording cannot be replayed.
    #[serde(skip)]
    accepted: Option<Accepted>,
}

#[derive(Clone, Debug)]
struct Accepted {
    expected: Expected,
    redactor: Redactor,
}

impl Proposal {
    pub(super) fn of(seen: Seen, again: Option<&RecordingFinished>) -> Self {
        let status = seen.finished.status;
        let mut proposal = Self {
            recording: seen.finished.recording.clone(),
            status,
            differences: Vec::new(),
            noise: Vec::new(),
            unmade: seen.finished.calls.unmade,
            unrecorded: seen.finished.calls.unrecorded,
            findings: findings(&seen.events),
            first: None,
            events: seen.events,
            accepted: None,
        };
        if status != Status::Invalid
            && let Err(error) = proposal.compare(&seen.finished.actual, again)
        {
            proposal.findings.push(file_error(&error));
        }
        proposal
    }

    fn compare(
        &mut self,
        actual: &Expected,
        again: Option<&RecordingFinished>,
    ) -> Result<(), Error> {
        let Recording { manifest, expected, .. } = Recording::load(&self.recording.path)?;
        let redactor = redactor(&self.recording)?;
        if let Some(again) = again {
            self.unmade.retain(|key| again.calls.unmade.contains(key));
            self.find_noise(&manifest, actual, again);
        }
        let rules = [manifest.noise.as_slice(), &self.noise].concat();
        let wanted = match &expected {
            Some(expected) => {
                self.differences = compare::differences(expected, actual, &rules);
                merge::merged(expected, actual, &rules)
            }
            None => merge::first(actual),
        };
        self.first = expected.is_none().then(|| wanted.clone());
        self.accepted = Some(Accepted { expected: wanted, redactor });
        Ok(())
    }

    fn find_noise(&mut self, manifest: &Manifest, actual: &Expected, again: &RecordingFinished) {
        if actual.outcome != again.actual.outcome {
            self.findings.push(unsteady(&self.recording, actual.outcome, again.actual.outcome));
            return;
        }
        let (actual, again) = (merge::first(actual), merge::first(&again.actual));
        let values = [actual.response, again.response].map(|json| json.map(|json| json.to_value()));
        for [first, second] in [values, [actual.function_error, again.function_error]] {
            if let (Some(first), Some(second)) = (first, second) {
                self.noise.extend(noise::detect(&manifest.noise, &first, &second));
            }
        }
    }

    /// Whether there is something to accept.
    pub fn can_be_accepted(&self) -> bool {
        let has_news =
            !self.differences.is_empty() || !self.noise.is_empty() || self.first.is_some();
        let has_news = has_news || !self.unmade.is_empty();
        self.accepted.is_some() && has_news
    }

    /// Whether there is nothing to say about the recording.
    pub(super) fn is_silent(&self) -> bool {
        self.status == Status::Passed && !self.can_be_accepted() && self.findings.is_empty()
    }

    /// Reports what happened in the replay, decision by decision.
    pub fn details(&self, reporter: &mut dyn Reporter) -> io::Result<()> {
        self.events.iter().try_for_each(|event| reporter.event(event))
    }

    /// Writes `expected.json`, and what varies to `recording.toml`: only what changed, and without
    /// secrets; and removes the calls that are no longer made. Does nothing where there is nothing
    /// to accept.
    ///
    /// # Errors
    ///
    /// When a file cannot be written. Each file is written whole or not at all.
    pub fn accept(&self) -> Result<(), Error> {
        let Some(Accepted { expected, redactor }) =
            self.accepted.as_ref().filter(|_| self.can_be_accepted())
        else {
            return Ok(());
        };
        let (folder, mut expected) = (&self.recording.path, expected.clone());
        if !self.unmade.is_empty() {
            Recording::remove_calls(folder, &self.unmade, redactor)?;
        }
        if self.differences.is_empty() && self.first.is_none() {
            return Recording::add_to_manifest(folder, &self.noise, &[]);
        }
        let redactions = expected.redact(redactor, &Recording::load(folder)?)?;
        Recording::add_to_manifest(folder, &self.noise, &redactions)?;
        Recording::save_expected(folder, &expected, redactor)
    }
}

fn redactor(recording: &RecordingId) -> Result<Redactor, Error> {
    let found = discover(&[&recording.path])?;
    let folder = found.first().map_or(&recording.path, |found| &found.function);
    Ok(FunctionFolder::load(folder)?.redactor())
}

/// Why a recording cannot be replayed, and what no longer applies.
fn findings(events: &[Event]) -> Vec<FileFinding> {
    let finding = |event: &Event| match event {
        Event::Found { finding } if finding.severity == Severity::Error => Some(finding.clone()),
        Event::Stale { finding } => Some(finding.clone()),
        _ => None,
    };
    events.iter().filter_map(finding).collect()
}

fn unsteady(
    recording: &RecordingId,
    first: Option<Outcome>,
    second: Option<Outcome>,
) -> FileFinding {
    let word = |outcome: Option<Outcome>| {
        let word = serde_json::to_value(outcome).unwrap_or_default();
        word.as_str().unwrap_or("nothing").to_owned()
    };
    FileFinding {
        severity: Severity::Warning,
        place: Some(Place::whole(recording.path.clone())),
        message: format!("two runs end differently: `{}`, `{}`", word(first), word(second)),
        help: Some("mend the handler: no rule makes the two the same".to_owned()),
    }
}
