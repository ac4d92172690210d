//! The decision over compiled policies: `evaluate::decide`, with what is not needed left out.

use super::{
    CompiledPolicySet, Decided, StatementId,
    asked::Asked,
    clauses::Memo,
    index::{Class, Entry, FoundStart, Index, Step, last_four},
    layers::Layers,
};
use crate::{
    explain::{CallerMatch, Decision, PolicyType},
    policy::Effect,
    request_ref::RequestRef,
    truth::Truth,
};

/// What is decided, and which kind of policy denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    ExplicitlyDenied,
    ImplicitlyDenied(PolicyType),
    Undecided,
}

impl Verdict {
    pub(super) fn decision(self) -> Decision {
        match self {
            Self::Allowed => Decision::Allowed,
            Self::ExplicitlyDenied => Decision::ExplicitlyDenied,
            Self::ImplicitlyDenied(_) => Decision::ImplicitlyDenied,
            Self::Undecided => Decision::Undecided,
        }
    }
}

/// Something that certainly holds, and what may hold where keys are unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds<T> {
    at_least: T,
    at_most: T,
}

/// A request under compiled policies.
struct Case<'c> {
    set: &'c CompiledPolicySet,
    asked: Asked<'c>,
    /// The kinds of policy that are in force for it.
    layers: Layers,
    /// The policies that are looked at: all but the resource's own, and that.
    callers: &'c Side<'c>,
    resource: Option<&'c Side<'c>>,
}

/// An index with what is known of the request in it.
struct Side<'c> {
    index: &'c Index,
    /// The class of the action.
    class: Option<&'c Class>,
    found: FoundStart,
    memo: Memo,
}

impl<'c> Side<'c> {
    #[inline]
    fn new(index: &'c Index, asked: &Asked<'_>) -> Self {
        let class = index.class_of_action(&asked.request.action);
        Self { index, class, found: FoundStart::new(), memo: Memo::default() }
    }

    /// Whether a statement covers the request.
    #[inline]
    fn applies(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        match self.index.covers(entry, asked) {
            Truth::No => Truth::No,
            covers => covers.min(self.clause_holds(entry, asked)),
        }
    }

    /// Whether a statement covers caller and context.
    #[inline]
    fn clause_holds(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        match self.index.clauses.cover_caller(entry.clause, asked) {
            Some(_) => self.conditions_hold(entry, asked),
            None => Truth::No,
        }
    }

    #[inline]
    fn conditions_hold(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        self.index.clauses.conditions_hold(entry.clause, &asked.request.context, &self.memo)
    }
}

/// Decides.
#[inline]
pub(super) fn decide(set: &CompiledPolicySet, request: &RequestRef<'_>) -> Verdict {
    if request.action.is_always_allowed {
        return Verdict::Allowed;
    }
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is of one lifetime only"
    )]
    with_case(set, request, |case| case.verdict())
}

/// Decides and names what decided.
pub(super) fn decide_with(set: &CompiledPolicySet, request: &RequestRef<'_>) -> Decided {
    if request.action.is_always_allowed {
        return Decided { decision: Decision::Allowed, denied_by: None, statement: None };
    }
    let (verdict, statement) = with_case(set, request, |case| {
        let verdict = case.verdict();
        let statement = match verdict {
            Verdict::Allowed => case.granting_statement(),
            Verdict::ExplicitlyDenied => case.denying_statement(),
            Verdict::ImplicitlyDenied(_) | Verdict::Undecided => None,
        };
        (verdict, statement)
    });
    let denied_by = match verdict {
        Verdict::ImplicitlyDenied(policy_type) => Some(policy_type),
        Verdict::ExplicitlyDenied => statement.map(|id| set.policy_type(id)),
        Verdict::Allowed | Verdict::Undecided => None,
    };
    Decided { decision: verdict.decision(), denied_by, statement }
}

