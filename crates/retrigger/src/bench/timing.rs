//! The timing of one evaluator; the documentation of `bench` says how it is done.

use std::{
    hint::black_box,
    panic::resume_unwind,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Meter,
    evaluator::{Asked, Evaluator},
};

/// How long a decision is repeated between two looks at the clock.
const BATCH: Duration = Duration::from_micros(20);

/// How long a pass over the requests takes at least.
const PASS: Duration = Duration::from_millis(1);

/// What an evaluator needs for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// How many of the requests were timed: all that time allowed for.
    pub timed_requests: usize,
    /// Nanoseconds for a decision, median of the requests.
    pub ns_median: f64,
    /// Nanoseconds for a decision, 99th percentile of the requests.
    pub ns_p99: f64,
    /// Decisions a second on one thread.
    pub decisions_per_s: f64,
    /// Allocations for a decision; `None` where nothing counts them.
    pub allocations_per_decision: Option<f64>,
    /// Decisions a second on all threads together.
    pub decisions_per_s_all_threads: f64,
}

/// Times all that there is to time, in about `time`.
pub(super) fn measure<E: Evaluator>(
    asked: &[Asked<'_, E>],
    time: Duration,
    threads: usize,
    meter: Option<&dyn Meter>,
) -> Timing {
    let Sample { asked, mean } = sample(asked, time / 5);
    let percentiles = percentiles(asked, mean, time * 3 / 10);
    Timing {
        timed_requests: asked.len(),
        ns_median: rounded(percentiles.median, 2),
        ns_p99: rounded(percentiles.p99, 2),
        decisions_per_s: rounded(passes(asked, mean, time * 3 / 10), 0),
        allocations_per_decision: meter.map(|meter| rounded(allocations(asked, meter), 4)),
        decisions_per_s_all_threads: rounded(all_threads(asked, mean, time / 5, threads), 0),
    }
}

/// Times decisions one by one, in about `time`; gives the median.
pub(super) fn median_of<E: Evaluator>(asked: &[Asked<'_, E>], time: Duration) -> f64 {
    let Sample { asked, mean } = sample(asked, time / 3);
    rounded(percentiles(asked, mean, time * 2 / 3).median, 2)
}

/// The requests that time allows for, and what one needs on average.
struct Sample<'q, 'a, E: Evaluator> {
    asked: &'q [Asked<'a, E>],
    mean: Duration,
}

/// Decides one request after the other until time is up or all are decided, then once more those
/// that were.
fn sample<'q, 'a, E: Evaluator>(asked: &'q [Asked<'a, E>], time: Duration) -> Sample<'q, 'a, E> {
    let started = Instant::now();
    let mut count = 0;
    for question in asked {
        black_box(question.decide());
        count += 1;
        if started.elapsed() > time / 2 {
            break;
        }
    }
    let asked = &asked[..count];
    let started = Instant::now();
    pass(asked);
    Sample { asked, mean: started.elapsed() / divisor(count) }
}

/// Decides each request once.
pub(super) fn pass<E: Evaluator>(asked: &[Asked<'_, E>]) {
    for question in asked {
        black_box(question.decide());
    }
}

struct Percentiles {
    median: f64,
    p99: f64,
}

/// Each request's own median first, then those of the requests.
fn percentiles<E: Evaluator>(
    asked: &[Asked<'_, E>],
    mean: Duration,
    time: Duration,
) -> Percentiles {
    let repeats = times(BATCH, mean);
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); asked.len()];
    let started = Instant::now();
    'rounds: loop {
        for (question, own) in asked.iter().zip(&mut rounds) {
            let before = Instant::now();
            for _ in 0..repeats {
                black_box(question.decide());
            }
            own.push(nanoseconds(before.elapsed()) / f64::from(repeats));
            if started.elapsed() > time {
                break 'rounds;
            }
        }
    }
    let timed = rounds.into_iter().filter(|own| !own.is_empty());
    let mut own: Vec<f64> = timed.map(|mut own| percentile(&mut own, 50)).collect();
    Percentiles { median: percentile(&mut own, 50), p99: percentile(&mut own, 99) }
}

