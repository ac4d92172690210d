//! Polling a queue or a stream as an event source mapping does, and recording every batch.
//!
//! ```text
//! may the role poll? ─▶ receive ─▶ filter ─▶ batch ─▶ as a replay: decide, run ─▶ record
//!                          ▲                                                        │
//!                          └──────── delete, or move on ◀── what becomes of each ◀──┘
//! ```
//!
//! The mapping is the one that the snapshot has of the source: its batch size and window, filter
//! criteria, function response types and error handling. Whatever reads the source implements
//! [`Queue`] or [`Stream`]; nothing here uses the network.
//!
//! A batch is recorded before its messages are deleted, so that nothing is lost where a recording
//! cannot be written. Messages that are not deleted come again after the queue's visibility
//! timeout, and the queue itself moves them to its dead-letter queue.
//!
//! One batch is processed at a time; Lambda processes several of a standard queue at once.

#[cfg(feature = "aws")]
mod aws;
mod mapping;
mod queue;
mod source;
mod stream;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use retrigger_recording::{Anonymize, FunctionFolder, Snapshot};
use retrigger_runtime::Handler;
use retrigger_trigger::FilterError;

pub use source::{Page, Position, Queue, Shard, SourceError, SourceFuture, Stream, StreamRecord};

use crate::{
    event::Decided,
    record::RecordError,
    replay::{
        build,
        pool::{self, Pool, SharedHandler},
    },
    reporter::Reporter,
};
use mapping::Mapped;

/// How long a queue is asked for messages at a time, at most. Source: Amazon SQS Developer Guide,
/// "Amazon SQS short and long polling".
const LONG_POLL: Duration = Duration::from_secs(20);

/// How long to ask before a queue is taken for empty: any long poll asks all of its servers.
const SHORT_POLL: Duration = Duration::from_secs(2);

/// What is polled for, and how long.
#[derive(Clone)]
pub struct Poll {
    function: PathBuf,
    snapshot: Option<PathBuf>,
    batches: Option<u64>,
    until_empty: bool,
    retries: u32,
    anonymize: Vec<Anonymize>,
    build: bool,
    handler: Option<SharedHandler>,
}

/// What polling came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polled {
    /// Batches that the function was given, each with a recording.
    pub batches: u64,
    /// Messages or records in them.
    pub items: u64,
    /// Those that are done with: deleted, or behind the checkpoint.
    pub done: u64,
    /// Those that come again.
    pub again: u64,
    /// Those that are given up: sent to the dead-letter queue or the destination, or discarded.
    pub given_up: u64,
    /// Messages or records that the filter criteria kept from the function.
    pub filtered_out: u64,
    /// Batches of a stream that were left although the mapping retries them further.
    pub left: u64,
}

/// Why polling ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PollError {
    /// The function folder or the snapshot cannot be read.
    #[error(transparent)]
    File(#[from] retrigger_recording::Error),
    /// The function cannot be built.
    #[error("{message}")]
    Build {
        /// Why.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// The snapshot has no mapping of the source.
    #[error(
        "the snapshot has no event source mapping of {source_arn}: nothing polls it for the \
         function"
    )]
    NoMapping {
        /// The queue or stream.
        source_arn: String,
    },
    /// The mapping is not enabled.
    #[error(
        "the event source mapping of {source_arn} is `{state}`: AWS polls when it is `Enabled`"
    )]
    NotEnabled {
        /// The queue or stream.
        source_arn: String,
        /// The state it has.
        state: String,
    },
    /// The mapping's filter criteria cannot be read.
    #[error("the event source mapping's filter criteria: {0}")]
    Filter(#[from] FilterError),
    /// The execution role may not poll, or Lambda may not assume it.
    #[error("{}", denied.message.as_deref().unwrap_or("a policy asks for what is not known here"))]
    Denied {
        /// The decision.
        denied: Box<Decided>,
    },
    /// What is needed to decide or to run the function is missing or wrong.
    #[error("{0}")]
    Undecidable(String),
    /// The source cannot be read.
    #[error("{0}")]
    Source(SourceError),
    /// A batch cannot be recorded. Its messages come again.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A report cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl std::fmt::Debug for Poll {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poll").field("function", &self.function).finish_non_exhaustive()
    }
}

