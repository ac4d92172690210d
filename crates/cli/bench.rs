//! `retrigger bench`: how fast decisions are.

mod meter;
mod table;

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use retrigger::bench::{Bench, BenchError, Measured, Phase, Workload};

use crate::{
    exit::{self, Failure, Outcome},
    input,
    output::{Format, Output},
};

/// Measure decisions: how fast they are, what they allocate, what compiled policies need
///
/// Every decision is checked first. Where one is not what the file or the recording expects,
/// nothing is timed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Workload files, check files, or recordings with the decisions that a replay makes
    /// [default: recordings]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also measure generated policies of 10, 100, 1,000 and 10,000 statements; without a PATH,
    /// only those
    #[arg(long)]
    generated: bool,
    /// Also measure another evaluator, in the same run
    #[arg(long, value_enum, value_name = "EVALUATOR")]
    compare: Option<Compared>,
    /// About how long each evaluator is measured on each workload
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    time: Duration,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger bench
  retrigger bench workload.json --compare plain
  retrigger bench cases.yaml recordings/lambda-demo --time 5 --format json
  retrigger bench --generated";

/// How many statements the generated policies have.
const GENERATED: [usize; 4] = [10, 100, 1_000, 10_000];

/// The evaluators to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Compared {
    /// The plain evaluator, which considers every statement
    Plain,
}

/// Measures one workload after the other and prints each when it is done. Exit code 1 where a
/// decision is not what it must be, 2 where a file cannot be read; the others are measured all the
/// same.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let sources = sources(args);
    let bench = Bench {
        time: args.time,
        compare_plain: args.compare == Some(Compared::Plain),
        threads: thread::available_parallelism().map_or(1, NonZero::get),
        meter: meter::METER,
    };
    let progress = Progress::new(sources.len());
    let mut outcome = Outcome::AsExpected;
    for source in sources {
        match source.read() {
            Ok(workload) => {
                let measured = bench.run(&workload, |phase| progress.say(workload.name(), phase));
                progress.bar.suspend(|| print(&measured, args.format, output))?;
                if measured.mismatches > 0 && outcome == Outcome::AsExpected {
                    outcome = Outcome::Different;
                }
            }
            Err(failure) => {
                progress.bar.suspend(|| exit::report(&failure));
                outcome = Outcome::Invalid;
            }
        }
        progress.bar.inc(1);
    }
    progress.bar.finish_and_clear();
    Ok(outcome)
}

fn print(measured: &Measured, format: Format, output: &mut Output) -> Result<(), Failure> {
    match format {
        Format::Json => output.json(measured)?,
        Format::Human => table::print(output, measured)?,
    }
    Ok(output.finish()?)
}

/// Where a workload comes from.
enum Source {
    Path(PathBuf),
    Generated(usize),
}

fn sources(args: &Args) -> Vec<Source> {
    let mut sources: Vec<Source> = args.paths.iter().cloned().map(Source::Path).collect();
    if args.generated {
        sources.extend(GENERATED.map(Source::Generated));
    }
    if sources.is_empty() {
        sources.push(Source::Path("recordings".into()));
    }
    sources
}

impl Source {
    fn read(&self) -> Result<Workload, Failure> {
        match self {
            Self::Generated(statements) => Ok(Workload::generated(*statements)),
            Self::Path(path) if path.is_dir() || is_of_recording(path) => {
                let name = path.display().to_string();
                Workload::read_recordings(&name, path).map_err(|e| Failure::new(e.to_string()))
            }
            Self::Path(path) => read_file(path),
        }
    }
}

/// Whether a file is part of a recording, which then is what is meant.
fn is_of_recording(path: &Path) -> bool {
    path.is_file() && path.with_file_name("recording.toml").is_file()
}

fn read_file(path: &Path) -> Result<Workload, Failure> {
    let text = input::read_text(path)?;
    let place = path.display();
    let failure = |error: BenchError| Failure::new(format!("{place}:{error}"));
    Workload::read_text(&place.to_string(), &text, input::is_yaml(path)).map_err(failure)
}

/// A number of seconds above zero and of less than an hour.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|seconds| (0.01..=3600.0).contains(seconds));
    number.map(Duration::from_secs_f64).ok_or_else(|| "from 0.01 to 3600 seconds".to_owned())
}

/// What is being done, on stderr where that is a terminal. It does not tick: only the work that is
/// measured is to run.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new(workloads: usize) -> Self {
        let bar = ProgressBar::new(workloads as u64);
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    fn say(&self, workload: &str, phase: Phase) {
        let what = match phase {
            Phase::Checking => "checking decisions",
            Phase::Compiling => "compiling",
            Phase::Timing => "timing",
            Phase::TimingPlain => "timing the plain evaluator",
            Phase::Growth => "timing parts of the policies",
        };
        self.bar.set_message(format!("{workload}: {what}"));
        self.bar.tick();
    }
}