/// Looks up what is known of a request.
#[inline]
fn with_case<T>(
    set: &CompiledPolicySet,
    request: &RequestRef<'_>,
    judge: impl FnOnce(&Case<'_>) -> T,
) -> T {
    let end_of_resource = last_four(request.resource.as_bytes());
    let has_boundary = set.callers.has_boundary;
    let asked = Asked { request, has_boundary, end_of_resource };
    let layers = Layers::in_force(&set.callers, &asked);
    let callers = &Side::new(&set.callers.index, &asked);
    match &set.resource {
        None => judge(&Case { set, asked, layers, callers, resource: None }),
        Some(resource) => {
            let resource = Some(&Side::new(&resource.index, &asked));
            judge(&Case { set, asked, layers, callers, resource })
        }
    }
}

impl Case<'_> {
    #[inline]
    fn verdict(&self) -> Verdict {
        let denial = self.denial();
        if denial == Truth::Yes {
            return Verdict::ExplicitlyDenied;
        }
        if denial == Truth::Maybe {
            return Verdict::Undecided;
        }
        let grant = self.resource_grant();
        let needed = self.needed(grant.at_least);
        let allowing = self.allowing(needed);
        match self.judge(grant.at_least, allowing.at_least) {
            Ok(()) => Verdict::Allowed,
            Err(policy_type) if grant == grant.certain() && allowing == allowing.certain() => {
                Verdict::ImplicitlyDenied(policy_type)
            }
            Err(policy_type) => match self.judge(grant.at_most, allowing.at_most) {
                Ok(()) => Verdict::Undecided,
                Err(_) => Verdict::ImplicitlyDenied(policy_type),
            },
        }
    }

    /// Whether a statement denies.
    #[inline]
    fn denial(&self) -> Truth {
        let mut denial = self.denial_in(self.callers, self.layers.mask());
        if denial != Truth::Yes
            && let Some(resource) = self.resource
        {
            denial = denial.max(self.denial_in(resource, u64::MAX));
        }
        denial
    }

    #[inline]
    fn denial_in(&self, side: &Side<'_>, in_force: u64) -> Truth {
        if side.index.denying & in_force == 0 {
            Truth::No
        } else {
            self.denial_of_any(side, in_force)
        }
    }

    fn denial_of_any(&self, side: &Side<'_>, in_force: u64) -> Truth {
        let mut denial = Truth::No;
        let mut next = side.class;
        while let Some(class) = next {
            next = side.index.parent(class);
            if class.deny.layers & in_force == 0 {
                continue;
            }
            if class.deny.outright & in_force != 0 {
                return Truth::Yes;
            }
            side.index.visit(&class.deny, &self.asked, &side.found, &mut |entry| {
                if entry.layer() & in_force != 0 {
                    denial = denial.max(side.applies(entry, &self.asked));
                }
                if denial == Truth::Yes { Step::Stop } else { Step::Go }
            });
            if denial == Truth::Yes {
                break;
            }
        }
        denial
    }

    /// How the resource's policy lists the caller where it allows.
    #[inline]
    fn resource_grant(&self) -> Bounds<Option<CallerMatch>> {
        let mut grant = Bounds { at_least: None, at_most: None };
        let Some(side) = self.resource else { return grant };
        let mut next = side.class;
        while let Some(class) = next {
            next = side.index.parent(class);
            side.index.visit(&class.allow, &self.asked, &side.found, &mut |entry| {
                let caller = side.index.clauses.cover_caller(entry.clause, &self.asked);
                if caller <= grant.at_least {
                    return Step::Go;
                }
                let applies = match side.index.covers(entry, &self.asked) {
                    Truth::No => Truth::No,
                    covers => covers.min(side.conditions_hold(entry, &self.asked)),
                };
                if applies == Truth::Yes {
                    grant.at_least = caller;
                }
                if applies.is_possible() {
                    grant.at_most = grant.at_most.max(caller);
                }
                if grant.at_least == Some(CallerMatch::Direct) { Step::Stop } else { Step::Go }
            });
        }
        grant
    }

    /// The layers whose word is needed, given how the resource's policy lists the caller.
    #[inline]
    fn needed(&self, grant: Option<CallerMatch>) -> u64 {
        let always = self.layers.scps | self.layers.endpoint;
        let is_enough = !self.asked.request.caller.principal.is_of_account()
            || (grant == Some(CallerMatch::Direct) && self.is_same_account());
        if is_enough { always } else { always | self.layers.of_caller() }
    }

    /// Which of the layers allow.
    #[inline]
    fn allowing(&self, needed: u64) -> Bounds<u64> {
        let mut allowing = Bounds { at_least: 0, at_most: 0 };
        if needed == 0 {
            return allowing;
        }
        let side = self.callers;
        let mut next = side.class;
        while let Some(class) = next {
            next = side.index.parent(class);
            allowing.at_least |= class.allow.outright;
            if needed & !allowing.at_least == 0 {
                break;
            }
            if class.allow.layers & needed & !allowing.at_least == 0 {
                continue;
            }
            side.index.visit(&class.allow, &self.asked, &side.found, &mut |entry| {
                let layer = entry.layer();
                if needed & !allowing.at_least & layer != 0 {
                    match side.applies(entry, &self.asked) {
                        Truth::No => {}
                        Truth::Maybe => allowing.at_most |= layer,
                        Truth::Yes => allowing.at_least |= layer,
                    }
                }
                if needed & !allowing.at_least == 0 { Step::Stop } else { Step::Go }
            });
        }
        allowing.at_most |= allowing.at_least;
        allowing
    }

    /// Whether all that must allow does, or else what does not: in the order of
    /// `evaluate::decide`.
    #[inline]
    fn judge(&self, grant: Option<CallerMatch>, allowing: u64) -> Result<(), PolicyType> {
        let Layers { scps, endpoint, identity, boundary, session, .. } = self.layers;
        let must_allow = |layer: u64, policy_type| {
            if layer & !allowing == 0 { Ok(()) } else { Err(policy_type) }
        };
        let must_be_granted =
            |is_granted: bool| if is_granted { Ok(()) } else { Err(PolicyType::Resource) };
        must_allow(scps, PolicyType::ServiceControlPolicy)?;
        must_allow(endpoint, PolicyType::VpcEndpoint)?;
        if !self.asked.request.caller.principal.is_of_account() {
            return must_be_granted(grant == Some(CallerMatch::Direct));
        }
        if self.is_same_account() {
            match grant {
                Some(CallerMatch::Direct) => return Ok(()),
                Some(CallerMatch::Role) => {}
                Some(CallerMatch::Account) => must_allow(identity, PolicyType::Principal)?,
                None => {
                    must_allow(identity, PolicyType::Principal)?;
                    must_be_granted(!self.asked.request.needs_resource_grant)?;
                }
            }
        } else {
            must_be_granted(grant.is_some())?;
            must_allow(identity, PolicyType::Principal)?;
        }
        must_allow(boundary, PolicyType::PermissionsBoundary)?;
        must_allow(session, PolicyType::Session)
    }

    /// A resource whose account is not known is taken to be the caller's.
    #[inline]
    fn is_same_account(&self) -> bool {
        let of_arn = || self.asked.request.arn.and_then(|arn| arn.account_id());
        let owner = self.asked.request.resource_account.or_else(of_arn);
        owner.is_none_or(|owner| self.asked.request.caller.account == Some(owner))
    }
}

