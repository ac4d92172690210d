//! What a function answers a front door: status, headers and body in JSON.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::HttpResponse;

/// Why a function's response has not the form that its front door reads. Prints as a fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function's response {0}")]
pub struct Malformed(pub(super) String);

/// Where the headers of a response stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderMembers {
    /// In `headers`.
    Single,
    /// In `multiValueHeaders`.
    Multi,
    /// In either or both: of a name that stands in both the values of `multiValueHeaders` count.
    /// Source: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (output
    /// format).
    Both,
}

/// A response by its members. `isBase64Encoded` is noted, and the body left as it is.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) members: Map<String, Value>,
    is_base64: bool,
}

impl Answer {
    /// Reads a response that must have a status.
    pub(super) fn read(payload: &[u8], headers: HeaderMembers) -> Result<Self, Malformed> {
        let value: Value = serde_json::from_slice(payload)
            .map_err(|error| Malformed(format!("is not JSON: {error}")))?;
        match value {
            Value::Object(members) => Self::of(members, headers),
            other => Err(Malformed(format!("is {}, expected an object", kind(&other)))),
        }
    }

    pub(super) fn of(
        members: Map<String, Value>,
        headers: HeaderMembers,
    ) -> Result<Self, Malformed> {
        let status = status(members.get("statusCode"))?;
        let body = match members.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => text.clone().into_bytes(),
            Some(other) => {
                let text = format!("has a `body` that is {}, expected a string", kind(other));
                return Err(Malformed(text));
            }
        };
        let is_base64 = match members.get("isBase64Encoded") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                let found = kind(other);
                let text = format!("has `isBase64Encoded` that is {found}, expected a boolean");
                return Err(Malformed(text));
            }
        };
        let headers = read_headers(&members, headers)?;
        let response = HttpResponse { status, reason: None, headers, body };
        Ok(Self { response, members, is_base64 })
    }

    /// The response with its body decoded, where it says that it is base64.
    pub(super) fn decoded(self) -> Result<HttpResponse, Malformed> {
        let Self { mut response, is_base64, .. } = self;
        if is_base64 {
            response.body = STANDARD.decode(&response.body).map_err(|error| {
                Malformed(format!("says that its `body` is base64, and it is not: {error}"))
            })?;
        }
        Ok(response.without_connection())
    }

    /// The response with its body as it stands.
    pub(super) fn undecoded(self) -> HttpResponse {
        self.response.without_connection()
    }
}

/// A whole number, or text of one, as AWS's own samples have it.
///
/// Not settled: whether a load balancer reads text too.
fn status(value: Option<&Value>) -> Result<u16, Malformed> {
    let number = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        None => return Err(Malformed("has no `statusCode`".to_owned())),
        Some(_) => None,
    };
    let status = number.and_then(|number| u16::try_from(number).ok());
    status.filter(|status| (200..=599).contains(status)).ok_or_else(|| {
        let found = value.map(Value::to_string).unwrap_or_default();
        Malformed(format!("has `statusCode` {found}, expected a number from 200 to 599"))
    })
}

fn read_headers(
    members: &Map<String, Value>,
    which: HeaderMembers,
) -> Result<Vec<(String, String)>, Malformed> {
    let mut headers = Vec::new();
    if which != HeaderMembers::Single {
        for (name, values) in object(members, "multiValueHeaders")? {
            let Value::Array(values) = values else {
                let found = kind(values);
                let text = format!("has `multiValueHeaders` with `{name}` that is {found}");
                return Err(Malformed(format!("{text}, expected a list")));
            };
            for value in values {
                headers.extend(header(name, value)?);
            }
        }
    }
    if which != HeaderMembers::Multi {
        let taken: Vec<String> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        for (name, value) in object(members, "headers")? {
            if !taken.contains(&name.to_lowercase()) {
                headers.extend(header(name, value)?);
            }
        }
    }
    Ok(headers)
}

