//! The mapping, and what it does with a batch.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use retrigger_recording::{
    EventSourceMapping, Expected, Fact, FunctionFolder, Invocation, Manifest, Outcome, Recording,
    Snapshot, Step, TriggerFacts,
};
use retrigger_trigger::{BatchOutcome, Declared, FilterCriteria, ItemFate};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PollError, Polled};
use crate::{
    event::{CallChanges, Event, RecordingFinished, RecordingId, Status},
    record::{NewRecording, Recorder, snapshot_name, to_the_millisecond},
    replay::{Question, decide, live, pool::Pool},
    reporter::Reporter,
};

/// An event source mapping at work.
pub(super) struct Mapped {
    folder: Arc<FunctionFolder>,
    snapshot: Arc<Snapshot>,
    source_arn: String,
    pub(super) mapping: EventSourceMapping,
    criteria: FilterCriteria,
    recorder: Recorder,
    pub(super) pool: Option<Arc<Pool>>,
}

impl Mapped {
    pub(super) fn new(
        folder: Arc<FunctionFolder>,
        snapshot: Arc<Snapshot>,
        source_arn: &str,
    ) -> Result<Self, PollError> {
        let function = snapshot.function(folder.function().arn.name())?;
        let mut mappings = function.event_source_mappings.iter();
        let is_it =
            |mapping: &&EventSourceMapping| mapping.event_source_arn.as_deref() == Some(source_arn);
        let source_arn = source_arn.to_owned();
        let Some(mapping) = mappings.find(is_it).cloned() else {
            return Err(PollError::NoMapping { source_arn });
        };
        let state = mapping.state.clone().unwrap_or_default();
        if state.starts_with("Disabl") {
            return Err(PollError::NotEnabled { source_arn, state });
        }
        let criteria = mapping.filter_criteria.as_ref().unwrap_or(&Value::Null);
        let criteria = FilterCriteria::parse(criteria)?;
        let kinds = &folder.function().redact.anonymize;
        let recorder = Recorder::open(folder.path())?.anonymize(kinds);
        Ok(Self { folder, snapshot, source_arn, mapping, criteria, recorder, pool: None })
    }

    pub(super) fn folder(&self) -> &Arc<FunctionFolder> {
        &self.folder
    }

    pub(super) fn source_arn(&self) -> &str {
        &self.source_arn
    }

    /// The execution role.
    pub(super) fn role_arn(&self) -> String {
        let function = self.snapshot.function(self.folder.function().arn.name()).ok();
        let configuration = function.and_then(|function| function.configuration.as_ref());
        configuration.map(|configuration| configuration.role.clone()).unwrap_or_default()
    }

    /// May the role poll, and may Lambda assume it? As AWS asks before it reads anything.
    pub(super) fn check(&self) -> Result<(), PollError> {
        // The source is all that is asked about.
        let kind = match self.source_arn.split(':').nth(2) {
            Some(service @ ("sqs" | "kinesis" | "dynamodb")) => format!("aws:{service}"),
            _ => String::new(),
        };
        let payload = json!({"Records": [{
            "eventSource": kind, "eventSourceARN": self.source_arn,
            "messageId": "", "kinesis": {}, "dynamodb": {},
        }]});
        let manifest = self.manifest(0);
        let question = Question {
            folder: &self.folder,
            snapshot: &self.snapshot,
            manifest: &manifest,
            payload: &payload,
            declared: Declared::default(),
            edits: &[],
        };
        let answer =
            decide(&question).map_err(|error| PollError::Undecidable(error.to_string()))?;
        let mut decisions = answer.decisions.into_iter();
        let keeps = |step: Step| matches!(step, Step::Poll | Step::AssumeRole);
        let denied = decisions
            .find(|decided| keeps(decided.step) && !decided.explanation.decision.is_allowed());
        denied.map_or(Ok(()), |denied| Err(PollError::Denied { denied: Box::new(denied) }))
    }

    /// Whether a record reaches the function.
    pub(super) fn admits(&self, record: &Value) -> bool {
        self.criteria.admits(record)
    }

