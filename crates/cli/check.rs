//! `retrigger check`: policy unit tests.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use retrigger::check::{self, Case, CaseResult, Totals};

use crate::{
    exit::{Failure, Outcome},
    input,
    output::{Format, Output},
};

/// Run policy unit tests: authorization requests with the decisions they must get
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Check files: JSON Lines, a JSON array, or YAML (.yaml, .yml)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only cases whose id contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Decides every case and reports those that did not get what they must.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let mut totals = Totals::default();
    for file in &args.files {
        for case in
            input::read_cases(file)?.iter().filter(|case| is_selected(case, args.filter.as_deref()))
        {
            let result = check::run(case);
            totals.add(&result);
            match args.format {
                Format::Json => output.json(&result)?,
                Format::Human => print_failure(output, &result)?,
            }
        }
    }
    if totals.cases == 0 {
        return Err(Failure::new("no case has an id that contains the text of --filter"));
    }
    match args.format {
        Format::Json => output.json(&totals)?,
        Format::Human => print_totals(output, totals)?,
    }
    Ok(if totals.failed == 0 { Outcome::AsExpected } else { Outcome::Different })
}

fn is_selected(case: &Case, filter: Option<&str>) -> bool {
    filter.is_none_or(|text| case.id.contains(text))
}

fn print_failure(output: &mut Output, result: &CaseResult) -> io::Result<()> {
    if result.pass {
        return Ok(());
    }
    let word = if result.settled { "FAIL" } else { "DIFFERS" };
    let CaseResult { id, decision, expected, reason, .. } = result;
    writeln!(output, "{word} {id}: expected {expected}, got {decision}")?;
    writeln!(output, "     {reason}")
}

fn print_totals(output: &mut Output, totals: Totals) -> io::Result<()> {
    let Totals { cases, passed, failed, failed_unsettled } = totals;
    writeln!(output, "{cases} cases: {passed} passed, {failed} failed")?;
    if failed_unsettled > 0 {
        let note = "differ where the expectation is not settled (disputed, or with a confidence)";
        writeln!(output, "{failed_unsettled} {note}")?;
    }
    Ok(())
}
