//! The expectation that a replay's results make of the one before: only what changed changes.

use retrigger_recording::{Expected, ExpectedDecision, NoiseRule, Outcome};
use serde_json::{Map, Value};

use crate::replay::compare;

/// The keys of a function error that a first expectation has. The rest, such as a stack trace,
/// depends on paths and versions.
const ERROR_KEYS: [&str; 2] = ["errorType", "errorMessage"];

/// An expectation of all that a replay showed.
pub(super) fn first(actual: &Expected) -> Expected {
    let shown = |error: &Value| match error {
        Value::Object(map) if ERROR_KEYS.iter().any(|key| map.contains_key(*key)) => {
            let kept = map.iter().filter(|(key, _)| ERROR_KEYS.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    };
    let mut first = actual.clone();
    first.function_error = actual.function_error.as_ref().map(shown);
    first
}

/// The expectation with what the replay showed, in the parts that it has: what it leaves out is not
/// compared, and stays out. Where the replay ends in another way than before, the parts that only
/// that way has come in.
pub(super) fn merged(expected: &Expected, actual: &Expected, rules: &[NoiseRule]) -> Expected {
    let settled = compare::settled(expected, actual, rules);
    let turned = expected.outcome.is_some() && expected.outcome != actual.outcome;
    let is_new = |part| turned && is_new(part, expected.outcome, actual.outcome);
    let answered = expected.response.is_some() || expected.response_base64.is_some();
    let answers = answered || is_new(Part::Answer);
    let fails = expected.function_error.is_some() || is_new(Part::FunctionError);
    let first = first(&settled);

    let mut merged = expected.clone();
    merged.outcome = settled.outcome.filter(|_| expected.outcome.is_some());
    merged.decisions = expected
        .decisions
        .as_deref()
        .zip(settled.decisions.as_deref())
        .map(|(before, now)| decisions(before, now));
    let denies = expected.error.is_some() || is_new(Part::Error);
    merged.error = settled.error.filter(|_| denies);
    merged.response = settled.response.filter(|_| answers);
    merged.response_base64 = settled.response_base64.filter(|_| answers);
    merged.function_error = match (&expected.function_error, settled.function_error) {
        (Some(before), Some(now)) => Some(function_error(before, now)),
        _ => first.function_error.filter(|_| fails),
    };
    let (logs, batch) = (expected.logs.is_some(), expected.batch.is_some());
    merged.logs = settled.logs.filter(|_| logs || is_new(Part::Run));
    merged.batch = settled.batch.filter(|_| batch || is_new(Part::Run));
    let says = expected.diagnostics.is_some() || is_new(Part::Diagnostics);
    merged.diagnostics = settled.diagnostics.filter(|_| says);
    merged
}

#[derive(Clone, Copy)]
enum Part {
    Error,
    Answer,
    FunctionError,
    /// What every run of the handler has: logs, and the outcome of a batch.
    Run,
    Diagnostics,
}

/// Whether a replay has this part when it ends as `now`, and cannot have it when it ends as
/// `before`.
fn is_new(part: Part, before: Option<Outcome>, now: Option<Outcome>) -> bool {
    let has = |outcome| match part {
        Part::Error => outcome == Some(Outcome::Denied),
        Part::Answer => outcome == Some(Outcome::Completed),
        Part::FunctionError => outcome == Some(Outcome::FunctionError),
        Part::Run => matches!(outcome, Some(Outcome::Completed | Outcome::FunctionError)),
        Part::Diagnostics => outcome == Some(Outcome::NotLoaded),
    };
    has(now) && !has(before)
}

/// A decision that is met stays as it is written. Of another, the statement is named where the
/// decision before it at the same step and action was named one.
fn decisions(before: &[ExpectedDecision], now: &[ExpectedDecision]) -> Vec<ExpectedDecision> {
    let merge = |decision: &ExpectedDecision| {
        if let Some(met) = before.iter().find(|wanted| compare::is_met(wanted, decision)) {
            return met.clone();
        }
        let same = |wanted: &&ExpectedDecision| {
            (wanted.step, &wanted.action) == (decision.step, &decision.action)
        };
        let names_none = match before.iter().find(same) {
            Some(wanted) => wanted.statement.is_none(),
            None => !before.is_empty() && before.iter().all(|wanted| wanted.statement.is_none()),
        };
        let statement = decision.statement.clone().filter(|_| !names_none);
        ExpectedDecision { statement, ..decision.clone() }
    };
    now.iter().map(merge).collect()
}

/// Only the keys that were compared before.
fn function_error(before: &Value, now: Value) -> Value {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let kept = before.keys().filter_map(|key| Some((key.clone(), now.get(key)?.clone())));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        (_, now) => now,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn expected(value: Value) -> Expected {
        serde_json::from_value(value).unwrap()
    }

    fn decision(action: &str, kind: &str, statement: Option<&str>) -> Value {
        let mut value =
            json!({"step": "invoke", "action": action, "resource": "*", "decision": kind});
        if let Some(sid) = statement {
            value["statement"] = json!(sid);
        }
        value
    }

    #[rstest]
    #[case::left_out(
        json!({"format": 1, "response": 1}),
        json!({"format": 1, "outcome": "completed", "response": 2, "logs": {"delivered": true}}),
        json!({"format": 1, "response": 2})
    )]
    #[case::gone(
        json!({"format": 1, "outcome": "completed", "batch": {}}),
        json!({"format": 1, "outcome": "completed"}),
        json!({"format": 1, "outcome": "completed"})
    )]
    #[case::now_denied(
        json!({"format": 1, "outcome": "completed", "response": 1, "logs": {"delivered": true}}),
        json!({"format": 1, "outcome": "denied", "error": "no"}),
        json!({"format": 1, "outcome": "denied", "error": "no"})
    )]
    #[case::now_allowed(
        json!({"format": 1, "outcome": "denied", "decisions": []}),
        json!({"format": 1, "outcome": "completed", "decisions": [], "response": 1, "logs": {"delivered": true}}),
        json!({"format": 1, "outcome": "completed", "decisions": [], "response": 1, "logs": {"delivered": true}})
    )]
    #[case::now_bytes(
        json!({"format": 1, "outcome": "completed", "response": 1}),
        json!({"format": 1, "outcome": "completed", "response_base64": "AA=="}),
        json!({"format": 1, "outcome": "completed", "response_base64": "AA=="})
    )]
    #[case::error_keys(
        json!({"format": 1, "function_error": {"errorMessage": "a"}}),
        json!({"format": 1, "function_error": {"errorType": "E", "errorMessage": "b", "trace": ["/x"]}}),
        json!({"format": 1, "function_error": {"errorMessage": "b"}})
    )]
    #[case::now_failing(
        json!({"format": 1, "outcome": "completed", "response": 1}),
        json!({"format": 1, "outcome": "function-error", "function_error": {"errorType": "E", "errorMessage": "b", "trace": ["/x"]}}),
        json!({"format": 1, "outcome": "function-error", "function_error": {"errorType": "E", "errorMessage": "b"}})
    )]
    fn only_the_parts_that_are_expected_change(
        #[case] before: Value,
        #[case] actual: Value,
        #[case] after: Value,
    ) {
        let merged = merged(&expected(before), &expected(actual.clone()), &[]);
        assert_eq!(merged, expected(after));
        assert_eq!(compare::differences(&merged, &expected(actual), &[]), []);
    }

    #[test]
    fn a_statement_that_was_not_named_is_not_named() {
        let before = json!({"format": 1, "decisions": [
            decision("a", "Allowed", None), decision("b", "Allowed", Some("s")),
        ]});
        let actual = json!({"format": 1, "decisions": [
            decision("a", "ExplicitlyDenied", Some("x")), decision("b", "Allowed", Some("t")),
            decision("c", "Allowed", Some("u")),
        ]});
        let after = json!({"format": 1, "decisions": [
            decision("a", "ExplicitlyDenied", None), decision("b", "Allowed", Some("t")),
            decision("c", "Allowed", Some("u")),
        ]});
        let merged = merged(&expected(before), &expected(actual), &[]);
        assert_eq!(merged, expected(after));
    }

    #[test]
    fn what_may_vary_keeps_its_value() {
        let rules = [serde_json::from_value(json!({"path": "/id", "varies": "id"})).unwrap()];
        let before = expected(json!({"format": 1, "response": {"id": "a1", "n": 1}}));
        let actual = expected(json!({"format": 1, "response": {"id": "b2", "n": 2}}));
        let after = expected(json!({"format": 1, "response": {"id": "a1", "n": 2}}));
        assert_eq!(merged(&before, &actual, &rules), after);
    }

    #[test]
    fn a_first_expectation_has_all_but_the_trace() {
        let error = json!({"errorType": "E", "errorMessage": "m", "trace": []});
        let actual =
            expected(json!({"format": 1, "outcome": "function-error", "function_error": error}));
        let error = json!({"errorType": "E", "errorMessage": "m"});
        assert_eq!(first(&actual).function_error, Some(error));
    }
}
