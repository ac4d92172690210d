//! A JSON value as text: no tree is built of it, however many values it holds.

use std::{
    fmt,
    io::{self, Write},
};

use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{
    Value,
    ser::{Formatter, PrettyFormatter},
    value::{RawValue, to_raw_value},
};

use crate::source::{MAX_DEPTH, deeper_than};

/// A JSON value, kept as it is spelled. Two are equal that say the same.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Box<RawValue>")]
pub struct Json(Box<RawValue>);

impl Json {
    /// Of a text that is one JSON value.
    ///
    /// # Errors
    ///
    /// The text, where it is none, or is nested too deep to stand in a file.
    ///
    /// ```
    /// # use retrigger_recording::Json;
    /// let json = Json::parse(r#"{"price": 1.50}"#.to_owned()).unwrap();
    /// assert_eq!(json, Json::from(serde_json::json!({"price": 1.5})));
    /// assert_eq!(json.as_text(), r#"{"price": 1.50}"#);
    /// assert_eq!(Json::parse("{".to_owned()), Err("{".to_owned()));
    /// ```
    pub fn parse(text: String) -> Result<Self, String> {
        if check(&text).is_err() {
            return Err(text);
        }
        // It is one, and was a moment ago.
        RawValue::from_string(text).map(Self).map_err(|error| error.to_string())
    }

    /// The text.
    pub fn as_text(&self) -> &str {
        self.0.get()
    }

    /// The value as a tree.
    pub fn to_value(&self) -> Value {
        // INVARIANT: `check` has read all of it.
        serde_json::from_str(self.as_text()).unwrap_or_default()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        // INVARIANT: a tree of JSON is JSON.
        Self(to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl TryFrom<Box<RawValue>> for Json {
    type Error = serde_json::Error;

    fn try_from(raw: Box<RawValue>) -> serde_json::Result<Self> {
        check(raw.get()).map(|()| Self(raw))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_text() == other.as_text() || self.to_value() == other.to_value()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_text())
    }
}

/// Whether a text can be read as a tree, also where it stands in an object.
fn check(text: &str) -> serde_json::Result<()> {
    if deeper_than(text, MAX_DEPTH - 1).is_some() {
        return Err(serde_json::Error::custom("nested too deep"));
    }
    let mut sink = serde_json::Serializer::new(io::sink());
    transcode(text, &mut sink)
}

/// JSON with each value on a line; `None` where it is none, or would have more bytes than `limit`.
pub(crate) fn indented(text: &str, limit: usize) -> Option<String> {
    let mut lines = Limited { bytes: Vec::new(), limit };
    let formatter = PrettyFormatter::new();
    transcode(text, &mut serde_json::Serializer::with_formatter(&mut lines, formatter)).ok()?;
    String::from_utf8(lines.bytes).ok()
}

fn transcode(
    text: &str,
    to: &mut serde_json::Serializer<impl Write, impl Formatter>,
) -> serde_json::Result<()> {
    let mut from = serde_json::Deserializer::from_str(text);
    serde_transcode::transcode(&mut from, to)?;
    from.end()
}

/// Takes so many bytes at most.
struct Limited {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("null", true)]
    #[case(" {\"a\": [1.50, \"\\u00e9\", true]}\n", true)]
    #[case("", false)]
    #[case("1 2", false)]
    #[case("1, 2", false)]
    #[case("1e999", false)]
    #[case("\"\\ud83d\"", false)]
    fn what_can_be_a_tree_is_json(#[case] text: &str, #[case] expected: bool) {
        let json = Json::parse(text.to_owned());
        assert_eq!(json.is_ok(), expected);
        assert_eq!(json.map(|json| json.to_value()).ok(), serde_json::from_str(text).ok());
        assert_eq!(serde_json::from_str::<Json>(text).is_ok(), expected);
    }

    #[test]
    fn it_fits_into_an_object() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(MAX_DEPTH - 1)).is_ok());
        assert!(Json::parse(nested(MAX_DEPTH)).is_err());
    }

    #[rstest]
    #[case("[1, 2]", "[2, 1]", false)]
    #[case("{\"a\":1,\"b\":2.50}", "{\"b\": 2.5, \"a\": 1}", true)]
    fn spelling_makes_no_difference(#[case] one: &str, #[case] other: &str, #[case] equal: bool) {
        let parse = |text: &str| Json::parse(text.to_owned()).unwrap();
        assert_eq!(parse(one) == parse(other), equal);
    }

    #[test]
    fn lines_are_indented_as_a_tree_is_as_far_as_they_fit() {
        let text = "{\"a\":[1.50,{},[]],\"b\":null}";
        let tree: Value = serde_json::from_str(text).unwrap();
        let lines = format!("{tree:#}");
        assert_eq!(indented(text, lines.len()), Some(lines.clone()));
        assert_eq!(indented(text, lines.len() - 1), None);
    }
}
