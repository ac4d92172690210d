//! From a name to what is known of it.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use retrigger_catalogue::facts::{Service, action, condition_key, service, services};

fn look_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("catalogue");
    group.bench_function("service", |bencher| {
        bencher.iter(|| service(black_box("lambda")));
    });
    for name in ["s3:GetObject", "lambda:InvokeFunction", "ec2:DescribeInstanceTypeOfferings"] {
        let (prefix, rest) = name.split_once(':').expect("a colon");
        assert!(action(prefix, rest).is_some());
        group.bench_function(name, |bencher| {
            bencher.iter(|| action(black_box(prefix), black_box(rest)));
        });
    }
    group.bench_function("s3:GetObjct, which is none", |bencher| {
        bencher.iter(|| action(black_box("s3"), black_box("GetObjct")));
    });
    // In leaps through the data, as no cache expects it; the names are at hand, as those that a
    // policy was just read for.
    let all: Vec<(String, String)> = services()
        .flat_map(Service::actions)
        .map(|action| (action.service().prefix().to_string(), action.name().to_string()))
        .collect();
    let leaps: Vec<_> = (0..all.len()).map(|at| all[at * 7919 % all.len()].clone()).collect();
    let mut names = leaps.iter().cycle();
    group.bench_function("every action in leaps", |bencher| {
        bencher.iter(|| {
            let (prefix, name) = names.next().expect("an action");
            action(black_box(prefix), black_box(name))
        });
    });
    for name in ["aws:SourceArn", "aws:RequestTag/team", "s3:prefx"] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| condition_key(black_box(name)));
        });
    }
    group.finish();
}

criterion_group!(benches, look_up);
criterion_main!(benches);
