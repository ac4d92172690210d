//! What a recording expects that no longer applies to anything.

use std::path::Path;

use retrigger_iam::Severity;
use retrigger_recording::{
    EXPECTED_FILE, Expected, Json, Located, NoiseRule, Outcome, RECORDING_FILE, Recording,
};
use serde_json::Value;

use crate::{event::FileFinding, noise, place::Place};

/// A warning for each part of `expected.json` that this replay has nothing to compare with, and for
/// each noise rule whose path leads to nothing.
pub(super) fn findings(
    folder: &Path,
    expected: Option<&Expected>,
    actual: &Expected,
    rules: &[NoiseRule],
) -> Vec<FileFinding> {
    if actual.outcome == Some(Outcome::NotLoaded) {
        return Vec::new();
    }
    let parts = expected.into_iter().flat_map(|expected| parts(expected, actual));
    let mut findings: Vec<_> = parts.map(|part| stale_part(folder, part)).collect();
    if rules.is_empty() {
        return findings;
    }
    let answers: Vec<Value> = expected.into_iter().chain([actual]).flat_map(answers).collect();
    for index in noise::without_use(rules, &answers.iter().collect::<Vec<_>>()) {
        findings.push(stale_rule(folder, index, &rules[index]));
    }
    findings
}

fn answers(of: &Expected) -> impl Iterator<Item = Value> {
    [of.response.as_ref().map(Json::to_value), of.function_error.clone()].into_iter().flatten()
}

/// Keys of an expectation that a replay which ends as expected has nothing for, and why. Where it
/// ends in another way, that is the difference to look at.
fn parts(expected: &Expected, actual: &Expected) -> Vec<(&'static str, &'static str)> {
    if expected.outcome.is_some() && expected.outcome != actual.outcome {
        return Vec::new();
    }
    let denied = actual.outcome == Some(Outcome::Denied);
    let failed = actual.outcome == Some(Outcome::FunctionError);
    let or = |why| if denied { "the handler does not run" } else { why };
    let Expected { error, response, response_base64, function_error, logs, batch, .. } = expected;
    let no_response = denied || failed;
    let table = [
        ("error", error.is_some() && actual.error.is_none(), "nothing is denied"),
        ("response", response.is_some() && no_response, or("the handler fails")),
        ("response_base64", response_base64.is_some() && no_response, or("the handler fails")),
        ("function_error", function_error.is_some() && !failed, or("the handler does not fail")),
        ("logs", logs.is_some() && actual.logs.is_none(), or("nothing is logged")),
        ("batch", batch.is_some() && actual.batch.is_none(), or("the event is no batch")),
    ];
    table.into_iter().filter(|(_, stale, _)| *stale).map(|(key, _, why)| (key, why)).collect()
}

fn stale_part(folder: &Path, (key, why): (&str, &str)) -> FileFinding {
    FileFinding {
        severity: Severity::Warning,
        place: Some(place(folder, EXPECTED_FILE, Recording::locate_expected(folder, key))),
        message: format!("`{key}` is expected and applies to nothing: {why}"),
        help: Some("remove it, or let `retrigger accept` do so".to_owned()),
    }
}

fn stale_rule(folder: &Path, index: usize, rule: &NoiseRule) -> FileFinding {
    FileFinding {
        severity: Severity::Warning,
        place: Some(place(folder, RECORDING_FILE, Recording::locate_noise(folder, index))),
        message: format!("the answer has nothing at `{}` that could vary", rule.path),
        help: Some("remove the rule, or mend its path".to_owned()),
    }
}

fn place(folder: &Path, file: &str, located: Option<Located>) -> Place {
    let Some(Located { file, text, span, place }) = located else {
        return Place::whole(folder.join(file));
    };
    Place { file, line: place.line, column: place.column, text: text.into(), span }
}