/// Decisions a second, from the median of passes over all requests.
fn passes<E: Evaluator>(asked: &[Asked<'_, E>], mean: Duration, time: Duration) -> f64 {
    let count = divisor(asked.len());
    let repeats = times(PASS, mean * count);
    let mut passes = Vec::new();
    let started = Instant::now();
    while passes.is_empty() || started.elapsed() < time {
        let before = Instant::now();
        for _ in 0..repeats {
            pass(asked);
        }
        passes.push(before.elapsed().as_secs_f64());
    }
    f64::from(count) * f64::from(repeats) / percentile(&mut passes, 50)
}

/// Decisions a second of all threads together, each beginning at a place of its own: the sum of
/// their medians.
fn all_threads<E: Evaluator>(
    asked: &[Asked<'_, E>],
    mean: Duration,
    time: Duration,
    threads: usize,
) -> f64 {
    let block = times(PASS / 10, mean);
    let (ready, is_over) = (Barrier::new(threads), AtomicBool::new(false));
    let run = |thread: usize| {
        let start = thread * asked.len() / threads;
        let mut questions = asked.iter().cycle().skip(start);
        let mut blocks = Vec::new();
        ready.wait();
        let started = Instant::now();
        while blocks.is_empty() || !is_over.load(Ordering::Relaxed) {
            let before = Instant::now();
            for question in questions.by_ref().take(block as usize) {
                black_box(question.decide());
            }
            blocks.push(before.elapsed().as_secs_f64());
            if started.elapsed() >= time {
                is_over.store(true, Ordering::Relaxed);
            }
        }
        f64::from(block) / percentile(&mut blocks, 50)
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || run(thread))).collect();
        let joined = all.into_iter().map(ScopedJoinHandle::join);
        joined.map(|rate| rate.unwrap_or_else(|panic| resume_unwind(panic))).sum()
    })
}

fn allocations<E: Evaluator>(asked: &[Asked<'_, E>], meter: &dyn Meter) -> f64 {
    let usage = meter.measure(&mut || pass(asked));
    #[expect(clippy::cast_precision_loss, reason = "nobody counts as far as that")]
    let allocations = usage.allocations as f64;
    allocations / f64::from(divisor(asked.len()))
}

/// How often something that takes `each` fits into `whole`, at least once.
fn times(whole: Duration, each: Duration) -> u32 {
    let times = whole.as_nanos() / each.as_nanos().max(1);
    u32::try_from(times).unwrap_or(u32::MAX).max(1)
}

fn divisor(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}

pub(super) fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// The number with so many digits after the point.
pub(super) fn rounded(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}

/// The least value that at least `percent` in 100 of the values do not exceed. `NaN` where there
/// are no values.
pub(super) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[5.0], 50, 5.0)]
    #[case(&[4.0, 1.0, 3.0, 2.0], 50, 2.0)]
    #[case(&[4.0, 1.0, 3.0, 2.0], 99, 4.0)]
    #[case(&[3.0, 1.0, 2.0], 50, 2.0)]
    fn a_percentile_is_the_nearest_rank(
        #[case] values: &[f64],
        #[case] percent: usize,
        #[case] expected: f64,
    ) {
        let found = percentile(&mut values.to_vec(), percent);
        assert_eq!(found.total_cmp(&expected), std::cmp::Ordering::Equal, "{found}");
    }

    #[rstest]
    #[case(20_000, 100, 200)]
    #[case(20_000, 0, 20_000)]
    #[case(20_000, 1_000_000, 1)]
    fn a_batch_is_as_long_as_it_can_be_and_never_empty(
        #[case] whole: u64,
        #[case] each: u64,
        #[case] expected: u32,
    ) {
        assert_eq!(times(Duration::from_nanos(whole), Duration::from_nanos(each)), expected);
    }
}
