//! One recording, step by step.

use std::{path::Path, sync::Arc, time::Instant};

use jiff::Timestamp;
use retrigger_gateway::Observed;
use retrigger_iam::Severity;
use retrigger_recording::{
    Expected, ExpectedLogs, FunctionArn, FunctionFolder, Invocation as InvocationFacts, Outcome,
    Recording, Role, SNAPSHOT_FILE, Snapshot, Step, Unread,
};
use retrigger_runtime::Invocation;
use retrigger_trigger::{Classification, Delivery, FunctionResult, RequestTime, batch_outcome};
use serde_json::Value;

use crate::{
    event::{
        CallChanges, Decided, Difference, Event, FileFinding, HandlerRan, RecordingFinished,
        RecordingId, Status,
    },
    place::Place,
    replay::{
        answer,
        authority::{Authority, Undecidable},
        calls::{self, CallAuthority, CallScene, CallSettings},
        compare, mapping,
        pool::{Pool, PoolError},
        stale, steps,
    },
};

/// What a recording needs to be replayed.
pub(super) struct Job {
    pub(super) id: RecordingId,
    pub(super) folder: Arc<FunctionFolder>,
    /// The function's sandboxes, or why it has none.
    pub(super) pool: Result<Arc<Pool>, FileFinding>,
    /// A snapshot to use instead of the recording's own.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// The time before which no snapshot may have been taken.
    pub(super) not_before: Option<Timestamp>,
    /// What becomes of the handler's AWS calls.
    pub(super) calls: CallSettings,
}

/// Replays one recording; gives its events in order, the last of which says how it ended.
pub(super) async fn replay(job: Job) -> Vec<Event> {
    let started = Instant::now();
    let mut run = Run {
        events: vec![Event::RecordingStarted { recording: job.id.clone() }],
        actual: Expected::default(),
        is_too_old: false,
        calls: Vec::new(),
        changes: CallChanges::default(),
    };
    let recording = match run.steps(&job).await {
        Ok(recording) => Some(recording),
        Err(Stop { recording, why }) => {
            run.not_loaded(&job, why);
            recording
        }
    };
    let expected = recording.as_ref().and_then(|recording| recording.expected.as_ref());
    let noise = recording.as_ref().map_or(&[][..], |recording| &recording.manifest.noise);
    if let Some(recording) = &recording
        && expected.is_some_and(Expected::is_redacted)
    {
        run.redact(&job, recording);
    }
    let mut differences = match expected {
        Some(expected) => compare::differences(expected, &run.actual, noise),
        None => Vec::new(),
    };
    differences.append(&mut run.calls);
    let findings = stale::findings(&job.id.path, expected, &run.actual, noise);
    run.events.extend(findings.into_iter().map(|finding| Event::Stale { finding }));
    let status = run.status(expected, differences.is_empty());
    run.events.push(Event::RecordingFinished(Box::new(RecordingFinished {
        recording: job.id,
        status,
        actual: run.actual,
        differences,
        calls: run.changes,
        duration: started.elapsed(),
    })));
    run.events
}

/// What came of an event that is no recording yet.
pub(crate) struct Live {
    /// As those of a replay, without the first and the last.
    pub(crate) events: Vec<Event>,
    /// In the form of what a recording expects.
    pub(crate) actual: Expected,
}

impl Live {
    /// What was found to be wrong, in words.
    pub(crate) fn why(&self) -> String {
        let found = self.events.iter().filter_map(|event| match event {
            Event::Found { finding } => Some(finding.message.as_str()),
            _ => None,
        });
        found.collect::<Vec<_>>().join("; ")
    }
}

/// Does with an event what a replay does with a recording of it.
pub(crate) async fn live(
    folder: Arc<FunctionFolder>,
    pool: Arc<Pool>,
    snapshot: Arc<Snapshot>,
    recording: &Recording,
) -> Live {
    let path = folder.path().to_owned();
    let id = RecordingId { function: String::new(), name: String::new(), path };
    let (pool, snapshot, calls) = (Ok(pool), Some(snapshot), CallSettings::default());
    let job = Job { id, folder, pool, snapshot, not_before: None, calls };
    let actual = Expected::default();
    let (calls, changes) = (Vec::new(), CallChanges::default());
    let mut run = Run { events: Vec::new(), actual, is_too_old: false, calls, changes };
    if let Err(why) = run.loaded(&job, recording).await {
        run.not_loaded(&job, why);
    }
    Live { events: run.events, actual: run.actual }
}

