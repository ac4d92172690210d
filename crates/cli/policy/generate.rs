//! `retrigger policy generate`: the least policy for an execution role.

use std::io::Write;

use retrigger::policy::{Needed, ResourceLevel, least};

use crate::{
    coverage::{Recordings, failure, undecided},
    exit::{self, Failure, Outcome},
    output::{Format, Output, counted},
};

/// Print the least policy that the recordings need of the execution role
///
/// It grants what a replay asks as the role and is allowed: polling the event source, the handler's
/// recorded AWS calls, writing the log. What a recording shows to be denied is not granted. Nothing else is known of the handler:
/// what no recording shows, the policy lacks.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    recordings: Recordings,
    /// How narrow the resources are: `exact`, as seen, or `pattern`: all objects of a bucket, one
    /// pattern for resources that differ in their last part only
    #[arg(long, value_name = "LEVEL", default_value = "exact")]
    resource_level: ResourceLevel,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger policy generate recordings/orders > orders-role.json
  retrigger policy generate --resource-level pattern --format json";

pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let needed = least(&args.recordings.coverage(), args.resource_level);
    let needed = needed.map_err(|error| failure(&error))?;
    let is_one = needed.len() == 1;
    for one in &needed {
        if args.format == Format::Human {
            for request in &one.undecided {
                exit::warn(&format!(
                    "{}, and is not granted; say what it is with `--assume KEY=VALUE`",
                    undecided(request)
                ));
            }
        }
        match args.format {
            Format::Json => output.json(one)?,
            Format::Human if is_one => writeln!(output, "{:#}", one.policy)?,
            Format::Human => writeln!(output, "{}\n{:#}\n", heading(one), one.policy)?,
        }
    }
    Ok(Outcome::AsExpected)
}

fn heading(needed: &Needed) -> String {
    format!("function `{}`, {}", needed.function, counted(needed.recordings, "recording"))
}
