//! Invocations: decided as a replay decides them, then run.

use std::sync::Arc;

use bytes::Bytes;
use retrigger_iam::Principal;
use retrigger_recording::{Invocation as InvocationFacts, Manifest, Step};
use retrigger_runtime::{Invocation, Outcome, SandboxError};
use retrigger_serve::{
    Answer, ApiError, Call, InvocationType, Invoke, Invoked, LogTail, Operation,
};
use retrigger_trigger::Declared;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    api::{Api, blocking},
    authorize,
    function::Served,
    record,
};
use crate::{
    event::Decided,
    replay::{Question, decide, pool::PoolError},
    triggers::Triggers,
};

/// The version that every alias leads to: the code in the function folder.
const LATEST: &str = "$LATEST";

/// An invocation, once it is decided.
struct Decision {
    served: Arc<Served>,
    triggers: Arc<Triggers>,
    manifest: Manifest,
    payload: Bytes,
    decisions: Vec<Decided>,
}

impl Api {
    pub(super) async fn invoke(self: Arc<Self>, call: Call) -> Result<Answer, ApiError> {
        let Operation::Invoke(invoke) = &call.operation else {
            return Err(ApiError::service("the call is no invocation"));
        };
        let served = self.find(&invoke.function)?;
        let caller = self.caller(&call, &served)?;
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|_| ApiError::throttled())?;
        let Operation::Invoke(invoke) = call.operation else {
            return Err(ApiError::service("the call is no invocation"));
        };
        let (invocation_type, asked, id) =
            (invoke.invocation_type, invoke.clone(), call.request_id);
        let decision = blocking(move || Decision::make(served, &caller, &id, &invoke)).await??;
        if let Err(error) = decision.refuse() {
            if invocation_type != InvocationType::DryRun {
                self.record(decision, None).await;
            }
            return Err(error);
        }
        if invocation_type == InvocationType::DryRun {
            return Ok(Answer::Empty(204));
        }
        // On its own, so that it goes on where the caller goes away, as on AWS.
        let running = tokio::spawn(self.run(decision, asked, room));
        if invocation_type == InvocationType::Event {
            return Ok(Answer::Empty(202));
        }
        running.await.map_err(|error| ApiError::service(error.to_string()))?
    }

    async fn run(
        self: Arc<Self>,
        decision: Decision,
        asked: Box<Invoke>,
        _room: OwnedSemaphorePermit,
    ) -> Result<Answer, ApiError> {
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
        let outcome = {
            // Fails only on a closed semaphore, and this one is never closed.
            let _sandbox = self.sandboxes.acquire().await;
            decision.served.pool().invoke(invocation).await.map_err(|error| not_run(&error))
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                self.warn(error.to_string());
                return Err(error);
            }
        };
        let answer = decision.answer(&asked, &outcome);
        self.record(decision, Some(outcome)).await;
        Ok(Answer::Invoked(Box::new(answer)))
    }

    /// Writes an invocation down, if that is wanted. Where it cannot be, the caller gets its answer
    /// all the same.
    async fn record(&self, decision: Decision, outcome: Option<Outcome>) {
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

impl Decision {
    fn make(
        served: Arc<Served>,
        caller: &Principal,
        request_id: &str,
        invoke: &Invoke,
    ) -> Result<Self, ApiError> {
        let triggers = served.triggers()?;
        let qualifier = invoke.function.qualifier.clone();
        if let Some(name) = &qualifier
            && !triggers.knows(name)?
        {
            return Err(ApiError::no_function(&served.arn().qualified(Some(name))));
        }
        let manifest = Manifest {
            snapshot: record::snapshot_name(&served, &triggers),
            trigger: record::trigger_facts(caller),
            invocation: InvocationFacts {
                qualifier,
                request_id: Some(request_id.to_owned()),
                time: record::now(),
                trace_id: Some(invoke.trace_id.clone().unwrap_or_else(trace_id)),
                client_context: invoke.client_context.clone(),
                ..InvocationFacts::default()
            },
            ..Manifest::default()
        };
        // What is nested too deep for a value is no known trigger's, and none need be found.
        let payload: Value = serde_json::from_slice(&invoke.payload).unwrap_or_default();
        let question = Question {
            folder: served.function_folder(),
            snapshot: triggers.snapshot(),
            manifest: &manifest,
            payload: &payload,
            declared: Declared::default(),
            edits: &[],
        };
        let decisions = decide(&question)?.decisions;
        let payload = invoke.payload.clone();
        Ok(Self { served, triggers, manifest, payload, decisions })
    }

    /// AWS's error, where the handler is not to be run. That the role cannot be assumed is said in
    /// the words of `CreateFunction`, where users quote them.
    fn refuse(&self) -> Result<(), ApiError> {
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

    fn answer(&self, asked: &Invoke, outcome: &Outcome) -> Invoked {
        let facts = &self.manifest.invocation;
        let is_version = |name: &&str| name.bytes().all(|byte| byte.is_ascii_digit());
        let version = facts.qualifier.as_deref().filter(is_version).unwrap_or(LATEST);
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
            streamed: asked.streamed,
        }
    }
}

/// A trace that nobody samples. Source: X-Ray Developer Guide, "Tracing header".
fn trace_id() -> String {
    let (root, parent) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    let seconds = jiff::Timestamp::now().as_second();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &root[..24], &parent[..16])
}

fn not_run(error: &PoolError) -> ApiError {
    match error {
        PoolError::Sandbox(SandboxError::InvalidInvocation { .. }) => {
            ApiError::new("InvalidRequestContentException", error.to_string())
        }
        _ => ApiError::service(error.to_string()),
    }
}
