//! Which kind of policy an implicit denial names.

use retrigger_iam::{Policy, PolicySet, PolicyType, Request};
use rstest::rstest;

const ROLE: &str = "arn:aws:iam::111122223333:role/demo";
const QUEUE: &str = "arn:aws:sqs:us-east-1:444455556666:queue";

fn policy(principal: &str) -> Policy {
    format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*"{principal}}}}}"#)
        .parse()
        .expect("a policy")
}

/// The role's trust policy is named as such only where it is the one that is silent.
#[rstest]
#[case::trust_policy("sts:AssumeRole", ROLE, true, false, PolicyType::Resource, true)]
#[case::identity_policy("sts:AssumeRole", ROLE, false, true, PolicyType::Principal, false)]
#[case::queue_policy("sqs:SendMessage", QUEUE, true, false, PolicyType::Resource, false)]
#[case::no_queue_policy("sqs:SendMessage", QUEUE, false, true, PolicyType::Principal, false)]
fn the_kind_that_is_silent_is_named(
    #[case] action: &str,
    #[case] resource: &str,
    #[case] identity_allows: bool,
    #[case] resource_allows: bool,
    #[case] policy_type: PolicyType,
    #[case] trust_policy: bool,
) {
    let everybody_of_the_account = r#", "Principal": {"AWS": "111122223333"}"#;
    let policies = PolicySet {
        identity: identity_allows.then(|| policy("")).into_iter().collect(),
        resource: resource_allows.then(|| policy(everybody_of_the_account)),
        ..PolicySet::default()
    };
    let caller = "arn:aws:iam::111122223333:user/alice".parse().expect("a caller");
    let request = Request::new(caller, action, resource);
    let denial = policies.explain(&request).denial.expect("a denial");
    assert_eq!((denial.policy_type, denial.trust_policy), (policy_type, trust_policy));
    assert!(!denial.explicit);
}
