//! What the evaluators and the parts of an explanation must agree on for any request.

use retrigger_iam::{
    Check, CheckEffect, CompiledPolicySet, Decided, Decision, Effect, Explanation, PolicySet,
    PolicyType, Principal, Request, Span, StatementReport,
};

/// The same policies in both evaluators.
pub(crate) struct Both {
    pub(crate) plain: PolicySet,
    compiled: CompiledPolicySet,
}

impl Both {
    pub(crate) fn new(plain: PolicySet) -> Self {
        let compiled = plain.clone().compile();
        Self { plain, compiled }
    }

    /// The decision of both, or what they say differently.
    ///
    /// # Panics
    ///
    /// Where the explanation does not bear out its own decision.
    pub(crate) fn decide(&self, request: &Request) -> Result<Decision, String> {
        let explanation = self.plain.explain(request);
        bears_out(&explanation, request);
        let plain = explanation.decision;
        let compiled = self.compiled.decide(request);
        let decided = self.compiled.decide_with(request);
        if compiled != plain {
            return Err(format!("the plain evaluator: {plain}, the compiled: {compiled}"));
        }
        if decided.decision != plain {
            return Err(format!("decide: {plain}, decide_with: {}", decided.decision));
        }
        self.names_what_decides(decided, &explanation, request)?;
        Ok(plain)
    }

    /// The decision of both, which also explain it the same.
    #[track_caller]
    pub(crate) fn check(&self, request: &Request) -> Decision {
        let decision = self.decide(request).unwrap_or_else(|difference| panic!("{difference}"));
        let all = self.compiled.decide_all(std::slice::from_ref(request));
        assert_eq!(all, [decision], "decide_all differs");
        assert!(self.compiled.explain(request) == self.plain.explain(request));
        decision
    }

    /// What decided is what the explanation says: the kind that denies, and its first statement
    /// that does; or else one that allows.
    fn names_what_decides(
        &self,
        decided: Decided,
        explanation: &Explanation,
        request: &Request,
    ) -> Result<(), String> {
        let denied_by = explanation.denial.as_ref().map(|denial| denial.policy_type);
        if decided.denied_by != denied_by {
            return Err(format!("denied by {denied_by:?}, named is {:?}", decided.denied_by));
        }
        let named = decided.statement.and_then(|id| self.compiled.statement(id));
        let named = named.map(|(policy, statement)| (policy.name.as_str(), statement.span));
        let meant = match explanation.decision {
            Decision::ExplicitlyDenied => {
                vec![explanation.deciding().next().map(|one| (one.policy.as_str(), one.span))]
            }
            Decision::Allowed => granting(explanation, request),
            Decision::ImplicitlyDenied | Decision::Undecided => vec![None],
        };
        if meant.contains(&named) {
            return Ok(());
        }
        Err(format!("one of {meant:?} decides, named is {named:?}"))
    }
}

/// A statement by its policy and its place in that; `None` for none.
type Named<'e> = Option<(&'e str, Span)>;

/// What may be named of an allowed request: of identity policies the first statement that allows,
/// of the resource's policy any, as an explanation does not say how it is about the caller. None
/// where there is no such statement, or where none is needed.
fn granting<'e>(explanation: &'e Explanation, request: &Request) -> Vec<Named<'e>> {
    let of_kind = |policy_type| {
        let checks =
            explanation.checks.iter().filter(move |check| check.policy_type == policy_type);
        let statements = checks.flat_map(|check| &check.statements);
        let granting = statements.filter(|one| one.effect == Effect::Allow && one.applies());
        granting.map(|one| Some((one.policy.as_str(), one.span)))
    };
    let identity = of_kind(PolicyType::Principal).take(1);
    let mut granting: Vec<_> = identity.chain(of_kind(PolicyType::Resource)).collect();
    let is_root = matches!(request.principal, Principal::Root(_));
    if granting.is_empty() || is_root || is_always_allowed(request) {
        granting.push(None);
    }
    granting
}

