//! Filter criteria of event source mappings: which records reach the function.
//!
//! Not settled, and decided here only: a text that is JSON but neither object nor array counts as
//! a plain string, and a number in a pattern is equal to every number of the same value. (The
//! EventBridge User Guide says that numbers are compared as they are written; the matcher that AWS
//! publishes compares values.)

mod error;
mod pattern;
mod test;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

pub use error::{FilterError, PatternError};
pub use pattern::EventPattern;

use crate::{classify::recognise, trigger::Trigger};

/// The `FilterCriteria` of an event source mapping: a record reaches the function where one of the
/// patterns matches it, or where there is none.
///
/// ```
/// # use retrigger_trigger::FilterCriteria;
/// let criteria = serde_json::json!({"Filters": [{"Pattern": r#"{"body": {"order": [1]}}"#}]});
/// let criteria = FilterCriteria::parse(&criteria).unwrap();
/// let record = |body| serde_json::json!({"eventSource": "aws:sqs", "messageId": "m", "body": body});
/// assert!(criteria.admits(&record(r#"{"order": 1}"#)));
/// assert!(!criteria.admits(&record(r#"{"order": 2}"#)));
/// assert!(!criteria.admits(&record("no JSON")));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterCriteria {
    patterns: Vec<EventPattern>,
}

impl FilterCriteria {
    /// Reads the member `FilterCriteria` of an event source mapping, as `aws lambda
    /// list-event-source-mappings` prints it: `{"Filters": [{"Pattern": "…"}]}`. `null` has no
    /// patterns. Source: Lambda API Reference, "FilterCriteria".
    ///
    /// # Errors
    ///
    /// Where it has another shape, or one of its patterns is none.
    pub fn parse(criteria: &Value) -> Result<Self, FilterError> {
        if criteria.is_null() {
            return Ok(Self::default());
        }
        let filters = match criteria.get("Filters") {
            None | Some(Value::Null) if criteria.is_object() => &[],
            Some(Value::Array(filters)) => filters.as_slice(),
            _ => return Err(FilterError::Shape),
        };
        let read = |(index, filter): (usize, &Value)| {
            let text = filter.get("Pattern").and_then(Value::as_str).ok_or(FilterError::Shape)?;
            text.parse().map_err(|source| FilterError::Pattern { index, source })
        };
        let patterns = filters.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { patterns })
    }

    /// Whether there is no pattern, so that every record reaches the function.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a record reaches the function. `record` is one element of the event that Lambda
    /// would send. Of a record of SQS and Amazon MQ the data (`body`, `data`) is read as JSON
    /// where it is JSON, and so is that of Kinesis (`data`) and Kafka (`value`), base64 decoded;
    /// a pattern names the members of a Kinesis record's `kinesis`. A pattern that wants JSON
    /// matches no plain string, nor the reverse. Source: Lambda Developer Guide, "Control which
    /// events Lambda sends to your function" and the pages on filtering of each source.
    pub fn admits(&self, record: &Value) -> bool {
        if self.is_empty() {
            return true;
        }
        let seen = Seen::new(record);
        self.patterns.iter().any(|pattern| seen.fits(pattern))
    }
}

/// A record as patterns see it.
struct Seen {
    members: Map<String, Value>,
    /// The member that holds what the producer sent; `None` for DynamoDB streams, whose records
    /// hold JSON throughout.
    data: Option<&'static str>,
}

impl Seen {
    fn new(record: &Value) -> Self {
        let trigger = recognise(&serde_json::json!({ "Records": [record] }));
        let kinesis = record.get("kinesis").filter(|_| trigger == Some(Trigger::Kinesis));
        let has = |name| record.get(name).is_some();
        let (seen, data, is_encoded) = match trigger {
            Some(Trigger::Sqs) => (record, Some("body"), false),
            Some(Trigger::Kinesis) => (kinesis.unwrap_or(record), Some("data"), true),
            // Records of Kafka and messages of brokers are known by no member of their own.
            None if has("value") && has("offset") => (record, Some("value"), true),
            None if has("data") => (record, Some("data"), true),
            _ => (record, None, false),
        };
        let mut members = seen.as_object().cloned().unwrap_or_default();
        if let Some(value) = data.and_then(|name| members.get_mut(name)) {
            open(value, is_encoded);
        }
        Self { members, data }
    }

    fn fits(&self, pattern: &EventPattern) -> bool {
        let is_json = |value: &Value| value.is_object() || value.is_array();
        let of_one_kind = self.data.is_none_or(|name| {
            let Some(wants_json) = pattern.wants_members_of(name) else { return true };
            wants_json == self.members.get(name).is_some_and(is_json)
        });
        of_one_kind && pattern.matches_members(&self.members)
    }
}

/// Replaces data by what it says: the JSON in it, or else its text.
fn open(value: &mut Value, is_encoded: bool) {
    let Some(text) = value.as_str() else { return };
    let decoded = if is_encoded {
        STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    } else {
        Some(text.to_owned())
    };
    let Some(text) = decoded else { return };
    *value = match serde_json::from_str::<Value>(&text) {
        Ok(json) if json.is_object() || json.is_array() => json,
        _ => Value::String(text),
    };
}

#[cfg(test)]
mod tests;
