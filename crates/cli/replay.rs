//! `retrigger replay`: replays recordings.

mod deny_each;
pub(crate) mod progress;

use std::{
    fs::File,
    io::{self, BufWriter},
    path::PathBuf,
};

use jiff::{Span, SpanRelativeTo, Timestamp};
use retrigger::{
    RecordMode, Replay, ReplayError, Upstream,
    event::Totals,
    reporter::{Detail, Human, JUnit, JsonLines, Reporter},
};
use rustix::process::Signal;

use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
    signals::Signals,
};
use progress::Progress;

/// Replay recordings: real events, the real handler, the recorded policies
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Trees, function folders or recordings
    #[arg(default_value = "recordings", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only recordings whose FUNCTION/NAME contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Replay under this snapshot in place of each recording's own, and show what changes
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// Start no further recording once one has failed
    #[arg(long)]
    fail_fast: bool,
    /// How many recordings may run at once [default: the number of processors]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Fail recordings whose snapshot is older than this, such as `30d` or `12h`
    #[arg(long, value_name = "AGE", value_parser = oldest)]
    max_age: Option<Timestamp>,
    /// What becomes of the handler's AWS calls that are not recorded
    #[arg(long, value_enum, value_name = "MODE", default_value_t)]
    record_calls: Mode,
    /// Where AWS calls go that are to be recorded: a URL, such as `http://127.0.0.1:5000`, or `aws` for
    /// AWS itself, with your own credentials
    #[arg(long, value_name = "URL|aws")]
    upstream: Option<String>,
    /// The value of a condition key of the handler's AWS calls that nothing shows, or of a part of an
    /// ARN such as `${KeyId}`; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = assumption)]
    assume: Vec<(String, String)>,
    /// Refuse the handler's AWS calls that need this action, to see whether it copes; may be repeated.
    /// With `each`, refuse one call after the other and list how the handler ends
    #[arg(long, value_name = "ACTION[@ARN]|each")]
    deny: Vec<String>,
    /// Run what was built before
    #[arg(long)]
    no_build: bool,
    /// Show details of every recording, not only of those that fail
    #[arg(long, short)]
    verbose: bool,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also write a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// What becomes of AWS calls that are not recorded.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Mode {
    /// Nothing is recorded: such a call is answered with an error
    #[default]
    None,
    /// Recordings without any call are recorded
    Once,
    /// Calls that are not recorded are
    New,
    /// All calls are recorded anew
    All,
}

