//! The compiled evaluator: the decisions of the plain one, for many requests.
//!
//! [`PolicySet::compile`] reads every policy once and sorts its statements by what can make them
//! cover a request, so that a decision looks at the statements that can matter and at no other,
//! and allocates nothing. The plain evaluator ([`PolicySet::decide`]) says what is right; both
//! run the same suites, and random cases hold them equal.
//!
//! | step of the ladder | gives |
//! |---|---|
//! | [`decide_ref`](CompiledPolicySet::decide_ref) | the decision on a request that was looked at beforehand |
//! | [`decide`](CompiledPolicySet::decide) | the decision |
//! | [`decide_with`](CompiledPolicySet::decide_with) | and the statement that made it, or the kind of policy that denies by its silence |
//! | [`explain`](CompiledPolicySet::explain) | what every statement missed, from the plain evaluator |
//! | [`decide_all`](CompiledPolicySet::decide_all) | many decisions, on all threads |
//!
//! From the outside in: `index` finds the statements that can cover an action and a resource,
//! `build` makes it, `statement`, `clauses` and the matchers below them (`caller`, `resource`,
//! `condition`, `text`) say whether one does, and `decide` puts the kinds of policy together.
//! What several statements say in the same words is kept, and looked at, once.
//!
//! # Limits
//!
//! A pattern is matched in time that grows with the length of the text times that of the longest
//! run of the pattern between two `*`; a document holds at most
//! [`MAX_DOCUMENT_BYTES`](crate::MAX_DOCUMENT_BYTES). What no request of AWS holds can make a
//! decision allocate: a number or date that has the right form and is none. An action of more than
//! 96 bytes, and more than 48 levels of SCPs, which AWS has neither, are left to the plain
//! evaluator.

mod asked;
mod build;
mod caller;
mod clauses;
mod condition;
mod decide;
mod index;
mod key;
mod layers;
mod prefixes;
mod resource;
mod statement;
mod text;

use std::sync::Arc;

use rayon::prelude::*;

use self::{
    build::{Listed, Lookup},
    index::Index,
    layers::{BOUNDARY, ENDPOINT, IDENTITY, Layers, MAX_SCP_LEVELS, RCPS, SESSION},
};
use crate::{
    evaluate::{self, PolicySet},
    explain::{Decision, Explanation, PolicyType},
    policy::{self, Policy},
    request::Request,
    request_ref::RequestRef,
};

pub(crate) use self::{caller::Caller, key::Key, text::same};

/// How many decisions a thread takes at once: one takes less than a microsecond.
const AT_ONCE: usize = 1024;

/// A policy set made ready for many decisions.
///
/// Immutable, shared between threads at will, and cheap to clone.
///
/// ```
/// # use retrigger_iam::{Decision, PolicySet, Request};
/// let policy = r#"{"Version": "2012-10-17", "Statement": [
///     {"Sid": "read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
///     {"Sid": "keep", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret"}]}"#;
/// let policies = PolicySet { identity: vec![policy.parse().unwrap()], ..PolicySet::default() };
/// let compiled = policies.compile();
///
/// let caller = "arn:aws:iam::111122223333:user/alice".parse().unwrap();
/// let mut request = Request::new(caller, "s3:GetObject", "arn:aws:s3:::b/photo");
/// assert_eq!(compiled.decide(&request), Decision::Allowed);
/// request.resource = "arn:aws:s3:::b/secret".to_owned();
/// let decided = compiled.decide_with(&request);
/// let (_, statement) = compiled.statement(decided.statement.unwrap()).unwrap();
/// assert_eq!(statement.sid.as_ref().unwrap().value, "keep");
/// ```
#[derive(Clone, Debug)]
pub struct CompiledPolicySet {
    callers: Arc<Callers>,
    resource: Option<Arc<Resource>>,
}

/// All policies but the resource's own.
#[derive(Debug)]
struct Callers {
    policies: PolicySet,
    index: Index,
    /// The kinds of policy that there are.
    layers: Layers,
    has_boundary: bool,
    /// More levels of SCPs than are told apart.
    has_too_many_levels: bool,
    /// The first place behind the policies that are evaluated before the resource's own.
    resource_place: u32,
}

/// The resource's own policy.
#[derive(Debug)]
struct Resource {
    policy: Policy,
    index: Index,
}

