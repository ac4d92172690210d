//! A workload made ready to be decided, with nothing left to do but that.

use std::collections::BTreeMap;

use retrigger::iam::{CompiledPolicySet, Decision, Policy, PolicySet, RequestRef};

use super::workload::{Case, Workload, delegated_account, delegating, parse};

/// A workload made ready: compiled policy sets, and each request with the one that it is about.
pub(crate) struct Prepared {
    sets: Vec<CompiledPolicySet>,
    cases: Vec<(usize, RequestRef<'static>)>,
}

impl Prepared {
    /// Compiles the policies of a workload, once for each resource's policy.
    pub(crate) fn new(
        workload: &Workload,
        compile: impl Fn(PolicySet) -> CompiledPolicySet,
    ) -> Self {
        let mut sets = vec![compile(workload.documents.policy_set())];
        let mut by_name = BTreeMap::new();
        let mut add = |name, policy: &dyn Fn() -> Policy| {
            *by_name.entry(name).or_insert_with(|| {
                sets.push(sets[0].with_resource(Some(policy())));
                sets.len() - 1
            })
        };
        let mut set_of = |case: &Case| match &case.resource_policy {
            Some(name) => add(name.clone(), &|| parse(&workload.documents.resource[name])),
            None => delegated_account(&case.request)
                .map_or(0, |account| add(account.to_owned(), &|| delegating(account))),
        };
        // The requests are kept as long as the bench runs, so that they can be borrowed from.
        let cases = workload.cases.iter().map(|case| {
            let request = Box::leak(Box::new(case.request.clone()));
            (set_of(case), RequestRef::from(&*request))
        });
        let cases = cases.collect();
        Self { sets, cases }
    }

    /// How many requests there are.
    pub(crate) fn len(&self) -> usize {
        self.cases.len()
    }

    /// The decision on one request.
    pub(crate) fn decide(&self, index: usize) -> Decision {
        let (set, request) = &self.cases[index];
        self.sets[*set].decide_ref(request)
    }

    /// Panics where a decision is not the expected one.
    #[track_caller]
    pub(crate) fn check(&self, workload: &Workload) {
        for (index, case) in workload.cases.iter().enumerate() {
            assert_eq!(self.decide(index), case.expect, "request {index} of {}", workload.name);
        }
    }
}
