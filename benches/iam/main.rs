//! The policy language, from text to decision.
//!
//! `plain` is the evaluator that reads like the specification, `compiled` the one for many
//! decisions. Policies are generated from a seed; every decision is held against what it must be
//! before it is timed.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

mod decide;
mod documents;
mod many;
mod operators;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

/// Short measurements: there are many, and all of them are short.
fn configuration() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50)
}

criterion_group! {
    name = benches;
    config = configuration();
    targets =
        documents::parse, documents::validate, documents::compile, documents::first_decision,
        decide::decide, decide::explain, operators::operators, many::batch
}
criterion_main!(benches);
