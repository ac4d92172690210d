//! Requests with their policies and the decisions that they must get.

use retrigger_iam::{CompiledPolicySet, Decision, Policy, PolicySet, Request, Severity};
use serde::Serialize;

use crate::check::{self, Case};

/// Requests with their policies and the decisions that they must get.
#[derive(Clone, Debug)]
pub struct Workload {
    pub(super) name: String,
    pub(super) callers: Vec<Caller>,
    pub(super) questions: Vec<Question>,
}

/// The policies that several requests share, and the resource policies that some add to them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Caller {
    pub(super) policies: PolicySet,
    pub(super) resources: Vec<Policy>,
    /// Resource policies that nobody wrote and that AWS always has; they come after `resources`.
    pub(super) assumed: Vec<Policy>,
}

impl Caller {
    /// A caller whose requests all have the resource policy of `policies`, or none.
    pub(super) fn new(policies: PolicySet) -> Self {
        Self { policies, resources: Vec::new(), assumed: Vec::new() }
    }

    /// The resource policies that some requests have.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = &Policy> {
        self.resources.iter().chain(&self.assumed)
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) id: String,
    pub(super) caller: usize,
    /// Which of the caller's alternatives stands in for the resource policy of its own.
    pub(super) resource: Option<usize>,
    pub(super) request: Request,
    pub(super) expect: Decision,
    /// Whether another decision is a mismatch.
    pub(super) is_settled: bool,
    /// Why no decision would be right.
    pub(super) broken: Option<String>,
}

/// A request that did not get the decision that it must get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The request's name.
    pub id: String,
    /// The decision that it must get.
    pub expected: Decision,
    /// The one that it got.
    pub decision: Decision,
    /// A policy that cannot be evaluated, so that no decision would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

impl Workload {
    /// What results call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many requests it has.
    pub fn requests(&self) -> usize {
        self.questions.len()
    }

    /// How many policy sets its requests are decided under.
    pub fn policy_sets(&self) -> usize {
        self.callers.iter().map(|caller| 1 + caller.resources.len()).sum()
    }

    /// How many statements its policies have, each policy counted once.
    pub fn statements(&self) -> usize {
        let policies = self
            .callers
            .iter()
            .flat_map(|caller| caller.policies.policies().chain(&caller.resources));
        policies.map(|policy| policy.statements.len()).sum()
    }

    /// The cases of a check file, each with policies of its own.
    pub(super) fn of_cases(name: &str, cases: Vec<Case>) -> Self {
        let mut workload =
            Self { name: name.to_owned(), callers: Vec::new(), questions: Vec::new() };
        for case in cases {
            let (policies, findings) = check::policies_of(&case);
            let error = findings.into_iter().find(|finding| finding.severity == Severity::Error);
            let what = || error.map_or("a policy".to_owned(), |finding| finding.message);
            workload.questions.push(Question {
                caller: workload.callers.len(),
                resource: None,
                expect: case.expected(),
                is_settled: case.is_settled(),
                broken: (!check::is_complete(&case, &policies)).then(what),
                id: case.id,
                request: case.request,
            });
            workload.callers.push(Caller::new(policies));
        }
        workload
    }

    /// The requests whose decision by the compiled evaluator is not the one that they must get.
    pub fn mismatches(&self) -> Vec<Mismatch> {
        self.mismatches_under(&self.compile())
    }

    /// Every policy set of the workload, compiled; [`Workload::sets`] says which is whose.
    pub(super) fn compile(&self) -> Vec<CompiledPolicySet> {
        compile(self.callers.clone())
    }

    /// For each question the index of its policy set among all: a caller's own, then those with
    /// each of its resource policies.
    pub(super) fn sets(&self) -> Vec<usize> {
        let mut first = Vec::with_capacity(self.callers.len());
        let mut next = 0;
        for caller in &self.callers {
            first.push(next);
            next += 1 + caller.alternatives().count();
        }
        let set = |question: &Question| {
            first[question.caller] + question.resource.map_or(0, |index| index + 1)
        };
        self.questions.iter().map(set).collect()
    }

    pub(super) fn mismatches_under(&self, sets: &[CompiledPolicySet]) -> Vec<Mismatch> {
        let asked = self.questions.iter().zip(self.sets());
        let decided = asked.map(|(question, set)| (question, sets[set].decide(&question.request)));
        let mismatched = decided.filter(|(question, decision)| {
            question.is_settled && (question.broken.is_some() || *decision != question.expect)
        });
        mismatched
            .map(|(question, decision)| Mismatch {
                id: question.id.clone(),
                expected: question.expect,
                decision,
                broken: question.broken.clone(),
            })
            .collect()
    }
}

/// Compiles the policies of each caller once, and its resource policies beside them.
pub(super) fn compile(callers: Vec<Caller>) -> Vec<CompiledPolicySet> {
    let mut sets = Vec::new();
    for Caller { policies, resources, assumed } in callers {
        let base = policies.compile();
        let beside =
            resources.into_iter().chain(assumed).map(|policy| base.with_resource(Some(policy)));
        let beside: Vec<CompiledPolicySet> = beside.collect();
        sets.push(base);
        sets.extend(beside);
    }
    sets
}
