//! A form in which what means the same reads the same.

use serde_json::{Map, Value, json};

/// Members that say when something was made or used, or count: they change with nobody changing
/// anything.
const IGNORED: [&str; 17] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "AttachmentCount",
    "CreateDate",
    "CreatedTimestamp",
    "CreationTime",
    "LastModified",
    "LastModifiedTime",
    "LastModifiedTimestamp",
    "LastProcessingResult",
    "PermissionsBoundaryUsageCount",
    "ResponseMetadata",
    "RevisionId",
    "RoleLastUsed",
    "StateTransitionReason",
    "UpdateDate",
];

/// Settings: lists as sets, but where their order means something; JSON in a string as JSON.
pub(super) fn settings(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !IGNORED.contains(&name.as_str()));
            let in_order = |name: &str, value: &Value| match value {
                // A later layer's files cover an earlier one's.
                Value::Array(list) if name == "Layers" => list.iter().map(settings).collect(),
                other => settings(other),
            };
            kept.map(|(name, value)| (name.clone(), in_order(name, value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(list) => set(list.iter().map(settings).collect()),
        Value::String(text) if text.starts_with('{') => serde_json::from_str(text)
            .map_or_else(|_| value.clone(), |inner: Value| settings(&inner)),
        other => other.clone(),
    }
}

/// A statement: single values as lists, lists as sets; actions and condition keys in lower case, as
/// case means nothing in them; every way to write everyone, or an account, as one.
pub(super) fn statement(statement: &Value) -> Value {
    let Some(elements) = statement.as_object() else { return statement.clone() };
    let normal = |name: &str, value: &Value| match name {
        "Action" | "NotAction" => list(value, str::to_ascii_lowercase),
        "Resource" | "NotResource" => list(value, str::to_owned),
        "Principal" | "NotPrincipal" => principal(value),
        "Condition" => condition(value),
        _ => value.clone(),
    };
    let elements = elements.iter().map(|(name, value)| (name.clone(), normal(name, value)));
    elements.collect::<Map<_, _>>().into()
}

fn set(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    values.into()
}

/// A value or several as a set of texts.
fn list(value: &Value, spelt: impl Fn(&str) -> String) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => spelt(text).into(),
        Value::Bool(flag) => flag.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        other => other.clone(),
    };
    match value {
        Value::Array(values) => set(values.iter().map(text).collect()),
        single => json!([text(single)]),
    }
}

fn principal(value: &Value) -> Value {
    let account = |text: &str| {
        let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_account { format!("arn:aws:iam::{text}:root") } else { text.to_owned() }
    };
    match value {
        Value::String(text) => json!({ "AWS": [text] }),
        Value::Object(kinds) => {
            let kinds = kinds.iter().map(|(kind, who)| (kind.clone(), list(who, account)));
            kinds.collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn condition(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let tests = |keys: &Value| match keys.as_object() {
        None => keys.clone(),
        Some(keys) => {
            let keys = keys.iter();
            let tests =
                keys.map(|(key, value)| (key.to_ascii_lowercase(), list(value, str::to_owned)));
            tests.collect::<Map<_, _>>().into()
        }
    };
    let operators = operators.iter().map(|(operator, keys)| (operator.clone(), tests(keys)));
    operators.collect::<Map<_, _>>().into()
}
