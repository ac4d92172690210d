//! Streamed responses: a prelude with status, headers and cookies, eight NUL bytes, the body.
//! Source: Lambda Developer Guide, "Response streaming for Lambda functions" (custom runtimes).

use serde_json::{Map, Value};

use super::{
    HttpResponse, Malformed,
    answer::{Answer, HeaderMembers},
    payload,
};

/// The type of content of a streamed response that begins with a prelude.
pub const STREAM_CONTENT_TYPE: &str = "application/vnd.awslambda.http-integration-response";

/// What ends a prelude.
const SEPARATOR: [u8; 8] = [0; 8];

/// The most bytes of a prelude.
///
/// Not settled: what the limit is on AWS.
const MAX_PRELUDE: usize = 1024 * 1024;

/// The start of a streamed response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prelude {
    /// Status and headers; the body is empty.
    pub head: HttpResponse,
    /// What came of the body with it.
    pub rest: Vec<u8>,
}

/// Reads the prelude of a response that comes in parts.
#[derive(Debug, Default)]
pub struct PreludeReader {
    held: Vec<u8>,
}

impl PreludeReader {
    /// Takes the next part; gives the prelude once it is whole.
    ///
    /// ```
    /// # use retrigger_trigger::http::PreludeReader;
    /// let mut reader = PreludeReader::default();
    /// assert_eq!(reader.push(br#"{"statusCode":201}"#).unwrap(), None);
    /// let prelude = reader.push(b"\0\0\0\0\0\0\0\0hello").unwrap().unwrap();
    /// assert_eq!((prelude.head.status, prelude.rest.as_slice()), (201, &b"hello"[..]));
    /// ```
    ///
    /// # Errors
    ///
    /// Where it is no prelude, or larger than 1 MiB.
    pub fn push(&mut self, part: &[u8]) -> Result<Option<Prelude>, Malformed> {
        let start = self.held.len().saturating_sub(SEPARATOR.len() - 1);
        self.held.extend_from_slice(part);
        let searched = self.held.get(start..).unwrap_or_default();
        let found = searched.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        let Some(found) = found else {
            if self.held.len() > MAX_PRELUDE {
                return Err(Malformed(format!("has no prelude in its first {MAX_PRELUDE} bytes")));
            }
            return Ok(None);
        };
        let rest = self.held.split_off(start + found + SEPARATOR.len());
        self.held.truncate(start + found);
        Ok(Some(Prelude { head: head(&self.held)?, rest }))
    }
}

/// A prelude without a status has 200.
fn head(prelude: &[u8]) -> Result<HttpResponse, Malformed> {
    let mut members: Map<String, Value> = serde_json::from_slice(prelude)
        .map_err(|error| Malformed(format!("has a prelude that is no JSON object: {error}")))?;
    members.entry("statusCode").or_insert_with(|| 200.into());
    members.retain(|name, _| name != "body" && name != "isBase64Encoded");
    let answer = Answer::of(members, HeaderMembers::Single)?;
    let cookies = payload::cookies(answer.members.get("cookies"))?;
    let mut head = answer.undecoded();
    head.headers.extend(cookies);
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prelude_may_come_byte_by_byte() {
        let whole = b"{\"headers\":{\"a\":\"b\"},\"cookies\":[\"c=d\"]}\0\0\0\0\0\0\0\0hi\0\0";
        let mut reader = PreludeReader::default();
        let mut bytes = whole.iter();
        let prelude = loop {
            if let Some(found) = reader.push(&[*bytes.next().unwrap()]).unwrap() {
                break found;
            }
        };
        assert_eq!((prelude.head.status, prelude.rest.len()), (200, 0));
        assert_eq!(prelude.head.header("set-cookie"), Some("c=d"));
        assert_eq!(bytes.as_slice(), b"hi\0\0");
    }

    #[test]
    fn what_is_no_prelude_is_malformed() {
        let push = |bytes: &[u8]| PreludeReader::default().push(bytes);
        assert!(push(b"hello\0\0\0\0\0\0\0\0").is_err());
        assert!(push(b"{\"statusCode\":\"x\"}\0\0\0\0\0\0\0\0").is_err());
        assert!(push(&vec![b' '; MAX_PRELUDE + 1]).is_err());
    }
}
