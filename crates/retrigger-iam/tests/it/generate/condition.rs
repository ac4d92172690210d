//! Conditions that nearly hold.

use retrigger_iam::ContextValue;
use serde_json::{Map, Value, json};

use super::{
    entropy::Entropy,
    near::{change, wildcards},
    pools::{KEYS, Type, VARIABLES},
    scene::{Scene, change_case, value},
};

const TEXT: [&str; 6] = [
    "StringEquals",
    "StringLike",
    "StringEqualsIgnoreCase",
    "StringNotEquals",
    "StringNotLike",
    "StringNotEqualsIgnoreCase",
];
const NUMBER: [&str; 6] = [
    "NumericEquals",
    "NumericLessThanEquals",
    "NumericGreaterThanEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericGreaterThan",
];
const DATE: [&str; 6] = [
    "DateEquals",
    "DateLessThanEquals",
    "DateGreaterThanEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateGreaterThan",
];
const BOOL: [&str; 1] = ["Bool"];
const BINARY: [&str; 1] = ["BinaryEquals"];
const ADDRESS: [&str; 2] = ["IpAddress", "NotIpAddress"];
const ARN: [&str; 4] = ["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"];

fn operators(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::Text => &TEXT,
        Type::Number => &NUMBER,
        Type::Date => &DATE,
        Type::Bool => &BOOL,
        Type::Binary => &BINARY,
        Type::Address => &ADDRESS,
        Type::Arn => &ARN,
    }
}

/// A `Condition` element: operators, each with keys, each with values.
pub(super) fn conditions(entropy: &mut Entropy<'_>, scene: &Scene) -> Value {
    let mut all = Map::new();
    for _ in 0..entropy.weighted(&[(10, 1), (4, 2), (2, 3), (1, 0)]) {
        let (key, kind, is_multi) = key(entropy, scene);
        let operator = operator(entropy, kind, is_multi);
        let values = values(entropy, scene, &key, kind, &operator);
        let keys = all.entry(operator).or_insert_with(|| json!({}));
        let keys = keys.as_object_mut().expect("keys with values");
        // Under two spellings a key would stand twice.
        if !keys.keys().any(|known| known.eq_ignore_ascii_case(&key)) {
            keys.insert(key, values);
        }
    }
    if entropy.chance(2) {
        all.insert("StringEquals".to_owned(), json!({}));
    }
    Value::Object(all)
}

/// A key, mostly one that the scene has.
fn key(entropy: &mut Entropy<'_>, scene: &Scene) -> (String, Type, bool) {
    let had = scene.context.iter().map(|(key, _)| key).chain(scene.context.unknown_keys());
    let had: Vec<&str> = had.collect();
    let known = |name: &str| KEYS.iter().find(|(key, ..)| key.eq_ignore_ascii_case(name)).copied();
    let of_scene = if had.is_empty() || entropy.chance(25) {
        None
    } else {
        known(had[entropy.below(had.len())])
    };
    let (key, kind, is_multi) = of_scene.unwrap_or_else(|| KEYS[entropy.below(KEYS.len())]);
    let key = if entropy.chance(15) { change_case(key) } else { key.to_owned() };
    (key, kind, is_multi)
}

fn operator(entropy: &mut Entropy<'_>, kind: Type, is_multi: bool) -> String {
    match entropy.below(20) {
        18 => return "Null".to_owned(),
        19 => {
            return entropy
                .pick(&["ForAnyValue:Null", "StringEqual", "stringequals", "NullIfExists"])
                .to_owned();
        }
        _ => {}
    }
    let all = [&TEXT[..], &NUMBER, &DATE, &BOOL, &BINARY, &ADDRESS, &ARN];
    let of_kind = if entropy.chance(8) { all[entropy.below(all.len())] } else { operators(kind) };
    let name = of_kind[entropy.below(of_kind.len())];
    let has_set = entropy.chance(if is_multi { 90 } else { 12 });
    let set = if has_set { entropy.pick(&["ForAnyValue:", "ForAllValues:"]) } else { "" };
    let suffix = if entropy.chance(20) { "IfExists" } else { "" };
    format!("{set}{name}{suffix}")
}

/// One value, or a list of some or none; numbers and Booleans may stand unquoted.
fn values(
    entropy: &mut Entropy<'_>,
    scene: &Scene,
    key: &str,
    kind: Type,
    operator: &str,
) -> Value {
    if operator.ends_with("Null") {
        return json!(entropy.pick(&["false", "true", "TRUE", "", "no"]));
    }
    let actual = scene.context.get(key).map(ContextValue::values).unwrap_or_default();
    let one = |entropy: &mut Entropy<'_>| {
        let text = listed(entropy, actual, kind);
        match serde_json::from_str(&text) {
            Ok(plain @ (Value::Number(_) | Value::Bool(_))) if entropy.chance(30) => plain,
            _ => Value::String(text),
        }
    };
    match entropy.weighted(&[(8, 1), (3, 2), (2, 3), (1, 0), (1, 9)]) {
        1 if !entropy.chance(20) => one(entropy),
        count => (0..count).map(|_| one(entropy)).collect(),
    }
}

/// A listed value: one that the request has, something near it, or any of the type.
fn listed(entropy: &mut Entropy<'_>, actual: &[String], kind: Type) -> String {
    let Some(first) = actual.first() else { return other(entropy, kind) };
    let actual = actual.get(entropy.below(actual.len())).unwrap_or(first);
    match entropy.below(8) {
        0..=2 => actual.clone(),
        3 => change(entropy, actual),
        4 | 5 => wildcards(entropy, actual),
        _ => other(entropy, kind),
    }
}

fn other(entropy: &mut Entropy<'_>, kind: Type) -> String {
    match entropy.below(10) {
        8 => entropy.pick(&VARIABLES).to_owned(),
        9 => format!("a{}*", entropy.pick(&VARIABLES)),
        _ => value(entropy, kind),
    }
}
