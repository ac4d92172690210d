//! Noise: what may vary in a handler's answer from run to run, as `[[noise]]` in `recording.toml`
//! says.
//!
//! ```text
//! rules, expected, actual ──▶ settled ──▶ the actual answer with the expected values wherever a
//!                                         rule lets it vary: what still differs is a difference
//! first run, second run ────▶ detect ───▶ rules under which both are the same
//! ```

mod detect;
mod shape;

use retrigger_recording::{NoiseRule, NoiseStep, Varies};
use serde_json::{Map, Value};

pub use detect::detect;

/// A rule on its way from the whole answer to what it is about: the steps that are left.
type Ahead<'r> = (&'r [NoiseStep], Varies);

/// The actual answer, with the expected value in place of each that differs from it only as the
/// rules let it.
///
/// ```
/// use retrigger::noise::settled;
/// use retrigger::recording::{NoiseRule, Varies};
/// use serde_json::json;
///
/// let rule = NoiseRule { path: "/at".parse().unwrap(), varies: Varies::Time };
/// let expected = json!({ "at": "2026-03-02T09:41:00Z", "paid": true });
/// let actual = json!({ "at": "2026-07-01T00:00:00Z", "paid": false });
/// let settled = settled(&[rule], &expected, &actual);
/// assert_eq!(settled, json!({ "at": "2026-03-02T09:41:00Z", "paid": false }));
/// ```
pub fn settled(rules: &[NoiseRule], expected: &Value, actual: &Value) -> Value {
    let ahead: Vec<Ahead<'_>> = rules.iter().map(|rule| (rule.path.steps(), rule.varies)).collect();
    settle(&ahead, expected, actual)
}

/// The rules, by index, whose path leads to nothing in any of the answers.
pub fn without_use(rules: &[NoiseRule], answers: &[&Value]) -> Vec<usize> {
    let is_used = |rule: &NoiseRule| answers.iter().any(|answer| leads(rule.path.steps(), answer));
    rules.iter().enumerate().filter(|(_, rule)| !is_used(rule)).map(|(index, _)| index).collect()
}

fn settle(rules: &[Ahead<'_>], expected: &Value, actual: &Value) -> Value {
    if rules.is_empty() || expected == actual {
        return actual.clone();
    }
    let may = |kind| rules.iter().any(|(steps, varies)| steps.is_empty() && *varies == kind);
    let is_noise = may(Varies::Any)
        || (may(Varies::Time) && shape::are_times(expected, actual))
        || (may(Varies::Id) && shape::are_ids(expected, actual));
    if is_noise {
        return expected.clone();
    }
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => settle_object(rules, expected, actual),
        (Value::Array(expected), Value::Array(actual)) => {
            let ordered = may(Varies::Order).then(|| in_order(rules, expected, actual));
            settle_array(rules, expected, ordered.as_deref().unwrap_or(actual))
        }
        (Value::String(expected), Value::String(actual)) => settle_text(rules, expected, actual),
        _ => actual.clone(),
    }
}

/// The rules that go on below a key or index.
fn below<'r>(rules: &[Ahead<'r>], key: &str) -> Vec<Ahead<'r>> {
    let step = |(steps, varies): &Ahead<'r>| {
        let (first, rest) = steps.split_first()?;
        first.leads_to(key).then_some((rest, *varies))
    };
    rules.iter().filter_map(step).collect()
}

