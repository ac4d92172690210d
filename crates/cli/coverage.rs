//! `retrigger coverage`: which statements recordings exercise, and which changes they notice.

use std::{io::Write, path::PathBuf};

use retrigger::coverage::{
    Coverage, CoverageError, CoverageReport, Mutant, Mutation, PolicyCoverage, StatementCoverage,
    UndecidedRequest,
};
use retrigger::iam::Effect;

use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output, counted},
};

/// Show which policy statements the recordings exercise, and which changes none notices
///
/// A statement is exercised where it applies to a request that a recording makes. Then each is
/// changed: removed, a condition dropped, its resource made `*`. A change of which no recording
/// notices anything is told: the statement may be more than is needed, or a negative case is
/// missing. Handlers are not run.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    recordings: Recordings,
    /// Exit with 1 unless every statement is exercised and every change noticed
    #[arg(long)]
    check: bool,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Which recordings, under which policies.
#[derive(clap::Args)]
pub(crate) struct Recordings {
    /// Trees, function folders or recordings
    #[arg(default_value = "recordings", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only recordings whose name, FUNCTION-FOLDER/RECORDING, contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Decide under this snapshot in place of each recording's own
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// The value of a condition key of the handler's AWS calls that nothing shows, or of a part of an
    /// ARN such as `${KeyId}`; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = crate::replay::assumption)]
    assume: Vec<(String, String)>,
}

const EXAMPLES: &str = "Examples:
  retrigger coverage
  retrigger coverage recordings/lambda-demo --check
  retrigger derive recordings/lambda-demo     makes the negative cases that are missing";

/// Exit code 1 with `--check`, where something is not exercised or not noticed.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let report = args.recordings.coverage().run().map_err(|error| failure(&error))?;
    match args.format {
        Format::Json => output.json(&report)?,
        Format::Human => print(&report, output)?,
    }
    Ok(if args.check && !report.is_complete() { Outcome::Different } else { Outcome::AsExpected })
}

impl Recordings {
    pub(crate) fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::new(&self.paths);
        if let Some(filter) = &self.filter {
            coverage = coverage.filter(filter);
        }
        if let Some(snapshot) = &self.snapshot {
            coverage = coverage.snapshot(snapshot);
        }
        for (key, value) in &self.assume {
            coverage = coverage.assume(key, value);
        }
        coverage
    }
}

pub(crate) fn failure(error: &CoverageError) -> Failure {
    Failure::new(error.to_string())
}

fn print(report: &CoverageReport, output: &mut Output) -> std::io::Result<()> {
    for policy in &report.policies {
        print_policy(policy, output)?;
    }
    print_undecided(report, output)?;
    let all: Vec<&StatementCoverage> = report.statements().collect();
    let exercised = all.iter().filter(|statement| statement.is_exercised()).count();
    let survivors: usize = all.iter().map(|statement| statement.survivors().count()).sum();
    writeln!(
        output,
        "{}, {}: {exercised} of {} exercised, {} noticed by none",
        counted(report.recordings, "recording"),
        counted(report.requests, "request"),
        counted(all.len(), "statement"),
        counted(survivors, "change"),
    )
}

/// What is not decided, and on what that hangs.
pub(crate) fn print_undecided(report: &CoverageReport, output: &mut Output) -> std::io::Result<()> {
    for request in &report.undecided {
        output.wrapped(&undecided(request))?;
    }
    match report.undecided.len() {
        0 => Ok(()),
        count => writeln!(
            output,
            "{} undecided: say with `--assume KEY=VALUE` what nothing shows\n",
            counted(count, "request")
        ),
    }
}

/// Such as `orders/placed: sqs:SendMessage on arn:… is undecided: it hangs on …`.
pub(crate) fn undecided(request: &UndecidedRequest) -> String {
    let UndecidedRequest { recording, action, resource, hangs_on } = request;
    let keys: Vec<String> = hangs_on.iter().map(|key| format!("`{key}`")).collect();
    let keys = keys.join(", ");
    format!("{recording}: {action} on {resource} is undecided: it hangs on {keys}")
}

fn print_policy(policy: &PolicyCoverage, output: &mut Output) -> std::io::Result<()> {
    output.wrapped(&policy.policy)?;
    writeln!(output, "  {}", policy.file.display())?;
    for statement in &policy.statements {
        let by = match statement.exercised_by.len() {
            0 => "no recording".to_owned(),
            count => counted(count, "recording"),
        };
        let effect = match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        let place = format!("{}:{}", statement.place.line, statement.place.column);
        writeln!(output, "  {place:>8}  {effect:<5}  {:<24}  {by}", statement.label)?;
        for mutant in statement.survivors() {
            writeln!(output, "            {}", unnoticed(mutant))?;
        }
    }
    writeln!(output)
}

fn unnoticed(mutant: &Mutant) -> String {
    match &mutant.mutation {
        Mutation::RemoveStatement => "can be removed: no recording notices".to_owned(),
        Mutation::DropCondition { operator, key } => {
            format!("without {operator} on {key}: no recording notices")
        }
        Mutation::WidenResource => "with resource `*`: no recording notices".to_owned(),
    }
}
