//! `retrigger replay --deny each`: a table of calls against how the handler ends without each.

use std::io::{self, Write};

use retrigger::{
    Replay,
    deny_each::{Ended, Refusal, deny_each_async},
};
use serde_json::json;

use super::until_interrupted;
use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// Exit code 1 where a handler fails for a refused call.
pub(super) fn run(
    replay: &Replay,
    format: Format,
    output: &mut Output,
) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let refusals = runtime.block_on(until_interrupted(deny_each_async(replay)));
    runtime.shutdown_background();
    let refusals = refusals?;
    let is_failed = |refusal: &&Refusal| matches!(refusal.ended, Ended::FunctionError(_));
    let failed = refusals.iter().filter(is_failed).count();
    match format {
        Format::Json => {
            refusals.iter().try_for_each(|refusal| output.json(refusal))?;
            output.json(&json!({ "calls": refusals.len(), "failed": failed }))?;
        }
        Format::Human => print(&refusals, failed, output)?,
    }
    Ok(if failed == 0 { Outcome::AsExpected } else { Outcome::Different })
}

/// Calls as headings, and below each the recordings that make it.
fn print(refusals: &[Refusal], failed: usize, output: &mut Output) -> io::Result<()> {
    if refusals.is_empty() {
        return writeln!(output, "no recording has an AWS call that is allowed");
    }
    let width = refusals.iter().map(|refusal| refusal.recording.to_string().len()).max();
    let width = width.unwrap_or_default();
    let mut last = None;
    for Refusal { recording, action, resource, ended } in refusals {
        if last != Some((action, resource)) {
            writeln!(output, "{action} on {resource}")?;
            last = Some((action, resource));
        }
        writeln!(output, "  {:<width$}  {ended}", recording.to_string())?;
    }
    let calls = if refusals.len() == 1 { "call" } else { "calls" };
    writeln!(output, "{} {calls} refused: {failed} failed the handler", refusals.len())
}
