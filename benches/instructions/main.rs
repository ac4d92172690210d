//! Instructions and allocations per decision: figures that repeat exactly on a busy machine, so
//! that they can be held against limits.
//!
//! Each workload is prepared and decided once natively, where allocations are counted, and once
//! under valgrind's callgrind, which counts the instructions of [`decide_each`] and nothing else.
//! The limits are in `benches/limits.toml`. Exit code 1: above a limit. Arguments choose
//! workloads; `--write` sets the limits to what is measured.
//!
//! Not `gungraun`, which does the same with more: its runner has to be installed beside it in the
//! same version, and its limits stand in the code for whole functions, not per decision.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its purpose is to report")]

mod limits;
#[path = "../support/mod.rs"]
mod support;

use std::{
    hint::black_box,
    process::{Command, ExitCode},
};

use retrigger::iam::{Decision, PolicySet};

use crate::{
    limits::Limits,
    support::{
        generate, is_measured,
        prepared::Prepared,
        workload::{Workload, all_shared, shared},
    },
};

/// How many statements the generated workloads have.
const GENERATED: [usize; 4] = [10, 100, 1_000, 10_000];

/// How many requests they have: the plain evaluator, slow with many statements, is asked them all.
const REQUESTS: usize = 200;

const SEED: u64 = 6;

/// What a decision of a workload needs.
#[derive(Debug)]
pub(crate) struct Count {
    workload: String,
    statements: usize,
    instructions: f64,
    allocations: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !is_measured() {
        check_small();
        return ExitCode::SUCCESS;
    }
    if let [flag, name, ..] = arguments.as_slice()
        && flag == "--decide"
    {
        decide_under_valgrind(name);
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> =
        arguments.iter().filter(|argument| !argument.starts_with("--")).cloned().collect();
    let mut limits = Limits::read();
    let Some(counts) = count_all(&wanted) else { return ExitCode::from(2) };
    if arguments.iter().any(|argument| argument == "--write") {
        limits.write(&counts);
    }
    let findings = limits.findings(&counts);
    println!("{}", limits.table(&counts));
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What `cargo test --benches` runs: everything but valgrind, on one small workload.
fn check_small() {
    let workload = generate::workload(20, 20, SEED);
    let prepared = Prepared::new(&workload, PolicySet::compile);
    prepared.check(&workload);
    assert_eq!(decide_each(&prepared), allowed(&workload));
    assert!(allocations(|| drop(black_box(vec![1]))) > 0, "allocations are counted");
    let statements = workload.statements();
    let unlimited =
        Count { workload: workload.name, statements, instructions: 1.0, allocations: 0.0 };
    let findings = Limits::read().findings(&[unlimited]);
    assert_eq!(findings, ["generated-20: no limit of instructions"]);
}

fn allowed(workload: &Workload) -> usize {
    workload.cases.iter().filter(|case| case.expect.is_allowed()).count()
}

/// Decides all requests once, and says how many are allowed. Callgrind counts from its first to
/// its last instruction, so its name has to stay its own.
#[inline(never)]
fn decide_each(prepared: &Prepared) -> usize {
    let mut allowed = 0;
    for index in 0..prepared.len() {
        allowed += usize::from(prepared.decide(black_box(index)) == Decision::Allowed);
    }
    allowed
}

fn allocations(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

/// Counts every workload that is wanted; `None` where that cannot be done.
fn count_all(wanted: &[String]) -> Option<Vec<Count>> {
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let mut counts = Vec::new();
    for (name, path) in all_shared().into_iter().filter(|(name, _)| is_wanted(name)) {
        counts.push(count(&Workload::read(name, &path))?);
    }
    for statements in GENERATED {
        if is_wanted(&format!("generated-{statements}")) {
            counts.push(count(&generate::workload(statements, REQUESTS, SEED))?);
        }
    }
    Some(counts)
}

fn count(workload: &Workload) -> Option<Count> {
    eprintln!("{}: counting", workload.name);
    let prepared = Prepared::new(workload, PolicySet::compile);
    prepared.check(workload);
    let allocations = allocations(|| {
        black_box(decide_each(&prepared));
    });
    #[expect(clippy::cast_precision_loss, reason = "far fewer than that")]
    let per_decision = |count: u64| count as f64 / prepared.len() as f64;
    Some(Count {
        workload: workload.name.clone(),
        statements: workload.statements(),
        instructions: per_decision(instructions(&workload.name)?),
        allocations: per_decision(allocations),
    })
}

/// The instructions of [`decide_each`], counted by callgrind in a process of its own.
fn instructions(workload: &str) -> Option<u64> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("callgrind.out");
    let valgrind = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*decide_each*"])
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(std::env::current_exe().expect("this program"))
        .args(["--decide", workload, "--bench"])
        .output();
    let valgrind = match valgrind {
        Ok(valgrind) => valgrind,
        Err(error) => {
            eprintln!("valgrind cannot be run: {error}; Debian's package is named valgrind");
            return None;
        }
    };
    let said = String::from_utf8_lossy(&valgrind.stderr);
    assert!(valgrind.status.success(), "the run under valgrind failed: {said}");
    let report = std::fs::read_to_string(&output).expect("callgrind's report");
    let count = report.lines().find_map(|line| line.strip_prefix("totals: "));
    let count = count.and_then(|count| count.trim().parse().ok()).expect("callgrind's total");
    assert!(count > 0, "callgrind did not find the function to count in: {said}");
    Some(count)
}

/// Decides a workload, everything made ready by a first pass that is not counted.
fn decide_under_valgrind(name: &str) {
    let workload = match name.strip_prefix("generated-").and_then(|size| size.parse().ok()) {
        Some(statements) => generate::unchecked_workload(statements, REQUESTS, SEED),
        None => Workload::read(name, &shared(name).expect("a shared workload")),
    };
    let prepared = Prepared::new(&workload, PolicySet::compile);
    for index in 0..prepared.len() {
        black_box(prepared.decide(index));
    }
    black_box(decide_each(&prepared));
}
