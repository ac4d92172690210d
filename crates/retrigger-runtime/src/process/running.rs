//! A function's process from its start to its end.

use std::{
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    child::Group,
    command::{Program, code_dir},
    exit::describe,
    milliseconds_after_now,
    output::Output,
};
use crate::{
    FunctionConfig, FunctionError, Response, SandboxError,
    api::{NextEvent, Parts, Report, RuntimeApi},
    function::Language,
};

/// How long a process may take from its answer to asking for the next event, before the answer is
/// passed on without waiting any longer.
const SETTLE_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a call that a process made right before it ended may take to be read.
const LAST_CALL_TIMEOUT: Duration = Duration::from_millis(20);

/// How long a function with extensions may take to shut down. Source: Lambda Developer Guide,
/// "Understanding the Lambda execution environment lifecycle" (internal extensions).
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// How an invocation ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The process answered.
    Answered(Result<Response, FunctionError>),
    /// The process or an extension reported that it cannot go on.
    Failed(FunctionError),
    /// The process ended; how, where it did not end as if all were well.
    Exited(Option<String>),
    /// Time ran out.
    TimedOut,
}

/// What happens next to a process.
enum Step {
    Report(Report),
    Exited(Option<String>),
    TimedOut,
}

/// A process with its Runtime API and its output.
// INVARIANT: fields are dropped in this order: the process goes first, as clients are noisy when
// their API goes away.
pub(super) struct Running {
    group: Group,
    api: RuntimeApi,
    output: Output,
    started: Instant,
    init_duration: Option<Duration>,
    /// It waits for an event.
    ready: bool,
    _private_dir: TempDir,
}

impl Running {
    /// Starts the process of a function.
    pub(super) async fn start(
        function: &FunctionConfig,
        language: Language,
    ) -> Result<Self, SandboxError> {
        let failed = |doing| {
            move |source| SandboxError::System { function: function.name.clone(), doing, source }
        };
        let code_dir = code_dir(function)?;
        let private_dir = tempfile::Builder::new()
            .prefix("retrigger-")
            .tempdir()
            .map_err(failed("make a temporary folder"))?;
        let program = Program::find(function, language, &code_dir, private_dir.path())?;
        let api = RuntimeApi::start(function).await.map_err(failed("open a port"))?;
        let (output, stdout, stderr) = Output::pipe().map_err(failed("open a pipe"))?;

        let mut command = program.command();
        command.current_dir(&code_dir).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        command.envs(function.process_environment(&api.address(), &code_dir.to_string_lossy()));
        let started = Instant::now();
        let group =
            Group::spawn(command, private_dir.path()).await.map_err(failed("start a process"))?;
        Ok(Self {
            group,
            api,
            output,
            started,
            init_duration: None,
            ready: false,
            _private_dir: private_dir,
        })
    }

    /// The id of the process.
    pub(super) fn id(&self) -> Option<u32> {
        self.group.id()
    }

    /// Waits until the process asks for an event.
    pub(super) async fn initialize(&mut self, limit: Duration) -> Result<(), Ended> {
        if self.ready {
            return Ok(());
        }
        match self.step(after(limit)).await {
            Step::Report(Report::Ready) => {
                self.init_duration = Some(self.started.elapsed());
                self.ready = true;
                Ok(())
            }
            Step::Report(Report::InitError(error) | Report::ExtensionError(error)) => {
                Err(Ended::Failed(error))
            }
            // INVARIANT: an answer needs an event, which needs a call to /next before it.
            Step::Report(Report::Answer(result)) => Err(Ended::Answered(result)),
            Step::Exited(how) => Err(Ended::Exited(how)),
            Step::TimedOut => Err(Ended::TimedOut),
        }
    }

    /// Gives the process an event and waits for the end of it.
    pub(super) async fn run(
        &mut self,
        event: NextEvent,
        limit: Duration,
        parts: Option<Parts>,
    ) -> Ended {
        let until = after(limit);
        self.ready = false;
        self.api.deliver(event, parts);
        loop {
            match self.step(until).await {
                Step::Report(Report::Answer(result)) => return Ended::Answered(result),
                Step::Report(Report::InitError(error) | Report::ExtensionError(error)) => {
                    return Ended::Failed(error);
                }
                Step::Report(Report::Ready) => {}
                Step::Exited(how) => return Ended::Exited(how),
                Step::TimedOut => return Ended::TimedOut,
            }
        }
    }
}

impl Running {
    /// How long the process took to start, if it started since this was asked last.
    pub(super) fn take_init_duration(&mut self) -> Option<Duration> {
        self.init_duration.take()
    }

    /// Lets the process finish what it does after its answer. Gives back the lines of the
    /// invocation, and whether the process can serve another one; otherwise it is killed.
    pub(super) async fn settle(&mut self) -> (Vec<String>, bool) {
        match self.step(after(SETTLE_TIMEOUT)).await {
            Step::Report(Report::Ready) => self.ready = true,
            // Still busy with itself: the next invocation waits for it.
            Step::TimedOut => {}
            Step::Report(_) | Step::Exited(_) => return (self.kill().await, false),
        }
        (self.output.take(), true)
    }

    /// Whether the process has ended.
    pub(super) fn has_exited(&mut self) -> bool {
        self.group.has_exited()
    }

    /// Ends the process as Lambda does, and gives back its last lines.
    pub(super) async fn shut_down(mut self) -> Vec<String> {
        if self.api.shut_down_extensions(milliseconds_after_now(SHUTDOWN_TIMEOUT)) {
            self.group.terminate();
            let until = after(SHUTDOWN_TIMEOUT);
            while let Step::Report(_) = self.step(until).await {}
            // Extensions have the time that is left, also once the runtime has ended.
            self.group.gone(until).await;
        }
        self.kill().await
    }

    /// Ends the process at once, and gives back its last lines.
    pub(super) async fn kill(&mut self) -> Vec<String> {
        self.group.kill().await;
        self.output.take()
    }

    /// Waits for what happens next, and reads the process's output all the while.
    async fn step(&mut self, until: Instant) -> Step {
        let status = loop {
            tokio::select! {
                biased;
                report = self.api.report() => return Step::Report(report),
                status = self.group.exited() => break status,
                // Before the output, so that a flood of it cannot hold up the time.
                () = sleep_until(until) => return Step::TimedOut,
                () = self.output.pump() => {}
            }
        };
        match timeout(LAST_CALL_TIMEOUT, self.api.report()).await {
            Ok(report) => Step::Report(report),
            Err(_) => Step::Exited(describe_end(status)),
        }
    }
}

/// A time from now; more than a day off where that is further than clocks go.
fn after(limit: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(100_000);
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + FAR)
}

fn describe_end(status: io::Result<ExitStatus>) -> Option<String> {
    match status {
        Ok(status) => describe(status),
        Err(error) => Some(error.to_string()),
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("id", &self.id())
            .field("api", &self.api.address())
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
