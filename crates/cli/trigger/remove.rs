//! `retrigger trigger remove`.

use std::io::Write;

use retrigger::triggers::Removed;
use serde_json::json;

use super::{Place, failure, shown};
use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// Remove triggers from a snapshot: statements by id, event source mappings by UUID or source ARN
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Statement ids, UUIDs or source ARNs
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// The version or alias whose policy has the statements [default: the unqualified function]
    #[arg(long, value_name = "QUALIFIER")]
    qualifier: Option<String>,
    /// How to print what was removed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Removes one after the other, up to the first that is not there.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let mut triggers = args.place.open()?;
    for id in &args.ids {
        let removed = triggers.remove(id, args.qualifier.as_deref());
        let Removed { file, removed } = match removed {
            Ok(removed) => removed,
            Err(error) => {
                output.finish()?;
                return Err(failure(&error));
            }
        };
        match args.format {
            Format::Json => output.json(&json!({"file": file, "removed": removed}))?,
            Format::Human => writeln!(output, "removed `{id}` from {}", shown(&file))?,
        }
    }
    Ok(Outcome::AsExpected)
}
