//! Invocations: decided as a replay decides them, then run.

use std::sync::Arc;

use bytes::Bytes;
use retrigger_iam::Principal;
use retrigger_recording::{Invocation as InvocationFacts, Manifest, Step, TriggerFacts};
use retrigger_runtime::{Invocation, Outcome, SandboxError, StreamPart};
use retrigger_serve::{
    Answer, ApiError, Call, InvocationType, Invoke, Invoked, LogTail, Operation, StreamedPart,
    Streaming,
};
use retrigger_trigger::Declared;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use uuid::Uuid;

use super::{
    api::{Api, blocking},
    authorize,
    function::Served,
    record,
};
use crate::{
    event::Decided,
    record::snapshot_name,
    replay::{Question, decide, pool::PoolError},
    triggers::Triggers,
};

/// The version that every alias leads to: the code in the function folder.
pub(super) const LATEST: &str = "$LATEST";

/// What is to be invoked, by what, and with what.
pub(super) struct Asked {
    pub(super) served: Arc<Served>,
    pub(super) qualifier: Option<String>,
    pub(super) trigger: TriggerFacts,
    pub(super) request_id: String,
    pub(super) trace_id: Option<String>,
    pub(super) client_context: Option<String>,
    pub(super) payload: Bytes,
}

/// An invocation, once it is decided.
pub(super) struct Decision {
    served: Arc<Served>,
    triggers: Arc<Triggers>,
    manifest: Manifest,
    payload: Bytes,
    pub(super) decisions: Vec<Decided>,
}

impl Api {
    pub(super) async fn invoke(self: Arc<Self>, call: Call) -> Result<Answer, ApiError> {
        let Operation::Invoke(invoke) = &call.operation else {
            return Err(ApiError::service("the call is no invocation"));
        };
        let served = self.find(&invoke.function)?;
        let caller = self.caller(&call, &served)?;
        let room = self.room()?;
        let Operation::Invoke(invoke) = call.operation else {
            return Err(ApiError::service("the call is no invocation"));
        };
        let invocation_type = invoke.invocation_type;
        let decision = self.decide(Asked::of(served, &caller, call.request_id, &invoke)).await?;
        if let Err(error) = decision.refuse() {
            if invocation_type != InvocationType::DryRun {
                self.record(decision, None).await;
            }
            return Err(error);
        }
        if invocation_type == InvocationType::DryRun {
            return Ok(Answer::Empty(204));
        }
        if invoke.streamed {
            return self.stream(decision, invoke, room).await;
        }
        // On its own, so that it goes on where the caller goes away, as on AWS.
        let running = tokio::spawn(self.answer_invoke(decision, invoke, room, None));
        if invocation_type == InvocationType::Event {
            return Ok(Answer::Empty(202));
        }
        running
            .await
            .map_err(|error| broken(&error))?
            .map(|invoked| Answer::Invoked(Box::new(invoked)))
    }

    /// Answers once the function begins to, or has ended.
    async fn stream(
        self: Arc<Self>,
        decision: Decision,
        asked: Box<Invoke>,
        room: OwnedSemaphorePermit,
    ) -> Result<Answer, ApiError> {
        let executed_version = decision.version().to_owned();
        let (sender, mut come) = mpsc::unbounded_channel();
        let running = tokio::spawn(self.answer_invoke(decision, asked, room, Some(sender)));
        let (out, parts) = mpsc::unbounded_channel();
        let streaming = Streaming { executed_version, parts };
        let Some(first) = come.recv().await else {
            let invoked = running.await.map_err(|error| broken(&error))??;
            if invoked.function_error.is_none() {
                let _ = out.send(StreamedPart::Payload(invoked.payload.clone()));
            }
            let _ = out.send(StreamedPart::Complete(Box::new(invoked)));
            return Ok(Answer::Streamed(streaming));
        };
        tokio::spawn(async move {
            let mut part = Some(first);
            while let Some(next) = part {
                if let StreamPart::Data(data) = next {
                    let _ = out.send(StreamedPart::Payload(data));
                }
                part = come.recv().await;
            }
            if let Ok(Ok(invoked)) = running.await {
                let _ = out.send(StreamedPart::Complete(Box::new(invoked)));
            }
        });
        Ok(Answer::Streamed(streaming))
    }

    async fn answer_invoke(
        self: Arc<Self>,
        decision: Decision,
        asked: Box<Invoke>,
        room: OwnedSemaphorePermit,
        parts: Option<mpsc::UnboundedSender<StreamPart>>,
    ) -> Result<Invoked, ApiError> {
        let outcome = self.run(&decision, parts, &room).await?;
        let answer = decision.answer(&asked, &outcome);
        self.record(decision, Some(outcome)).await;
        Ok(answer)
    }