impl Poll {
    /// For the function whose folder this is, until it is told to stop.
    pub fn new(function: impl Into<PathBuf>) -> Self {
        Self {
            function: function.into(),
            snapshot: None,
            batches: None,
            until_empty: false,
            retries: 2,
            anonymize: Vec::new(),
            build: true,
            handler: None,
        }
    }

    /// Polls under this snapshot, taken from the function folder, in place of `snapshot`.
    #[must_use]
    pub fn snapshot(self, folder: impl Into<PathBuf>) -> Self {
        Self { snapshot: Some(folder.into()), ..self }
    }

    /// Ends after so many batches.
    #[must_use]
    pub fn batches(self, batches: u64) -> Self {
        Self { batches: Some(batches), ..self }
    }

    /// Ends once the source has nothing more to give.
    #[must_use]
    pub fn until_empty(self, yes: bool) -> Self {
        Self { until_empty: yes, ..self }
    }

    /// How often a batch of a stream is retried that the mapping retries until it expires; 2 by
    /// default.
    #[must_use]
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// Replaces these in what is recorded, besides what `function.toml` asks for.
    #[must_use]
    pub fn anonymize(self, kinds: &[Anonymize]) -> Self {
        Self { anonymize: kinds.to_vec(), ..self }
    }

    /// Whether to build a function that says how; otherwise what was built before is run.
    #[must_use]
    pub fn build(self, yes: bool) -> Self {
        Self { build: yes, ..self }
    }

    /// Runs this Rust handler in process, in place of a process of its own.
    #[must_use]
    pub fn handler(self, handler: impl Handler) -> Self {
        Self { handler: Some(SharedHandler(Arc::new(handler))), ..self }
    }

    /// Polls a queue. `shutdown` ends it: a batch that runs comes to its end, messages that wait
    /// for a batch come again.
    ///
    /// # Errors
    ///
    /// Where the function, its snapshot or the mapping cannot be read, the execution role may not
    /// poll, the queue cannot be read, or a recording cannot be written.
    pub async fn queue(
        &self,
        queue: &mut impl Queue,
        reporter: &mut dyn Reporter,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Polled, PollError> {
        let mut mapped = self.open(queue.arn()).await?;
        let polled = queue::poll(self, &mut mapped, queue, reporter, shutdown).await;
        mapped.shut_down().await;
        polled
    }

    /// Polls a stream, shard by shard, from where the mapping says it starts.
    ///
    /// # Errors
    ///
    /// As [`queue`](Self::queue).
    pub async fn stream(
        &self,
        stream: &mut impl Stream,
        reporter: &mut dyn Reporter,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Polled, PollError> {
        let mut mapped = self.open(stream.arn()).await?;
        let polled = stream::poll(self, &mut mapped, stream, reporter, shutdown).await;
        mapped.shut_down().await;
        polled
    }

    async fn open(&self, source_arn: &str) -> Result<Mapped, PollError> {
        let folder = Arc::new(FunctionFolder::load(&self.function)?.anonymize(&self.anonymize));
        let path = self.snapshot.as_deref().unwrap_or_else(|| Path::new("snapshot"));
        let snapshot = Arc::new(Snapshot::load(folder.path().join(path), &folder)?);
        let mut mapped = Mapped::new(folder, snapshot, source_arn)?;
        mapped.check()?;
        mapped.pool = Some(self.pool(mapped.folder()).await?);
        Ok(mapped)
    }

    async fn pool(&self, folder: &Arc<FunctionFolder>) -> Result<Arc<Pool>, PollError> {
        let mut executable = None;
        if self.build && self.handler.is_none() {
            let building = Arc::clone(folder);
            let built = tokio::task::spawn_blocking(move || build::build(&building)).await;
            executable = built.map_err(io::Error::other)?.map_err(|error| PollError::Build {
                message: error.to_string(),
                help: error.help().map(str::to_owned),
            })?;
        }
        let config = pool::config(folder, executable);
        Ok(Arc::new(Pool::new(config, self.handler.clone(), false)))
    }

    fn is_over(&self, polled: &Polled) -> bool {
        self.batches.is_some_and(|batches| polled.batches >= batches)
    }
}

impl PollError {
    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoMapping { source_arn } => Some(format!(
                "make one with `retrigger trigger add` and `--source-arn {source_arn}`, or take \
                 the snapshot again"
            )),
            Self::Build { help, .. } => help.clone(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
