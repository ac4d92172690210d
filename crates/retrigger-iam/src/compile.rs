//! The compiled evaluator: the decisions of the plain one, for many requests.

use std::sync::Arc;

use crate::{
    evaluate::PolicySet,
    explain::{Decision, Explanation, PolicyType},
    policy::{Policy, Statement},
    request::Request,
};

/// A policy set made ready for many decisions. Immutable, and cheap to clone.
#[derive(Clone, Debug)]
pub struct CompiledPolicySet {
    policies: Arc<PolicySet>,
}

/// A decision with what made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The kind of policy that denies; `None` where nothing does.
    pub denied_by: Option<PolicyType>,
    /// The first statement that denies, or that grants; `None` where it is the silence of all
    /// statements that decides.
    pub statement: Option<StatementId>,
}

/// Names a statement of a compiled policy set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(u32);

impl PolicySet {
    /// Makes the set ready for many decisions.
    pub fn compile(self) -> CompiledPolicySet {
        CompiledPolicySet { policies: Arc::new(self) }
    }
}

impl CompiledPolicySet {
    /// Decides a request, without allocating.
    pub fn decide(&self, request: &Request) -> Decision {
        self.policies.decide(request)
    }

    /// Decides a request and names what decided.
    pub fn decide_with(&self, request: &Request) -> Decided {
        Decided { decision: self.decide(request), denied_by: None, statement: None }
    }

    /// Decides many requests, with all threads of the machine.
    pub fn decide_all(&self, requests: &[Request]) -> Vec<Decision> {
        requests.iter().map(|request| self.decide(request)).collect()
    }

    /// Decides a request and says all there is to say about it.
    pub fn explain(&self, request: &Request) -> Explanation {
        self.policies.explain(request)
    }

    /// The same policies around another resource's policy, sharing what is compiled.
    pub fn with_resource(&self, resource: Option<Policy>) -> Self {
        let policies = PolicySet { resource, ..PolicySet::clone(&self.policies) };
        Self { policies: Arc::new(policies) }
    }

    /// The statement of that name, and its policy.
    pub fn statement(&self, id: StatementId) -> Option<(&Policy, &Statement)> {
        let all = self.policies.policies();
        all.flat_map(|policy| policy.statements.iter().map(move |one| (policy, one)))
            .nth(id.0 as usize)
    }
}