    /// Gives the function a batch, and records it. Tells what becomes of it; `None` where the
    /// function was not run.
    pub(super) async fn batch(
        &mut self,
        records: Vec<Value>,
        retries: u32,
        polled: &mut Polled,
        reporter: &mut dyn Reporter,
    ) -> Result<Option<BatchOutcome>, PollError> {
        let started = Instant::now();
        let items = records.len();
        let event = json!({ "Records": records }).to_string();
        let recording = Recording {
            event: event.clone().into_bytes(),
            manifest: self.manifest(retries),
            calls: Vec::new(),
            expected: None,
        };
        let pool = self.pool.clone().ok_or_else(no_pool)?;
        let (folder, snapshot) = (Arc::clone(&self.folder), Arc::clone(&self.snapshot));
        let done = live(folder, pool, snapshot, &recording).await;
        let Some(actual) = can_be_recorded(&done.actual) else {
            return Err(PollError::Undecidable(done.why()));
        };
        let path = self.record(event, recording.manifest, actual)?;
        let id = self.id(&path);
        reporter.event(&Event::RecordingStarted { recording: id.clone() })?;
        done.events.iter().try_for_each(|event| reporter.event(event))?;
        let batch = done.events.iter().find_map(|event| match event {
            Event::Settled { batch } => Some(batch.clone()),
            _ => None,
        });
        reporter.event(&Event::RecordingFinished(Box::new(RecordingFinished {
            calls: CallChanges::default(),
            recording: id,
            status: Status::New,
            actual: done.actual,
            differences: Vec::new(),
            duration: started.elapsed(),
        })))?;
        polled.add(items, batch.as_ref());
        Ok(batch)
    }

    fn record(
        &mut self,
        event: String,
        manifest: Manifest,
        expected: Expected,
    ) -> Result<PathBuf, PollError> {
        let new = NewRecording {
            event,
            name: None,
            snapshot: manifest.snapshot,
            trigger: manifest.trigger,
            invocation: manifest.invocation,
            expected: Some(expected),
        };
        Ok(self.recorder.record(new)?.folder)
    }

    fn id(&self, path: &Path) -> RecordingId {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let function = self.folder.path();
        let whole = function.canonicalize().unwrap_or_else(|_| function.to_owned());
        RecordingId { function: name(&whole), name: name(path), path: path.to_owned() }
    }

    fn manifest(&self, retries: u32) -> Manifest {
        let account = self.source_arn.split(':').nth(4).unwrap_or_default().to_owned();
        let trigger = TriggerFacts {
            source_arn: Some(Fact::declared(self.source_arn.clone())),
            source_account: Some(Fact::declared(account)),
            ..TriggerFacts::default()
        };
        let invocation = Invocation {
            qualifier: self.qualifier(),
            request_id: Some(Uuid::new_v4().to_string()),
            time: to_the_millisecond(jiff::Timestamp::now()),
            retries: Some(retries).filter(|retries| *retries > 0),
            ..Invocation::default()
        };
        let snapshot = snapshot_name(self.snapshot.path(), self.folder.path());
        Manifest { snapshot, trigger, invocation, ..Manifest::default() }
    }

    /// The version or alias that the mapping invokes.
    fn qualifier(&self) -> Option<String> {
        let invoked = self.mapping.function_arn.as_deref()?;
        let rest = invoked.strip_prefix(self.folder.function().arn.as_str())?;
        rest.strip_prefix(':').filter(|name| *name != "$LATEST").map(str::to_owned)
    }

    pub(super) async fn shut_down(self) {
        if let Some(pool) = self.pool {
            pool.shutdown().await;
        }
    }
}

/// What the recording expects, unless nothing came of the event that a replay could show.
fn can_be_recorded(actual: &Expected) -> Option<Expected> {
    (actual.outcome != Some(Outcome::NotLoaded)).then(|| actual.clone())
}

fn no_pool() -> PollError {
    PollError::Undecidable("the function has no sandbox".to_owned())
}

impl Polled {
    fn add(&mut self, items: usize, batch: Option<&BatchOutcome>) {
        self.batches += 1;
        self.items += items as u64;
        for item in batch.into_iter().flat_map(|batch| &batch.items) {
            match item.outcome {
                ItemFate::Deleted | ItemFate::Done => self.done += 1,
                ItemFate::Returned | ItemFate::Retried => self.again += 1,
                ItemFate::SentToDeadLetterQueue
                | ItemFate::Discarded
                | ItemFate::SentToDestination => self.given_up += 1,
            }
        }
    }
}