/// Why a replay ends before its time, and the recording, where it is read by then.
struct Stop {
    recording: Option<Recording>,
    why: Undecidable,
}

/// What has happened so far.
struct Run {
    events: Vec<Event>,
    actual: Expected,
    /// The snapshot was taken before it may have been.
    is_too_old: bool,
    /// How the handler's AWS calls differ from those recorded.
    calls: Vec<Difference>,
    changes: CallChanges,
}

/// The parts of a recording that the steps share.
struct Scene<'r> {
    job: &'r Job,
    recording: &'r Recording,
    snapshot: &'r Snapshot,
    shared: Arc<Snapshot>,
    payload: Value,
}

impl Run {
    async fn steps(&mut self, job: &Job) -> Result<Recording, Stop> {
        let recording = Recording::load(&job.id.path)
            .map_err(|error| Stop { recording: None, why: error.into() })?;
        match self.loaded(job, &recording).await {
            Ok(()) => Ok(recording),
            Err(why) => Err(Stop { recording: Some(recording), why }),
        }
    }

    /// Secrets are replaced as they were in what is expected, so that the two can be compared.
    fn redact(&mut self, job: &Job, recording: &Recording) {
        let redactor = job.folder.redactor();
        if let Err(error) = self.actual.redact_as_expected(&redactor, recording) {
            self.events.push(Event::Found { finding: file_error(&error) });
        }
    }

    async fn loaded(&mut self, job: &Job, recording: &Recording) -> Result<(), Undecidable> {
        let snapshot = match &job.snapshot {
            Some(snapshot) => Arc::clone(snapshot),
            None => Arc::new(recording.snapshot(&job.folder, &job.id.path)?),
        };
        let shared = Arc::clone(&snapshot);
        self.check_age(&snapshot, job.not_before);
        let payload =
            serde_json::from_slice(&recording.event).map_err(|error| Undecidable::Other {
                message: format!("the event is not JSON: {error}"),
                help: "Lambda accepts JSON only".to_owned(),
            })?;
        let scene = Scene { job, recording, snapshot: &snapshot, shared, payload };
        let function = &job.folder.function().arn;
        let qualifier = recording.manifest.invocation.qualifier.as_deref();
        let mut authority = Authority::new(&snapshot, function, qualifier)?;
        self.actual.decisions = Some(Vec::new());
        let result = self.authorized(&scene, &mut authority).await;
        for warning in authority.take_warnings() {
            self.found(job, warning);
        }
        result
    }

    /// Says so where the snapshot is too old.
    fn check_age(&mut self, snapshot: &Snapshot, not_before: Option<Timestamp>) {
        let taken_at = &snapshot.about().taken_at;
        let Some(not_before) = not_before else { return };
        if taken_at.unix_millis() >= not_before.as_millisecond() {
            return;
        }
        self.is_too_old = true;
        let day = |time: &str| time.split('T').next().unwrap_or_default().to_owned();
        let message = format!(
            "the snapshot is of {}, and none may be older than of {}",
            day(taken_at.as_str()),
            day(&not_before.to_string())
        );
        let finding = whole_file(&snapshot.path().join(SNAPSHOT_FILE), message);
        let help = Some("take it again, so that the policies are those of today".to_owned());
        self.events.push(Event::Found { finding: FileFinding { help, ..finding } });
    }

    async fn authorized(
        &mut self,
        scene: &Scene<'_>,
        authority: &mut Authority<'_>,
    ) -> Result<(), Undecidable> {
        let manifest = &scene.recording.manifest;
        let invoked = authority.invoked_arn();
        let classification = steps::classify(&scene.payload, manifest, &invoked)?;
        self.events.push(Event::Classified { classification: classification.clone() });
        let role = authority.execution_role()?;
        let time = manifest.invocation.time.as_ref();
        let time: Option<RequestTime> = time.and_then(|time| time.as_str().parse().ok());
        let decisions = steps::trigger_decisions(authority, &classification, &role, time)?;
        if !self.decide(decisions) {
            return Ok(());
        }
        if !self.decide(vec![authority.decide_assume_role(&role)?]) {
            return Ok(());
        }
        let ran = self.run_handler(scene, &invoked, &role, time).await?;
        self.events.push(Event::HandlerRan(ran.clone()));
        self.settle(scene, authority, &classification, &ran)?;
        self.log(scene, authority, &role)
    }

