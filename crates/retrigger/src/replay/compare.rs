//! What a replay must show against what it showed.

use retrigger_recording::{Expected, ExpectedDecision, NoiseRule, Outcome};
use serde::Serialize;
use serde_json::Value;

use crate::{event::Difference, noise};

/// Every difference, in the order of `expected.json`. What the expectation leaves out is not
/// compared, nor is what `rules` say may vary; where the replay ended before the handler, contrary
/// to what is expected, neither is what did not come about for that.
pub(crate) fn differences(
    expected: &Expected,
    actual: &Expected,
    rules: &[NoiseRule],
) -> Vec<Difference> {
    let actual = &settled(expected, actual, rules);
    let mut found = Vec::new();
    let ended_early = ended_early(expected, actual);
    compare(&mut found, "outcome", expected.outcome.as_ref(), actual.outcome.as_ref());
    if let Some(decisions) = &expected.decisions {
        let made = actual.decisions.as_deref().unwrap_or_default();
        let count = if ended_early { made.len().min(decisions.len()) } else { decisions.len() };
        compare_decisions(&mut found, &decisions[..count], made);
    }
    compare(&mut found, "error", expected.error.as_ref(), actual.error.as_ref());
    if !ended_early {
        compare_answer(&mut found, expected, actual);
    }
    let (said, heard) = (&expected.diagnostics, &actual.diagnostics);
    compare(&mut found, "diagnostics", said.as_ref(), heard.as_ref());
    found
}

fn ended_early(expected: &Expected, actual: &Expected) -> bool {
    let is_early = matches!(actual.outcome, Some(Outcome::Denied | Outcome::NotLoaded));
    is_early && expected.outcome != actual.outcome
}

/// What the handler answered, and what became of it.
fn compare_answer(found: &mut Vec<Difference>, expected: &Expected, actual: &Expected) {
    compare(found, "response", expected.response.as_ref(), actual.response.as_ref());
    let (expected_bytes, actual_bytes) = (&expected.response_base64, &actual.response_base64);
    compare(found, "response (base64)", expected_bytes.as_ref(), actual_bytes.as_ref());
    if let Some(error) = &expected.function_error {
        compare_function_error(found, error, actual.function_error.as_ref());
    }
    compare(found, "logs", expected.logs.as_ref(), actual.logs.as_ref());
    compare(found, "batch", expected.batch.as_ref(), actual.batch.as_ref());
}

/// What a replay showed, with the expected values wherever a rule lets the answer vary.
pub(crate) fn settled(expected: &Expected, actual: &Expected, rules: &[NoiseRule]) -> Expected {
    let settle = |expected: &Option<Value>, actual: &Option<Value>| match (expected, actual) {
        (Some(expected), Some(actual)) => Some(noise::settled(rules, expected, actual)),
        _ => actual.clone(),
    };
    let mut settled = actual.clone();
    if let (Some(expected), Some(actual)) = (&expected.response, &actual.response) {
        let response = noise::settled(rules, &expected.to_value(), &actual.to_value());
        settled.response = Some(response.into());
    }
    settled.function_error = settle(&expected.function_error, &actual.function_error);
    settled
}

fn compare<T: Serialize + PartialEq>(
    found: &mut Vec<Difference>,
    what: &str,
    expected: Option<&T>,
    actual: Option<&T>,
) {
    if expected.is_some() && expected != actual {
        found.push(difference(what, shown(expected), shown(actual)));
    }
}

/// Decisions are compared one by one: a missing or a further one is a difference of its own.
fn compare_decisions(
    found: &mut Vec<Difference>,
    expected: &[ExpectedDecision],
    actual: &[ExpectedDecision],
) {
    for index in 0..expected.len().max(actual.len()) {
        let (wanted, got) = (expected.get(index), actual.get(index));
        if !wanted.zip(got).is_some_and(|(wanted, got)| is_met(wanted, got)) {
            let what = format!("decision {}", index + 1);
            found.push(difference(&what, one_line(wanted), one_line(got)));
        }
    }
}

/// A statement that the expectation does not name may be any.
pub(crate) fn is_met(wanted: &ExpectedDecision, got: &ExpectedDecision) -> bool {
    let mut got = got.clone();
    if wanted.statement.is_none() {
        got.statement = None;
    }
    *wanted == got
}

/// Of a function error only the keys are compared that the expectation has: an `errorType` may
/// depend on a compiler, a stack trace on a path.
fn compare_function_error(found: &mut Vec<Difference>, expected: &Value, actual: Option<&Value>) {
    let (Value::Object(wanted), Some(Value::Object(got))) = (expected, actual) else {
        compare(found, "function error", Some(expected), actual);
        return;
    };
    for (key, value) in wanted {
        compare(found, &format!("function error: {key}"), Some(value), got.get(key));
    }
}

