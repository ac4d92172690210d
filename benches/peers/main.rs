//! Our evaluator beside others, on the same workloads in one run.
//!
//! Policies, requests and entities are prepared beforehand for all. Every decision is first held
//! against the expected one; what a translation loses is counted and printed, and only those
//! requests are timed that every evaluator decides as expected. Criterion measures one bench
//! after the other, on the wall clock, so that on a busy machine each row has a weather of its
//! own. Here each round gives every evaluator its turn, timed in processor time, and the fastest
//! round counts.
//!
//! Prints a Markdown table: `cargo bench --features peers --bench peers`. Arguments choose
//! workloads: `-- W1 W2`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its purpose is to print a table")]

mod cedar;
mod evaluator;
mod iam_rs;
mod layers;
mod measure;
#[path = "../support/mod.rs"]
mod support;
mod table;

use retrigger::iam::PolicySet;

use crate::{
    evaluator::{Evaluator, Losses},
    support::{
        generate, is_measured,
        prepared::Prepared,
        workload::{Workload, all_shared},
    },
    table::Row,
};

/// All evaluators, made ready for a workload. The first is ours, which the others are compared to.
fn evaluators(workload: &Workload) -> Vec<Evaluator> {
    let ours = |name, prepared: Prepared| {
        Evaluator::new(name, Losses::default(), move |index| Some(prepared.decide(index)))
    };
    vec![
        ours("retrigger", Prepared::new(workload, PolicySet::compile)),
        ours("linear", Prepared::new(workload, PolicySet::compile_linear)),
        cedar::prepare(workload),
        iam_rs::prepare(workload),
    ]
}

/// The workloads to measure, read or made one at a time: the largest are large.
fn workloads() -> Vec<Box<dyn Fn() -> Workload>> {
    if !is_measured() {
        return vec![Box::new(|| generate::workload(20, 50, 5))];
    }
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let mut workloads: Vec<Box<dyn Fn() -> Workload>> = Vec::new();
    let shared = all_shared();
    if shared.is_empty() {
        eprintln!("measuring generated workloads instead");
        for statements in [10, 100, 1_000, 10_000] {
            if is_wanted(&format!("generated-{statements}")) {
                workloads.push(Box::new(move || generate::workload(statements, 500, 5)));
            }
        }
    }
    for (name, path) in shared.into_iter().filter(|(name, _)| is_wanted(name)) {
        workloads.push(Box::new(move || Workload::read(name, &path)));
    }
    workloads
}

fn main() {
    let mut rows = Vec::new();
    for make in workloads() {
        let workload = make();
        eprintln!("{}: preparing", workload.name);
        let evaluators = evaluators(&workload);
        let row = Row::measure(&workload, &evaluators);
        eprintln!("{}", row.progress());
        rows.push(row);
    }
    println!("{}", table::losses(&rows));
    println!("{}", table::times(&rows));
}
