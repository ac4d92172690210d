//! Finding noise: two answers of one handler to one event, and the rules under which they are the
//! same.

use std::collections::BTreeSet;

use retrigger_recording::{NoisePath, NoiseRule, NoiseStep, Varies};
use serde_json::{Map, Value};

use crate::noise::{embedded, settled, shape};

/// The rules that let two answers to the same event be the same, beyond those that are `known`.
/// Each says as little as possible: where it can, that a time, an id or the order varies, and else
/// that anything does. What is so in every element of a list becomes one rule, with `*`.
///
/// ```
/// use retrigger::noise::detect;
/// use serde_json::json;
///
/// let first = json!({ "at": 1772444460, "items": [{ "id": "a1" }, { "id": "b2" }] });
/// let second = json!({ "at": 1772444462, "items": [{ "id": "c3" }, { "id": "d4" }] });
/// let rules = detect(&[], &first, &second);
/// let rules: Vec<String> =
///     rules.iter().map(|rule| format!("{} {}", rule.path, rule.varies)).collect();
/// assert_eq!(rules, ["/at time", "/items/*/id id"]);
/// ```
pub fn detect(known: &[NoiseRule], first: &Value, second: &Value) -> Vec<NoiseRule> {
    let second = settled(known, first, second);
    found(first, &second).into_iter().map(Found::rule).collect()
}

/// A rule with its steps from the value in question inwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    steps: Vec<NoiseStep>,
    varies: Varies,
}

impl Found {
    fn here(varies: Varies) -> Vec<Self> {
        vec![Self { steps: Vec::new(), varies }]
    }

    fn below(mut self, step: NoiseStep) -> Self {
        self.steps.insert(0, step);
        self
    }

    fn rule(self) -> NoiseRule {
        NoiseRule { path: NoisePath::new(self.steps), varies: self.varies }
    }
}

fn found(first: &Value, second: &Value) -> Vec<Found> {
    match (first, second) {
        _ if first == second => Vec::new(),
        (Value::Object(first), Value::Object(second)) => in_objects(first, second),
        (Value::Array(first), Value::Array(second)) => in_arrays(first, second),
        (Value::String(one), Value::String(other)) => match (embedded(one), embedded(other)) {
            (Some(one), Some(other)) if one != other => found(&one, &other),
            _ => Found::here(kind(first, second)),
        },
        _ => Found::here(kind(first, second)),
    }
}

/// Small numbers count something, whatever made them differ.
fn kind(first: &Value, second: &Value) -> Varies {
    let is_small = |value: &Value| value.as_i64().is_some_and(|number| number.abs() < 100_000);
    match () {
        () if shape::are_times(first, second) => Varies::Time,
        () if is_small(first) || is_small(second) => Varies::Any,
        () if shape::are_ids(first, second) => Varies::Id,
        () => Varies::Any,
    }
}

fn in_objects(first: &Map<String, Value>, second: &Map<String, Value>) -> Vec<Found> {
    let new = second.keys().filter(|key| !first.contains_key(*key));
    let mut all = Vec::new();
    for key in first.keys().chain(new) {
        let below = match (first.get(key), second.get(key)) {
            (Some(first), Some(second)) => found(first, second),
            _ => Found::here(Varies::Any),
        };
        all.extend(below.into_iter().map(|found| found.below(NoiseStep::Key(key.clone()))));
    }
    all
}

fn in_arrays(first: &[Value], second: &[Value]) -> Vec<Found> {
    if is_reordered(first, second) {
        return Found::here(Varies::Order);
    }
    if first.len() != second.len() {
        return Found::here(Varies::Any);
    }
    let each: Vec<Vec<Found>> =
        first.iter().zip(second).map(|(first, second)| found(first, second)).collect();
    let kinds: BTreeSet<&Vec<Found>> = each.iter().filter(|found| !found.is_empty()).collect();
    let everywhere = each.len() > 1 && kinds.len() == 1 && each.iter().all(|one| !one.is_empty());
    if everywhere {
        let rules = each.into_iter().next().unwrap_or_default();
        return rules.into_iter().map(|found| found.below(NoiseStep::Each)).collect();
    }
    let at = |index: usize| move |found: Found| found.below(NoiseStep::Key(index.to_string()));
    each.into_iter().enumerate().flat_map(|(index, all)| all.into_iter().map(at(index))).collect()
}

/// Whether both hold the same elements, each as often.
fn is_reordered(first: &[Value], second: &[Value]) -> bool {
    let sorted = |list: &[Value]| {
        let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
        texts.sort_unstable();
        texts
    };
    first.len() == second.len() && sorted(first) == sorted(second)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::nothing(json!({"a": 1}), json!({"a": 1}), &[])]
    #[case::time(json!({"t": "2026-03-02T09:41:00Z"}), json!({"t": "2026-03-02T09:41:01Z"}), &["/t time"])]
    #[case::id(json!({"id": "13b7d040-d088-4aa1-8448-028320cfc4dd"}), json!({"id": "44791c02-732b-4d54-b1f4-6eef454c0d40"}), &["/id id"])]
    #[case::order(json!({"l": ["a", "b"]}), json!({"l": ["b", "a"]}), &["/l order"])]
    #[case::duration(json!({"ms": 12}), json!({"ms": 15}), &["/ms any"])]
    #[case::missing(json!({"a": 1, "b": 1}), json!({"b": 1, "c": 2}), &["/a any", "/c any"])]
    #[case::length(json!({"l": [1]}), json!({"l": [1, 2]}), &["/l any"])]
    #[case::each(json!([{"id": "a1"}, {"id": "b2"}]), json!([{"id": "c3"}, {"id": "d4"}]), &["/*/id id"])]
    #[case::one_of_many(json!(["a1", "b2"]), json!(["a9", "b2"]), &["/0 id"])]
    #[case::in_a_string(json!({"body": "{\"a/b\":\"x1\"}"}), json!({"body": "{\"a/b\":\"y2\"}"}), &["/body/a~1b id"])]
    #[case::words(json!({"s": "sunny today"}), json!({"s": "rain"}), &["/s any"])]
    #[case::spelling_only(json!({"body": "{\"a\":1}"}), json!({"body": "{ \"a\": 1 }"}), &["/body any"])]
    #[case::the_whole(json!("a1"), json!(null), &[" any"])]
    fn the_kind_is_read_from_the_values(
        #[case] first: Value,
        #[case] second: Value,
        #[case] expected: &[&str],
    ) {
        let rules = detect(&[], &first, &second);
        let shown: Vec<String> =
            rules.iter().map(|rule| format!("{} {}", rule.path, rule.varies)).collect();
        assert_eq!(shown, expected);
        assert_eq!(settled(&rules, &first, &second), first, "the rules do not cover it");
        assert_eq!(detect(&rules, &first, &second), [], "what is known is found again");
    }
}
