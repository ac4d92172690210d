//! Replaying recordings: which, under which policies, against which handlers.
//!
//! ```text
//! discover ─▶ build ─▶ for each recording, several at once ─▶ events in the order found
//!                        may the trigger invoke?   authority, steps
//!                        may Lambda assume the role?
//!                        run the handler           pool
//!                        may it log?
//!                        compare                   compare
//! ```

pub(crate) mod answer;
pub(crate) mod authority;
pub(crate) mod build;
mod calls;
pub(crate) mod compare;
mod decide;
mod edit;
mod mapping;
mod one;
pub(crate) mod pool;
mod stale;
pub(crate) mod steps;
mod unresolved;
mod unsettled;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt, io,
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use retrigger_gateway::{RecordMode, Upstream};
use retrigger_recording::{FunctionFolder, RecordingPath, Snapshot, discover};
use retrigger_runtime::Handler;
use tokio::task::JoinHandle;

use crate::{
    event::{Event, FileFinding, RecordingId, Status, Totals},
    reporter::Reporter,
};
pub(crate) use answer::expectation;
pub(crate) use authority::{Asked, Undecidable};
pub use calls::InvalidDenial;
pub(crate) use calls::{Assumed, CallSettings};
#[cfg(feature = "aws-sdk")]
pub use calls::{gateway_client, sdk_config};
pub(crate) use decide::{Answer, Kept, Question, decide, decide_keeping, decide_keeping_all};
pub(crate) use edit::{Change, PolicyEdit};
use one::Job;
pub(crate) use one::{file_error, live};
use pool::{Pool, SharedHandler};
pub(crate) use steps::declared;

/// A run over recordings.
///
/// ```no_run
/// use retrigger::{Replay, reporter::{Detail, Human, Look}};
///
/// let mut reporter = Human::new(std::io::stdout(), Look::default(), Detail::Failures);
/// let totals = Replay::new(["recordings"]).run(&mut reporter)?;
/// assert!(totals.all_as_expected());
/// # Ok::<(), retrigger::ReplayError>(())
/// ```
#[derive(Clone)]
pub struct Replay {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) filter: Option<String>,
    pub(crate) snapshot: Option<PathBuf>,
    pub(crate) jobs: usize,
    fail_fast: bool,
    build: bool,
    fresh: bool,
    /// The time before which no snapshot may have been taken.
    not_before: Option<jiff::Timestamp>,
    handlers: BTreeMap<String, SharedHandler>,
    handler: Option<SharedHandler>,
    pub(crate) calls: CallSettings,
}

