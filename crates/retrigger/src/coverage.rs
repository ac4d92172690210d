//! Which statements of which policies the recordings exercise, and what could be changed in them
//! without any recording noticing.
//!
//! ```text
//! recordings ─▶ asked: what each asks, under which policies ─▶ exercised: statements that apply
//!                                                           └▶ mutants: a statement removed, a
//!                                                              condition dropped, a resource
//!                                                              widened: does a decision change?
//! ```
//!
//! The handler is not run. A statement counts as exercised where it applies to a request, whether
//! or not another one would do in its place: that is what removing it shows.
//!
//! ```no_run
//! use retrigger::coverage::Coverage;
//!
//! let report = Coverage::new(["recordings"]).run()?;
//! for statement in report.statements().filter(|statement| !statement.is_exercised()) {
//!     println!("{} is exercised by no recording", statement.title());
//! }
//! # Ok::<(), retrigger::coverage::CoverageError>(())
//! ```

mod asked;
mod known;
mod mutants;

use std::path::PathBuf;

use retrigger_iam::Effect;
use retrigger_recording::Snapshot;
use serde::Serialize;

pub(crate) use asked::AskedByRecording;

use crate::{Place, event::RecordingId, replay::Replay};
use known::KnownPolicies;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Coverage {
    replay: Replay,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// Recordings cannot be found, or none is selected.
    #[error(transparent)]
    Selection(#[from] crate::ReplayError),
    /// A file cannot be read.
    #[error(transparent)]
    Recording(#[from] retrigger_recording::Error),
    /// A recording cannot be decided.
    #[error("{recording}: {message}")]
    Undecidable {
        /// Which one.
        recording: RecordingId,
        /// Why, and what to do about it.
        message: String,
    },
}

/// What recordings exercise.
#[derive(Clone, Debug, Serialize)]
pub struct CoverageReport {
    /// How many recordings there are.
    pub recordings: usize,
    /// How many authorization requests they make.
    pub requests: usize,
    /// Those that are not decided, as they hang on what nothing shows. The statements that they hang
    /// on count as exercised by none of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<UndecidedRequest>,
    /// The policies that bear on them, by file and name.
    pub policies: Vec<PolicyCoverage>,
}

/// A request of which nothing shows how AWS decides it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndecidedRequest {
    /// Which recording makes it.
    pub recording: RecordingId,
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The ARN of the resource, or `*`.
    pub resource: String,
    /// What the decision hangs on, for [`Coverage::assume`]: condition keys, and parts of the
    /// resource's ARN.
    pub hangs_on: Vec<String>,
}

/// What of one policy document is exercised.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyCoverage {
    /// What it is called, such as ``policy of function `demo` ``.
    pub policy: String,
    /// The file that has it.
    pub file: PathBuf,
    /// Its statements, in order.
    pub statements: Vec<StatementCoverage>,
}

/// What of one statement is exercised.
#[derive(Clone, Debug, Serialize)]
pub struct StatementCoverage {
    /// The policy that it is of.
    pub policy: String,
    /// Its id in backticks, or its number in the policy.
    pub label: String,
    /// What it does where it applies.
    pub effect: Effect,
    /// Where it stands.
    pub place: Place,
    /// The recordings that make a request which it applies to.
    pub exercised_by: Vec<RecordingId>,
    /// Its action patterns.
    pub actions: Vec<ActionCoverage>,
    /// What could be changed in it, and who notices.
    pub mutants: Vec<Mutant>,
}

/// One pattern among a statement's actions; none of `NotAction`.
#[derive(Clone, Debug, Serialize)]
pub struct ActionCoverage {
    /// As written.
    pub pattern: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it covers the action of a request that the statement applies to.
    pub is_exercised: bool,
}

/// A change to a statement, and the recordings of which it changes a decision.
#[derive(Clone, Debug, Serialize)]
pub struct Mutant {
    /// What is changed.
    #[serde(flatten)]
    pub mutation: Mutation,
    /// Where.
    pub place: Place,
    /// The recordings that notice.
    pub noticed_by: Vec<RecordingId>,
}

/// What is changed in a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "mutation", rename_all = "kebab-case")]
pub enum Mutation {
    /// It is removed.
    RemoveStatement,
    /// A condition need not hold.
    DropCondition {
        /// Its operator, as written.
        operator: String,
        /// Its key, as written.
        key: String,
    },
    /// Its resource is `*`.
    WidenResource,
}

impl Coverage {
    /// Looks at the recordings at and below `paths`.
    pub fn new<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self { replay: Replay::new(paths) }
    }

    /// Only recordings whose name, `FUNCTION-FOLDER/RECORDING`, contains this text.
    #[must_use]
    pub fn filter(self, text: impl Into<String>) -> Self {
        Self { replay: self.replay.filter(text) }
    }

    /// Decides under this snapshot in place of each recording's own.
    #[must_use]
    pub fn snapshot(self, folder: impl Into<PathBuf>) -> Self {
        Self { replay: self.replay.snapshot(folder) }
    }

    /// The value of a condition key of the handler's calls that nothing shows, such as
    /// `aws:SourceVpce`, or of a part of an ARN, such as `${KeyId}`.
    #[must_use]
    pub fn assume(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { replay: self.replay.assume(key, value) }
    }

    /// Decides all that the recordings ask, with each change to each statement.
    ///
    /// # Errors
    ///
    /// Where no recording is found, or one cannot be read or decided. Recordings that must not be
    /// loadable are passed over.
    pub fn run(&self) -> Result<CoverageReport, CoverageError> {
        let recordings = self.asked()?;
        let mut known = KnownPolicies::default();
        for (number, recording) in recordings.iter().enumerate() {
            known.add(number, recording);
        }
        let requests = recordings.iter().map(|recording| recording.asked.len()).sum();
        let undecided =
            recordings.iter().flat_map(|recording| recording.undecided.clone()).collect();
        let policies = known.report(&recordings);
        Ok(CoverageReport { recordings: recordings.len(), requests, undecided, policies })
    }

    /// What each recording asks.
    pub(crate) fn asked(&self) -> Result<Vec<AskedByRecording>, CoverageError> {
        let assumed = &self.replay.calls.assumed;
        asked::all(&self.replay.select()?, assumed, |folder| match &self.replay.snapshot {
            Some(path) => Ok(Some(Snapshot::load(path, folder)?)),
            None => Ok(None),
        })
    }
}

impl CoverageReport {
    /// All statements.
    pub fn statements(&self) -> impl Iterator<Item = &StatementCoverage> {
        self.policies.iter().flat_map(|policy| &policy.statements)
    }

    /// Whether every statement is exercised and every change noticed.
    pub fn is_complete(&self) -> bool {
        self.statements().all(|one| one.is_exercised() && one.survivors().next().is_none())
    }
}

impl StatementCoverage {
    /// Whether it applies to a request of a recording.
    pub fn is_exercised(&self) -> bool {
        !self.exercised_by.is_empty()
    }

    /// Such as ``statement `alb` of policy of function `demo` ``.
    pub fn title(&self) -> String {
        format!("statement {} of {}", self.label, self.policy)
    }

    /// The changes that no recording notices; none where no recording exercises the statement, as
    /// that says it all.
    pub fn survivors(&self) -> impl Iterator<Item = &Mutant> {
        let mutants = if self.is_exercised() { self.mutants.as_slice() } else { &[] };
        mutants.iter().filter(|mutant| mutant.noticed_by.is_empty())
    }
}
