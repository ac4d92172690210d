//! A proposal as text: what differs, what is new, what varies.

use retrigger_gateway::describe;
use retrigger_recording::{Expected, NoiseRule};
use serde_json::Value;

use crate::{
    accept::Proposal,
    reporter::{
        Look,
        difference::{cut, difference_text},
        finding_snippet,
        snippet::wrapped,
    },
};

/// The columns before what is said of a proposal.
const INDENT: &str = "  ";

/// What accepting the proposal would change, and what is wrong with the recording.
pub fn proposal_text(proposal: &Proposal, look: Look) -> String {
    let inner = Look { width: look.width.saturating_sub(INDENT.len()), ..look };
    let mut blocks: Vec<String> =
        proposal.differences.iter().map(|one| difference_text(one, inner)).collect();
    if let Some(expected) = &proposal.first {
        blocks.push(first_text(expected, inner));
    }
    let call = |key, what| {
        let text = format!("call `{}` {what}", describe(key));
        wrapped(&text, inner, INDENT.len()).replace('\n', "\n  ")
    };
    let unmade = proposal.unmade.iter();
    blocks.extend(unmade.map(|key| call(key, "is no longer made: accepting removes it")));
    let unrecorded = proposal.unrecorded.iter();
    blocks
        .extend(unrecorded.map(|key| call(key, "is not recorded: accepting does not change that")));
    if !proposal.unrecorded.is_empty() {
        let how = "`retrigger replay --record-calls new --upstream URL` records it";
        blocks.push(format!("  {how}"));
    }
    blocks.extend(proposal.noise.iter().map(noise_text));
    blocks.extend(proposal.findings.iter().map(|finding| finding_snippet(finding, inner)));
    let lines = blocks.iter().flat_map(|block| block.lines());
    let lines: Vec<String> = lines.map(|line| format!("{INDENT}{line}\n")).collect();
    format!("{}\n{}", proposal.recording, lines.concat())
}

fn noise_text(rule: &NoiseRule) -> String {
    let path = if rule.path.steps().is_empty() {
        "the whole answer".to_owned()
    } else {
        format!("`{}`", rule.path)
    };
    format!("{path} varies from run to run: {}", rule.varies)
}

/// What is expected from now on, a line a part.
fn first_text(expected: &Expected, look: Look) -> String {
    let parts = serde_json::to_value(expected).unwrap_or_default();
    let parts = parts.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let line = |(key, value): (&String, &Value)| {
        cut(&format!("  {key:<14} {}", part_text(key, value)), look.width)
    };
    let lines = parts.map(line);
    ["nothing is expected yet; it showed".to_owned()]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

fn part_text(key: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(decisions) if key == "decisions" => {
            let allowed = decisions.iter().filter(|one| one["decision"] == "Allowed").count();
            format!("{allowed} allowed, {} denied", decisions.len() - allowed)
        }
        value => value.to_string(),
    }
}
