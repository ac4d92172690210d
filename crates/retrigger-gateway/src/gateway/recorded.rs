//! Answers as they are recorded, and as they are given again.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use hyper::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use retrigger_recording::{Body, CallResponse, tokens_as_xml};

use crate::{parameters::PLACE, payload};

/// The headers that are of a connection and not of an answer, or of the bytes as they were sent.
const NOT_RECORDED: [&str; 6] =
    ["connection", "date", "keep-alive", "server", "transfer-encoding", "x-amz-crc32"];

/// An answer in the form in which it is recorded.
pub(crate) fn recorded(
    (status, given): (StatusCode, &HeaderMap),
    body: Bytes,
    address: Option<&str>,
) -> CallResponse {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in given {
        if NOT_RECORDED.contains(&name.as_str()) || name == "content-length" {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = address.map_or(value.to_string(), |address| value.replace(address, PLACE));
        headers.entry(name.as_str().to_owned()).or_default().push(value);
    }
    // The length is all that an answer to HEAD says of its body.
    let length = given.get("content-length").and_then(|value| value.to_str().ok());
    if let (true, Some(length)) = (body.is_empty(), length) {
        headers.insert("content-length".to_owned(), vec![length.to_owned()]);
    }
    let body = address.map_or(body.clone(), |address| moved(body, address, PLACE));
    CallResponse { status: status.as_u16(), headers, body: Body::from_bytes(body) }
}

/// A text with one address in place of another. What has none, or is no text, is not copied.
fn moved(body: Bytes, from: &str, to: &str) -> Bytes {
    match std::str::from_utf8(&body) {
        Ok(text) if text.contains(from) => text.replace(from, to).into(),
        _ => body,
    }
}

/// The answer that was recorded.
pub(super) fn restored(
    recorded: &CallResponse,
    address: Option<&str>,
    is_head: bool,
) -> Response<Bytes> {
    let place = address.unwrap_or("localhost");
    let body = parsable(recorded, moved(recorded.body.to_bytes(), PLACE, place));
    let mut headers = HeaderMap::new();
    for (name, values) in &recorded.headers {
        for value in values {
            let (name, value) =
                (HeaderName::from_bytes(name.as_bytes()), value.replace(PLACE, place));
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                headers.append(name, value);
            }
        }
    }
    if !is_head {
        headers.remove("content-length");
        // A body in which a secret was redacted has another checksum.
        let is_false = |name: &HeaderName, value: &HeaderValue| {
            payload::check_sum(name.as_str(), value.to_str().unwrap_or_default(), &body).is_err()
        };
        let wrong: Vec<HeaderName> = headers
            .iter()
            .filter(|(name, value)| is_false(name, value))
            .map(|(name, _)| name.clone())
            .collect();
        for name in wrong {
            headers.remove(name);
        }
    }
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// XML that can be parsed, whatever stands in it for secrets.
fn parsable(recorded: &CallResponse, body: Bytes) -> Bytes {
    let mut types = recorded.headers.get("content-type").into_iter().flatten();
    let is_xml = types.any(|kind| kind.contains("xml"));
    match std::str::from_utf8(&body).map(tokens_as_xml) {
        Ok(Cow::Owned(escaped)) if is_xml => escaped.into(),
        _ => body,
    }
}
