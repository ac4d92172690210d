//! Everything that is measured of one workload.

use std::{
    num::NonZero,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Growth, Meter, Mismatch, Timing, Workload,
    evaluator::{Asked, Evaluator, asked, plain_sets},
    growth,
    timing::{self, nanoseconds, percentile, rounded},
    workload::compile,
};

/// How workloads are measured.
pub struct Bench<'m> {
    /// About how long one evaluator is measured on one workload.
    pub time: Duration,
    /// Whether the plain evaluator is measured too.
    pub compare_plain: bool,
    /// How many threads "all threads" are.
    pub threads: usize,
    /// What counts allocations.
    pub meter: Option<&'m dyn Meter>,
}

/// What is being done to a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Every request is decided and held against what it must get.
    Checking,
    /// Its policies are compiled, some times over.
    Compiling,
    /// The compiled evaluator is timed.
    Timing,
    /// The plain evaluator is timed.
    TimingPlain,
    /// Parts of the policies are timed.
    Growth,
}

/// What was measured of a workload. Where requests did not get what they must, nothing was.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The workload's name.
    pub workload: String,
    /// How many statements its policies have.
    pub statements: usize,
    /// How many requests it has.
    pub requests: usize,
    /// How many requests did not get what they must.
    pub mismatches: usize,
    /// The compiled evaluator.
    #[serde(flatten)]
    pub figures: Figures,
    /// The requests that did not get what they must.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mismatched: Vec<Mismatch>,
    /// How many threads all threads are.
    pub threads: usize,
    /// How many policy sets the requests are decided under.
    pub policy_sets: usize,
    /// The median decision by policy size, the whole workload last; empty where its policies are
    /// too few.
    pub growth: Vec<Growth>,
    /// The plain evaluator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain: Option<Timing>,
}

/// The figures of the compiled evaluator, all `None` where nothing was measured.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Figures {
    /// Nanoseconds for a decision, median of the requests.
    pub ns_median: Option<f64>,
    /// Nanoseconds for a decision, 99th percentile of the requests.
    pub ns_p99: Option<f64>,
    /// Decisions a second on one thread.
    pub decisions_per_s: Option<f64>,
    /// Allocations for a decision.
    pub allocations_per_decision: Option<f64>,
    /// Milliseconds to compile all policy sets.
    pub compile_ms: Option<f64>,
    /// Bytes on the heap that the compiled policy sets hold.
    pub memory_bytes: Option<i64>,
    /// Decisions a second on all threads together.
    pub decisions_per_s_all_threads: Option<f64>,
    /// How many of the requests were timed.
    pub timed_requests: Option<usize>,
}

impl Default for Bench<'_> {
    /// A second for each evaluator and workload, the compiled one only, as many threads as there
    /// are processors, and nothing that counts allocations.
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self { time: Duration::from_secs(1), compare_plain: false, threads, meter: None }
    }
}

impl Bench<'_> {
    /// Checks every decision of a workload and, where all are as they must be, measures it.
    /// `phase` is told what is being done.
    pub fn run(&self, workload: &Workload, mut phase: impl FnMut(Phase)) -> Measured {
        phase(Phase::Checking);
        let sets = workload.compile();
        let mismatched = workload.mismatches_under(&sets);
        let mut measured = Measured {
            workload: workload.name().to_owned(),
            statements: workload.statements(),
            requests: workload.requests(),
            mismatches: mismatched.len(),
            figures: Figures::default(),
            mismatched,
            threads: self.threads,
            policy_sets: workload.policy_sets(),
            growth: Vec::new(),
            plain: None,
        };
        if measured.mismatches > 0 {
            return measured;
        }
        phase(Phase::Compiling);
        let compile_ms = compile_ms(workload, self.time / 10);
        let memory_bytes = self.meter.map(|meter| memory_bytes(workload, meter));
        phase(Phase::Timing);
        let timing = self.time(&asked(workload, &sets));
        drop(sets);
        if self.compare_plain {
            phase(Phase::TimingPlain);
            measured.plain = Some(self.time(&asked(workload, &plain_sets(workload))));
        }
        measured.figures = figures(timing, compile_ms, memory_bytes);
        let parts = growth::parts(workload);
        if !parts.is_empty() {
            phase(Phase::Growth);
            let part = |part| growth::measure(part, self.time / 10, self.compare_plain);
            measured.growth = parts.iter().map(part).collect();
            measured.growth.push(Growth {
                statements: measured.statements,
                ns_median: timing.ns_median,
                plain_ns_median: measured.plain.map(|plain| plain.ns_median),
            });
        }
        measured
    }

    fn time<E: Evaluator>(&self, asked: &[Asked<'_, E>]) -> Timing {
        timing::measure(asked, self.time, self.threads, self.meter)
    }
}

fn figures(timing: Timing, compile_ms: f64, memory_bytes: Option<i64>) -> Figures {
    Figures {
        ns_median: Some(timing.ns_median),
        ns_p99: Some(timing.ns_p99),
        decisions_per_s: Some(timing.decisions_per_s),
        allocations_per_decision: timing.allocations_per_decision,
        compile_ms: Some(compile_ms),
        memory_bytes,
        decisions_per_s_all_threads: Some(timing.decisions_per_s_all_threads),
        timed_requests: Some(timing.timed_requests),
    }
}

/// Neither copying the policies nor dropping what was made of them is timed.
fn compile_ms(workload: &Workload, time: Duration) -> f64 {
    /// Fewer have no median, more say nothing more.
    const TIMES: std::ops::Range<usize> = 3..100;
    let started = Instant::now();
    let mut times = Vec::new();
    while times.len() < TIMES.start || (times.len() < TIMES.end && started.elapsed() < time) {
        let callers = workload.callers.clone();
        let before = Instant::now();
        let sets = compile(callers);
        times.push(nanoseconds(before.elapsed()) / 1e6);
        drop(sets);
    }
    rounded(percentile(&mut times, 50), 4)
}

/// What the compiled sets hold once each request was decided: some of it is made when it is first
/// needed.
fn memory_bytes(workload: &Workload, meter: &dyn Meter) -> i64 {
    let mut kept = None;
    let usage = meter.measure(&mut || {
        let sets = workload.compile();
        timing::pass(&asked(workload, &sets));
        kept = Some(sets);
    });
    drop(kept);
    usage.bytes_held
}
