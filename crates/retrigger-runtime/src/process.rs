//! The sandbox of a function in a process of its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    Client, ConfigError, FunctionConfig, FunctionError, Invocation, Outcome, SandboxError,
    StreamPart,
    api::{InvalidInvocation, NextEvent, Parts},
    function::Language,
};

mod child;
mod command;
mod exit;
mod output;
mod running;

use running::{Ended, Running};

/// Runs a function as a child process that speaks the Lambda Runtime API.
///
/// The process starts with the first invocation and serves the following ones. Its environment is
/// the one Lambda gives, with `PATH` and `HOME` of this process; its standard input is empty. It
/// leads a process group of its own, so that a Ctrl-C in the terminal does not reach it. At the
/// end, however it comes, its whole group is killed, and so is every process on Linux that still
/// carries its environment. That holds even where this process is killed, by a watchdog beside it.
///
/// Works on Unix.
#[derive(Debug)]
pub struct Process {
    function: FunctionConfig,
    language: Language,
    running: Option<Running>,
}

impl Process {
    /// A sandbox for this function. Nothing is started yet.
    pub fn new(function: FunctionConfig) -> Result<Self, ConfigError> {
        function.check_environment()?;
        let language = function.language()?;
        Ok(Self { function, language, running: None })
    }

    /// The id of the process, while there is one.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().and_then(Running::id)
    }

    /// As [`Sandbox::invoke`](crate::Sandbox::invoke).
    pub async fn invoke(&mut self, invocation: Invocation) -> Result<Outcome, SandboxError> {
        self.invoke_with(invocation, None).await
    }

    /// As [`Sandbox::invoke_streaming`](crate::Sandbox::invoke_streaming).
    pub async fn invoke_streaming(
        &mut self,
        invocation: Invocation,
        parts: mpsc::UnboundedSender<StreamPart>,
    ) -> Result<Outcome, SandboxError> {
        self.invoke_with(invocation, Some(parts)).await
    }

    async fn invoke_with(
        &mut self,
        invocation: Invocation,
        parts: Option<Parts>,
    ) -> Result<Outcome, SandboxError> {
        // Refused before a process is started for it.
        self.event(&invocation)?;
        // Taken out, so that dropping this future in the middle drops the process too.
        let (mut running, mut logs) = self.take_or_start().await?;
        let init = running.initialize(self.function.init_timeout).await;
        let init_duration = running.take_init_duration();
        let (ended, duration) = match init {
            Ok(()) => self.run(&mut running, &invocation, parts).await?,
            Err(ended) => (ended, Duration::ZERO),
        };
        let (lines, usable) = match &ended {
            Ended::Answered(_) => running.settle().await,
            _ => (running.kill().await, false),
        };
        logs.extend(lines);
        if usable {
            self.running = Some(running);
        }
        self.explain(&ended, &logs)?;
        let result = ended.into_result(&invocation.request_id, self.limit(&invocation));
        Ok(Outcome { result, logs, duration, init_duration })
    }

    /// As [`Sandbox::shutdown`](crate::Sandbox::shutdown).
    pub async fn shutdown(&mut self) -> Vec<String> {
        match self.running.take() {
            Some(running) => running.shut_down().await,
            None => Vec::new(),
        }
    }

    /// The process of the last invocation where it still lives, or a new one; with the last lines
    /// of a process that has ended in between.
    async fn take_or_start(&mut self) -> Result<(Running, Vec<String>), SandboxError> {
        let mut logs = Vec::new();
        if let Some(mut running) = self.running.take() {
            if !running.has_exited() {
                return Ok((running, logs));
            }
            logs = running.kill().await;
        }
        Ok((Running::start(&self.function, self.language).await?, logs))
    }

    async fn run(
        &self,
        running: &mut Running,
        invocation: &Invocation,
        parts: Option<Parts>,
    ) -> Result<(Ended, Duration), SandboxError> {
        let event = self.event(invocation)?;
        let start = Instant::now();
        let ended = running.run(event, self.limit(invocation), parts).await;
        Ok((ended, start.elapsed()))
    }

    fn event(&self, invocation: &Invocation) -> Result<NextEvent, SandboxError> {
        let arn = invocation.invoked_arn.as_ref().unwrap_or(&self.function.arn);
        let deadline_ms = milliseconds_after_now(self.limit(invocation));
        NextEvent::new(invocation, arn, deadline_ms).map_err(
            |InvalidInvocation { what, problem }| SandboxError::InvalidInvocation { what, problem },
        )
    }

    fn limit(&self, invocation: &Invocation) -> Duration {
        invocation.timeout.unwrap_or(self.function.timeout)
    }

    /// Tells a client that is not installed from one that fails.
    fn explain(&self, ended: &Ended, logs: &[String]) -> Result<(), SandboxError> {
        let missing = |line: &String| line.ends_with("No module named awslambdaric");
        let is_missing = self.function.client == Client::Awslambdaric
            && matches!(ended, Ended::Exited(_))
            && logs.iter().any(missing);
        if !is_missing {
            return Ok(());
        }
        Err(SandboxError::NoClient {
            function: self.function.name.clone(),
            client: Client::Awslambdaric,
            advice: "run `pip install awslambdaric`, or set `interpreter` to the `python` of the \
                     virtual environment that has it"
                .to_owned(),
        })
    }
}

impl Ended {
    fn into_result(
        self,
        request_id: &str,
        limit: Duration,
    ) -> Result<crate::Response, FunctionError> {
        match self {
            Self::Answered(result) => result,
            Self::Failed(error) => Err(error),
            Self::Exited(how) => Err(FunctionError::exited(request_id, how.as_deref())),
            Self::TimedOut => Err(FunctionError::timed_out(request_id, limit)),
        }
    }
}

/// A time from now, in milliseconds since 1970, as the Runtime API tells deadlines.
fn milliseconds_after_now(limit: Duration) -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_add(limit).as_millis()
}
