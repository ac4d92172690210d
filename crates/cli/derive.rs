//! `retrigger derive`: negative cases from recordings that are allowed.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use retrigger::{
    derive::{DeriveError, Derived, DerivedCase, Verdict, Written, derive},
    recording::{RecordingPath, discover},
};
use serde::Serialize;

use crate::{
    exit::{self, Failure, Outcome},
    output::{Format, Output},
};

/// Derive negative cases from recordings that are allowed: what is close, and must be denied
///
/// Another account, another source whose ARN is close, another API, stage, method or route, the
/// function in place of its alias, the granting statement removed, a poll action missing, a role
/// that Lambda may not assume. Each is written as a recording with the decisions that it must
/// give, and replayed before. What is allowed all the same is told: the policy is wider than it
/// need be.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Trees, function folders or recordings
    #[arg(default_value = "recordings", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write below this folder, which lies in the function folder [default: its `derived`]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// List the cases and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace derived recordings that differ
    #[arg(long)]
    force: bool,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger derive --dry-run
  retrigger derive recordings/lambda-demo/alb-get-root
  retrigger replay recordings/lambda-demo/derived";

/// Derives cases of every recording. Recordings that are denied, or derived themselves, are passed
/// over. Exit code 2 where one cannot be read or its cases not be written; the others are derived
/// all the same.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let found = discover(&args.paths).map_err(|error| Failure::new(error.to_string()))?;
    let mut totals = Totals::default();
    let mut outcome = Outcome::AsExpected;
    for recording in &found {
        match of_recording(args, recording, output, &mut totals) {
            Ok(()) => {}
            Err(Stop::Output(error)) => return Err(error.into()),
            Err(Stop::Derive(DeriveError::IsDerived { .. })) => totals.already_derived += 1,
            Err(Stop::Derive(error @ DeriveError::NotAllowed { .. })) => {
                totals.not_allowed += 1;
                if found.len() == 1 {
                    return Err(Failure::new(error.to_string()));
                }
            }
            Err(Stop::Derive(error)) => {
                output.finish()?;
                exit::report(&Failure::new(error.to_string()));
                outcome = Outcome::Invalid;
            }
        }
    }
    if totals.already_derived == found.len() {
        let message =
            "every recording there was derived from another; name what it was derived from";
        return Err(Failure::new(message));
    }
    match args.format {
        Format::Json => output.json(&totals)?,
        Format::Human if outcome == Outcome::Invalid && totals.recordings == 0 => {}
        Format::Human => print_totals(output, &totals, args.dry_run)?,
    }
    Ok(outcome)
}

/// Why a recording has no cases.
enum Stop {
    Derive(DeriveError),
    Output(io::Error),
}

impl From<DeriveError> for Stop {
    fn from(error: DeriveError) -> Self {
        Self::Derive(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How many cases there are of which kind.
#[derive(Default, Serialize)]
struct Totals {
    recordings: usize,
    cases: usize,
    denied: usize,
    still_allowed: usize,
    new: usize,
    replaced: usize,
    unchanged: usize,
    /// Recordings that are denied themselves.
    not_allowed: usize,
    /// Recordings that were derived from others.
    already_derived: usize,
}

/// One case in the JSON output.
#[derive(Serialize)]
struct Line<'l> {
    recording: &'l str,
    case: &'l str,
    path: PathBuf,
    change: &'l str,
    #[serde(flatten)]
    verdict: &'l Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<Written>,
}

fn of_recording(
    args: &Args,
    recording: &RecordingPath,
    output: &mut Output,
    totals: &mut Totals,
) -> Result<(), Stop> {
    let derived = derive(recording)?;
    let into = args.into.as_deref();
    let written = if args.dry_run { vec![] } else { derived.write(into, args.force)? };
    totals.recordings += 1;
    if args.format == Format::Human {
        writeln!(output, "{}", recording.name)?;
    }
    for (index, case) in derived.cases().iter().enumerate() {
        let written = written.get(index).copied();
        totals.count(case, written);
        match args.format {
            Format::Human => print_case(output, case)?,
            Format::Json => output.json(&line(recording, &derived, case, into, written)?)?,
        }
    }
    Ok(())
}

fn line<'l>(
    recording: &'l RecordingPath,
    derived: &Derived,
    case: &'l DerivedCase,
    into: Option<&std::path::Path>,
    written: Option<Written>,
) -> Result<Line<'l>, DeriveError> {
    Ok(Line {
        recording: &recording.name,
        case: &case.name,
        path: derived.folder(case, into)?,
        change: &case.change,
        verdict: &case.verdict,
        written,
    })
}

impl Totals {
    fn count(&mut self, case: &DerivedCase, written: Option<Written>) {
        self.cases += 1;
        self.denied += usize::from(case.verdict.is_denied());
        self.still_allowed += usize::from(!case.verdict.is_denied());
        match written {
            Some(Written::New) => self.new += 1,
            Some(Written::Replaced) => self.replaced += 1,
            Some(Written::Unchanged) => self.unchanged += 1,
            _ => {}
        }
    }
}

/// A line a case; where it is allowed all the same, what that means and what allows it.
fn print_case(output: &mut Output, case: &DerivedCase) -> io::Result<()> {
    let name = &case.name;
    match &case.verdict {
        Verdict::Denied { action, .. } => writeln!(output, "  denied  {name:<42} {action}"),
        Verdict::StillAllowed { finding, why } => {
            writeln!(output, "  ALLOWED {name}")?;
            writeln!(output, "          still allowed: {finding}")?;
            why.iter().try_for_each(|why| writeln!(output, "          by {why}"))
        }
    }
}

fn print_totals(output: &mut Output, totals: &Totals, dry_run: bool) -> io::Result<()> {
    let Totals { recordings, cases, denied, still_allowed, .. } = totals;
    let (of, word) = (plural(*recordings, "recording"), plural(*cases, "case"));
    writeln!(
        output,
        "{cases} {word} of {recordings} {of}: {denied} denied, {still_allowed} still allowed"
    )?;
    if dry_run {
        writeln!(output, "nothing is written (--dry-run)")?;
    } else {
        let Totals { new, replaced, unchanged, .. } = totals;
        writeln!(output, "{new} written, {replaced} replaced, {unchanged} there before")?;
    }
    if totals.not_allowed > 0 {
        let count = totals.not_allowed;
        let which = if count == 1 {
            "recording is denied itself"
        } else {
            "recordings are denied themselves"
        };
        writeln!(output, "{count} {which} and passed over")?;
    }
    Ok(())
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