/// Why a run could not take place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Recordings cannot be found or read.
    #[error(transparent)]
    Recording(#[from] retrigger_recording::Error),
    /// No recording has a name that contains the text to filter by.
    #[error("no recording has a name that contains `{0}`")]
    NothingSelected(String),
    /// A report could not be written, or the asynchronous runtime not be started.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Replay {
    /// A run over the recordings at and below `paths`: trees, function folders, recordings, or
    /// files in them.
    pub fn new<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            filter: None,
            snapshot: None,
            jobs: std::thread::available_parallelism().map_or(1, Into::into),
            fail_fast: false,
            build: true,
            fresh: false,
            not_before: None,
            handlers: BTreeMap::new(),
            handler: None,
            calls: CallSettings::default(),
        }
    }

    /// Only recordings whose name, `FUNCTION-FOLDER/RECORDING`, contains this text.
    #[must_use]
    pub fn filter(mut self, text: impl Into<String>) -> Self {
        self.filter = Some(text.into());
        self
    }

    /// Replays under this snapshot in place of each recording's own. Expectations stay, so that
    /// what changes shows as a difference.
    #[must_use]
    pub fn snapshot(mut self, folder: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(folder.into());
        self
    }

    /// How many recordings may run at once; as many as there are processors by default. A function
    /// has as many sandboxes as its recordings run at once.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Whether to start no further recording once one has failed.
    #[must_use]
    pub fn fail_fast(mut self, yes: bool) -> Self {
        self.fail_fast = yes;
        self
    }

    /// Whether to build functions that say how; otherwise what was built before is run.
    #[must_use]
    pub fn build(mut self, yes: bool) -> Self {
        self.build = yes;
        self
    }

    /// Runs this Rust handler in process for the function named `function` (the last part of its
    /// ARN), in place of a process of its own.
    #[must_use]
    pub fn in_process(mut self, function: impl Into<String>, handler: impl Handler) -> Self {
        self.handlers.insert(function.into(), SharedHandler(Arc::new(handler)));
        self
    }

    /// Runs this Rust handler in process for every function that [`in_process`](Self::in_process)
    /// names none for.
    #[must_use]
    pub fn handler(mut self, handler: impl Handler) -> Self {
        self.handler = Some(SharedHandler(Arc::new(handler)));
        self
    }

    /// Whether each recording gets a sandbox of its own, so that none finds what another left
    /// behind in the handler's process.
    #[must_use]
    pub fn fresh_sandboxes(mut self, yes: bool) -> Self {
        self.fresh = yes;
        self
    }

    /// A recording fails whose snapshot was taken before this time, whatever else it shows: the
    /// policies may be others by now. It is never taken anew.
    #[must_use]
    pub fn not_before(mut self, time: jiff::Timestamp) -> Self {
        self.not_before = Some(time);
        self
    }

    /// What becomes of the handler's AWS calls that are not recorded:
    /// [`RecordMode::None`] unless set otherwise. What is recorded is written to `calls.jsonl` of the
    /// recording when it has been replayed.
    #[must_use]
    pub fn record_calls(mut self, mode: RecordMode) -> Self {
        self.calls.mode = mode;
        self
    }

    /// Where the calls go that are to be recorded.
    #[must_use]
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.calls.upstream = Some(upstream);
        self
    }

    /// The value of a condition key of the handler's AWS calls that nothing shows, such as
    /// `aws:SourceVpce`. It goes before what is known. A key such as `${KeyId}` is a part of the
    /// resource's ARN that a call does not tell: which KMS key an alias stands for.
    #[must_use]
    pub fn assume(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.calls.assumed.add(key.into(), value.into());
        self
    }

    /// Refuses the handler's calls that need this action, as a statement of the execution role
    /// would: `ACTION` or `ACTION@ARN`, both with wildcards.
    ///
    /// # Errors
    ///
    /// Where IAM would not take such a statement.
    pub fn deny(mut self, what: &str) -> Result<Self, InvalidDenial> {
        self.calls.denied.push(calls::denial(what)?);
        Ok(self)
    }

    /// Replays all recordings and reports as they finish, in the order in which they were found.
    ///
    /// # Errors
    ///
    /// Where no recording is found, the snapshot given cannot be read, or a report cannot be
    /// written. A recording that cannot be replayed is no error: see [`Status::Invalid`].
    pub fn run(&self, reporter: &mut dyn Reporter) -> Result<Totals, ReplayError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.run_async(reporter))
    }

    /// The same within a tokio runtime. Dropping the future ends all handler processes.
    pub async fn run_async(&self, reporter: &mut dyn Reporter) -> Result<Totals, ReplayError> {
        let started = Instant::now();
        let found = self.select()?;
        reporter.event(&Event::RunStarted { recordings: found.len() })?;
        let functions = self.prepare(&found, reporter).await?;
        let mut waiting: VecDeque<Job> =
            found.iter().filter_map(|found| self.job(found, &functions)).collect();
        let mut running: VecDeque<Running> = VecDeque::new();
        let mut totals = Totals::default();
        loop {
            while running.len() < self.jobs {
                let Some(job) = waiting.pop_front() else { break };
                running.push_back(Running(tokio::spawn(one::replay(job))));
            }
            let Some(mut first) = running.pop_front() else { break };
            let events = (&mut first.0).await.map_err(io::Error::other)?;
            let status = report(&events, reporter)?;
            totals.add(status);
            if self.fail_fast && matches!(status, Status::Failed | Status::Invalid) {
                totals.not_run = waiting.len() + running.len();
                break;
            }
        }
        running.clear();
        for function in functions.values() {
            if let Ok(pool) = &function.pool {
                pool.shutdown().await;
            }
        }
        reporter.event(&Event::RunFinished { totals, duration: started.elapsed() })?;
        Ok(totals)
    }

    fn job(&self, found: &RecordingPath, functions: &BTreeMap<PathBuf, Function>) -> Option<Job> {
        let Function { folder, pool, snapshot } = functions.get(&found.function)?;
        Some(Job {
            id: id_of(found),
            folder: Arc::clone(folder),
            pool: pool.clone(),
            snapshot: snapshot.clone(),
            not_before: self.not_before,
            calls: self.calls.clone(),
        })
    }

    pub(crate) fn select(&self) -> Result<Vec<RecordingPath>, ReplayError> {
        let mut found = discover(&self.paths)?;
        if let Some(text) = &self.filter {
            found.retain(|recording| recording.name.contains(text));
            if found.is_empty() {
                return Err(ReplayError::NothingSelected(text.clone()));
            }
        }
        Ok(found)
    }

    /// Reads and builds every function that has a recording to replay.
    async fn prepare(
        &self,
        found: &[RecordingPath],
        reporter: &mut dyn Reporter,
    ) -> Result<BTreeMap<PathBuf, Function>, ReplayError> {
        let mut functions = BTreeMap::new();
        for path in found.iter().map(|recording| &recording.function) {
            if !functions.contains_key(path) {
                let folder = Arc::new(FunctionFolder::load(path)?);
                let snapshot = match &self.snapshot {
                    Some(path) => Some(Arc::new(Snapshot::load(path, &folder)?)),
                    None => None,
                };
                let pool = self.pool(&folder, reporter).await?;
                functions.insert(path.clone(), Function { folder, pool, snapshot });
            }
        }
        Ok(functions)
    }

    async fn pool(
        &self,
        folder: &Arc<FunctionFolder>,
        reporter: &mut dyn Reporter,
    ) -> Result<Result<Arc<Pool>, FileFinding>, ReplayError> {
        let handler = self.handlers.get(folder.function().arn.name()).or(self.handler.as_ref());
        let handler = handler.cloned();
        let needs_build = folder.function().build.is_some() && handler.is_none() && self.build;
        if !needs_build {
            let config = pool::config(folder, None);
            let pool = Pool::new(config, handler, self.fresh).with_gateways(&self.calls);
            return Ok(Ok(Arc::new(pool)));
        }
        let name = folder.function().arn.name().to_owned();
        reporter.event(&Event::Building { function: name })?;
        let building = Arc::clone(folder);
        let built = tokio::task::spawn_blocking(move || build::build(&building)).await;
        Ok(match built.map_err(io::Error::other)? {
            Ok(executable) => {
                let pool = Pool::new(pool::config(folder, executable), None, self.fresh);
                Ok(Arc::new(pool.with_gateways(&self.calls)))
            }
            Err(error) => {
                let file = folder.path().join(retrigger_recording::FUNCTION_FILE);
                let finding = one::whole_file(&file, error.to_string());
                Err(FileFinding { help: error.help().map(str::to_owned), ..finding })
            }
        })
    }
}

/// A function that has recordings to replay.
struct Function {
    folder: Arc<FunctionFolder>,
    /// Its sandboxes, or why it has none.
    pool: Result<Arc<Pool>, FileFinding>,
    /// A snapshot to use in place of each recording's own.
    snapshot: Option<Arc<Snapshot>>,
}

/// A recording under way, which ends when it is dropped.
struct Running(JoinHandle<Vec<Event>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn id_of(recording: &RecordingPath) -> RecordingId {
    let (function, name) = recording.name.split_once('/').unwrap_or(("", &recording.name));
    RecordingId {
        function: function.to_owned(),
        name: name.to_owned(),
        path: recording.folder.clone(),
    }
}

/// Reports the events of a recording; gives how it ended.
fn report(events: &[Event], reporter: &mut dyn Reporter) -> io::Result<Status> {
    let mut status = Status::Invalid;
    for event in events {
        if let Event::RecordingFinished(finished) = event {
            status = finished.status;
        }
        reporter.event(event)?;
    }
    Ok(status)
}
