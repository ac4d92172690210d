//! What happens in a run, as one stream that every reporter reads.
//!
//! ```text
//! RunStarted
//!   Building *
//!   RecordingStarted ┐
//!   Classified       │
//!   Found *          │ contiguous for each recording, recordings in the order they were found,
//!   Decided *        │ however many run at once
//!   Called *         │ each before the decisions on it
//!   HandlerRan ?     │
//!   Settled ?        │
//!   Stale *          │
//!   RecordingFinished┘
//! RunFinished
//! ```

use std::{fmt, path::PathBuf, time::Duration};

use retrigger_iam::{Explanation, Request, Severity};
use retrigger_recording::{CallKey, Expected, Step};
use retrigger_trigger::{BatchOutcome, Classification};
use serde::Serialize;

use crate::place::Place;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A run begins.
    RunStarted {
        /// How many recordings it has.
        recordings: usize,
    },
    /// A function is built before its recordings are replayed.
    Building {
        /// Its name.
        function: String,
    },
    /// A recording begins.
    RecordingStarted {
        /// Which one.
        recording: RecordingId,
    },
    /// The payload, with what the recording declares, shows what triggered the function.
    Classified {
        /// What was found.
        classification: Classification,
    },
    /// Something is wrong with a file, or worth knowing about one.
    Found {
        /// What it is.
        finding: FileFinding,
    },
    /// An authorization request was decided.
    Decided(Box<Decided>),
    /// The handler made an AWS call.
    Called(Box<Called>),
    /// The handler ran.
    HandlerRan(HandlerRan),
    /// What becomes of the items of a batch.
    Settled {
        /// Item by item.
        batch: BatchOutcome,
    },
    /// Something that the recording expects, or lets vary, no longer applies to anything.
    Stale {
        /// What it is.
        finding: FileFinding,
    },
    /// A recording is done.
    RecordingFinished(Box<RecordingFinished>),
    /// The run is done.
    RunFinished {
        /// How many recordings ended how.
        totals: Totals,
        /// How long it took.
        #[serde(serialize_with = "milliseconds", rename = "duration_ms")]
        duration: Duration,
    },
}

/// A recording by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordingId {
    /// The name of the function folder.
    pub function: String,
    /// The path of the recording below it.
    pub name: String,
    /// The recording's folder.
    pub path: PathBuf,
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.function, self.name)
    }
}

/// A finding about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFinding {
    /// Whether the recording can be replayed all the same.
    pub severity: Severity,
    /// Where; a place without text means the whole file.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// An authorization request with its decision.
#[derive(Clone, Debug, Serialize)]
pub struct Decided {
    /// At which step of the replay.
    pub step: Step,
    /// What was asked.
    pub request: Request,
    /// The decision with everything that led to it.
    pub explanation: Explanation,
    /// AWS's own words, where denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The clauses to look at: those that decided or, where nothing applied, the nearest that
    /// missed.
    pub clauses: Vec<Clause>,
}

/// An AWS call of the handler.
#[derive(Clone, Debug, Serialize)]
pub struct Called {
    /// What it asked.
    pub key: CallKey,
    /// How it was answered.
    pub answered: CallAnswer,
    /// The HTTP status of the answer.
    pub status: u16,
    /// How many times the handler tried.
    pub attempts: u32,
    /// Why it has no recorded answer, or the upstream none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Where the answer to a call is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallAnswer {
    /// From the recording.
    Recorded,
    /// From the upstream: it is recorded now.
    Upstream,
    /// It is AWS's refusal.
    Refused,
    /// It is an error, as the call is not recorded.
    Unrecorded,
    /// It is an error, as the upstream did not answer.
    Failed,
}

/// A clause of a policy and what it did to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// The statement and what of it, such as
    /// ``statement `alb` of policy of function `demo` misses ArnLike on AWS:SourceArn``.
    pub title: String,
    /// What the request has instead; `None` where the statement decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// What the handler did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandlerRan {
    /// Its response as JSON, or as text where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<serde_json::Value>,
    /// The error as AWS reports it to the caller, always `Unhandled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_error: Option<serde_json::Value>,
    /// What it wrote to stdout and stderr.
    pub logs: Vec<String>,
    /// From handing over the event to having the answer.
    #[serde(serialize_with = "milliseconds", rename = "duration_ms")]
    pub duration: Duration,
    /// How long the sandbox took to start, where this recording started it.
    #[serde(
        serialize_with = "optional_milliseconds",
        rename = "init_duration_ms",
        skip_serializing_if = "Option::is_none"
    )]
    pub init_duration: Option<Duration>,
}

/// How a recording ended.
#[derive(Clone, Debug, Serialize)]
pub struct RecordingFinished {
    /// Which one.
    pub recording: RecordingId,
    /// How it ended.
    pub status: Status,
    /// What the replay showed, in the form of `expected.json`.
    pub actual: Expected,
    /// Where that differs from what it must show.
    pub differences: Vec<Difference>,
    /// How the handler's AWS calls differ from those recorded; told among the differences too.
    #[serde(skip)]
    pub calls: CallChanges,
    /// How long it took, the start of the handler included.
    #[serde(serialize_with = "milliseconds", rename = "duration_ms")]
    pub duration: Duration,
}

/// How the handler's AWS calls differ from those recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallChanges {
    /// The recorded calls that it no longer makes.
    pub unmade: Vec<CallKey>,
    /// The calls that it makes and that are not recorded.
    pub unrecorded: Vec<CallKey>,
}

/// How a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All that is expected was shown.
    Passed,
    /// Something differs from what is expected; or nothing is expected, and the function was
    /// denied or failed.
    Failed,
    /// Nothing is expected yet, and the handler ran to its end.
    New,
    /// It could not be replayed: a file is missing or broken, or the handler cannot be started.
    Invalid,
}

/// One difference between what a replay must show and what it showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs, such as `response`.
    pub what: String,
    /// What it must be.
    pub expected: String,
    /// What it was.
    pub actual: String,
}

/// How many recordings ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// [`Status::Passed`].
    pub passed: usize,
    /// [`Status::Failed`].
    pub failed: usize,
    /// [`Status::New`].
    pub new: usize,
    /// [`Status::Invalid`].
    pub invalid: usize,
    /// Not replayed, as another had failed and the run was to stop there.
    pub not_run: usize,
}

impl Totals {
    /// Counts one more recording.
    pub fn add(&mut self, status: Status) {
        match status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::New => self.new += 1,
            Status::Invalid => self.invalid += 1,
        }
    }

    /// Whether every recording showed what it must.
    pub fn all_as_expected(&self) -> bool {
        self.failed == 0 && self.invalid == 0
    }
}

fn milliseconds<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
}

#[expect(clippy::ref_option, reason = "the signature serde calls it with")]
fn optional_milliseconds<S: serde::Serializer>(
    duration: &Option<Duration>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => milliseconds(duration, to),
        None => to.serialize_none(),
    }
}
