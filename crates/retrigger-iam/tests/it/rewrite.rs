//! Other ways to write a policy document, most of which mean the same.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::generate::{Entropy, statements_of};

fn each_statement(document: &mut Value, mut rewrite: impl FnMut(&mut Map<String, Value>)) {
    match &mut document["Statement"] {
        Value::Array(list) => list.iter_mut().filter_map(Value::as_object_mut).for_each(rewrite),
        one => one.as_object_mut().into_iter().for_each(&mut rewrite),
    }
}

/// Every statement with the effect `Deny`.
pub(crate) fn deny_all(document: &mut Value) {
    each_statement(document, |statement| statement["Effect"] = json!("Deny"));
}

pub(crate) fn shuffle_statements(document: &mut Value, entropy: &mut Entropy<'_>) {
    let mut statements = statements_of(document);
    for at in 1..statements.len() {
        statements.swap(at, entropy.below(at + 1));
    }
    document["Statement"] = Value::Array(statements);
}

pub(crate) fn repeat_statements(document: &mut Value, entropy: &mut Entropy<'_>) {
    let mut statements = statements_of(document);
    if !statements.is_empty() {
        let again = statements[entropy.below(statements.len())].clone();
        statements.insert(entropy.below(statements.len() + 1), again);
    }
    document["Statement"] = Value::Array(statements);
}

pub(crate) fn split_actions(document: &mut Value, _: &mut Entropy<'_>) {
    split(document, "Action");
}

pub(crate) fn split_resources(document: &mut Value, _: &mut Entropy<'_>) {
    split(document, "Resource");
}

/// One statement for each of the values that an element lists.
fn split(document: &mut Value, element: &str) {
    let pieces = |statement: Value| -> Vec<Value> {
        match statement.get(element).and_then(Value::as_array) {
            Some(list) if list.len() > 1 => {
                let one = |value: &Value| {
                    let mut statement = statement.clone();
                    statement[element] = value.clone();
                    statement
                };
                list.iter().map(one).collect()
            }
            _ => vec![statement],
        }
    };
    let statements = statements_of(document);
    if statements.iter().any(|one| one.get(element).is_some_and(Value::is_array)) {
        document["Statement"] = statements.into_iter().flat_map(pieces).collect();
    }
}

/// Values that stand alone into lists, and the other way round.
pub(crate) fn list_single_values(document: &mut Value, _: &mut Entropy<'_>) {
    let turn = |value: &mut Value| match value {
        Value::Array(list) if list.len() == 1 && !list[0].is_null() => *value = list[0].clone(),
        Value::Array(_) => {}
        single => *single = json!([single]),
    };
    each_statement(document, |statement| {
        for element in ["Action", "NotAction", "Resource", "NotResource"] {
            statement.get_mut(element).into_iter().for_each(turn);
        }
        let principals = statement.get_mut("Principal").and_then(Value::as_object_mut);
        principals.into_iter().flat_map(Map::values_mut).for_each(turn);
        let conditions = statement.get_mut("Condition").and_then(Value::as_object_mut);
        let keys =
            conditions.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
        keys.flat_map(Map::values_mut).for_each(turn);
    });
    let statements = statements_of(document);
    if let ([only], true) = (statements.as_slice(), document["Statement"].is_array()) {
        document["Statement"] = only.clone();
    }
}

pub(crate) fn rename_sids(document: &mut Value, _: &mut Entropy<'_>) {
    let mut number = 0;
    each_statement(document, |statement| {
        number += 1;
        statement.insert("Sid".to_owned(), json!(format!("Renamed{number}")));
    });
}

pub(crate) fn change_case_of_actions(document: &mut Value, entropy: &mut Entropy<'_>) {
    let is_upper = entropy.chance(50);
    let change = |value: &mut Value| {
        if let Value::String(text) = value {
            if is_upper { text.make_ascii_uppercase() } else { text.make_ascii_lowercase() }
        }
    };
    each_statement(document, |statement| {
        for element in ["Action", "NotAction"] {
            match statement.get_mut(element) {
                Some(Value::Array(list)) => list.iter_mut().for_each(change),
                Some(one) => change(one),
                None => {}
            }
        }
    });
}

pub(crate) fn change_case_of_keys(document: &mut Value, entropy: &mut Entropy<'_>) {
    let is_upper = entropy.chance(50);
    each_statement(document, |statement| {
        let conditions = statement.get_mut("Condition").and_then(Value::as_object_mut);
        for keys in conditions.into_iter().flat_map(Map::values_mut) {
            let Some(object) = keys.as_object_mut() else { continue };
            let changed = std::mem::take(object).into_iter().map(|(key, values)| {
                let upper = key.to_ascii_uppercase();
                (if is_upper { upper } else { key.to_ascii_lowercase() }, values)
            });
            *object = changed.collect();
        }
    });
}

/// The members of every object the other way round.
pub(crate) fn reverse_elements(document: &mut Value, _: &mut Entropy<'_>) {
    reverse(document);
}

fn reverse(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let members: Vec<(String, Value)> = std::mem::take(object).into_iter().collect();
            object.extend(members.into_iter().rev());
            object.values_mut().for_each(reverse);
        }
        Value::Array(list) => list.iter_mut().for_each(reverse),
        _ => {}
    }
}

/// JSON text with every letter as an escape, names of elements included.
pub(crate) fn escape(json: &str) -> String {
    let mut escaped = String::new();
    let mut is_string = false;
    // What is left of an escape that is there already.
    let mut kept = 0;
    let mut is_after_backslash = false;
    for character in json.chars() {
        match character {
            _ if kept > 0 => {
                let has_digits = character == 'u' && is_after_backslash;
                kept = if has_digits { 4 } else { kept - 1 };
                is_after_backslash = false;
                escaped.push(character);
            }
            '\\' => {
                (kept, is_after_backslash) = (1, true);
                escaped.push(character);
            }
            '"' => {
                is_string = !is_string;
                escaped.push(character);
            }
            other if is_string => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    write!(escaped, "\\u{unit:04x}").expect("a string takes everything");
                }
            }
            other => escaped.push(other),
        }
    }
    escaped
}
