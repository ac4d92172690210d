//! Kinds of policy, for evaluators that know of one list of policies only: each kind is asked by
//! itself, and the answers are combined as the IAM User Guide says in "Policy evaluation logic".

use std::collections::BTreeMap;

use retrigger::iam::{Decision, Request};
use serde_json::value::RawValue;

use crate::support::workload::{Case, Workload};

/// The policies of a workload, each kind made ready as a `T`.
pub(crate) struct Layers<T> {
    /// What must allow for anything to be allowed: each level of SCPs, the boundary.
    guards: Vec<T>,
    identity: Option<T>,
    resource: Vec<T>,
}

/// A request with what it is asked of.
pub(crate) struct Asked<R> {
    pub(crate) request: R,
    resource: Option<usize>,
    grants: Grants,
}

/// Which of identity and resource policies must grant.
#[derive(Clone, Copy)]
enum Grants {
    /// One of them: caller and resource are in one account, or the caller is in none.
    One,
    /// Both: they are in different accounts.
    Both,
}

impl<T> Layers<T> {
    /// Makes each kind ready.
    pub(crate) fn new(workload: &Workload, mut prepare: impl FnMut(&[&RawValue]) -> T) -> Self {
        let documents = &workload.documents;
        let mut guards = Vec::new();
        for level in documents.scps.iter().flatten() {
            let level: Vec<&RawValue> = level.iter().map(AsRef::as_ref).collect();
            guards.push(prepare(&level));
        }
        guards.extend(documents.boundary.as_deref().map(|document| prepare(&[document])));
        let identity: Vec<&RawValue> = documents.identity.iter().map(AsRef::as_ref).collect();
        let identity = (!identity.is_empty()).then(|| prepare(&identity));
        let resource = documents.resource.values().map(|document| prepare(&[document]));
        let resource = resource.collect();
        Self { guards, identity, resource }
    }

    /// The decision on a request, given what the policies of each kind decide by themselves.
    #[inline]
    pub(crate) fn decide<R>(
        &self,
        asked: &Asked<R>,
        decide: impl Fn(&T, &R) -> Option<Decision>,
    ) -> Option<Decision> {
        let mut is_guarded = true;
        for guard in &self.guards {
            match decide(guard, &asked.request)? {
                Decision::ExplicitlyDenied => return Some(Decision::ExplicitlyDenied),
                decision => is_guarded &= decision.is_allowed(),
            }
        }
        let resource = asked.resource.map(|index| &self.resource[index]);
        let mut granted = [false; 2];
        for (granted, layer) in granted.iter_mut().zip([self.identity.as_ref(), resource]) {
            match layer.map(|layer| decide(layer, &asked.request)) {
                Some(None) => return None,
                Some(Some(Decision::ExplicitlyDenied)) => return Some(Decision::ExplicitlyDenied),
                Some(Some(decision)) => *granted = decision.is_allowed(),
                None => {}
            }
        }
        let is_granted = match asked.grants {
            Grants::One => granted[0] || granted[1],
            Grants::Both => granted[0] && granted[1],
        };
        let is_allowed = is_guarded && is_granted;
        Some(if is_allowed { Decision::Allowed } else { Decision::ImplicitlyDenied })
    }
}

impl<R> Asked<R> {
    /// A request of a workload, in the words of an evaluator.
    pub(crate) fn new(workload: &Workload, case: &Case, request: R) -> Self {
        let names: BTreeMap<&str, usize> =
            workload.documents.resource.keys().map(String::as_str).zip(0..).collect();
        let resource = case.resource_policy.as_deref().map(|name| names[name]);
        Self { request, resource, grants: grants(&case.request) }
    }
}

fn grants(request: &Request) -> Grants {
    match (request.principal.account(), request.resource_account()) {
        (Some(caller), Some(owner)) if caller != owner => Grants::Both,
        _ => Grants::One,
    }
}

/// Who calls, as policies name them: for a session its role.
pub(crate) fn caller(request: &Request) -> &str {
    request.session_issuer.as_deref().unwrap_or(request.principal.as_str())
}
