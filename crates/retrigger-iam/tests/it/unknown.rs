//! Which unknown keys an undecided decision hangs on.

use retrigger_iam::{Decision, Policy, PolicySet, Request};
use rstest::rstest;
use serde_json::{Value, json};

/// `Allow` where `app:a` has a value, `Deny` where `app:b` has one.
fn statement(effect: &str, key: Option<&str>) -> Value {
    let condition = key.map_or(json!({}), |key| json!({"StringLike": {key: "?*"}}));
    json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition})
}

fn policy(statements: &[Value]) -> Policy {
    json!({"Statement": statements}).to_string().parse().expect("a policy")
}

#[rstest]
#[case::an_allow(vec![("Allow", Some("app:a"))], false, &["app:a"])]
#[case::a_deny(vec![("Allow", None), ("Allow", Some("app:a")), ("Deny", Some("app:b"))], false, &["app:b"])]
#[case::both(vec![("Allow", Some("app:a")), ("Deny", Some("app:b"))], false, &["app:a", "app:b"])]
#[case::a_key_once(vec![("Allow", Some("app:a")), ("Deny", Some("APP:A"))], false, &["APP:A"])]
#[case::no_allow_that_cannot_help(vec![("Allow", Some("app:a")), ("Deny", Some("app:b"))], true, &["app:b"])]
fn an_undecided_decision_hangs_on(
    #[case] statements: Vec<(&str, Option<&str>)>,
    #[case] is_limited_to_nothing: bool,
    #[case] expected: &[&str],
) {
    let statements: Vec<Value> =
        statements.into_iter().map(|(effect, key)| statement(effect, key)).collect();
    let policies = PolicySet {
        identity: vec![policy(&statements)],
        boundary: is_limited_to_nothing.then(|| policy(&[])),
        ..PolicySet::default()
    };
    let caller = "arn:aws:iam::111122223333:user/alice".parse().expect("a caller");
    let request = Request::new(caller, "s3:GetObject", "arn:aws:s3:::bucket/key")
        .with_unknown("app:a")
        .with_unknown("app:b");
    let explanation = policies.explain(&request);
    assert_eq!(explanation.decision, Decision::Undecided);
    assert_eq!(explanation.hangs_on, expected);
}

/// What is no operator never holds, and so does not wait for its key.
#[test]
fn nothing_hangs_on_the_key_of_an_unknown_operator() {
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEqual": {"app:a": "x"}}}}"#;
    let identity = vec![Policy::parse(text).policy.expect("a policy")];
    let policies = PolicySet { identity, ..PolicySet::default() };
    let caller = "arn:aws:iam::111122223333:user/alice".parse().expect("a caller");
    let request =
        Request::new(caller, "s3:GetObject", "arn:aws:s3:::bucket/key").with_unknown("app:a");
    assert_eq!(policies.decide(&request), Decision::ImplicitlyDenied);
    assert_eq!(policies.compile().decide(&request), Decision::ImplicitlyDenied);
}
