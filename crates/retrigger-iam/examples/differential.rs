//! Holds the compiled evaluator against the plain one, over as many random cases as are asked for.
//!
//! ```sh
//! cargo run --release -p retrigger-iam --example differential -- --cases 10000000 --seed 1
//! ```
//!
//! A case is one request under one set of policies; a set is asked a few requests. The seed and
//! the number of a set make it, on whichever thread. A difference is printed as a case of a check
//! file, which expects what the plain evaluator decides, and ends the run with exit code 1.

#![expect(clippy::print_stdout, reason = "an example that reports")]

#[path = "../tests/it/agree.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod agree;
#[path = "../tests/it/generate/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
mod generate;
#[path = "../tests/it/kinds.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod kinds;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use retrigger_iam::{Decision, Request};
use serde_json::{Value, json};

use agree::Both;

/// Compare the evaluators over random cases.
#[derive(Parser)]
struct Args {
    /// How many cases, at least.
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// What makes the cases; the same seed makes the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make only the set of this number.
    #[arg(long)]
    only: Option<u64>,
    /// How many threads; as many as the machine has processors where it is not said.
    #[arg(long)]
    threads: Option<usize>,
}

/// What all threads work on.
#[derive(Default)]
struct Run {
    seed: u64,
    wanted: u64,
    /// The number of the next set.
    next: AtomicU64,
    cases: AtomicU64,
    allowed: AtomicU64,
    explicit: AtomicU64,
    implicit: AtomicU64,
    is_over: AtomicBool,
    difference: Mutex<Option<String>>,
}

fn main() -> ExitCode {
    let Args { cases, seed, only, threads } = Args::parse();
    let run = Run { seed, wanted: cases, ..Run::default() };
    let start = Instant::now();
    if let Some(number) = only {
        run.set(number);
        run.is_over.store(true, Ordering::Relaxed);
    } else {
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        let count = threads.unwrap_or_else(processors);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..count).map(|_| scope.spawn(|| run.work())).collect();
            let mut next_report = Duration::from_secs(10);
            while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
                thread::sleep(Duration::from_millis(20));
                if start.elapsed() >= next_report {
                    next_report += Duration::from_secs(10);
                    run.report(start);
                }
            }
        });
    }
    run.report(start);
    match run.difference.into_inner() {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(difference)) => {
            println!("{difference}");
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}

impl Run {
    fn work(&self) {
        while !self.is_over.load(Ordering::Relaxed) {
            self.set(self.next.fetch_add(1, Ordering::Relaxed));
            if self.cases.load(Ordering::Relaxed) >= self.wanted {
                self.is_over.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Makes one set of policies and asks both evaluators its requests.
    fn set(&self, number: u64) {
        let case = generate::case(&bytes(self.seed, number));
        let texts = case.policies.map(Value::to_string);
        let ask = || -> Result<(), (Option<&Request>, String)> {
            let both = Both::new(texts.read());
            for request in &case.requests {
                let asked = catch_unwind(AssertUnwindSafe(|| both.decide(request)));
                let decided = asked.unwrap_or_else(|panic| Err(words(&*panic)));
                self.count(decided.map_err(|difference| (Some(request), difference))?);
            }
            Ok(())
        };
        let asked = catch_unwind(AssertUnwindSafe(ask));
        let Err((request, difference)) = asked.unwrap_or_else(|panic| Err((None, words(&*panic))))
        else {
            return;
        };
        self.is_over.store(true, Ordering::Relaxed);
        let id = format!("differential/seed-{}-set-{number}", self.seed);
        let plain = |request| catch_unwind(AssertUnwindSafe(|| texts.read().decide(request))).ok();
        let case = json!({"id": id, "request": request, "policies": case.policies,
            "expect": request.and_then(plain), "note": difference});
        if let Ok(mut first) = self.difference.lock() {
            let again = format!("--seed {} --only {number}", self.seed);
            first.get_or_insert(format!("a difference, again by {again}: {difference}\n{case}"));
        }
    }

    fn count(&self, decision: Decision) {
        self.cases.fetch_add(1, Ordering::Relaxed);
        match decision {
            Decision::Allowed => self.allowed.fetch_add(1, Ordering::Relaxed),
            Decision::ExplicitlyDenied => self.explicit.fetch_add(1, Ordering::Relaxed),
            Decision::ImplicitlyDenied => self.implicit.fetch_add(1, Ordering::Relaxed),
            Decision::Undecided => 0,
        };
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn report(&self, start: Instant) {
        let [cases, allowed, explicit, implicit] =
            [&self.cases, &self.allowed, &self.explicit, &self.implicit]
                .map(|count| count.load(Ordering::Relaxed));
        let sets = self.next.load(Ordering::Relaxed);
        let undecided = cases.saturating_sub(allowed + explicit + implicit);
        let rate = cases as f64 / start.elapsed().as_secs_f64();
        println!(
            "{cases} cases of {sets} sets, {rate:.0} a second: {allowed} allowed, {explicit} \
             explicitly denied, {implicit} implicitly denied, {undecided} undecided"
        );
    }
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// The bytes of a set: some short, so that choices run out, most long enough for all.
fn bytes(seed: u64, number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed.rotate_left(32) ^ number);
    let length = match random.u8(..) {
        0..8 => random.usize(0..64),
        8..12 => 8_192,
        _ => 1_024,
    };
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}