impl<T: Copy> Bounds<T> {
    /// What certainly holds, as though nothing more might.
    fn certain(self) -> Self {
        Self { at_least: self.at_least, at_most: self.at_least }
    }
}

/// Naming what decided: another look, this time at every statement that can cover the request.
impl Case<'_> {
    /// The first statement that denies, in the order of evaluation.
    fn denying_statement(&self) -> Option<StatementId> {
        let in_force = self.layers.mask();
        let is_in_force = |one: &Entry| one.layer() & in_force != 0;
        let of_caller = self.first(self.callers, Effect::Deny, is_in_force);
        let of_resource = self.resource.and_then(|side| self.first(side, Effect::Deny, |_| true));
        match of_caller {
            Some(place) if place < self.set.callers.resource_place => {
                Some(StatementId::of_caller(place))
            }
            _ => {
                of_resource.map(StatementId::of_resource).or(of_caller.map(StatementId::of_caller))
            }
        }
    }

    /// The first statement of the resource's policy that grants by itself or in the place of
    /// identity policies; else the first of the identity policies.
    fn granting_statement(&self) -> Option<StatementId> {
        let grant = self.resource_grant().at_least;
        if let Some(side) = self.resource
            && grant > Some(CallerMatch::Account)
        {
            let is_it =
                |one: &Entry| side.index.clauses.cover_caller(one.clause, &self.asked) == grant;
            return self.first(side, Effect::Allow, is_it).map(StatementId::of_resource);
        }
        let is_identity = |one: &Entry| one.layer() & self.layers.identity != 0;
        self.first(self.callers, Effect::Allow, is_identity).map(StatementId::of_caller)
    }

    /// The place of the first statement of this effect that applies.
    fn first(
        &self,
        side: &Side<'_>,
        effect: Effect,
        is_meant: impl Fn(&Entry) -> bool,
    ) -> Option<u32> {
        let mut first: Option<u32> = None;
        let mut visit = |entry: &Entry| {
            let place = side.index.statement(entry).place;
            let is_earlier = first.is_none_or(|first| place < first);
            if is_earlier && is_meant(entry) && side.applies(entry, &self.asked) == Truth::Yes {
                first = Some(place);
            }
            Step::Go
        };
        let mut next = side.class;
        while let Some(class) = next {
            next = side.index.parent(class);
            let of_effect = class.side(effect);
            side.index.visit_run(of_effect.outright_entries, &self.asked, &mut visit);
            side.index.visit(of_effect, &self.asked, &side.found, &mut visit);
        }
        first
    }
}
