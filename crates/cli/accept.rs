//! `retrigger accept`: reviews what replays show, and accepts it as what they must show.

mod ask;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use retrigger::{
    Replay,
    accept::{Accept, Proposal, Review},
    event::Status,
    reporter::{Detail, Human, proposal_text},
};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
    replay::{progress::Progress, until_interrupted},
};
use ask::{Answer, ask};

/// Review what differs from what is expected, and accept it
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Trees, function folders or recordings
    #[arg(default_value = "recordings", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only recordings whose FUNCTION/NAME contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Accept all without asking
    #[arg(long, short)]
    yes: bool,
    /// Run each handler twice, and propose rules for what varies by itself
    #[arg(long)]
    detect_noise: bool,
    /// How many recordings may run at once [default: the number of processors]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Run what was built before
    #[arg(long)]
    no_build: bool,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str =
    "Without --yes it asks for each recording, so it needs a terminal. Under CI=true and
without --yes it only shows what differs, and changes nothing.

Examples:
  retrigger accept
  retrigger accept recordings/lambda-demo/alb-get-root
  retrigger accept --filter sqs --yes
  retrigger accept --detect-noise";

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// `--yes`.
    All,
    /// Whoever sits at the terminal.
    Ask,
    /// Nobody: CI, where nothing changes.
    Show,
    /// Nobody, although somebody must.
    Nobody,
}

/// How many recordings ended how.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Totals {
    as_expected: usize,
    accepted: usize,
    left: usize,
    invalid: usize,
}

/// Reviews. Exit code 1 where something is left as it is, 2 where a recording cannot be replayed
/// or nobody can be asked.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let outcome = review(args, &runtime, output);
    // Neither a build that was interrupted nor an answer that never came is waited for.
    runtime.shutdown_background();
    outcome
}

fn review(args: &Args, runtime: &Runtime, output: &mut Output) -> Result<Outcome, Failure> {
    let mut progress = Progress::new(());
    let accept = Accept::new(replay(args)).detect_noise(args.detect_noise);
    let review = runtime.block_on(until_interrupted(accept.run_async(&mut progress)))?;
    let mode = mode(args);
    let totals = decide(args, &review, mode, runtime, output)?;
    let is_asked = review.proposals.iter().any(Proposal::can_be_accepted);
    if mode == Mode::Nobody && is_asked {
        output.finish()?;
        return Err(Failure::new(
            "there is no terminal to ask on; accept all with `--yes`, some with `--yes` and \
             `--filter TEXT` or paths",
        ));
    }
    Ok(match totals {
        Totals { invalid: 1.., .. } => Outcome::Invalid,
        Totals { left: 1.., .. } => Outcome::Different,
        _ => Outcome::AsExpected,
    })
}

fn replay(args: &Args) -> Replay {
    let mut replay = Replay::new(&args.paths).build(!args.no_build);
    if let Some(text) = &args.filter {
        replay = replay.filter(text);
    }
    if let Some(jobs) = args.jobs {
        replay = replay.jobs(jobs.into());
    }
    replay
}

fn mode(args: &Args) -> Mode {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    match () {
        () if args.yes => Mode::All,
        () if is_ci() => Mode::Show,
        () if is_terminal && args.format == Format::Human => Mode::Ask,
        () => Mode::Nobody,
    }
}

/// Whether this is continuous integration, as all its services say with `CI=true`.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}

fn decide(
    args: &Args,
    review: &Review,
    mut mode: Mode,
    runtime: &Runtime,
    output: &mut Output,
) -> Result<Totals, Failure> {
    let mut totals = Totals { as_expected: review.as_expected, ..Totals::default() };
    for proposal in &review.proposals {
        if args.format == Format::Human {
            write!(output, "{}", proposal_text(proposal, Output::look()))?;
        }
        let accepted = proposal.can_be_accepted() && accepts(proposal, &mut mode, runtime, output)?;
        if accepted {
            proposal.accept().map_err(|error| Failure::new(error.to_string()))?;
        }
        totals.count(proposal, accepted);
        show(args.format, proposal, accepted, output)?;
    }
    match args.format {
        Format::Human => writeln!(output, "{}", totals.sentence())?,
        Format::Json => output.json(&Line::Totals { totals })?,
    }
    Ok(totals)
}

/// Whether this one is accepted; an answer for all the others changes the mode.
fn accepts(
    proposal: &Proposal,
    mode: &mut Mode,
    runtime: &Runtime,
    output: &mut Output,
) -> Result<bool, Failure> {
    while *mode == Mode::Ask {
        output.finish()?;
        match ask(runtime, output)? {
            Answer::Yes => return Ok(true),
            Answer::No => return Ok(false),
            Answer::All => *mode = Mode::All,
            Answer::Quit => *mode = Mode::Show,
            Answer::Details => {
                proposal.details(&mut Human::new(&mut *output, Output::look(), Detail::All))?;
            }
        }
    }
    Ok(*mode == Mode::All)
}

/// What is printed of one proposal for programs, and under it for people.
fn show(
    format: Format,
    proposal: &Proposal,
    accepted: bool,
    output: &mut Output,
) -> io::Result<()> {
    match format {
        Format::Json => output.json(&Line::Proposal { proposal, accepted }),
        Format::Human if accepted => writeln!(output, "  accepted\n"),
        Format::Human if proposal.can_be_accepted() => writeln!(output, "  left as it is\n"),
        Format::Human => writeln!(output),
    }
}

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'p> {
    Proposal {
        #[serde(flatten)]
        proposal: &'p Proposal,
        accepted: bool,
    },
    Totals {
        totals: Totals,
    },
}

impl Totals {
    fn count(&mut self, proposal: &Proposal, accepted: bool) {
        match proposal.status {
            Status::Invalid => self.invalid += 1,
            _ if accepted => self.accepted += 1,
            _ if proposal.can_be_accepted() => self.left += 1,
            // Such as a call that is not recorded, which accepting does not change.
            Status::Failed => self.left += 1,
            _ => {}
        }
    }

    fn sentence(self) -> String {
        let Self { as_expected, accepted, left, invalid } = self;
        let all = as_expected + accepted + left + invalid;
        let counts = [
            (as_expected, "as expected"),
            (accepted, "accepted"),
            (left, "left as they are"),
            (invalid, "cannot be replayed"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        let noun = if all == 1 { "recording" } else { "recordings" };
        format!("{all} {noun}: {}", counts.join(", "))
    }
}
