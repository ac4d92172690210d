//! What the benches of the evaluator share: workloads, read or generated.

#![allow(dead_code, reason = "every bench uses its part of it")]

pub(crate) mod generate;
pub(crate) mod prepared;
pub(crate) mod workload;

/// Whether this is a measurement; `cargo test --benches` only wants to see everything run once.
pub(crate) fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
