//! What a statement that misses is said to miss: the clause, and the variables without a value.

use retrigger_iam::{Policy, PolicySet, Request};
use rstest::rstest;

/// Elements of a statement that allows, the clause that misses, and its variables without a value.
#[rstest]
#[case::the_only_one_of_a_list(r#""Resource": ["arn:aws:s3:::b"]"#, r#""arn:aws:s3:::b""#, &[])]
#[case::a_list(
    r#""Resource": ["arn:aws:s3:::b", "arn:aws:s3:::c"]"#,
    r#"["arn:aws:s3:::b", "arn:aws:s3:::c"]"#,
    &[]
)]
#[case::what_is_excepted(
    r#""NotResource": ["arn:aws:s3:::b", "arn:aws:s3:::bucket/*"]"#,
    r#""arn:aws:s3:::bucket/*""#,
    &[]
)]
#[case::a_variable(
    r#""Resource": "arn:aws:s3:::b/${app:absent}/${aws:username}/${app:open}""#,
    r#""arn:aws:s3:::b/${app:absent}/${aws:username}/${app:open}""#,
    &["app:absent"]
)]
#[case::values_of_a_key(
    r#""Resource": "*", "Condition": {"StringEquals": {"aws:username": ["bob", "eve"]}}"#,
    r#""bob", "eve""#,
    &[]
)]
#[case::a_key_that_is_absent(
    r#""Resource": "*", "Condition": {"StringEquals": {"app:absent": ["bob", "eve"]}}"#,
    r#""app:absent""#,
    &[]
)]
#[case::a_variable_in_a_condition(
    r#""Resource": "*", "Condition": {"StringEquals": {"aws:username": "b${app:absent}${app:open}"}}"#,
    r#""b${app:absent}${app:open}""#,
    &["app:absent"]
)]
fn a_miss_shows(#[case] elements: &str, #[case] clause: &str, #[case] variables: &[&str]) {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", {elements}}}}}"#
    );
    let identity = vec![text.parse::<Policy>().expect("a policy")];
    let policies = PolicySet { identity, ..PolicySet::default() };
    let caller = "arn:aws:iam::111122223333:user/alice".parse().expect("a caller");
    let request = Request::new(caller, "s3:GetObject", "arn:aws:s3:::bucket/key")
        .with_context("aws:username", "alice")
        .with_unknown("app:open");
    let explanation = policies.explain(&request);
    let statement = explanation.statements().next().expect("a statement");
    let [miss] = statement.misses.as_slice() else { panic!("{:?}", statement.misses) };
    assert_eq!(&text[miss.span.start..miss.span.end], clause);
    assert_eq!(miss.variables_without_value, variables);
}