/// Whether the value itself may be anything, and so may be missing.
fn may_miss(rules: &[Ahead<'_>]) -> bool {
    rules.iter().any(|(steps, varies)| steps.is_empty() && *varies == Varies::Any)
}

fn settle_object(
    rules: &[Ahead<'_>],
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
) -> Value {
    let mut settled = Map::new();
    for (key, value) in actual {
        let rules = below(rules, key);
        match expected.get(key) {
            Some(expected) => {
                settled.insert(key.clone(), settle(&rules, expected, value));
            }
            None if may_miss(&rules) => {}
            None => {
                settled.insert(key.clone(), value.clone());
            }
        }
    }
    for (key, value) in expected {
        if !actual.contains_key(key) && may_miss(&below(rules, key)) {
            settled.insert(key.clone(), value.clone());
        }
    }
    Value::Object(settled)
}

fn settle_array(rules: &[Ahead<'_>], expected: &[Value], actual: &[Value]) -> Value {
    let settle_item = |(index, item): (usize, &Value)| match expected.get(index) {
        Some(expected) => settle(&below(rules, &index.to_string()), expected, item),
        None => item.clone(),
    };
    actual.iter().enumerate().map(settle_item).collect()
}

/// The actual elements, each at the place of the expected one that it is the same as; those that
/// are new fill the places that are left.
fn in_order(rules: &[Ahead<'_>], expected: &[Value], actual: &[Value]) -> Vec<Value> {
    let mut left: Vec<Option<&Value>> = actual.iter().map(Some).collect();
    let mut placed: Vec<Option<&Value>> = vec![None; expected.len()];
    for (index, wanted) in expected.iter().enumerate() {
        let rules = below(rules, &index.to_string());
        let is_same = |item: &Value| {
            item == wanted || (!rules.is_empty() && settle(&rules, wanted, item) == *wanted)
        };
        if let Some(at) = left.iter().position(|item| item.is_some_and(is_same)) {
            placed[index] = left[at].take();
        }
    }
    let mut left = left.into_iter().flatten();
    let mut ordered: Vec<Value> =
        placed.into_iter().filter_map(|item| item.or_else(|| left.next())).cloned().collect();
    ordered.extend(left.cloned());
    ordered
}

/// JSON that stands in a string is compared as what it is. Where it differs, the string keeps the
/// spelling that a JSON writer gives it.
fn settle_text(rules: &[Ahead<'_>], expected: &str, actual: &str) -> Value {
    let unchanged = || Value::from(actual);
    if rules.iter().all(|(steps, _)| steps.is_empty()) {
        return unchanged();
    }
    let (Some(wanted), Some(got)) = (embedded(expected), embedded(actual)) else {
        return unchanged();
    };
    let settled = settle(rules, &wanted, &got);
    if settled == wanted {
        return expected.into();
    }
    let written = got.to_string();
    if written == actual { settled.to_string().into() } else { unchanged() }
}

/// The object or list that a string holds as JSON.
fn embedded(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Whether a path leads to something.
fn leads(steps: &[NoiseStep], value: &Value) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    match value {
        Value::Object(map) => {
            map.iter().any(|(key, value)| step.leads_to(key) && leads(rest, value))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .any(|(index, item)| step.leads_to(&index.to_string()) && leads(rest, item)),
        Value::String(text) => embedded(text).is_some_and(|inner| leads(steps, &inner)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn rules(rules: &[(&str, Varies)]) -> Vec<NoiseRule> {
        let rule = |(path, varies): &(&str, Varies)| NoiseRule {
            path: path.parse().unwrap(),
            varies: *varies,
        };
        rules.iter().map(rule).collect()
    }

    #[rstest]
    #[case::a_time(&[("/t", Varies::Time)], json!({"t": "2026-03-02T09:41:00Z"}), json!({"t": "2027-01-01T00:00:00.5Z"}))]
    #[case::an_id_in_each(&[("/i/*/id", Varies::Id)], json!({"i": [{"id": "a-1"}, {"id": "b-2"}]}), json!({"i": [{"id": "a-3"}, {"id": "b-44"}]}))]
    #[case::order(&[("/l", Varies::Order)], json!({"l": [1, 2, 2]}), json!({"l": [2, 1, 2]}))]
    #[case::order_of_noise(&[("/l", Varies::Order), ("/l/*/id", Varies::Id)], json!({"l": [{"n": 1, "id": 7}, {"n": 2, "id": 8}]}), json!({"l": [{"n": 2, "id": 9}, {"n": 1, "id": 5}]}))]
    #[case::anything(&[("/x", Varies::Any)], json!({"x": {"deep": 1}}), json!({"x": null}))]
    #[case::missing(&[("/x", Varies::Any)], json!({"x": 1}), json!({}))]
    #[case::added(&[("/*", Varies::Any)], json!({}), json!({"x": 1}))]
    #[case::the_whole(&[("", Varies::Any)], json!({"x": 1}), json!("text"))]
    #[case::json_in_a_string(&[("/body/id", Varies::Id)], json!({"body": "{\"id\": \"1\", \"n\": 2}"}), json!({"body": "{\"n\":2,\"id\":\"9\"}"}))]
    fn what_may_vary_is_the_same(
        #[case] paths: &[(&str, Varies)],
        #[case] expected: Value,
        #[case] actual: Value,
    ) {
        assert_eq!(settled(&rules(paths), &expected, &actual), expected);
    }

    #[rstest]
    #[case::elsewhere(&[("/t", Varies::Any)], json!({"t": 1, "u": 1}), json!({"t": 2, "u": 2}), json!({"t": 1, "u": 2}))]
    #[case::no_time(&[("/t", Varies::Time)], json!({"t": "2026-03-02T09:41:00Z"}), json!({"t": "soon"}), json!({"t": "soon"}))]
    #[case::another_element(&[("/l", Varies::Order)], json!({"l": [1, 2, 3]}), json!({"l": [3, 4, 1]}), json!({"l": [1, 4, 3]}))]
    #[case::one_more(&[("/l", Varies::Order)], json!({"l": [1, 2]}), json!({"l": [5, 2, 1]}), json!({"l": [1, 2, 5]}))]
    #[case::one_less(&[("/l", Varies::Order)], json!({"l": [1, 2]}), json!({"l": [2]}), json!({"l": [2]}))]
    #[case::another_id_in_a_string(&[("/body/id", Varies::Id)], json!({"body": "{\"id\":1,\"n\":2}"}), json!({"body": "{\"id\":9,\"n\":3}"}), json!({"body": "{\"id\":1,\"n\":3}"}))]
    fn what_may_not_vary_still_differs(
        #[case] paths: &[(&str, Varies)],
        #[case] expected: Value,
        #[case] actual: Value,
        #[case] left: Value,
    ) {
        assert_eq!(settled(&rules(paths), &expected, &actual), left);
    }

    #[test]
    fn a_rule_that_leads_to_nothing_is_found() {
        let rules = rules(&[("/a/*/b", Varies::Any), ("/body/x", Varies::Id), ("/c", Varies::Any)]);
        let (expected, actual) = (json!({"a": [{"b": 1}]}), json!({"body": "{\"y\":1}", "d": 1}));
        assert_eq!(without_use(&rules, &[&expected, &actual]), [1, 2]);
    }
}
