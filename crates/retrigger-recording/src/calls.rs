//! `calls.jsonl`: the AWS calls that the handler made, and what they were answered.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{
    error::{Error, Problem},
    parse::{check_format, json_slice},
    source::Source,
};

/// The version of `calls.jsonl` that is written. Version 1 is the first.
pub const CALLS_FORMAT: u32 = 1;

/// One AWS call of the handler and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a call")]
pub struct Call {
    /// What identifies the call, whatever the order in which calls arrive.
    pub key: CallKey,
    /// The answer.
    pub response: CallResponse,
}

/// What identifies a call among those of one invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the key of a call")]
pub struct CallKey {
    /// The service as in its action names, such as `dynamodb`.
    pub service: String,
    /// The API operation, such as `GetItem`.
    pub operation: String,
    /// The ARN of the resource, where the operation has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The parameters that identify the request. Written with the keys of objects in order.
    #[serde(default, skip_serializing_if = "Value::is_null", serialize_with = "sorted")]
    pub parameters: Value,
    /// The how-manieth call with all of the above it is, from 1.
    pub occurrence: u32,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the answer to a call")]
pub struct CallResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, by name; each has a list of values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// The body.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

/// The body of an answer: text where it is UTF-8, bytes otherwise. In JSON `{"text": "…"}` or
/// `{"base64": "…"}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "a body: `text` or `base64`")]
pub enum Body {
    /// A body that is text.
    Text(String),
    /// Any other body.
    Base64(#[serde(serialize_with = "to_base64", deserialize_with = "from_base64")] Vec<u8>),
}

impl Body {
    /// The body made of `bytes`.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Base64(error.into_bytes()), Self::Text)
    }

    /// The bytes of the body.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Base64(bytes) => bytes,
        }
    }

    /// Whether the body has no bytes.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// Shows the length only: bodies may hold what must not be shown.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.as_bytes().len())
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(|_| serde::de::Error::custom("`base64` is not valid base64"))
}

fn sorted<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    sort_keys(value).serialize(serializer)
}

/// The same value with the keys of all objects in order.
fn sort_keys(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sort_keys).collect()),
        Value::Object(map) => {
            let ordered: BTreeMap<_, _> = map.iter().collect();
            ordered.into_iter().map(|(key, value)| (key.clone(), sort_keys(value))).collect()
        }
        other => other.clone(),
    }
}

/// The first line of the file.
#[derive(Serialize, Deserialize)]
#[serde(expecting = "an object such as `{\"format\":1}`")]
struct Header {
    format: Option<i64>,
}

/// Reads the lines of `calls.jsonl`.
pub(crate) fn parse(source: &Source) -> Result<Vec<Call>, Error> {
    source.check_depth()?;
    let mut lines = source.text.lines();
    let header: Header = json_slice(source, lines.next().unwrap_or_default())?;
    check_format(source, header.format, 0, CALLS_FORMAT)?;
    let mut calls: Vec<Call> = Vec::new();
    for line in lines {
        let call: Call = json_slice(source, line)?;
        let problem = fault(&call, &calls);
        if let Some(reason) = problem {
            return Err(source.error(source.span_of(line).start, Problem::value(reason)));
        }
        calls.push(call);
    }
    Ok(calls)
}

fn fault(call: &Call, before: &[Call]) -> Option<&'static str> {
    if call.key.occurrence == 0 {
        return Some("`occurrence` counts from 1");
    }
    let same = |other: &Call| other.key == call.key;
    before.iter().any(same).then_some("the same call with the same `occurrence` stands above")
}

/// The text of `calls.jsonl`: the format, then a call a line.
pub(crate) fn to_text(calls: &[Call]) -> Result<String, Problem> {
    let mut lines = vec![format!("{{\"format\":{CALLS_FORMAT}}}\n")];
    for call in calls {
        let line = serde_json::to_string(call)
            .map_err(|error| Problem::value(format!("cannot be written as JSON: {error}")))?;
        lines.push(line + "\n");
    }
    Ok(lines.concat())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(text: &str) -> Result<Vec<Call>, Error> {
        parse(&Source { path: "calls.jsonl".into(), text: text.into() })
    }

    const CALL: &str = r#"{"key":{"service":"dynamodb","operation":"GetItem","parameters":{"a":1,"b":[{"x":2,"y":3}]},"occurrence":1},"response":{"status":200,"headers":{"content-type":["application/x-amz-json-1.0"]},"body":{"text":"{}"}}}"#;

    #[test]
    fn a_line_is_read_and_written_alike() {
        let text = format!("{{\"format\":1}}\n{CALL}\n");
        assert_eq!(to_text(&read(&text).unwrap()).unwrap(), text);
    }

    #[test]
    fn parameters_are_written_in_order_and_compared_without() {
        let shuffled = CALL.replace(r#""a":1,"b":[{"x":2,"y":3}]"#, r#""b":[{"y":3,"x":2}],"a":1"#);
        let text = format!("{{\"format\":1}}\n{shuffled}\n");
        let calls = read(&text).unwrap();
        assert_eq!(calls, read(&format!("{{\"format\":1}}\n{CALL}\n")).unwrap());
        assert!(to_text(&calls).unwrap().contains(CALL));
    }

    #[test]
    fn bytes_that_are_no_text_are_base64() {
        let body = Body::from_bytes(vec![0xFF, 0]);
        assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"base64":"/wA="}"#);
        assert_eq!(Body::from_bytes(b"a".to_vec()), Body::Text("a".into()));
        assert_eq!(format!("{body:?}"), "Body(2 bytes)");
    }

    #[rstest]
    #[case("\n", "calls.jsonl:1:1: not valid JSON")]
    #[case("{\"format\":2}\n", "written by a newer retrigger: format 2")]
    #[case("{}\n", "`format` is missing")]
    #[case("{\"format\":1}\n{\"key\"\n", "calls.jsonl:2:6: not valid JSON")]
    #[case("{\"format\":1}\n{\"call\":1}\n", "calls.jsonl:2:7: unknown key `call`")]
    #[case("{\"format\":1}\n{CALL}\n{CALL}\n", "calls.jsonl:3:1: the same call")]
    #[case("{\"format\":1}\n{ZERO}\n", "`occurrence` counts from 1")]
    #[case("{\"format\":1}\n{BAD}\n", "`base64` is not valid base64")]
    fn bad_lines_are_located(#[case] text: &str, #[case] expected: &str) {
        let text = text
            .replace("{CALL}", CALL)
            .replace("{ZERO}", &CALL.replace("\"occurrence\":1", "\"occurrence\":0"))
            .replace("{BAD}", &CALL.replace(r#"{"text":"{}"}"#, r#"{"base64":"?"}"#));
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
