//! `retrigger classify`: what triggered a function, read from payloads.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use retrigger::trigger::{Classification, Fact, Surroundings, classify};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    exit::{self, Failure, Outcome},
    input,
    output::{Format, Output},
};

/// Say what triggered a function, read from event payloads
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Event payloads: JSON files, or folders with `.json` files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The function's ARN, which gives the Region and account that a payload lacks
    #[arg(long, value_name = "ARN")]
    function_arn: Option<String>,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Classifies every file. Exit code 1 where a payload shows no known trigger, 2 where a file
/// cannot be read; the others are classified all the same.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let surroundings = match &args.function_arn {
        Some(arn) => Surroundings::of_function(arn),
        None => Surroundings::none(),
    };
    let mut outcome = Outcome::AsExpected;
    for file in input::files_below(&args.files, "json")? {
        let payload = match read_event(&file) {
            Ok(payload) => payload,
            Err(failure) => {
                exit::report(&failure);
                outcome = Outcome::Invalid;
                continue;
            }
        };
        let found = classify(&payload, &surroundings);
        if found.is_none() && outcome == Outcome::AsExpected {
            outcome = Outcome::Different;
        }
        match args.format {
            Format::Json => print_json(output, &file, found.as_ref())?,
            Format::Human => print(output, &file, found.as_ref())?,
        }
    }
    Ok(outcome)
}

fn read_event(file: &Path) -> Result<Value, Failure> {
    let text = input::read_text(file)?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(format!("{}: the event is not JSON: {error}", file.display()))
    })
}

fn print_json(output: &mut Output, file: &Path, found: Option<&Classification>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'l> {
        file: &'l Path,
        #[serde(flatten)]
        classification: &'l Classification,
    }
    match found {
        Some(classification) => output.json(&Line { file, classification }),
        None => output.json(&json!({ "file": file, "trigger": null })),
    }
}

fn print(output: &mut Output, file: &Path, found: Option<&Classification>) -> io::Result<()> {
    writeln!(output, "{}", file.display())?;
    let Some(found) = found else {
        return writeln!(output, "  no known trigger");
    };
    writeln!(output, "  trigger         {}", found.trigger)?;
    if let Some(principal) = &found.principal.value {
        writeln!(output, "  principal       {principal}")?;
    }
    for action in found.actions() {
        writeln!(output, "  action          {action}")?;
    }
    writeln!(output, "  source ARN      {}", described(&found.source_arn))?;
    writeln!(output, "  source account  {}", described(&found.source_account))?;
    for finding in &found.findings {
        writeln!(output, "  note            {finding}")?;
    }
    Ok(())
}

fn described(fact: &Fact<String>) -> &str {
    fact.value.as_deref().unwrap_or("unknown: the payload does not say")
}
