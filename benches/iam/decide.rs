//! One decision, and one explanation, under policies of every size.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use retrigger::iam::{Decision, PolicySet, Request};
use serde_json::{Value, json};

use crate::{
    documents::sizes,
    support::generate::{self, Generator},
};

const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:probe-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A kind of decision: how its policy is made, and what is decided under it.
struct Scenario {
    name: &'static str,
    statements: fn(usize) -> Vec<Value>,
    expect: Decision,
}

const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "allow", statements: allowing, expect: Decision::Allowed },
    Scenario { name: "explicit-deny", statements: denying, expect: Decision::ExplicitlyDenied },
    Scenario { name: "implicit-deny", statements: silent, expect: Decision::ImplicitlyDenied },
    Scenario { name: "wildcards", statements: wildcards, expect: Decision::ImplicitlyDenied },
];

/// The last statement allows the request.
fn allowing(count: usize) -> Vec<Value> {
    with_probe(count, "Allow")
}

/// The last statement denies the request.
fn denying(count: usize) -> Vec<Value> {
    with_probe(count, "Deny")
}

fn with_probe(count: usize, effect: &str) -> Vec<Value> {
    let mut statements = Generator::new(2).statements(count - 1);
    statements.push(json!({
        "Effect": effect,
        "Action": ["sqs:Send*", "sqs:ReceiveMessage"],
        "Resource": "arn:aws:sqs:*:111122223333:probe-*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }));
    statements
}

/// No statement is about the queue, though many are about its action.
fn silent(count: usize) -> Vec<Value> {
    Generator::new(3).statements(count)
}

/// Every statement covers every action and all of the queue's ARN but its end.
fn wildcards(count: usize) -> Vec<Value> {
    let statement = |index: usize| {
        let resource = format!("arn:aws:*:*:*:*a*a*a*{index}b");
        json!({"Effect": "Allow", "Action": ["*:*Message", "*"], "Resource": resource})
    };
    (0..count).map(statement).collect()
}

fn request() -> Request {
    let caller = "arn:aws:sts::111122223333:assumed-role/OrderRole/s-1";
    Request::new(caller.parse().expect("a session"), "sqs:SendMessage", QUEUE)
        .with_context("aws:SecureTransport", "true")
        .with_context("aws:SourceIp", "203.0.113.7")
        .with_context("aws:RequestedRegion", "us-east-1")
        .with_context("aws:PrincipalTag/team", "orders")
        .with_derived_context()
}

/// Runs `bench` for every scenario and size, with the policies and what is decided under them.
fn for_each(largest: usize, mut bench: impl FnMut(&str, usize, PolicySet, Decision)) {
    for Scenario { name, statements, expect } in &SCENARIOS {
        for &size in sizes().iter().filter(|size| **size <= largest) {
            let policies = generate::identity(&generate::document(&statements(size)));
            bench(name, size, policies, *expect);
        }
    }
}

/// One decision.
pub(crate) fn decide(criterion: &mut Criterion) {
    let request = request();
    for_each(10_000, |name, size, policies, expect| {
        let mut group = criterion.benchmark_group(format!("decide/{name}"));
        assert_eq!(policies.decide(&request), expect, "plain, {name}, {size}");
        group.bench_function(BenchmarkId::new("plain", size), |bencher| {
            bencher.iter(|| policies.decide(black_box(&request)));
        });
        let compiled = policies.compile();
        assert_eq!(compiled.decide(&request), expect, "compiled, {name}, {size}");
        group.bench_function(BenchmarkId::new("compiled", size), |bencher| {
            bencher.iter(|| compiled.decide(black_box(&request)));
        });
        assert_eq!(compiled.decide_with(&request).decision, expect);
        group.bench_function(BenchmarkId::new("compiled-with-statement", size), |bencher| {
            bencher.iter(|| compiled.decide_with(black_box(&request)));
        });
        group.finish();
    });
}

/// One decision with every statement's reason.
pub(crate) fn explain(criterion: &mut Criterion) {
    let request = request();
    for_each(1_000, |name, size, policies, expect| {
        let mut group = criterion.benchmark_group(format!("explain/{name}"));
        let compiled = policies.clone().compile();
        assert_eq!(policies.explain(&request).decision, expect, "plain, {name}, {size}");
        assert_eq!(compiled.explain(&request).decision, expect, "compiled, {name}, {size}");
        group.bench_function(BenchmarkId::new("plain", size), |bencher| {
            bencher.iter(|| policies.explain(black_box(&request)));
        });
        group.bench_function(BenchmarkId::new("compiled", size), |bencher| {
            bencher.iter(|| compiled.explain(black_box(&request)));
        });
        group.finish();
    });
}
