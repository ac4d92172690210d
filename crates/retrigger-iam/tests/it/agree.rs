//! What the evaluators and the parts of an explanation must agree on for any request.

use retrigger_iam::{
    CheckEffect, Decision, Effect, Explanation, PolicySet, PolicyType, Request, StatementReport,
};

/// Both evaluators decide the same, and the explanation bears the decision out; gives the
/// decision.
#[track_caller]
pub(crate) fn check(policies: &PolicySet, request: &Request) -> Decision {
    if let Some(difference) = difference(policies, request) {
        panic!("{difference}");
    }
    policies.decide(request)
}

/// What the two evaluators say differently about a request.
#[track_caller]
pub(crate) fn difference(policies: &PolicySet, request: &Request) -> Option<String> {
    let plain = policies.explain(request);
    bears_out(&plain, request);
    let compiled = policies.clone().compile();
    let decision = compiled.decide(request);
    if decision != plain.decision {
        return Some(format!("plain: {}, compiled: {decision}", plain.decision));
    }
    let decided = compiled.decide_with(request);
    if decided.decision != plain.decision {
        return Some(format!("plain: {}, decide_with: {}", plain.decision, decided.decision));
    }
    (compiled.explain(request) != plain).then(|| "the explanations differ".to_owned())
}

/// The checks and the decision say the same, both ways.
#[track_caller]
fn bears_out(explanation: &Explanation, request: &Request) {
    let Explanation { decision, checks, denial } = explanation;
    let asks_who_it_is = request.action.eq_ignore_ascii_case("sts:GetCallerIdentity");
    let denies = checks.iter().find(|check| check.effect == CheckEffect::ExplicitDeny);
    match decision {
        Decision::Allowed => {
            assert!(denial.is_none());
            assert!(denies.is_none() || asks_who_it_is);
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
        Decision::Undecided => assert!(denial.is_none() && denies.is_none()),
    }
    for check in checks {
        let applies = |effect| {
            let of_effect = |report: &&StatementReport| report.effect == effect;
            check.statements.iter().filter(of_effect).any(StatementReport::applies)
        };
        let effect = check.effect;
        assert_eq!(effect == CheckEffect::ExplicitDeny, applies(Effect::Deny));
        let allows = applies(Effect::Allow) && !applies(Effect::Deny);
        assert_eq!(effect == CheckEffect::Allow, allows);
    }
}

/// The kind that is blamed for an implicit denial has a check that allows nothing, or is not
/// there, or is the resource's, whose grant may be too weak for the caller.
#[track_caller]
fn is_silent(explanation: &Explanation, blamed: PolicyType) {
    let mut checks = explanation.checks.iter().filter(|check| check.policy_type == blamed);
    let is_silent = checks.clone().next().is_none()
        || checks.any(|check| check.effect == CheckEffect::ImplicitDeny);
    assert!(is_silent || blamed == PolicyType::Resource, "{blamed:?} is blamed and allows");
}