/// The checks and the decision say the same, both ways.
#[track_caller]
fn bears_out(explanation: &Explanation, request: &Request) {
    let Explanation { decision, checks, denial, hangs_on, needs } = explanation;
    assert_eq!(needs.is_empty(), decision.is_allowed());
    assert!(hangs_on.is_empty() || *decision == Decision::Undecided);
    let is_always_allowed = is_always_allowed(request);
    let denies = checks.iter().find(|check| check.effect == CheckEffect::ExplicitDeny);
    match decision {
        Decision::Allowed => {
            assert!(denial.is_none());
            assert!(denies.is_none() || is_always_allowed);
            let is_limit = |check: &&Check| {
                matches!(
                    check.policy_type,
                    PolicyType::ServiceControlPolicy | PolicyType::VpcEndpoint
                )
            };
            let mut limits = checks.iter().filter(is_limit);
            assert!(is_always_allowed || limits.all(|check| check.effect == CheckEffect::Allow));
        }
        Decision::ExplicitlyDenied => {
            let denial = denial.as_ref().expect("a denial");
            let denies = denies.expect("a check that denies");
            assert!(denial.explicit && denial.policy_type == denies.policy_type);
            let deciding = explanation.deciding().next().expect("a statement that denies");
            assert_eq!(denial.policy_arn, deciding.policy_arn);
        }
        Decision::ImplicitlyDenied => {
            let denial = denial.as_ref().expect("a denial");
            assert!(!denial.explicit && denies.is_none());
            assert!(explanation.deciding().next().is_none());
            is_silent(explanation, denial.policy_type);
        }
        Decision::Undecided => {
            assert!(denial.is_none() && denies.is_none());
            let is_unknown = |key: &String| request.context.is_unknown(key);
            assert!(!hangs_on.is_empty() && hangs_on.iter().all(is_unknown));
        }
    }
    for check in checks {
        let of_effect = |effect| check.statements.iter().filter(move |one| one.effect == effect);
        let applies = |effect| of_effect(effect).any(StatementReport::applies);
        let hangs = |effect| of_effect(effect).any(StatementReport::hangs);
        let expected = if applies(Effect::Deny) {
            CheckEffect::ExplicitDeny
        } else if hangs(Effect::Deny) {
            CheckEffect::Undecided
        } else if applies(Effect::Allow) {
            CheckEffect::Allow
        } else if hangs(Effect::Allow) {
            CheckEffect::Undecided
        } else {
            effect_of_silence(explanation, check.policy_type)
        };
        assert_eq!(check.effect, expected, "{:?}", check.policy_type);
    }
}

fn is_always_allowed(request: &Request) -> bool {
    let actions = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
    actions.iter().any(|action| request.action.eq_ignore_ascii_case(action))
}

/// What a kind does none of whose statements applies: most kinds must allow, RCPs beside their
/// own full access need not, and a resource's policy only where it is the one that is missed.
fn effect_of_silence(explanation: &Explanation, policy_type: PolicyType) -> CheckEffect {
    let blamed = explanation.denial.as_ref().filter(|denial| !denial.explicit);
    match policy_type {
        PolicyType::ResourceControlPolicy => CheckEffect::NoImpact,
        PolicyType::Resource if blamed.is_none_or(|denial| denial.policy_type != policy_type) => {
            CheckEffect::NoImpact
        }
        _ => CheckEffect::ImplicitDeny,
    }
}

/// The kind that is blamed for an implicit denial has a check that allows nothing, or is not
/// there, or is the resource's, whose grant may be too weak for the caller.
#[track_caller]
fn is_silent(explanation: &Explanation, blamed: PolicyType) {
    let mut checks = explanation.checks.iter().filter(|check| check.policy_type == blamed);
    let is_silent = checks.clone().next().is_none()
        || checks.any(|check| {
            matches!(check.effect, CheckEffect::ImplicitDeny | CheckEffect::Undecided)
        });
    assert!(is_silent || blamed == PolicyType::Resource, "{blamed:?} is blamed and allows");
}
