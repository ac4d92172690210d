//! Every call: who makes it, what answers it, and who is told.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use retrigger_iam::Principal;
use retrigger_recording::FunctionArn;
use retrigger_serve::{
    Answer, Answering, ApiError, Call, FunctionName, InvocationType, Lambda, Operation, Signer,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{callers::Callers, function::Served, record::Recorder};

/// Whom to tell of calls.
pub(super) type Observer = Arc<dyn Fn(&Called) + Send + Sync>;

/// A call that was answered. Prints as a line for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Called {
    /// AWS's name of it, such as `Invoke`; of a front door, its kind, such as `alb`.
    pub action: &'static str,
    /// The function that it names, with its qualifier.
    pub function: Option<String>,
    /// Who called, where that is known.
    pub caller: Option<String>,
    /// The request that came to a front door: method, path and query.
    pub request: Option<String>,
    /// The status that the front door answered.
    pub status: Option<u16>,
    /// The error that was answered, as `CODE: MESSAGE`; of a front door, why there is no response
    /// of the function.
    pub error: Option<String>,
    /// What went wrong besides calls, such as a recording that cannot be written: nothing else
    /// is told with it.
    pub warning: Option<String>,
    /// How long it took.
    pub duration: Duration,
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (None, Some(warning)) = (&self.caller, &self.warning) {
            return write!(f, "warning: {warning}");
        }
        f.write_str(self.action)?;
        self.request.iter().try_for_each(|request| write!(f, " {request}"))?;
        self.status.iter().try_for_each(|status| write!(f, " -> {status}"))?;
        self.function.iter().try_for_each(|name| write!(f, " {name}"))?;
        self.caller.iter().try_for_each(|caller| write!(f, " by {caller}"))?;
        write!(f, ", {:.1} ms", self.duration.as_secs_f64() * 1e3)?;
        self.error.iter().try_for_each(|error| write!(f, ": {error}"))
    }
}

/// What all calls share.
pub(super) struct Api {
    functions: Vec<Arc<Served>>,
    callers: Callers,
    pub(super) recorder: Option<Recorder>,
    /// A permit for each invocation that runs or waits.
    pub(super) room: Arc<Semaphore>,
    /// A permit for each that runs.
    pub(super) sandboxes: Semaphore,
    concurrency: u16,
    observer: Option<Observer>,
}

impl Api {
    pub(super) fn new(
        functions: Vec<Arc<Served>>,
        callers: Callers,
        recorder: Option<Recorder>,
        (concurrency, sandboxes): (u16, usize),
        observer: Option<Observer>,
    ) -> Self {
        let room = Arc::new(Semaphore::new(concurrency.into()));
        let sandboxes = Semaphore::new(sandboxes);
        Self { functions, callers, recorder, room, sandboxes, concurrency, observer }
    }

    pub(super) fn functions(&self) -> &[Arc<Served>] {
        &self.functions
    }

    /// The function that a call names.
    pub(super) fn find(&self, name: &FunctionName) -> Result<Arc<Served>, ApiError> {
        let is_it = |arn: &FunctionArn| {
            arn.name() == name.name
                && name.account.as_deref().is_none_or(|account| account == arn.account())
                && name.region.as_deref().is_none_or(|region| region == arn.region())
        };
        let found = self.functions.iter().find(|served| is_it(served.arn()));
        found.map(Arc::clone).ok_or_else(|| ApiError::no_function(&self.arn_of(name)))
    }

    /// The ARN that a function would have.
    fn arn_of(&self, name: &FunctionName) -> String {
        let first = self.functions.first().map(|served| served.arn());
        let partition = first.map_or("aws", FunctionArn::partition);
        let region = name.region.as_deref().or(first.map(FunctionArn::region)).unwrap_or_default();
        let account = name.account.as_deref().or(first.map(FunctionArn::account));
        let account = account.unwrap_or_default();
        format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
    }

    /// Who calls, as far as it has to do with a function.
    pub(super) fn caller(&self, call: &Call, served: &Served) -> Result<Principal, ApiError> {
        self.caller_of(&call.signer, served)
    }

    /// Whoever signed a request, as far as it has to do with a function.
    pub(super) fn caller_of(
        &self,
        signer: &Signer,
        served: &Served,
    ) -> Result<Principal, ApiError> {
        self.callers.of(signer, &served.root())
    }

    /// Tells what went wrong besides a call.
    pub(super) fn warn(&self, warning: String) {
        self.tell(&Called {
            action: "Invoke",
            function: None,
            caller: None,
            request: None,
            status: None,
            error: None,
            warning: Some(warning),
            duration: Duration::ZERO,
        });
    }

    /// Whether anyone is told of calls.
    pub(super) fn observes(&self) -> bool {
        self.observer.is_some()
    }

    pub(super) fn tell(&self, called: &Called) {
        if let Some(observer) = &self.observer {
            observer(called);
        }
    }

    /// Waits until no invocation runs or waits, and lets none begin while the permit is held.
    pub(super) async fn quiet(&self) -> Option<SemaphorePermit<'_>> {
        // Fails only on a closed semaphore, and this one is never closed.
        self.room.acquire_many(self.concurrency.into()).await.ok()
    }

    /// Ends the sandboxes.
    pub(super) async fn shut_down(&self) {
        for served in &self.functions {
            served.pool().shutdown().await;
        }
    }

    async fn answer(self: Arc<Self>, call: Call) -> Result<Answer, ApiError> {
        match &call.operation {
            Operation::Invoke(_) => self.invoke(call).await,
            Operation::Control(_) => blocking(move || self.control(&call)).await?,
            Operation::Notify(notification) => self.notify(&call.request_id, notification).await,
        }
    }

    /// What is to be told of a call, before it is answered.
    fn called(&self, call: &Call) -> Called {
        if let Operation::Notify(notification) = &call.operation {
            return Called {
                action: "trigger",
                function: notification.query.get("function").cloned(),
                caller: None,
                request: Some(notification.service.clone()),
                status: None,
                error: None,
                warning: None,
                duration: Duration::ZERO,
            };
        }
        let (action, function) = match &call.operation {
            Operation::Invoke(invoke) => {
                let action = match invoke.invocation_type {
                    InvocationType::RequestResponse => "Invoke",
                    InvocationType::Event => "Invoke (Event)",
                    InvocationType::DryRun => "Invoke (DryRun)",
                };
                (action, Some(&invoke.function))
            }
            Operation::Control(control) => (control.action.name(), control.function.as_ref()),
            Operation::Notify(_) => ("trigger", None),
        };
        let caller = self.functions.first().and_then(|served| self.caller(call, served).ok());
        Called {
            action,
            function: function.map(ToString::to_string),
            caller: caller.map(|caller| caller.as_str().to_owned()),
            request: None,
            status: None,
            error: None,
            warning: None,
            duration: Duration::ZERO,
        }
    }
}

impl Lambda for Api {
    fn call(self: Arc<Self>, call: Call) -> Answering {
        Box::pin(async move {
            let started = Instant::now();
            let called = self.observer.is_some().then(|| self.called(&call));
            let answer = Arc::clone(&self).answer(call).await;
            if let Some(called) = called {
                let error = answer.as_ref().err().map(ToString::to_string);
                self.tell(&Called { error, duration: started.elapsed(), ..called });
            }
            answer
        })
    }
}

/// Runs what reads and writes files, or decides, where it keeps no other call waiting.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::service(error.to_string()))
}
