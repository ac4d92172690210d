//! A call that is not recorded, against those that are.

use retrigger_recording::{Call, CallKey};
use serde_json::Value;

/// How many differences are named.
const SHOWN: usize = 3;

/// Such as ``no recorded call is `dynamodb:GetItem` on …; the nearest differs in /Key/id/S``.
pub(crate) fn describe(key: &CallKey, recorded: &[Call]) -> String {
    let what = name(key);
    let same = recorded.iter().filter(|call| asks_same(&call.key, key)).count();
    if same > 0 {
        let times = if same == 1 { "once".to_owned() } else { format!("{same} times") };
        return format!("`{what}` is recorded {times}, and this is call {}", key.occurrence);
    }
    let of_operation = recorded
        .iter()
        .filter(|call| (&call.key.service, &call.key.operation) == (&key.service, &key.operation));
    let nearest = of_operation
        .map(|call| (differences(&call.key, key), &call.key))
        .min_by_key(|(differences, _)| differences.len());
    match nearest {
        Some((differences, nearest)) => {
            let shown: Vec<&str> = differences.iter().take(SHOWN).map(String::as_str).collect();
            let more = differences.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let nearest = name(nearest);
            format!(
                "`{what}` is not recorded so; the nearest recorded call, `{nearest}`, has {}{more}",
                shown.join(", ")
            )
        }
        None if recorded.is_empty() => format!("`{what}` is not recorded, nor is any other call"),
        None => {
            let mut others: Vec<String> = recorded.iter().map(|call| name(&call.key)).collect();
            others.dedup();
            others.truncate(SHOWN);
            format!("`{what}` is not recorded; recorded are `{}`", others.join("`, `"))
        }
    }
}

/// Such as `dynamodb:GetItem on arn:aws:dynamodb:…`.
pub(crate) fn name(key: &CallKey) -> String {
    let CallKey { service, operation, resource, .. } = key;
    match resource {
        Some(resource) => format!("{service}:{operation} on {resource}"),
        None => format!("{service}:{operation}"),
    }
}

fn asks_same(one: &CallKey, other: &CallKey) -> bool {
    CallKey { occurrence: 0, ..one.clone() } == CallKey { occurrence: 0, ..other.clone() }
}

fn differences(recorded: &CallKey, now: &CallKey) -> Vec<String> {
    let mut found = Vec::new();
    if recorded.resource != now.resource {
        let text = |resource: &Option<String>| resource.clone().unwrap_or("none".to_owned());
        let (recorded, now) = (text(&recorded.resource), text(&now.resource));
        found.push(format!("resource `{recorded}` and not `{now}`"));
    }
    compare("", &recorded.parameters, &now.parameters, &mut found);
    found
}

fn compare(pointer: &str, recorded: &Value, now: &Value, found: &mut Vec<String>) {
    match (recorded, now) {
        (Value::Object(before), Value::Object(after)) => {
            let names =
                before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
            for name in names {
                let value = |map: &serde_json::Map<String, Value>| {
                    map.get(name).cloned().unwrap_or_default()
                };
                compare(&format!("{pointer}/{name}"), &value(before), &value(after), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{pointer}/{index}"), before, after, found);
            }
        }
        _ if recorded == now => {}
        _ => {
            let pointer = if pointer.is_empty() { "parameters" } else { pointer };
            found.push(format!("{pointer} {} and not {}", short(recorded), short(now)));
        }
    }
}

/// A value in at most some characters.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        other => format!("`{other}`"),
    };
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("…`".chars()).collect()
}
