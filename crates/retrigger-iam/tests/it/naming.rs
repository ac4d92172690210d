//! Which statement the compiled evaluator names.

use retrigger_iam::{CompiledPolicySet, Decision, Policy, PolicySet, Request};
use serde_json::{Value, json};

const USER: &str = "arn:aws:iam::111122223333:user/alice";
const ROOT: &str = "arn:aws:iam::111122223333:root";

fn policy(statements: &[Value]) -> Policy {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string().parse().unwrap()
}

/// A statement about everything.
fn one(sid: &str, effect: &str) -> Value {
    json!({"Sid": sid, "Effect": effect, "Action": "*", "Resource": "*"})
}

/// The same about a principal.
fn about(sid: &str, effect: &str, principal: &str) -> Value {
    let mut statement = one(sid, effect);
    statement["Principal"] = json!({ "AWS": principal });
    statement
}

/// The decision about a user of the queue's account, and the name of the statement.
#[track_caller]
fn named(set: PolicySet) -> (Decision, Option<String>) {
    let user = USER.parse().unwrap();
    let request =
        Request::new(user, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:orders");
    let sid = |compiled: &CompiledPolicySet| {
        let decided = compiled.decide_with(&request);
        let statement = decided.statement.and_then(|id| compiled.statement(id));
        (decided.decision, statement.and_then(|(_, one)| one.sid.as_ref().map(ToString::to_string)))
    };
    let indexed = sid(&set.clone().compile());
    assert_eq!(indexed, sid(&set.compile_linear()), "without the index");
    indexed
}

fn allowed(sid: &str) -> (Decision, Option<String>) {
    (Decision::Allowed, Some(sid.to_owned()))
}

fn denied(sid: &str) -> (Decision, Option<String>) {
    (Decision::ExplicitlyDenied, Some(sid.to_owned()))
}

#[test]
fn a_grant_to_the_caller_is_named_before_one_to_its_account() {
    let resource = policy(&[
        about("other", "Allow", "arn:aws:iam::111122223333:user/bob"),
        about("account", "Allow", ROOT),
        about("first", "Allow", USER),
        about("second", "Allow", USER),
    ]);
    let set = PolicySet { resource: Some(resource), ..PolicySet::default() };
    assert_eq!(named(set.clone()), allowed("first"));
    let identity = vec![policy(&[one("identity", "Allow")])];
    assert_eq!(named(PolicySet { identity, ..set }), allowed("first"));
}

#[test]
fn identity_policies_are_named_where_the_resource_grants_to_the_account_or_not_at_all() {
    let identity = vec![
        policy(&[
            json!({"Sid": "elsewhere", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
        ]),
        policy(&[one("first", "Allow"), one("second", "Allow")]),
    ];
    let boundary = Some(policy(&[one("boundary", "Allow")]));
    let scps = Some(vec![vec![policy(&[one("scp", "Allow")])]]);
    let set = PolicySet { identity, boundary, scps, ..PolicySet::default() };
    assert_eq!(named(set.clone()), allowed("first"));
    let resource = Some(policy(&[about("account", "Allow", ROOT)]));
    assert_eq!(named(PolicySet { resource, ..set.clone() }), allowed("first"));
    let other = about("other", "Allow", "arn:aws:iam::111122223333:user/bob");
    let resource = Some(policy(&[other]));
    assert_eq!(named(PolicySet { resource, ..set }), allowed("first"));
}

#[test]
fn the_first_denial_in_the_order_of_evaluation_is_named() {
    let scps = Some(vec![vec![policy(&[one("all", "Allow"), one("scp", "Deny")])]]);
    let identity = vec![policy(&[one("first", "Deny"), one("second", "Deny")])];
    let resource =
        Some(policy(&[about("not yet", "Allow", USER), about("resource", "Deny", USER)]));
    let set = PolicySet { identity, resource, ..PolicySet::default() };
    assert_eq!(named(PolicySet { scps, ..set.clone() }), denied("scp"));
    assert_eq!(named(set.clone()), denied("resource"));
    assert_eq!(named(PolicySet { resource: None, ..set }), denied("first"));
}
