//! Forms of the query protocols as JSON values.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::bad_body::{BadBody, DEEPEST, MOST_VALUES};

/// The fields of a form, nested by their dots: `Tags.member.1.Key` is the `Key` of the first of
/// `Tags`. Without `Action` and `Version`.
pub(super) fn form<'r>(
    forms: impl Iterator<Item = &'r [u8]>,
) -> Result<Map<String, Value>, BadBody> {
    let mut all = Map::new();
    let pairs = forms.flat_map(|form| form.split(|byte| *byte == b'&'));
    for (number, pair) in pairs.filter(|pair| !pair.is_empty()).enumerate() {
        let pair = std::str::from_utf8(pair).map_err(|error| BadBody::malformed("form", &error))?;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        if number >= MOST_VALUES || name.split('.').count() > DEEPEST {
            return Err(BadBody::TooDeep);
        }
        if !matches!(name.as_str(), "Action" | "Version") && !name.starts_with("X-Amz-") {
            insert(&mut all, &name, decode(value)?);
        }
    }
    Ok(all.into_iter().map(|(name, value)| (name, settle(value))).collect())
}

/// A name or value of a form or query.
pub(super) fn decode(text: &str) -> Result<String, BadBody> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.map(Into::into).map_err(|error| BadBody::malformed("form", &error))
}

fn insert(all: &mut Map<String, Value>, name: &str, value: String) {
    let mut parts = name.split('.');
    let Some(first) = parts.next() else { return };
    let mut place = all.entry(first).or_insert(Value::Null);
    for part in parts {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        place = members.entry(part).or_insert(Value::Null);
    }
    *place = Value::String(value);
}

/// Lists and maps of what are objects with numbers for names.
fn settle(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    if members.keys().all(|name| name.parse::<u32>().is_ok()) {
        let mut numbered: Vec<_> = members.into_iter().collect();
        numbered.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or_default());
        return numbered.into_iter().map(|(_, value)| settle(value)).collect();
    }
    if members.len() == 1
        && let Some((name, Value::Object(inner))) = members.iter().next()
        && inner.keys().all(|name| name.parse::<u32>().is_ok())
    {
        let is_map = name == "entry";
        let list = settle(Value::Object(inner.clone()));
        return if is_map { of_entries(&list) } else { list };
    }
    Value::Object(members.into_iter().map(|(name, value)| (name, settle(value))).collect())
}

fn of_entries(list: &Value) -> Value {
    let entries = list.as_array().into_iter().flatten();
    let pairs = entries.filter_map(|entry| {
        Some((entry.get("key")?.as_str()?.to_owned(), entry.get("value")?.clone()))
    });
    Value::Object(pairs.collect())
}