    /// Room for an invocation that runs or waits.
    pub(super) fn room(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| ApiError::throttled())
    }

    /// Decides an invocation, where it keeps no other call waiting.
    pub(super) async fn decide(&self, asked: Asked) -> Result<Decision, ApiError> {
        blocking(move || Decision::make(asked)).await?
    }

    /// Runs one that was decided. The parts of a streamed response go to `parts` as they come.
    pub(super) async fn run(
        &self,
        decision: &Decision,
        parts: Option<mpsc::UnboundedSender<StreamPart>>,
        _room: &OwnedSemaphorePermit,
    ) -> Result<Outcome, ApiError> {
        let facts = &decision.manifest.invocation;
        let invocation = Invocation {
            invoked_arn: Some(decision.served.arn().qualified(facts.qualifier.as_deref())),
            trace_id: facts.trace_id.clone(),
            client_context: facts.client_context.clone(),
            ..Invocation::new(
                facts.request_id.clone().unwrap_or_default(),
                decision.payload.clone(),
            )
        };
        // Fails only on a closed semaphore, and this one is never closed.
        let _sandbox = self.sandboxes.acquire().await;
        let outcome = decision.served.pool().invoke(invocation, parts).await;
        outcome.map_err(|error| {
            let error = not_run(&error);
            self.warn(error.to_string());
            error
        })
    }

    /// Writes an invocation down, if that is wanted. Where it cannot be, the caller gets its answer
    /// all the same.
    pub(super) async fn record(&self, decision: Decision, outcome: Option<Outcome>) {
        let Some(recorder) = self.recorder.clone() else { return };
        let written = blocking(move || {
            let Decision { served, triggers, manifest, payload, decisions } = decision;
            let expected = record::expected(&decisions, triggers.snapshot(), outcome);
            recorder.write(&served, &payload, manifest, expected)
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.warn(format!("an invocation was not recorded: {error}")),
            Err(error) => self.warn(format!("an invocation was not recorded: {error}")),
        }
    }
}

impl Asked {
    fn of(served: Arc<Served>, caller: &Principal, request_id: String, invoke: &Invoke) -> Self {
        Self {
            served,
            qualifier: invoke.function.qualifier.clone(),
            trigger: record::trigger_facts(caller),
            request_id,
            trace_id: invoke.trace_id.clone(),
            client_context: invoke.client_context.clone(),
            payload: invoke.payload.clone(),
        }
    }
}

impl Decision {
    fn make(asked: Asked) -> Result<Self, ApiError> {
        let Asked { served, qualifier, trigger, request_id, trace_id, client_context, payload } =
            asked;
        let triggers = served.triggers()?;
        if let Some(name) = &qualifier
            && !triggers.knows(name)?
        {
            return Err(ApiError::no_function(&served.arn().qualified(Some(name))));
        }
        let manifest = Manifest {
            snapshot: snapshot_name(triggers.snapshot_path(), served.folder()),
            trigger,
            invocation: InvocationFacts {
                qualifier,
                request_id: Some(request_id),
                time: record::now(),
                trace_id: Some(trace_id.unwrap_or_else(|| trace_of(&trace_root()))),
                client_context,
                ..InvocationFacts::default()
            },
            ..Manifest::default()
        };
        // What is nested too deep for a value is no known trigger's, and none need be found.
        let value: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let question = Question {
            folder: served.function_folder(),
            snapshot: triggers.snapshot(),
            manifest: &manifest,
            payload: &value,
            declared: Declared::default(),
            edits: &[],
        };
        let decisions = decide(&question)?.decisions;
        Ok(Self { served, triggers, manifest, payload, decisions })
    }

    /// AWS's error, where the handler is not to be run. That the role cannot be assumed is said in
    /// the words of `CreateFunction`, where users quote them.
    pub(super) fn refuse(&self) -> Result<(), ApiError> {
        for decided in &self.decisions {
            match decided.step {
                Step::Invoke | Step::Poll => authorize::refuse(decided)?,
                Step::AssumeRole if !decided.explanation.decision.is_allowed() => {
                    let text = "The role defined for the function cannot be assumed by Lambda.";
                    return Err(ApiError::new("InvalidParameterValueException", text));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn version(&self) -> &str {
        let is_version = |name: &&str| name.bytes().all(|byte| byte.is_ascii_digit());
        let qualifier = self.manifest.invocation.qualifier.as_deref();
        qualifier.filter(is_version).unwrap_or(LATEST)
    }

    fn answer(&self, asked: &Invoke, outcome: &Outcome) -> Invoked {
        let facts = &self.manifest.invocation;
        let version = self.version();
        let tail = LogTail {
            request_id: facts.request_id.as_deref().unwrap_or_default(),
            version,
            lines: &outcome.logs,
            duration: outcome.duration,
            init_duration: outcome.init_duration,
            memory_size: self.served.memory_size(),
        };
        let (payload, function_error) = match &outcome.result {
            Ok(response) => (response.body.clone(), None),
            Err(error) => (error.body.clone(), Some(error.error_type.clone())),
        };
        Invoked {
            payload,
            function_error,
            executed_version: version.to_owned(),
            log_result: asked.log_tail.then(|| tail.encode()),
        }
    }
}

fn broken(error: &tokio::task::JoinError) -> ApiError {
    ApiError::service(error.to_string())
}

/// The id of a new trace. Source: X-Ray Developer Guide, "Tracing header".
pub(super) fn trace_root() -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("1-{:08x}-{}", jiff::Timestamp::now().as_second(), &id[..24])
}

/// A trace that nobody samples, as Lambda names it to a function.
pub(super) fn trace_of(root: &str) -> String {
    let parent = Uuid::new_v4().simple().to_string();
    format!("Root={root};Parent={};Sampled=0", &parent[..16])
}

fn not_run(error: &PoolError) -> ApiError {
    match error {
        PoolError::Sandbox(SandboxError::InvalidInvocation { .. }) => {
            ApiError::new("InvalidRequestContentException", error.to_string())
        }
        _ => ApiError::service(error.to_string()),
    }
}
