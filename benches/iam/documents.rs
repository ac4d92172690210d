//! What happens to a document once: it is parsed, validated, compiled.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use retrigger::iam::{Code, Finding, Policy, PolicyKind, PolicySet, Request, Severity, lint};

use crate::support::{
    generate::{self, Generator},
    is_measured,
};

/// How many statements there are in the policies that are measured.
pub(crate) fn sizes() -> &'static [usize] {
    if is_measured() { &[1, 10, 100, 1_000, 10_000] } else { &[1, 10, 100] }
}

fn text(statements: usize) -> String {
    generate::document(&Generator::new(1).statements(statements))
}

/// Text to policy.
pub(crate) fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for &size in sizes() {
        let text = text(size);
        let parsed: Policy = text.parse().expect("a policy without errors");
        assert_eq!(parsed.statements.len(), size);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &text, |bencher, text| {
            bencher.iter(|| Policy::parse(black_box(text)));
        });
    }
    group.finish();
}

/// Text to findings.
pub(crate) fn validate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("validate");
    for &size in sizes() {
        let text = text(size);
        let is_sound = |finding: &Finding| {
            finding.severity != Severity::Error || finding.code == Code::DocumentTooLarge
        };
        assert!(lint(&text, Some(PolicyKind::Identity)).findings.iter().all(is_sound));
        assert!(lint(&text.replace("Allow", "allow"), Some(PolicyKind::Identity)).has_errors());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &text, |bencher, text| {
            bencher.iter(|| lint(black_box(text), Some(PolicyKind::Identity)));
        });
    }
    group.finish();
}

/// Policies to what decides.
pub(crate) fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for &size in sizes() {
        let policies = generate::identity(&text(size));
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &policies, |bencher, set| {
            bencher.iter_batched(|| set.clone(), PolicySet::compile, BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// A function's policy as AWS writes it for three triggers.
const FUNCTION_POLICY: &str = r#"{"Version":"2012-10-17","Id":"default","Statement":[
{"Sid":"alb","Effect":"Allow","Principal":{"Service":"elasticloadbalancing.amazonaws.com"},
 "Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:111122223333:function:orders",
 "Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/orders/*"}}},
{"Sid":"api","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},
 "Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:111122223333:function:orders",
 "Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:111122223333:a1b2c3/*/GET/*"}}},
{"Sid":"bucket","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},
 "Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:111122223333:function:orders",
 "Condition":{"StringEquals":{"AWS:SourceAccount":"111122223333"},
 "ArnLike":{"AWS:SourceArn":"arn:aws:s3:::order-uploads"}}}]}"#;

/// The text of a function's policy to the first decision under it.
pub(crate) fn first_decision(criterion: &mut Criterion) {
    let request = Request::new(
        "s3.amazonaws.com".parse().expect("a service"),
        "lambda:InvokeFunction",
        "arn:aws:lambda:us-east-1:111122223333:function:orders",
    )
    .with_context("aws:SourceArn", "arn:aws:s3:::order-uploads")
    .with_context("aws:SourceAccount", "111122223333");
    let decide = |text: &str| {
        let resource = Some(text.parse().expect("a policy without errors"));
        PolicySet { resource, ..PolicySet::default() }.compile().decide(&request)
    };
    assert!(decide(FUNCTION_POLICY).is_allowed());
    criterion.bench_function("first-decision", |bencher| {
        bencher.iter(|| decide(black_box(FUNCTION_POLICY)));
    });
}
