//! Many decisions under one policy set.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use retrigger::iam::{Decision, Request};

use crate::support::{generate, is_measured};

/// Many decisions: `all` threads at once, and `one` after the other.
pub(crate) fn batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch");
    let (sizes, count): (&[usize], _) =
        if is_measured() { (&[10, 1_000], 10_000) } else { (&[10], 100) };
    for &size in sizes {
        let workload = generate::unchecked_workload(size, count, 4);
        let policies = workload.documents.policy_set();
        let requests: Vec<Request> = workload.cases.into_iter().map(|case| case.request).collect();
        let expected: Vec<Decision> = requests.iter().map(|one| policies.decide(one)).collect();
        let compiled = policies.compile();
        assert_eq!(compiled.decide_all(&requests), expected);
        group.throughput(Throughput::Elements(requests.len() as u64));
        group.bench_function(BenchmarkId::new("all", size), |bencher| {
            bencher.iter(|| compiled.decide_all(black_box(&requests)));
        });
        group.bench_function(BenchmarkId::new("one", size), |bencher| {
            let decide = |request| compiled.decide(request) == Decision::Allowed;
            bencher.iter(|| black_box(&requests).iter().filter(|one| decide(one)).count());
        });
    }
    group.finish();
}