/// A decision with what made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The kind of policy that denies, as AWS names it; `None` where nothing does.
    pub denied_by: Option<PolicyType>,
    /// The statement that decides, see [`CompiledPolicySet::statement`]: the first that denies in
    /// the order of evaluation or, where the request is allowed, the first that grants. That is
    /// one of the resource's policy where it grants by itself or in the place of identity
    /// policies, else one of the identity policies. `None` where no statement decides: for an
    /// implicit denial, for the root user, and for what is always allowed.
    pub statement: Option<StatementId>,
}

/// Names a statement of a compiled policy set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatementId {
    is_of_resource: bool,
    /// Its place among the statements of the resource's policy, or of all the others.
    place: u32,
}

impl StatementId {
    fn of_caller(place: u32) -> Self {
        Self { is_of_resource: false, place }
    }

    fn of_resource(place: u32) -> Self {
        Self { is_of_resource: true, place }
    }
}

impl PolicySet {
    /// Makes the set ready for many decisions.
    pub fn compile(self) -> CompiledPolicySet {
        self.compile_for(Lookup::Indexed)
    }

    /// As [`compile`](Self::compile), without the index: every decision tries one statement after
    /// the other. For measuring what the index gives.
    #[doc(hidden)]
    pub fn compile_linear(self) -> CompiledPolicySet {
        self.compile_for(Lookup::Linear)
    }

    fn compile_for(mut self, lookup: Lookup) -> CompiledPolicySet {
        let resource = self.resource.take();
        let resource = resource.map(|policy| Arc::new(Resource::new(policy, lookup)));
        CompiledPolicySet { callers: Arc::new(Callers::new(self, lookup)), resource }
    }
}

impl CompiledPolicySet {
    /// Decides a request. Allocates nothing.
    #[inline]
    pub fn decide(&self, request: &Request) -> Decision {
        self.decide_ref(&request.into())
    }

    /// Decides a request that is borrowed. Allocates nothing.
    #[inline]
    pub fn decide_ref(&self, request: &RequestRef<'_>) -> Decision {
        if self.is_beyond_limits(request) {
            return self.explain(&request.to_request()).decision;
        }
        decide::decide(self, request).decision()
    }

    /// Decides a request and names what decided. Allocates nothing.
    ///
    /// A decision costs the same; naming the statement costs as much again.
    pub fn decide_with(&self, request: &Request) -> Decided {
        let borrowed = request.into();
        if self.is_beyond_limits(&borrowed) {
            let Explanation { decision, denial, .. } = self.explain(request);
            let denied_by = denial.map(|denial| denial.policy_type);
            return Decided { decision, denied_by, statement: None };
        }
        decide::decide_with(self, &borrowed)
    }

    /// Decides many requests on all threads of the machine; the decisions come in the order of
    /// the requests.
    pub fn decide_all(&self, requests: &[Request]) -> Vec<Decision> {
        let decide = |request| self.decide(request);
        requests.par_iter().with_min_len(AT_ONCE).map(decide).collect()
    }

