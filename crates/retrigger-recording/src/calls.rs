//! `calls.jsonl`: the AWS calls that the handler made, and what they were answered.

mod body;
mod cbor;
mod file;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    error::{Error, Problem},
    parse::{check_format, json_slice},
    source::Source,
};

pub use body::Body;
use body::Written;
pub(crate) use file::{BODIES, BodyFile, remove_orphans};

/// The version of `calls.jsonl` that is written, and the newest that is read; every older one is.
///
/// - 2: a body of more than [`MAX_INLINE`] bytes stands in a file of its own, `{"file": "calls/…"}`;
///   CBOR is readable, `{"cbor": …}`.
/// - 1: the first; bodies are `{"text": "…"}` or `{"base64": "…"}`.
pub const CALLS_FORMAT: u32 = 2;

/// The most bytes of a body that stands in `calls.jsonl` itself.
pub const MAX_INLINE: usize = 16 * 1024;

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
#[serde(expecting = "an object such as `{\"format\":2}`")]
struct Header {
    format: Option<i64>,
}

/// A call as its line has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a call")]
struct Line {
    key: CallKey,
    response: LineResponse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "the answer to a call")]
struct LineResponse {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    body: Option<Written>,
}

/// Reads the lines of `calls.jsonl`; `read` gives the body that is in a file of its own.
pub(crate) fn parse(
    source: &Source,
    mut read: impl FnMut(&str) -> Result<Body, Problem>,
) -> Result<Vec<Call>, Error> {
    source.check_depth()?;
    let mut lines = source.text.lines();
    let header: Header = json_slice(source, lines.next().unwrap_or_default())?;
    check_format(source, header.format, 0, CALLS_FORMAT)?;
    let mut calls: Vec<Call> = Vec::new();
    let mut known = HashSet::new();
    for line in lines {
        let Line { key, response } = json_slice(source, line)?;
        let start = source.span_of(line).start;
        let body = response.body.map_or(Ok(Ok(Body::default())), Written::body);
        let body = body.map_err(|reason| source.error(start, Problem::value(reason)))?;
        let body = match body {
            Ok(body) => body,
            Err(name) => {
                let place = line.rfind(&*Value::from(name.as_str()).to_string()).unwrap_or(0);
                read(&name).map_err(|problem| source.error(start + place, problem))?
            }
        };
        let LineResponse { status, headers, .. } = response;
        let call = Call { key, response: CallResponse { status, headers, body } };
        if let Some(reason) = fault(&call, &mut known) {
            return Err(source.error(start, Problem::value(reason)));
        }
        calls.push(call);
    }
    Ok(calls)
}

fn fault(call: &Call, known: &mut HashSet<String>) -> Option<&'static str> {
    if call.key.occurrence == 0 {
        return Some("`occurrence` counts from 1");
    }
    let key = serde_json::to_string(&call.key).unwrap_or_default();
    (!known.insert(key)).then_some("the same call with the same `occurrence` stands above")
}

/// The text of `calls.jsonl`: the format, then a call a line. A large body is named by its file.
pub(crate) fn to_text(calls: &[Call]) -> Result<String, Problem> {
    let mut lines = vec![format!("{{\"format\":{CALLS_FORMAT}}}\n")];
    for call in calls {
        let line = match BodyFile::of(call) {
            None => serde_json::to_string(call),
            Some(file) => with_file(call, &file.name),
        };
        let line =
            line.map_err(|error| Problem::value(format!("cannot be written as JSON: {error}")))?;
        lines.push(line + "\n");
    }
    Ok(lines.concat())
}

fn with_file(call: &Call, name: &str) -> serde_json::Result<String> {
    let Call { key, response } = call;
    let CallResponse { status, headers, .. } = response.clone();
    let bare = Call {
        key: key.clone(),
        response: CallResponse { status, headers, body: Body::default() },
    };
    let mut line = serde_json::to_value(&bare)?;
    line["response"]["body"] = json!({"file": name});
    serde_json::to_string(&line)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(text: &str) -> Result<Vec<Call>, Error> {
        let source = Source { path: "calls.jsonl".into(), text: text.into() };
        parse(&source, |_| Err(Problem::Missing { advice: None }))
    }

    const CALL: &str = r#"{"key":{"service":"dynamodb","operation":"GetItem","parameters":{"a":1,"b":[{"x":2,"y":3}]},"occurrence":1},"response":{"status":200,"headers":{"content-type":["application/x-amz-json-1.0"]},"body":{"text":"{}"}}}"#;

    #[test]
    fn a_line_is_read_and_written_alike() {
        let text = format!("{{\"format\":2}}\n{CALL}\n");
        assert_eq!(to_text(&read(&text).unwrap()).unwrap(), text);
        let of_version_1 = text.replace("\"format\":2", "\"format\":1");
        assert_eq!(read(&of_version_1), read(&text));
    }

    #[test]
    fn parameters_are_written_in_order_and_compared_without() {
        let shuffled = CALL.replace(r#""a":1,"b":[{"x":2,"y":3}]"#, r#""b":[{"y":3,"x":2}],"a":1"#);
        let text = format!("{{\"format\":1}}\n{shuffled}\n");
        let calls = read(&text).unwrap();
        assert_eq!(calls, read(&format!("{{\"format\":1}}\n{CALL}\n")).unwrap());
        assert!(to_text(&calls).unwrap().contains(CALL));
    }

    #[rstest]
    #[case("\n", "calls.jsonl:1:1: not valid JSON")]
    #[case("{\"format\":3}\n", "written by a newer retrigger: format 3")]
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
