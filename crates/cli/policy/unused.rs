//! `retrigger policy unused`: statements and actions that no recording exercises.

use std::io::Write;

use retrigger::{Place, coverage::StatementCoverage};
use serde::Serialize;

use crate::{
    coverage::{Recordings, failure, print_undecided},
    exit::{Failure, Outcome},
    output::{Format, Output, counted},
};

/// List statements and actions that no recording exercises
///
/// Of a statement that is exercised, the actions that are not; of one that is not, the statement.
/// That no recording uses it does not say that the function never does.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    recordings: Recordings,
    /// Exit with 1 where something is unused
    #[arg(long)]
    check: bool,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger policy unused
  retrigger policy unused recordings/orders --check";

/// What is unused: one line of the JSON output.
#[derive(Serialize)]
struct Unused<'u> {
    policy: &'u str,
    statement: &'u str,
    /// The action pattern; none where the whole statement is unused.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'u str>,
    place: &'u Place,
}

/// Exit code 1 with `--check`, where something is unused.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let report = args.recordings.coverage().run().map_err(|error| failure(&error))?;
    let unused: Vec<Unused<'_>> = report.statements().flat_map(of_statement).collect();
    for one in &unused {
        match args.format {
            Format::Json => output.json(one)?,
            Format::Human => print(one, output)?,
        }
    }
    if args.format == Format::Human {
        print_undecided(&report, output)?;
        let recordings = counted(report.recordings, "recording");
        match unused.len() {
            0 => writeln!(output, "{recordings}: nothing is unused")?,
            count => writeln!(output, "{recordings}: {} unused", counted(count, "part"))?,
        }
    }
    Ok(if args.check && !unused.is_empty() { Outcome::Different } else { Outcome::AsExpected })
}

fn of_statement(statement: &StatementCoverage) -> Vec<Unused<'_>> {
    let StatementCoverage { policy, label, place, actions, .. } = statement;
    if !statement.is_exercised() {
        return vec![Unused { policy, statement: label, action: None, place }];
    }
    let unused = actions.iter().filter(|action| !action.is_exercised);
    unused
        .map(|action| Unused {
            policy,
            statement: label,
            action: Some(&action.pattern),
            place: &action.place,
        })
        .collect()
}

fn print(unused: &Unused<'_>, output: &mut Output) -> std::io::Result<()> {
    let Unused { policy, statement, action, place } = unused;
    match action {
        Some(action) => {
            output.wrapped(&format!("action `{action}` of statement {statement} of {policy}"))?;
        }
        None => output.wrapped(&format!("statement {statement} of {policy}"))?,
    }
    writeln!(output, "  --> {place}")
}