pub(crate) fn assumption(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    if !(key.contains(':') || key.starts_with("${")) || !text.contains('=') {
        return Err("give `KEY=VALUE`, such as `aws:SourceVpce=vpce-1a2b3c4d`".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

const EXAMPLES: &str = "Examples:
  retrigger replay
  retrigger replay recordings/lambda-demo/alb-get-root --verbose
  retrigger replay --filter sqs --format json
  retrigger replay recordings/lambda-demo --snapshot recordings/lambda-demo/snapshots/cut-pattern";

/// Replays, and reports as recordings finish. Exit code 2 where a recording cannot be replayed.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    output.finish()?;
    if args.deny.iter().any(|what| what == "each") {
        return deny_each::run(&replay_of(args)?, args.format, output);
    }
    let mut reporters = reporters(args)?;
    let totals = replay(args, &mut reporters)?;
    Ok(match totals {
        Totals { invalid: 1.., .. } => Outcome::Invalid,
        totals if totals.all_as_expected() => Outcome::AsExpected,
        _ => Outcome::Different,
    })
}

/// The time that was so long ago. A day has 24 hours.
fn oldest(age: &str) -> Result<Timestamp, String> {
    let wrong = || "an age is a number with its unit, such as `30d` or `12h`".to_owned();
    let span: Span = age.parse().map_err(|_| wrong())?;
    let age = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if age.is_negative() {
        return Err(wrong());
    }
    Timestamp::now().checked_sub(age).map_err(|_| "that is before any time".to_owned())
}

fn reporters(args: &Args) -> Result<Vec<Box<dyn Reporter>>, Failure> {
    let stdout = BufWriter::new(anstream::stdout());
    let detail = if args.verbose { Detail::All } else { Detail::Failures };
    let mut reporters: Vec<Box<dyn Reporter>> = match args.format {
        Format::Human => {
            vec![Box::new(Progress::new(Human::new(stdout, Output::look(), detail)))]
        }
        Format::Json => vec![Box::new(JsonLines::new(stdout))],
    };
    if let Some(path) = &args.junit {
        let failure = |error| Failure::new(format!("{}: cannot write it: {error}", path.display()));
        let file = File::create(path).map_err(failure)?;
        reporters.push(Box::new(JUnit::new(BufWriter::new(file))));
    }
    Ok(reporters)
}

fn replay(args: &Args, reporters: &mut Vec<Box<dyn Reporter>>) -> Result<Totals, Failure> {
    let replay = replay_of(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let totals = runtime.block_on(until_interrupted(replay.run_async(reporters)));
    // A build that was interrupted is not waited for.
    runtime.shutdown_background();
    totals
}

fn replay_of(args: &Args) -> Result<Replay, Failure> {
    let mut replay = Replay::new(&args.paths).fail_fast(args.fail_fast).build(!args.no_build);
    if let Some(text) = &args.filter {
        replay = replay.filter(text);
    }
    if let Some(folder) = &args.snapshot {
        replay = replay.snapshot(folder);
    }
    if let Some(time) = args.max_age {
        replay = replay.not_before(time);
    }
    if let Some(jobs) = args.jobs {
        replay = replay.jobs(jobs.into());
    }
    with_calls(replay, args)
}

/// What becomes of the handler's AWS calls.
fn with_calls(mut replay: Replay, args: &Args) -> Result<Replay, Failure> {
    replay = replay.record_calls(match args.record_calls {
        Mode::None => RecordMode::None,
        Mode::Once => RecordMode::Once,
        Mode::New => RecordMode::New,
        Mode::All => RecordMode::All,
    });
    match (&args.upstream, args.record_calls) {
        (Some(aws), _) if aws == "aws" => replay = replay.upstream(aws_itself()?),
        (Some(url), _) => {
            let upstream = Upstream::endpoint(url);
            replay = replay.upstream(upstream.map_err(|error| Failure::new(error.to_string()))?);
        }
        (None, Mode::None) => {}
        (None, _) => {
            let text = "`--record-calls` needs `--upstream URL`, where the calls are answered, or \
                        `--upstream aws`";
            return Err(Failure::new(text));
        }
    }
    for (key, value) in &args.assume {
        replay = replay.assume(key, value);
    }
    for what in args.deny.iter().filter(|what| *what != "each") {
        replay = replay.deny(what).map_err(|error| Failure::new(error.to_string()))?;
    }
    Ok(replay)
}

/// AWS, with the credentials that the AWS CLI would use.
#[cfg(feature = "aws")]
fn aws_itself() -> Result<Upstream, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let options = retrigger_collect::ConnectionOptions::default();
        let credentials = retrigger_collect::credentials(&options).await;
        let credentials = credentials.map_err(|error| crate::connection::failure(&error))?;
        Upstream::aws(credentials).await.map_err(|error| Failure::new(error.to_string()))
    })
}

#[cfg(not(feature = "aws"))]
fn aws_itself() -> Result<Upstream, Failure> {
    Err(Failure::new(
        "this retrigger is built without AWS's SDK; build it with the feature `aws`, or give a URL",
    ))
}

/// Runs until done or until SIGINT or SIGTERM; either way no handler process is left.
pub(crate) async fn until_interrupted<T>(
    run: impl Future<Output = Result<T, ReplayError>>,
) -> Result<T, Failure> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        done = run => done.map_err(failure),
        signal = signals.next() => Err(Failure::new(match signal {
            Signal::TERM => "terminated",
            _ => "interrupted",
        })),
    }
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::Io(error) => io::Error::into(error),
        other => Failure::new(other.to_string()),
    }
}
