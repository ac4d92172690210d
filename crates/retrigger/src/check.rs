//! Policy unit tests: authorization requests with the decision each must get.
//!
//! A check file holds cases as JSON Lines, as a JSON array, or as YAML (a list, or one document a
//! case). Each case is one object:
//!
//! | field | meaning |
//! |---|---|
//! | `id` | unique name |
//! | `request` | a [`Request`](retrigger_iam::Request): `principal`, `action`, `resource`, `resource_account`, `context`, `unknown_context`, … |
//! | `policies` | `identity` (list), `resource`, `boundary`, `session` (list), `scps` and `rcps` (list of levels, each a list), `endpoint` (list) |
//! | `expect` | `Allowed`, `ExplicitlyDenied`, `ImplicitlyDenied` or, with unknown keys, `Undecided` |
//! | `disputed`, `docs_expect` | `expect` deviates from AWS's documentation, which says `docs_expect` |
//! | `confidence` | why the expectation is less than settled |
//! | `source`, `kind`, `note`, `also` | remarks |
//!
//! A case that is `disputed` without `docs_expect`, or that has a `confidence`, is reported but
//! does not fail a run. A case with a policy that cannot be evaluated never passes; nor does one of
//! which the plain and the compiled evaluator think differently.

mod case;
mod file;

use retrigger_iam::{Decision, Explanation, Finding, PolicySet, Severity};
use serde::Serialize;

pub use case::{Case, Policies};
pub(crate) use file::without_place;
pub use file::{CheckError, read_cases};

/// What a case got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The case's name.
    pub id: String,
    /// The decision it got.
    pub decision: Decision,
    /// The decision it must get.
    pub expected: Decision,
    /// Whether the two are equal.
    pub pass: bool,
    /// Why the decision is what it is, in a sentence.
    pub reason: String,
    /// Whether the expectation is settled; a case of which it is not fails no run.
    #[serde(skip)]
    pub settled: bool,
}

/// The totals of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All cases.
    pub cases: usize,
    /// Those that got what they must.
    pub passed: usize,
    /// Those that did not.
    pub failed: usize,
    /// Those that did not, where the expectation is not settled.
    pub failed_unsettled: usize,
}

impl Totals {
    /// Counts one more result.
    pub fn add(&mut self, result: &CaseResult) {
        self.cases += 1;
        match (result.pass, result.settled) {
            (true, _) => self.passed += 1,
            (false, true) => self.failed += 1,
            (false, false) => self.failed_unsettled += 1,
        }
    }
}

/// The policies of a case, ready to decide, and what is wrong with them. A document that cannot be
/// evaluated is left out, and so allows and denies nothing.
pub fn policies_of(case: &Case) -> (PolicySet, Vec<Finding>) {
    case.policies.parse()
}

/// Whether every document of a case can be evaluated.
pub(crate) fn is_complete(case: &Case, policies: &PolicySet) -> bool {
    policies.policies().count() == case.policies.documents().count()
}

/// Decides a case: by the compiled evaluator, and again by the plain one, which says why.
pub fn run(case: &Case) -> CaseResult {
    let (policies, findings) = policies_of(case);
    let is_complete = is_complete(case, &policies);
    let compiled = policies.compile();
    let decision = compiled.decide(&case.request);
    let explanation = compiled.explain(&case.request);
    let expected = case.expected();
    let is_agreed = decision == explanation.decision;
    let mut reason = reason(&explanation, case, &findings);
    if !is_agreed {
        let plain = explanation.decision;
        reason = format!("the plain evaluator decides {plain}: a bug of ours; {reason}");
    }
    CaseResult {
        id: case.id.clone(),
        decision,
        expected,
        pass: is_complete && is_agreed && decision == expected,
        reason,
        settled: case.is_settled() || !is_agreed,
    }
}

/// What decided, or AWS's own words with what the nearest statement missed; then what is wrong
/// with the policies.
fn reason(explanation: &Explanation, case: &Case, findings: &[Finding]) -> String {
    let mut parts = vec![match (&explanation.denial, explanation.deciding().next()) {
        (Some(denial), _) => denial.message(&case.request),
        _ if !explanation.hangs_on.is_empty() => {
            format!("hangs on unknown keys: {}", explanation.hangs_on.join(", "))
        }
        (None, Some(statement)) => format!("statement {} allows", statement.label()),
        (None, None) => "allowed without a statement".to_owned(),
    }];
    if explanation.decision == Decision::ImplicitlyDenied
        && let Some(nearest) = explanation.nearest_misses().first()
    {
        let label = nearest.label();
        parts.extend(nearest.misses.iter().map(|miss| format!("statement {label} misses {miss}")));
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    parts.extend(errors.map(|finding| format!("policy: {}", finding.message)));
    parts.join("; ")
}