    /// As [`decide_all`](Self::decide_all), for requests that are borrowed.
    pub fn decide_all_ref(&self, requests: &[RequestRef<'_>]) -> Vec<Decision> {
        let decide = |request| self.decide_ref(request);
        requests.par_iter().with_min_len(AT_ONCE).map(decide).collect()
    }

    /// Decides a request and says all there is to say about it.
    pub fn explain(&self, request: &Request) -> Explanation {
        let resource = self.resource.as_ref().map(|resource| &resource.policy);
        evaluate::explain(&self.callers.policies, resource, request)
    }

    /// The same policies around another resource's policy, or around none. All else is shared
    /// with this set.
    pub fn with_resource(&self, resource: Option<Policy>) -> Self {
        let resource = resource.map(|policy| Arc::new(Resource::new(policy, Lookup::Indexed)));
        Self { callers: Arc::clone(&self.callers), resource }
    }

    /// A statement that [`decide_with`](Self::decide_with) of this set named, and its policy.
    pub fn statement(&self, id: StatementId) -> Option<(&Policy, &policy::Statement)> {
        let of_resource = self.resource.iter().map(|resource| &resource.policy);
        let of_callers = self.callers.policies.in_order().map(|(_, policy)| policy);
        let policies = of_resource
            .filter(|_| id.is_of_resource)
            .chain(of_callers.filter(|_| !id.is_of_resource));
        let mut statements =
            policies.flat_map(|policy| policy.statements.iter().map(move |one| (policy, one)));
        statements.nth(id.place as usize)
    }

    /// How many statements the set has.
    pub fn statements(&self) -> usize {
        let resource = self.resource.iter().map(|resource| &resource.policy);
        let callers = self.callers.policies.in_order().map(|(_, policy)| policy);
        resource.chain(callers).map(|policy| policy.statements.len()).sum()
    }

    fn policy_type(&self, id: StatementId) -> PolicyType {
        if id.is_of_resource {
            return PolicyType::Resource;
        }
        let mut place = id.place as usize;
        for (policy_type, policy) in self.callers.policies.in_order() {
            match place.checked_sub(policy.statements.len()) {
                Some(rest) => place = rest,
                None => return policy_type,
            }
        }
        PolicyType::Principal
    }

    #[inline]
    fn is_beyond_limits(&self, request: &RequestRef<'_>) -> bool {
        self.callers.has_too_many_levels || request.action.lower.is_none()
    }
}

impl Resource {
    fn new(policy: Policy, lookup: Lookup) -> Self {
        // In a resource-based policy a statement without `Principal` is about nobody.
        let numbered = (0..).zip(&policy.statements).filter(|(_, one)| one.principal.is_some());
        let listed = numbered.map(|(place, statement)| Listed { statement, layer: 0, place });
        let index = Index::new(listed, lookup);
        Self { policy, index }
    }
}

impl Callers {
    fn new(policies: PolicySet, lookup: Lookup) -> Self {
        let mut listed = Vec::new();
        let (mut place, mut resource_place) = (0, 0);
        for (layer, policy) in policies.layers() {
            for statement in &policy.statements {
                listed.push(Listed { statement, layer: layers::number(layer), place });
                place += 1;
            }
            if layer < IDENTITY {
                resource_place = place;
            }
        }
        let index = Index::new(listed.into_iter(), lookup);
        let levels = policies.scps.as_ref().map_or(0, Vec::len);
        let has_too_many_levels = levels > MAX_SCP_LEVELS;
        let only_if = |there: bool, layer: u64| if there { layer } else { 0 };
        let layers = Layers {
            scps: (1 << levels.min(MAX_SCP_LEVELS)) - 1,
            rcps: only_if(!policies.rcps.is_empty(), RCPS),
            endpoint: only_if(policies.endpoint.is_some(), ENDPOINT),
            identity: IDENTITY,
            boundary: only_if(policies.boundary.is_some(), BOUNDARY),
            session: only_if(policies.session.is_some(), SESSION),
        };
        let has_boundary = policies.boundary.is_some();
        Self { policies, index, layers, has_boundary, has_too_many_levels, resource_place }
    }
}

/// A place or a length, half as wide as the machine has it.
fn number(length: usize) -> u32 {
    u32::try_from(length).expect("fewer of anything than bytes in four gigabytes")
}

/// The order of evaluation.
impl PolicySet {
    /// Every policy but the resource's own in the order of evaluation, with the bit of its layer.
    fn layers(&self) -> impl Iterator<Item = (u64, &Policy)> {
        let level = |level: usize| layers::scp(level.min(MAX_SCP_LEVELS - 1));
        let scps = self.scps.iter().flatten().enumerate();
        let scps =
            scps.flat_map(move |(at, policies)| policies.iter().map(move |one| (level(at), one)));
        let of = |layer: u64| move |policy| (layer, policy);
        scps.chain(self.rcps.iter().flatten().map(of(RCPS)))
            .chain(self.endpoint.iter().flatten().map(of(ENDPOINT)))
            .chain(self.identity.iter().map(of(IDENTITY)))
            .chain(self.boundary.iter().map(of(BOUNDARY)))
            .chain(self.session.iter().flatten().map(of(SESSION)))
    }

    /// The same, with the kind of policy.
    fn in_order(&self) -> impl Iterator<Item = (PolicyType, &Policy)> {
        let policy_type = |layer: u64| match layer {
            RCPS => PolicyType::ResourceControlPolicy,
            ENDPOINT => PolicyType::VpcEndpoint,
            IDENTITY => PolicyType::Principal,
            BOUNDARY => PolicyType::PermissionsBoundary,
            SESSION => PolicyType::Session,
            _ => PolicyType::ServiceControlPolicy,
        };
        self.layers().map(move |(layer, policy)| (policy_type(layer), policy))
    }
}
