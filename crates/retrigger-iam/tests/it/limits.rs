//! What the compiled evaluator does not take apart itself, and what it says of itself.

use retrigger_iam::{Decision, Policy, PolicySet, Request, RequestRef};
use rstest::rstest;

use crate::agree::Both;

/// A policy with one statement about everything.
fn everything(effect: &str, action: &str) -> Policy {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement":
            {{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}}}"#
    );
    text.parse().unwrap()
}

fn asked(action: &str) -> Request {
    let user = "arn:aws:iam::111122223333:user/alice".parse().unwrap();
    Request::new(user, action, "arn:aws:s3:::bucket/key")
}

fn allowed_to_user(action: &str) -> PolicySet {
    PolicySet { identity: vec![everything("Allow", action)], ..PolicySet::default() }
}

#[rstest]
#[case(96)]
#[case(97)]
#[case(2_000)]
fn actions_of_any_length_are_decided(#[case] length: usize) {
    let action = format!("s3:{}", "G".repeat(length - 3));
    let request = asked(&action);
    for (pattern, expected) in [
        ("s3:G*", Decision::Allowed),
        ("*", Decision::Allowed),
        (&*action.to_ascii_lowercase(), Decision::Allowed),
        ("s3:H*", Decision::ImplicitlyDenied),
        (&*format!("{action}g"), Decision::ImplicitlyDenied),
    ] {
        let policies = allowed_to_user(pattern);
        assert_eq!(policies.decide(&request), expected, "{pattern}");
        let compiled = policies.compile();
        assert_eq!(compiled.decide(&request), expected, "{pattern}");
        assert_eq!(compiled.decide_with(&request).decision, expected, "{pattern}");
    }
}

/// AWS has seven levels at most; here the last of many denies, by silence or by a statement.
#[rstest]
#[case(48)]
#[case(49)]
#[case(70)]
fn any_number_of_scp_levels_is_decided(#[case] levels: usize) {
    let open = vec![everything("Allow", "*")];
    let request = asked("s3:GetObject");
    for (last, expected) in [
        (open.clone(), Decision::Allowed),
        (vec![everything("Allow", "sqs:*")], Decision::ImplicitlyDenied),
        (vec![open[0].clone(), everything("Deny", "s3:*")], Decision::ExplicitlyDenied),
    ] {
        let mut scps = vec![open.clone(); levels - 1];
        scps.push(last);
        let policies = PolicySet { scps: Some(scps), ..allowed_to_user("*") };
        assert_eq!(policies.decide(&request), expected);
        let compiled = policies.compile();
        assert_eq!(compiled.decide(&request), expected);
        assert_eq!(compiled.decide_with(&request).decision, expected);
        assert_eq!(
            compiled.statements(),
            levels + 1 + usize::from(expected == Decision::ExplicitlyDenied)
        );
    }
}

#[test]
fn statements_of_all_policies_are_counted() {
    let policies = PolicySet {
        boundary: Some(everything("Allow", "s3:*")),
        resource: Some(everything("Deny", "s3:*")),
        ..allowed_to_user("*")
    };
    let compiled = policies.compile();
    assert_eq!(compiled.statements(), 3);
    assert_eq!(compiled.with_resource(None).statements(), 2);
    assert_eq!(PolicySet::default().compile().statements(), 0);
}

/// In the order of the requests, and as one by one.
#[test]
fn a_batch_is_decided_as_its_requests() {
    let compiled = allowed_to_user("s3:Get*").compile();
    let actions = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "s3:GetBucketAcl"];
    let requests: Vec<Request> = (0..5_000).map(|at| asked(actions[at % 4])).collect();
    let one_by_one: Vec<Decision> = requests.iter().map(|one| compiled.decide(one)).collect();
    assert_eq!(
        one_by_one[..4],
        [
            Decision::Allowed,
            Decision::ImplicitlyDenied,
            Decision::ImplicitlyDenied,
            Decision::Allowed,
        ]
    );
    assert_eq!(compiled.decide_all(&requests), one_by_one);
    let borrowed: Vec<RequestRef<'_>> = requests.iter().map(RequestRef::from).collect();
    assert_eq!(compiled.decide_all_ref(&borrowed), one_by_one);
}

/// A variable may have a value without text, also where a `*` is tried again before it.
#[rstest]
#[case("abx", Decision::Allowed)]
#[case("x", Decision::Allowed)]
#[case("ab", Decision::ImplicitlyDenied)]
fn a_variable_may_be_empty_after_a_star(#[case] key: &str, #[case] expected: Decision) {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*",
        "Resource": "arn:aws:s3:::b/*${aws:PrincipalTag/team}x"}}"#;
    let identity = vec![text.parse().unwrap()];
    let both = Both::new(PolicySet { identity, ..PolicySet::default() });
    let user = "arn:aws:iam::111122223333:user/alice".parse().unwrap();
    let request = Request::new(user, "s3:GetObject", format!("arn:aws:s3:::b/{key}"))
        .with_context("aws:PrincipalTag/team", "");
    assert_eq!(both.check(&request), expected);
}