    /// Records decisions; whether the replay goes on.
    fn decide(&mut self, decisions: Vec<Decided>) -> bool {
        let mut goes_on = true;
        for decided in decisions {
            goes_on &= decided.explanation.decision.is_allowed();
            let is_handlers = matches!(decided.step, Step::Call | Step::Log);
            if !decided.explanation.decision.is_allowed() && !is_handlers {
                self.actual.outcome = Some(Outcome::Denied);
                self.actual.error.clone_from(&decided.message);
            }
            self.actual.decisions.get_or_insert_default().push(answer::expectation(&decided));
            self.events.push(Event::Decided(Box::new(decided)));
        }
        goes_on
    }

    async fn run_handler(
        &mut self,
        scene: &Scene<'_>,
        invoked_arn: &str,
        role: &Role,
        time: Option<RequestTime>,
    ) -> Result<HandlerRan, Undecidable> {
        let pool = scene.job.pool.as_ref().map_err(|finding| Undecidable::Other {
            message: finding.message.clone(),
            help: finding.help.clone().unwrap_or_default(),
        })?;
        let invocation = invocation(scene, invoked_arn);
        let authority = CallAuthority::new(CallScene {
            folder: Arc::clone(&scene.job.folder),
            snapshot: Arc::clone(&scene.shared),
            qualifier: scene.recording.manifest.invocation.qualifier.clone(),
            role: role.clone(),
            time,
            settings: scene.job.calls.clone(),
        });
        let authority = Arc::new(authority);
        let calls = authority.invocation(scene.recording);
        let ran = pool.invoke_with_calls(invocation, calls).await;
        let (outcome, observed) = ran.map_err(|error| cannot_run(&error))?;
        self.called(scene, &authority, observed)?;
        Ok(answer::take(outcome, &mut self.actual))
    }

    /// Notes the calls, the decisions on them and how they differ from those recorded.
    fn called(
        &mut self,
        scene: &Scene<'_>,
        authority: &CallAuthority,
        observed: Observed,
    ) -> Result<(), Undecidable> {
        let (mut decisions, failure) = authority.take();
        if let Some(failure) = failure {
            return Err(failure);
        }
        for call in &observed.calls {
            self.events.push(Event::Called(Box::new(calls::called(call))));
            self.decide(decisions.remove(&call.id).unwrap_or_default());
        }
        for why in &observed.rejected {
            let finding = whole_file(&scene.job.id.path, format!("no AWS call: {why}"));
            let finding = FileFinding { severity: Severity::Warning, ..finding };
            self.events.push(Event::Found { finding });
        }
        self.calls = calls::differences(&observed, scene.job.calls.mode);
        self.changes = calls::changes(&observed);
        if !scene.job.id.name.is_empty() {
            let redactor = scene.job.folder.redactor();
            let mode = scene.job.calls.mode;
            calls::save(scene.recording, &scene.job.id.path, observed, mode, &redactor)?;
        }
        Ok(())
    }

    /// For a batch, what becomes of its items.
    fn settle(
        &mut self,
        scene: &Scene<'_>,
        authority: &Authority<'_>,
        classification: &Classification,
        ran: &HandlerRan,
    ) -> Result<(), Undecidable> {
        if !matches!(classification.trigger.delivery(), Delivery::Poll { .. }) {
            return Ok(());
        }
        let source = classification.source_arn.value.as_deref();
        let invoked = authority.invoked_arn();
        let mapping = mapping::of_source(authority.function(), source, &invoked);
        let queue = source.and_then(|arn| scene.snapshot.queue(arn));
        if let Some(arn) = source.filter(|_| queue.is_none()) {
            scene.snapshot.check_read(Unread::QueueAttributes, arn)?;
        }
        let settings = mapping::batch_settings(mapping, queue);
        let response = match (&self.actual.response, &ran.response) {
            // Not JSON: as it is.
            (None, Some(Value::String(text))) => Some(text.clone()),
            (_, response) => response.as_ref().map(Value::to_string),
        };
        let retries = scene.recording.manifest.invocation.retries.unwrap_or(0);
        let result = match &response {
            Some(text) => FunctionResult::Response(text.as_bytes()),
            None => FunctionResult::FunctionError,
        };
        match batch_outcome(&scene.payload, &settings, result, retries) {
            Ok(batch) => {
                self.actual.batch = serde_json::to_value(&batch).ok();
                self.events.push(Event::Settled { batch });
            }
            Err(error) => {
                let finding = whole_file(&scene.job.id.path.join("event.json"), error.to_string());
                self.found(scene.job, FileFinding { severity: Severity::Warning, ..finding });
            }
        }
        Ok(())
    }

