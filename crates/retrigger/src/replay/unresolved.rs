//! Resources that a call does not name in full.
//!
//! A secret that is called by its name, a key by its alias: AWS knows the rest of the ARN, and the
//! call does not say it. It stands in the request as `${Suffix}`. Policies that cover whatever could
//! stand there decide as ever; where one could cover the resource or not, nothing is decided. Nor is it
//! where a policy of the resource itself must allow, as that of a key must: which one it is is not known.
//!
//! The same goes for condition keys about what a resource is like, such as its tags.

use retrigger_catalogue::{facts, wire};
use retrigger_iam::{Decision, Effect, Policy, PolicySet, PolicyType, Request, Statement};

use crate::event::Decided;

/// What is not told of a resource, and the effects of the statements that may or may not cover it.
pub(super) struct Open {
    parts: Vec<String>,
    allow: bool,
    deny: bool,
}

/// `None` where the resource is told in full.
pub(super) fn hangs_on(request: &Request, policies: &PolicySet) -> Option<Open> {
    let parts = parts(&request.resource);
    if parts.is_empty() {
        return None;
    }
    let has = |effect: Effect| {
        let statements = policies.policies().flat_map(|policy: &Policy| &policy.statements);
        statements
            .filter(|statement| statement.effect == effect)
            .any(|statement| may_cover(statement, request))
    };
    Some(Open { parts, allow: has(Effect::Allow), deny: has(Effect::Deny) })
}

/// Marks as unknown what policies ask for and the call does not tell: tags of the resource, and the
/// condition keys that the Service Authorization Reference lists for the action or its resources.
pub(super) fn mark_untold(request: &mut Request, policies: &PolicySet) {
    let statements = policies.policies().flat_map(|policy| &policy.statements);
    for condition in statements.flat_map(|statement| &statement.conditions) {
        let key = condition.key.value.as_str();
        if request.context.get(key).is_none() && is_untold(&request.action, key) {
            request.context.insert_unknown(key);
        }
    }
}

fn is_untold(action: &str, key: &str) -> bool {
    let of_resource = "aws:ResourceTag/";
    if key.get(..of_resource.len()).is_some_and(|start| start.eq_ignore_ascii_case(of_resource)) {
        return true;
    }
    let Some(known) = facts::condition_key(key).filter(|known| !known.is_global()) else {
        return false;
    };
    let names = action.split_once(':');
    let action = names.and_then(|(prefix, name)| facts::action(prefix, name));
    let is_listed = action.is_some_and(|action| {
        let of_types = action
            .resource_types()
            .flat_map(|used| used.condition_keys().chain(used.resource_type().condition_keys()));
        action.condition_keys().chain(of_types).any(|listed| listed == known)
    });
    is_listed && !wire::tells(key)
}

/// Makes a decision undecided that hangs on what is not told.
pub(super) fn settle(decided: &mut Decided, open: Option<Open>) {
    let Some(Open { parts, allow, deny }) = open else { return };
    let hangs = match decided.explanation.decision {
        Decision::Allowed => deny,
        Decision::ImplicitlyDenied => allow || is_for_its_own_policy(decided),
        Decision::ExplicitlyDenied | Decision::Undecided => false,
    };
    if hangs {
        decided.explanation.decision = Decision::Undecided;
        decided.explanation.denial = None;
        decided.explanation.hangs_on = parts.iter().map(|part| format!("${{{part}}}")).collect();
        decided.message = None;
    }
}

/// Whether the policy of the resource is what was missed.
fn is_for_its_own_policy(decided: &Decided) -> bool {
    let denial = decided.explanation.denial.as_ref();
    denial.is_some_and(|denial| denial.policy_type == PolicyType::Resource)
}

/// The names of the parts that are not told.
fn parts(resource: &str) -> Vec<String> {
    let names = resource.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// Whether a statement may be about the resource: its action is asked for, and one of its resource
/// patterns and the resource begin alike, as far as both are told. Too often rather than too seldom.
fn may_cover(statement: &Statement, request: &Request) -> bool {
    let is_asked = statement.action.as_ref().is_none_or(|element| {
        element.patterns.iter().any(|one| one.covers(&request.action)) != element.negated
    });
    let told = request.resource.split("${").next().unwrap_or_default();
    let begins_alike = |pattern: &str| {
        let literal = pattern.split(['*', '?', '$']).next().unwrap_or_default();
        let is_open = literal.len() < pattern.len();
        // What covers every continuation has been decided on already.
        let covers_all = pattern
            .strip_suffix('*')
            .is_some_and(|start| start == literal && told.starts_with(literal));
        !covers_all && (literal.starts_with(told) || (is_open && told.starts_with(literal)))
    };
    let is_meant = statement.resource.as_ref().is_none_or(|element| {
        element.negated || element.patterns.iter().any(|one| begins_alike(&one.text.value))
    });
    is_asked && is_meant
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-${Suffix}";

    fn decided(statements: &str) -> Decision {
        asked(statements, "secretsmanager:GetSecretValue", SECRET)
    }

    fn asked(statements: &str, action: &str, resource: &str) -> Decision {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        let policies = PolicySet { identity: vec![text.parse().unwrap()], ..PolicySet::default() };
        let caller = "arn:aws:iam::111122223333:role/demo".parse().unwrap();
        let request = Request::new(caller, action, resource);
        let explanation = policies.explain(&request);
        let open = hangs_on(&request, &policies);
        let step = retrigger_recording::Step::Call;
        let mut decided =
            Decided { step, request, explanation, message: None, clauses: Vec::new() };
        settle(&mut decided, open);
        decided.explanation.decision
    }

    fn statement(effect: &str, resource: &str) -> String {
        let resource =
            resource.replace('~', "arn:aws:secretsmanager:us-east-1:111122223333:secret:");
        let action = "secretsmanager:GetSecretValue";
        format!(r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "{resource}"}}"#)
    }

    #[rstest]
    #[case("~db-*", Decision::Allowed)]
    #[case("*", Decision::Allowed)]
    #[case("~db-??????", Decision::Undecided)]
    #[case("~db-AbCdEf", Decision::Undecided)]
    #[case("~other-*", Decision::ImplicitlyDenied)]
    #[case("~db", Decision::ImplicitlyDenied)]
    fn what_covers_all_that_could_stand_there_allows(
        #[case] resource: &str,
        #[case] expected: Decision,
    ) {
        assert_eq!(decided(&statement("Allow", resource)), expected);
    }

    #[rstest]
    #[case("Allow", Decision::Undecided)]
    #[case("Deny", Decision::ExplicitlyDenied)]
    fn a_key_that_is_named_by_its_alias_is_not_decided_on_as_its_policy_is_not_known(
        #[case] effect: &str,
        #[case] expected: Decision,
    ) {
        let statement = format!(r#"{{"Effect": "{effect}", "Action": "kms:*", "Resource": "*"}}"#);
        let key = "arn:aws:kms:us-east-1:111122223333:key/${KeyId}";
        assert_eq!(asked(&statement, "kms:Decrypt", key), expected);
    }

    #[rstest]
    #[case("~db-*", Decision::ExplicitlyDenied)]
    #[case("~db-AbCdEf", Decision::Undecided)]
    #[case("~other-AbCdEf", Decision::Allowed)]
    fn what_could_be_denied_is_not_allowed(#[case] denied: &str, #[case] expected: Decision) {
        let statements = [statement("Allow", "*"), statement("Deny", denied)].join(", ");
        assert_eq!(decided(&statements), expected);
    }
}
