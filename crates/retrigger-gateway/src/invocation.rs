//! What a gateway is told of an invocation, and what it tells of it.

use std::sync::Arc;

use retrigger_recording::{Call, CallKey};

use crate::{Authorize, Operation, Verdict};

/// What becomes of calls that are recorded, and of those that are not: as testers know the modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordMode {
    /// Nothing is recorded: a call that is not is answered with an error.
    #[default]
    None,
    /// An invocation of which no call is recorded goes to the upstream; any other is as with
    /// [`None`](Self::None).
    Once,
    /// Calls that are not recorded go to the upstream.
    New,
    /// All calls go to the upstream.
    All,
}

/// An invocation whose calls are answered.
#[derive(Clone)]
pub struct Invocation {
    /// The recorded calls.
    pub calls: Vec<Call>,
    /// The text of the event: what a call has from there is compared exactly.
    pub event: String,
    /// What becomes of calls that are not recorded.
    pub mode: RecordMode,
    /// Decides on the calls.
    pub authorize: Arc<dyn Authorize>,
}

/// A call among those of an invocation, in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub usize);

/// How a call was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// As recorded: with the call of this place, from 0.
    Recorded(usize),
    /// By the upstream.
    Upstream,
    /// Not allowed: with AWS's refusal. `recorded` is the place of the call that it would have been
    /// answered with.
    Refused {
        /// The place, from 0.
        recorded: Option<usize>,
    },
    /// With an error, as it is not recorded.
    Unrecorded {
        /// The nearest recorded call and what differs, in words.
        why: String,
    },
    /// With an error, as the upstream did not answer.
    Failed {
        /// What went wrong.
        why: String,
    },
    /// Not yet.
    Pending,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub struct ObservedCall {
    /// Which one.
    pub id: CallId,
    /// What it asked.
    pub operation: Operation,
    /// Its key, and how it was answered. Secrets stand in it as they came.
    pub call: Call,
    /// Where the answer is from.
    pub answered: Answered,
    /// What was decided.
    pub verdict: Verdict,
    /// How many times it was tried.
    pub attempts: u32,
}

/// What became of the calls of an invocation.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The calls made: those that are recorded in the order of the recording, then the others by
    /// their keys. It does not hang on the order in which they arrived.
    pub calls: Vec<ObservedCall>,
    /// The recorded calls that were not made.
    pub unmade: Vec<CallKey>,
    /// The requests that were no calls, in words: unsigned, wrongly signed, unknown to AWS.
    pub rejected: Vec<String>,
}
