//! Timing on a machine that others use too: in processor time, which goes on only while this
//! thread runs.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

use crate::evaluator::Evaluator;

/// What a turn of an evaluator takes at least, so that the clock does not matter.
const TURN: Duration = Duration::from_millis(20);

/// What all rounds together may take on the wall clock, at least [`ROUNDS`].0 rounds aside.
const BUDGET: Duration = Duration::from_secs(15);

/// The fewest and the most rounds.
const ROUNDS: (usize, usize) = (3, 40);

/// What one pass of the slowest evaluator may take, at least [`FEWEST`] requests aside.
const PASS: Duration = Duration::from_secs(3);

/// The fewest requests that stand for a workload.
const FEWEST: usize = 200;

/// What an evaluator needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// Nanoseconds per decision in the fastest round.
    pub(crate) fastest: f64,
    /// In the median round.
    pub(crate) median: f64,
}

/// Those of `requests` that are timed: all, or where an evaluator is too slow for that, some that
/// are spread evenly.
pub(crate) fn sample(evaluators: &[Evaluator], requests: &[usize]) -> Vec<usize> {
    let few = spread(requests, 20);
    let slowest = evaluators.iter().map(|evaluator| turn(evaluator, &few)).fold(0.0, f64::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
    let affordable = (PASS.as_secs_f64() * 1e9 / slowest) as usize;
    spread(requests, affordable.max(FEWEST))
}

fn spread(requests: &[usize], count: usize) -> Vec<usize> {
    if requests.len() <= count {
        return requests.to_vec();
    }
    (0..count).map(|index| requests[index * requests.len() / count]).collect()
}

/// Rounds in which every evaluator has its turn, until the time is up.
pub(crate) fn rounds(evaluators: &[Evaluator], requests: &[usize]) -> Vec<Time> {
    let start = Instant::now();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); evaluators.len()];
    for round in 0..ROUNDS.1 {
        if round >= ROUNDS.0 && start.elapsed() > BUDGET {
            break;
        }
        for (evaluator, times) in evaluators.iter().zip(&mut times) {
            times.push(turn(evaluator, requests));
        }
    }
    times.into_iter().map(Time::of).collect()
}

/// Nanoseconds per decision in one turn.
fn turn(evaluator: &Evaluator, requests: &[usize]) -> f64 {
    // The time of a thread is asked of the kernel: with a few requests a look after each pass
    // would take as long as the decisions.
    let passes_a_look = 1_000_usize.div_ceil(requests.len());
    let start = processor_time();
    let mut passes = 0_u32;
    loop {
        for _ in 0..passes_a_look {
            black_box(evaluator.pass(black_box(requests)));
            passes += 1;
        }
        let time = processor_time().saturating_sub(start);
        if time >= TURN {
            #[expect(clippy::cast_precision_loss, reason = "far fewer than that")]
            let decisions = f64::from(passes) * requests.len() as f64;
            return time.as_secs_f64() * 1e9 / decisions;
        }
    }
}

/// How long this thread has run.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time since the start")
}

impl Time {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self { fastest: times[0], median: times[times.len() / 2] }
    }
}
