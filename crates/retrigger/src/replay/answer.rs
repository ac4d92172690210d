//! What a replay showed, in the form of `expected.json`.

use retrigger_iam::Decision;
use retrigger_recording::{
    DecisionKind, Expected, ExpectedDecision, ExpectedDiagnostic, FunctionFolder, Outcome,
    StatementRef,
};
use serde_json::Value;

use crate::{
    event::{Decided, FileFinding, HandlerRan},
    place::Place,
};

/// Notes the handler's answer, and gives it as an event.
pub(crate) fn take(outcome: retrigger_runtime::Outcome, actual: &mut Expected) -> HandlerRan {
    let mut ran = HandlerRan {
        response: None,
        function_error: None,
        logs: outcome.logs,
        duration: outcome.duration,
        init_duration: outcome.init_duration,
    };
    match outcome.result {
        Ok(response) => {
            actual.outcome = Some(Outcome::Completed);
            ran.response = Some(json_or_text(&response.body));
            actual.set_response(response.body.into());
        }
        Err(error) => {
            actual.outcome = Some(Outcome::FunctionError);
            actual.function_error = Some(json_or_text(&error.body));
            ran.function_error.clone_from(&actual.function_error);
        }
    }
    ran
}

fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

/// A decision, with the statement that made it.
pub(crate) fn expectation(decided: &Decided) -> ExpectedDecision {
    let statement = decided.explanation.deciding().next();
    let statement = statement.map(|report| match &report.sid {
        Some(sid) if !sid.is_empty() => StatementRef::Sid(sid.clone()),
        _ => StatementRef::Index(report.index),
    });
    ExpectedDecision {
        step: decided.step,
        action: decided.request.action.clone(),
        resource: decided.request.resource.clone(),
        decision: kind(decided.explanation.decision),
        statement,
    }
}

fn kind(decision: Decision) -> DecisionKind {
    match decision {
        Decision::Allowed => DecisionKind::Allowed,
        Decision::ExplicitlyDenied => DecisionKind::ExplicitlyDenied,
        Decision::ImplicitlyDenied => DecisionKind::ImplicitlyDenied,
        Decision::Undecided => DecisionKind::Undecided,
    }
}

/// A finding as `expected.json` says it: its file relative to the function folder.
pub(super) fn diagnostic(
    folder: &FunctionFolder,
    place: &Place,
    finding: &FileFinding,
) -> ExpectedDiagnostic {
    let file = place.file.strip_prefix(folder.path()).unwrap_or(&place.file);
    let parts: Vec<_> = file.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    ExpectedDiagnostic {
        file: parts.join("/"),
        line: place.line,
        column: place.column,
        message: format!("{}{help}", finding.message),
    }
}
