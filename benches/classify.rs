//! From a payload to what triggered it.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::{hint::black_box, path::Path};

use criterion::{Criterion, criterion_group, criterion_main};
use retrigger::trigger::{Surroundings, classify};
use serde_json::Value;

fn classify_payloads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("classify");
    for name in ["alb-get-root", "apigw-rest-get", "s3-object-created", "sqs-batch"] {
        let path = Path::new("recordings/lambda-demo").join(name).join("event.json");
        let text = std::fs::read_to_string(&path).expect("an event of the repository");
        let payload: Value = serde_json::from_str(&text).expect("a JSON event");
        let surroundings = Surroundings::none();
        assert!(classify(&payload, &surroundings).is_some());
        group.bench_function(name, |bencher| {
            bencher.iter(|| classify(black_box(&payload), &surroundings));
        });
    }
    group.finish();
}

criterion_group!(benches, classify_payloads);
criterion_main!(benches);
