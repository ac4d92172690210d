//! How fast decisions are: on a workload file, a check file, or the decisions of recordings.
//!
//! ```text
//! read_text ───────┐
//! read_recordings ─┼─▶ Workload ─▶ mismatches? ─ none ─▶ measure ─▶ Measured
//! generated ───────┘
//! ```
//!
//! A workload file is one JSON object:
//!
//! | field | meaning |
//! |---|---|
//! | `name` | what results call it; the file's name where there is none |
//! | `policies` | as in a [check file](crate::check), but `resource` maps names to documents |
//! | `requests` | a list of `{"id", "request", "expect"}` |
//!
//! `id` is a number or a text. `request` is a [`Request`](retrigger_iam::Request) with two more
//! fields: `resource_policy` names its resource's policy, without which there is none, and `role`
//! is another name of `session_issuer`.
//!
//! A workload whose `policies` have no `resource` at all says nothing of the policies of resources.
//! KMS keys and roles have one always, and are shut to their own account without; there they are
//! taken to be opened to it, as the policies are that AWS makes by default.
//!
//! # What is measured, and how
//!
//! Requests and compiled policy sets are made before anything is timed, and every request must
//! have got the decision that it must get. Requests are taken in an order that spreads over the
//! workload, so that the first few are a fair sample where time does not allow for all: a first
//! pass, which also warms up, shows how many it allows for.
//!
//! * **ns per decision**: a request is decided `k` times in a row between two looks at the clock,
//!   with `k` such that this takes some 20 µs, a thousand times what a look costs. A request's own
//!   figure is the median over as many rounds as time allows for; `ns_median` and `ns_p99` are the
//!   median and the 99th percentile over the requests. So `ns_p99` says what the slow requests
//!   cost, not how often something else had the processor. A request that is repeated finds all it
//!   needs in the cache.
//! * **decisions per second**: one request after the other, so that each finds in the cache what
//!   others left there; the median over passes of at least 1 ms. On all threads at once, each goes
//!   through the requests from a place of its own; the sum of the threads' medians. Medians do not
//!   show that another program had the processor for a while.
//! * **compile time**: from parsed policies to compiled ones, of all policy sets of the workload;
//!   the median of several times.
//! * **memory**: what the compiled policy sets hold on the heap once they have decided every
//!   request, their parsed policies included.
//! * **allocations per decision**: counted over one pass, after the first.
//! * **growth**: the same requests under every 1,000th, 100th and 10th of the statements of the
//!   caller's identity policies, where there are a hundred or more. For growth that does not hang
//!   on one's own policies there are [generated](Workload::generated) workloads.

mod evaluator;
mod file;
mod generated;
mod growth;
mod measure;
mod opened;
mod recordings;
mod timing;
mod workload;

pub use growth::Growth;
pub use measure::{Bench, Figures, Measured, Phase};
pub use timing::Timing;
pub use workload::{Mismatch, Workload};

/// What a piece of work took of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How often it allocated.
    pub allocations: u64,
    /// By how many bytes what it left behind is more than what it found.
    pub bytes_held: i64,
}

/// Counts allocations. Who owns the program's allocator implements it.
pub trait Meter {
    /// Does the work once, on this thread, and says what it took.
    fn measure(&self, work: &mut dyn FnMut()) -> Usage;
}

/// Why a workload cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A place in the text is not what it should be.
    #[error("{line}:{column}: {message}")]
    At {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// A check file is not what it should be.
    #[error(transparent)]
    Check(#[from] crate::check::CheckError),
    /// Recordings cannot be found or read.
    #[error(transparent)]
    Recording(#[from] retrigger_recording::Error),
    /// A recording cannot be decided.
    #[error("{name}: {message}")]
    Undecidable {
        /// The recording's name.
        name: String,
        /// Why, and what to do about it.
        message: String,
    },
    /// None of the recordings gets as far as a decision.
    #[error("{name}: no recording there makes a decision")]
    NoDecision {
        /// What was named.
        name: String,
    },
}