fn object<'m>(
    members: &'m Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'m String, &'m Value)>, Malformed> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(map)) => Ok(Some(map).into_iter().flatten()),
        Some(other) => {
            Err(Malformed(format!("has `{name}` that are {}, expected an object", kind(other))))
        }
    }
}

/// A header, of which numbers and booleans are taken as their text. One without value is left out.
pub(super) fn header(name: &str, value: &Value) -> Result<Option<(String, String)>, Malformed> {
    let value = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        other => {
            let found = kind(other);
            return Err(Malformed(format!("has a header `{name}` that is {found}")));
        }
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(Malformed(format!("has a header `{name}`, which is no name of one")));
    }
    if value.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
        return Err(Malformed(format!("has a header `{name}` with a control character")));
    }
    Ok(Some((name.to_owned(), value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("not JSON", "is not JSON: expected ident at line 1 column 2")]
    #[case("null", "is null, expected an object")]
    #[case(r#"{"body":""}"#, "has no `statusCode`")]
    #[case(r#"{"statusCode":"OK"}"#, "has `statusCode` \"OK\", expected a number from 200 to 599")]
    #[case(r#"{"statusCode":101}"#, "has `statusCode` 101, expected a number from 200 to 599")]
    #[case(r#"{"statusCode":200.5}"#, "has `statusCode` 200.5, expected a number from 200 to 599")]
    #[case(r#"{"statusCode":200,"body":{}}"#, "has a `body` that is an object, expected a string")]
    #[case(
        r#"{"statusCode":200,"isBase64Encoded":"true"}"#,
        "has `isBase64Encoded` that is a string, expected a boolean"
    )]
    #[case(
        r#"{"statusCode":200,"headers":[]}"#,
        "has `headers` that are a list, expected an object"
    )]
    #[case(r#"{"statusCode":200,"headers":{"a":[]}}"#, "has a header `a` that is a list")]
    #[case(
        r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
        "has a header `a b`, which is no name of one"
    )]
    #[case(
        r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#,
        "has a header `a` with a control character"
    )]
    #[case(
        r#"{"statusCode":200,"multiValueHeaders":{"a":"b"}}"#,
        "has `multiValueHeaders` with `a` that is a string, expected a list"
    )]
    #[case(
        r#"{"statusCode":200,"isBase64Encoded":true,"body":"?"}"#,
        "says that its `body` is base64, and it is not: Invalid symbol 63, offset 0."
    )]
    fn what_is_malformed_is_said(#[case] payload: &str, #[case] why: &str) {
        let read = Answer::read(payload.as_bytes(), HeaderMembers::Both);
        let error = read.and_then(Answer::decoded).unwrap_err();
        assert_eq!(error.to_string(), format!("the function's response {why}"));
    }

    #[rstest]
    #[case(HeaderMembers::Single, &[("A", "1"), ("B", "2")])]
    #[case(HeaderMembers::Multi, &[("a", "3"), ("a", "4")])]
    #[case(HeaderMembers::Both, &[("a", "3"), ("a", "4"), ("B", "2")])]
    fn headers_stand_in_either_member(
        #[case] members: HeaderMembers,
        #[case] expected: &[(&str, &str)],
    ) {
        let payload = br#"{"statusCode":"201","headers":{"A":1,"B":"2","C":null},
            "multiValueHeaders":{"a":["3","4"]}}"#;
        let response = Answer::read(payload, members).unwrap().undecoded();
        let found: Vec<_> =
            response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((response.status, found.as_slice()), (201, expected));
    }

    #[test]
    fn the_connection_is_not_the_functions_to_say() {
        let payload = br#"{"statusCode":200,"headers":{"Content-Length":"9","Connection":"x"}}"#;
        let response = Answer::read(payload, HeaderMembers::Single).unwrap().decoded().unwrap();
        assert_eq!(response.headers, []);
    }
}