/// `log: Allowed: logs:PutLogEvents on arn:… by statement "logs"`
fn one_line(decision: Option<&ExpectedDecision>) -> String {
    let Some(decision) = decision else { return nothing() };
    let word = |value: Result<Value, _>| match value {
        Ok(Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => nothing(),
    };
    let step = word(serde_json::to_value(decision.step));
    let kind = word(serde_json::to_value(decision.decision));
    let statement = match &decision.statement {
        Some(statement) => format!(" by statement {}", word(serde_json::to_value(statement))),
        None => String::new(),
    };
    format!("{step}: {kind}: {} on {}{statement}", decision.action, decision.resource)
}

/// Indented JSON, and text bare.
fn shown(value: Option<&impl Serialize>) -> String {
    match value.map(serde_json::to_value) {
        Some(Ok(Value::String(text))) => text,
        Some(Ok(value)) => serde_json::to_string_pretty(&value).unwrap_or_else(|_| nothing()),
        _ => nothing(),
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

fn difference(what: &str, expected: String, actual: String) -> Difference {
    Difference { what: what.to_owned(), expected, actual }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// Compares two expectations given as JSON, and checks what differs.
    #[rstest]
    #[case(json!({"format": 1}), json!({"format": 1, "response": 1}), &[])]
    #[case(json!({"format": 1, "response": {"a": 1}}), json!({"format": 1, "response": {"a": 1}}), &[])]
    #[case(json!({"format": 1, "response": null}), json!({"format": 1}), &["response"])]
    #[case(json!({"format": 1, "outcome": "denied"}), json!({"format": 1, "outcome": "completed"}), &["outcome"])]
    #[case(
        json!({"format": 1, "function_error": {"errorMessage": "boom"}}),
        json!({"format": 1, "function_error": {"errorMessage": "boom", "trace": []}}),
        &[]
    )]
    #[case(
        json!({"format": 1, "function_error": {"errorMessage": "boom"}}),
        json!({"format": 1, "function_error": {"errorMessage": "bang"}}),
        &["function error: errorMessage"]
    )]
    #[case(
        json!({"format": 1, "function_error": {"errorMessage": "boom"}}),
        json!({"format": 1}),
        &["function error"]
    )]
    fn only_what_is_expected_is_compared(
        #[case] expected: Value,
        #[case] actual: Value,
        #[case] differing: &[&str],
    ) {
        let parse = |value| serde_json::from_value::<Expected>(value).unwrap();
        let found = differences(&parse(expected), &parse(actual), &[]);
        let whats: Vec<&str> = found.iter().map(|difference| difference.what.as_str()).collect();
        assert_eq!(whats, differing);
    }

    #[test]
    fn what_a_denial_keeps_from_happening_is_no_difference_of_its_own() {
        let parse = |value| serde_json::from_value::<Expected>(value).unwrap();
        let expected = parse(json!({
            "format": 1, "outcome": "completed", "response": 1, "logs": {"delivered": true},
            "decisions": [decision("Allowed", None), decision("Allowed", None)],
        }));
        let actual = parse(json!({
            "format": 1, "outcome": "denied", "decisions": [decision("ImplicitlyDenied", None)],
        }));
        let found = differences(&expected, &actual, &[]);
        let whats: Vec<&str> = found.iter().map(|difference| difference.what.as_str()).collect();
        assert_eq!(whats, ["outcome", "decision 1"]);
    }

    fn decision(name: &str, statement: Option<&str>) -> Value {
        let mut value = json!({
            "step": "invoke", "action": "lambda:InvokeFunction", "resource": "*", "decision": name,
        });
        if let Some(sid) = statement {
            value["statement"] = json!(sid);
        }
        value
    }

    #[rstest]
    #[case(vec![decision("Allowed", None)], vec![decision("Allowed", Some("alb"))], 0)]
    #[case(vec![decision("Allowed", Some("alb"))], vec![decision("Allowed", Some("nlb"))], 1)]
    #[case(vec![decision("Allowed", None)], vec![decision("ImplicitlyDenied", None)], 1)]
    #[case(vec![decision("Allowed", None)], vec![], 1)]
    #[case(vec![], vec![decision("Allowed", None), decision("Allowed", None)], 2)]
    fn decisions_are_compared_one_by_one(
        #[case] expected: Vec<Value>,
        #[case] actual: Vec<Value>,
        #[case] count: usize,
    ) {
        let parse = |decisions| {
            serde_json::from_value::<Expected>(json!({"format": 1, "decisions": decisions}))
                .unwrap()
        };
        assert_eq!(differences(&parse(expected), &parse(actual), &[]).len(), count);
    }
}
