//! One decision that hangs on one condition, for every operator.

use std::hint::black_box;

use criterion::Criterion;
use retrigger::iam::{ContextValue, Decision, Request};
use serde_json::{Value, json};

use crate::support::generate;

/// An operator, what the policy lists, a value that satisfies it and one that does not. `Null`
/// stands for a request without the key.
type Row = (&'static str, Value, Value, Value);

fn strings() -> Vec<Row> {
    let [listed, pattern] = [json!(["orders", "billing"]), json!(["or*rs", "b?lling*"])];
    let [yes, no] = [json!("billing"), json!("search")];
    vec![
        ("StringEquals", listed.clone(), yes.clone(), no.clone()),
        ("StringNotEquals", listed.clone(), no.clone(), yes.clone()),
        ("StringEqualsIgnoreCase", listed.clone(), json!("BILLING"), no.clone()),
        ("StringNotEqualsIgnoreCase", listed.clone(), no.clone(), json!("BILLING")),
        ("StringLike", pattern.clone(), yes.clone(), no.clone()),
        ("StringNotLike", pattern.clone(), no.clone(), yes.clone()),
        ("StringEqualsIfExists", listed, Value::Null, no.clone()),
        ("StringLikeIfExists", pattern.clone(), yes.clone(), no.clone()),
        ("StringNotLikeIfExists", pattern, Value::Null, yes),
    ]
}

fn numbers() -> Vec<Row> {
    let [listed, below, above] = [json!("100"), json!("99.5"), json!("101")];
    vec![
        ("NumericEquals", listed.clone(), json!("100.0"), below.clone()),
        ("NumericNotEquals", listed.clone(), below.clone(), listed.clone()),
        ("NumericLessThan", listed.clone(), below.clone(), listed.clone()),
        ("NumericLessThanEquals", listed.clone(), listed.clone(), above.clone()),
        ("NumericGreaterThan", listed.clone(), above.clone(), listed.clone()),
        ("NumericGreaterThanEquals", listed.clone(), listed.clone(), below.clone()),
        ("NumericLessThanIfExists", listed, below, above),
    ]
}

fn dates() -> Vec<Row> {
    let listed = json!("2026-06-01T00:00:00Z");
    let [before, after] = [json!("2026-05-31T23:59:59Z"), json!("2026-06-02T00:00:00Z")];
    vec![
        ("DateEquals", listed.clone(), listed.clone(), before.clone()),
        ("DateNotEquals", listed.clone(), before.clone(), listed.clone()),
        ("DateLessThan", listed.clone(), before.clone(), listed.clone()),
        ("DateLessThanEquals", listed.clone(), listed.clone(), after.clone()),
        ("DateGreaterThan", listed.clone(), after.clone(), listed.clone()),
        ("DateGreaterThanEquals", listed.clone(), listed.clone(), before.clone()),
        ("DateGreaterThanIfExists", listed, after, before),
    ]
}

fn others() -> Vec<Row> {
    let network = json!(["10.0.0.0/8", "2001:db8::/32"]);
    let [inside, outside] = [json!("10.20.30.40"), json!("203.0.113.9")];
    let roles = json!(["arn:aws:iam::*:role/app/*", "arn:aws:iam::111122223333:user/ann"]);
    let [role, user] =
        [json!("arn:aws:iam::111122223333:role/app/r"), json!("arn:aws:iam::111122223333:user/x")];
    vec![
        ("Bool", json!("true"), json!("true"), json!("false")),
        ("BoolIfExists", json!("false"), Value::Null, json!("true")),
        ("BinaryEquals", json!("cmV0cmlnZ2Vy"), json!("cmV0cmlnZ2Vy"), json!("cmVwbGF5")),
        ("IpAddress", network.clone(), inside.clone(), outside.clone()),
        ("NotIpAddress", network.clone(), outside.clone(), inside.clone()),
        ("IpAddressIfExists", network, inside, outside),
        ("ArnEquals", roles.clone(), role.clone(), user.clone()),
        ("ArnLike", roles.clone(), role.clone(), user.clone()),
        ("ArnNotEquals", roles.clone(), user.clone(), role.clone()),
        ("ArnNotLike", roles.clone(), user.clone(), role.clone()),
        ("ArnLikeIfExists", roles, role, user),
        ("Null", json!("true"), Value::Null, json!("here")),
    ]
}

fn sets() -> Vec<Row> {
    let [tags, patterns] = [json!(["team", "stage", "owner"]), json!(["te*", "st*", "own?r"])];
    let [some, all, none] =
        [json!(["team", "cost"]), json!(["stage", "team"]), json!(["cost", "unit"])];
    vec![
        ("ForAllValues:StringEquals", tags.clone(), all.clone(), some.clone()),
        ("ForAllValues:StringLike", patterns.clone(), all.clone(), some.clone()),
        ("ForAllValues:StringNotEquals", tags.clone(), none.clone(), some.clone()),
        ("ForAllValues:StringEqualsIfExists", tags.clone(), Value::Null, none.clone()),
        ("ForAnyValue:StringEquals", tags.clone(), some.clone(), none.clone()),
        ("ForAnyValue:StringLike", patterns.clone(), some.clone(), none.clone()),
        ("ForAnyValue:StringNotLike", patterns, some, all.clone()),
        ("ForAnyValue:StringEqualsIfExists", tags, all, none),
    ]
}

fn request(value: &Value) -> Request {
    let caller = "arn:aws:iam::111122223333:user/ann".parse().expect("a user");
    let request = Request::new(caller, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q");
    let value = serde_json::from_value::<Option<ContextValue>>(value.clone());
    match value.expect("a string, strings or null") {
        Some(value) => request.with_context("demo:key", value),
        None => request,
    }
}

/// Every operator: the decision where its condition holds.
pub(crate) fn operators(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("operator");
    for (operator, listed, yes, no) in [strings(), numbers(), dates(), others(), sets()].concat() {
        let policies = generate::identity(&generate::document(&[json!({
            "Effect": "Allow", "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:us-east-1:111122223333:q",
            "Condition": {operator: {"demo:key": listed}},
        })]));
        let compiled = policies.clone().compile();
        let (yes, no) = (request(&yes), request(&no));
        for decide in [&|one: &_| policies.decide(one), &|one: &_| compiled.decide(one)]
            as [&dyn Fn(&Request) -> Decision; 2]
        {
            assert_eq!(decide(&yes), Decision::Allowed, "{operator}");
            assert_eq!(decide(&no), Decision::ImplicitlyDenied, "{operator}");
        }
        group.bench_function(format!("{operator}/plain"), |bencher| {
            bencher.iter(|| policies.decide(black_box(&yes)));
        });
        group.bench_function(format!("{operator}/compiled"), |bencher| {
            bencher.iter(|| compiled.decide(black_box(&yes)));
        });
    }
    group.finish();
}