    fn log(
        &mut self,
        scene: &Scene<'_>,
        authority: &mut Authority<'_>,
        role: &Role,
    ) -> Result<(), Undecidable> {
        let arn = &scene.job.folder.function().arn;
        let facts = &scene.recording.manifest.invocation;
        let (group_arn, stream) = log_place(arn, facts, authority);
        let function = arn.as_str();
        let decisions = steps::log_decisions(authority, role, &group_arn, &stream, function)?;
        let delivered = steps::delivers_logs(&decisions, scene.snapshot);
        self.decide(decisions);
        self.actual.logs = Some(ExpectedLogs { delivered });
        Ok(())
    }

    fn found(&mut self, job: &Job, finding: FileFinding) {
        if let Some(place) = &finding.place {
            let diagnostic = answer::diagnostic(&job.folder, place, &finding);
            self.actual.diagnostics.get_or_insert_default().push(diagnostic);
        }
        self.events.push(Event::Found { finding });
    }

    fn not_loaded(&mut self, job: &Job, why: Undecidable) {
        self.actual.outcome = Some(Outcome::NotLoaded);
        self.actual.decisions = None;
        let findings = match why {
            Undecidable::Document(invalid) => invalid.findings,
            Undecidable::File(error) => vec![file_error(&error)],
            Undecidable::Other { message, help } => {
                let finding = whole_file(&job.id.path, message);
                let help = Some(help).filter(|help| !help.is_empty());
                vec![FileFinding { help, ..finding }]
            }
        };
        for finding in findings {
            self.found(job, finding);
        }
    }

    /// A recording that cannot be loaded passes only where just that is expected.
    fn status(&self, expected: Option<&Expected>, as_expected: bool) -> Status {
        let outcome = self.actual.outcome;
        let wanted = expected.and_then(|expected| expected.outcome);
        match (outcome, expected) {
            (Some(Outcome::NotLoaded), _) if wanted != Some(Outcome::NotLoaded) => Status::Invalid,
            _ if self.is_too_old => Status::Failed,
            (_, Some(_)) if as_expected => Status::Passed,
            (Some(Outcome::Completed), None) if as_expected => Status::New,
            _ => Status::Failed,
        }
    }
}

fn invocation(scene: &Scene<'_>, invoked_arn: &str) -> Invocation {
    let facts = &scene.recording.manifest.invocation;
    // What is not recorded is made up, the same each time.
    let request_id = facts.request_id.as_deref().unwrap_or("00000000-0000-4000-8000-000000000000");
    let mut invocation = Invocation::new(request_id, scene.recording.event.clone());
    invocation.invoked_arn = Some(invoked_arn.to_owned());
    invocation.trace_id.clone_from(&facts.trace_id);
    invocation.client_context.clone_from(&facts.client_context);
    invocation.cognito_identity.clone_from(&facts.cognito_identity);
    invocation
}

/// The ARN of the log group and the name of the log stream.
pub(super) fn log_place(
    arn: &FunctionArn,
    facts: &InvocationFacts,
    authority: &Authority<'_>,
) -> (String, String) {
    let configured = authority.function().configuration.as_ref();
    let group = configured
        .and_then(|configuration| configuration.logging_config.as_ref()?.log_group.clone())
        .unwrap_or_else(|| format!("/aws/lambda/{}", arn.name()));
    let (partition, region, account) = (arn.partition(), arn.region(), arn.account());
    let group_arn = format!("arn:{partition}:logs:{region}:{account}:log-group:{group}");
    let stream = facts.log_stream.clone().unwrap_or_else(|| {
        let day = facts.time.as_ref().map_or("1970-01-01", |time| &time.as_str()[..10]);
        format!("{}/[$LATEST]{:032}", day.replace('-', "/"), 0)
    });
    (group_arn, stream)
}

fn cannot_run(error: &PoolError) -> Undecidable {
    Undecidable::Other { message: error.to_string(), help: String::new() }
}

pub(crate) fn file_error(error: &retrigger_recording::Error) -> FileFinding {
    let finding = whole_file(error.file(), error.problem().to_string());
    let place = error.place();
    FileFinding {
        place: finding.place.map(|whole| Place {
            line: place.map_or(whole.line, |place| place.line),
            column: place.map_or(whole.column, |place| place.column),
            ..whole
        }),
        help: error.advice(),
        ..finding
    }
}

/// An error about a file as a whole, whose text is not shown.
pub(super) fn whole_file(file: &Path, message: String) -> FileFinding {
    FileFinding { severity: Severity::Error, place: Some(Place::whole(file)), message, help: None }
}
