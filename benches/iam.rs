//! Reading and evaluating policies.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use retrigger::iam::{Policy, PolicySet, Request};

/// A function's policy with `count` statements, the last of which allows [`request`].
fn policy_text(count: usize) -> String {
    let statement = |index: usize| {
        let group = if index + 1 == count { "my-targets".to_owned() } else { format!("g{index}") };
        format!(
            r#"{{"Sid":"s{index}","Effect":"Allow",
            "Principal":{{"Service":"elasticloadbalancing.amazonaws.com"}},
            "Action":"lambda:InvokeFunction",
            "Resource":"arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo",
            "Condition":{{"ArnLike":{{"AWS:SourceArn":
            "arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/{group}/*"}}}}}}"#
        )
    };
    let statements: Vec<String> = (0..count).map(statement).collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn request() -> Request {
    Request::new(
        "elasticloadbalancing.amazonaws.com".parse().expect("a service principal"),
        "lambda:InvokeFunction",
        "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo",
    )
    .with_context(
        "aws:SourceArn",
        "arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/my-targets/73e2d6bc24d8a067",
    )
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for count in [1, 10, 100] {
        let text = policy_text(count);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(count), &text, |bencher, text| {
            bencher.iter(|| Policy::parse(black_box(text)));
        });
    }
    group.finish();
}

fn evaluate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluate");
    let request = request();
    for count in [1, 10, 100] {
        let policy: Policy = policy_text(count).parse().expect("a policy without error");
        let policies = PolicySet { resource: Some(policy), ..PolicySet::default() };
        assert!(policies.decide(&request).is_allowed());
        group.bench_with_input(BenchmarkId::from_parameter(count), &policies, |bencher, set| {
            bencher.iter(|| set.explain(black_box(&request)));
        });
    }
    group.finish();
}

criterion_group!(benches, parse, evaluate);
criterion_main!(benches);
