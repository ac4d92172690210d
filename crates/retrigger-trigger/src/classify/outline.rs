//! What classification reads of a payload, without the rest.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::records::SOURCES;
use crate::payload::text;

/// The most bytes of a string that are kept. What is read of strings is far shorter: AWS allows
/// ARNs of at most 2,048 characters.
const MAX_TEXT: usize = 64 * 1024;

/// As much of a payload as [`classify`](super::classify) and [`recognise`](super::recognise) read,
/// so that large ones take little memory. Of arrays the first item is kept, of a list of `Records`
/// also the first that names another source; of strings the first 64 KiB, but all log data.
///
/// # Errors
///
/// When it is no JSON.
///
/// ```
/// # use retrigger_trigger::{Trigger, outline, recognise};
/// let record = r#"{"messageId": "m1", "body": "hello", "eventSource": "aws:sqs"}"#;
/// let payload = outline(&format!(r#"{{"Records": [{record}, {record}, {record}]}}"#)).unwrap();
/// assert_eq!(payload["Records"].as_array().unwrap().len(), 1);
/// assert_eq!(recognise(&payload), Some(Trigger::Sqs));
/// ```
pub fn outline(json: &str) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let payload = Part::Payload.deserialize(&mut reader)?;
    reader.end()?;
    Ok(payload)
}

/// Which part of a payload a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All of it.
    Payload,
    /// Its `Records`.
    Records,
    /// Its `awslogs`.
    Logs,
    /// The `data` of that, which is unpacked.
    LogData,
    Other,
}

impl Part {
    fn member(self, key: &str) -> Self {
        match (self, key) {
            (Self::Payload, "Records") => Self::Records,
            (Self::Payload, "awslogs") => Self::Logs,
            (Self::Logs, "data") => Self::LogData,
            _ => Self::Other,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        let end = if self == Self::LogData { text.len() } else { MAX_TEXT };
        Ok(text.get(..text.floor_char_boundary(end)).unwrap_or(text).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.member(&key))?;
            object.insert(key, value);
        }
        Ok(object.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Some(first) = items.next_element_seed(Self::Other)? else {
            return Ok(Vec::<Value>::new().into());
        };
        if self == Self::Records {
            return records(first, items);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(vec![first].into())
    }
}

/// The first record, and of each source the first that names another, in its place.
fn records<'de, A: SeqAccess<'de>>(first: Value, mut items: A) -> Result<Value, A::Error> {
    let mut open: Vec<&str> = SOURCES.to_vec();
    open.retain(|source| text(&first, source).is_some());
    let (mut kept, mut index) = (vec![first], 0);
    while let Some(record) = items.next_element_seed(Part::Other)? {
        index += 1;
        let agrees = |source: &&str| {
            let other = text(&record, source);
            other.is_none() || other == kept.first().and_then(|first| text(first, source))
        };
        let before = open.len();
        open.retain(agrees);
        if open.len() < before {
            kept.resize(index, Value::Null);
            kept.push(record);
        }
    }
    Ok(kept.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Surroundings, TriggerFinding, classify};

    #[test]
    fn of_arrays_and_strings_the_start_is_kept() {
        let long = "é".repeat(MAX_TEXT);
        let payload =
            json!({"a": [[1, 2], 3], "b": {"c": long, "n": [-1, 1.5, null, true]}, "e": []});
        let kept = outline(&payload.to_string()).unwrap();
        assert_eq!(kept["a"], json!([[1]]));
        assert_eq!(kept["b"]["c"].as_str().unwrap().len(), MAX_TEXT);
        assert_eq!((&kept["b"]["n"], &kept["e"]), (&json!([-1]), &json!([])));
        let data = json!({"awslogs": {"data": long}});
        assert_eq!(outline(&data.to_string()).unwrap(), data);
        assert!(outline("{} 1").is_err() && outline("[1, 2").is_err());
    }

    #[test]
    fn the_record_that_disagrees_keeps_its_place() {
        let record = |arn: &str| json!({"eventSource": "aws:sqs", "eventSourceARN": arn});
        let a = record("arn:aws:sqs:us-east-1:841860927337:a");
        let b = record("arn:aws:sqs:us-east-1:841860927337:b");
        let payload = json!({"Records": [a, a, {}, b, a, b]});
        let kept = outline(&payload.to_string()).unwrap();
        assert_eq!(kept, json!({"Records": [a, null, null, b]}));
        let found = classify(&kept, &Surroundings::none()).unwrap();
        assert_eq!(Some(&found), classify(&payload, &Surroundings::none()).as_ref());
        assert!(matches!(found.findings[..], [TriggerFinding::RecordsDisagree { index: 3, .. }]));
    }
}
