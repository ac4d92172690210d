//! What a request asks, as one JSON value.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use retrigger_catalogue::wire::{Identified, Protocol, WireRequest};
use serde_json::{Map, Value};

/// Headers that say something of the call, and not of how it is sent.
const TELLING: [&str; 7] = [
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "range",
    "content-md5",
];

/// Headers of AWS that are of how a call is sent.
const OF_SENDING: [&str; 10] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
    "x-amz-trailer",
    "x-amz-user-agent",
    "x-amz-decoded-content-length",
    "x-amz-checksum-mode",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-te",
];

/// The members of a call. Of the REST protocols, whose members stand in path, query, headers and
/// body: `Bucket` and `Key` or `path`, and what else there is under its name on the wire.
pub(super) fn read(found: &Identified, request: &WireRequest<'_>) -> Value {
    match found.protocol {
        Protocol::Json10 | Protocol::Json11 => json(request.body),
        Protocol::Cbor => cbor(request.body),
        Protocol::Query | Protocol::Ec2 => form(request),
        Protocol::RestJson => rest(request, None, json(request.body)),
        Protocol::RestXml if found.service.id() == "s3" => {
            rest(request, Some(found), text_or_base64(request.body))
        }
        Protocol::RestXml => rest(request, None, text_or_base64(request.body)),
    }
}

/// A body that is no JSON is no object of members, but its own text.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| text_or_base64(body))
}

fn text_or_base64(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok("") => Value::Null,
        Ok(text) => text.into(),
        Err(_) => STANDARD.encode(body).into(),
    }
}

/// The deepest that CBOR may nest.
const MAX_DEPTH: usize = 64;

fn cbor(body: &[u8]) -> Value {
    let value = ciborium::de::from_reader_with_recursion_limit(body, MAX_DEPTH);
    value.map_or_else(|_| text_or_base64(body), |value| of_cbor(&value))
}

fn of_cbor(value: &ciborium::Value) -> Value {
    match value {
        ciborium::Value::Bool(flag) => (*flag).into(),
        ciborium::Value::Integer(number) => i64::try_from(*number).map_or(Value::Null, Value::from),
        ciborium::Value::Float(number) => (*number).into(),
        ciborium::Value::Text(text) => text.as_str().into(),
        ciborium::Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        ciborium::Value::Tag(_, inner) => of_cbor(inner),
        ciborium::Value::Array(items) => items.iter().map(of_cbor).collect(),
        ciborium::Value::Map(entries) => {
            let name = |key: &ciborium::Value| key.as_text().unwrap_or_default().to_owned();
            entries.iter().map(|(key, value)| (name(key), of_cbor(value))).collect()
        }
        _ => Value::Null,
    }
}

/// The fields of a form, or of the query of a form that is sent by `GET`.
fn form(request: &WireRequest<'_>) -> Value {
    let body = String::from_utf8_lossy(request.body);
    let query = request.uri.split_once('?').map_or("", |(_, query)| query);
    let mut members = Map::new();
    for pair in body.split('&').chain(query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = value.replace('+', " ");
        if !matches!(name, "Action" | "Version") && !name.starts_with("X-Amz-") {
            members.insert(decoded(name), decoded(&value).into());
        }
    }
    Value::Object(members)
}

fn rest(request: &WireRequest<'_>, s3: Option<&Identified>, body: Value) -> Value {
    let mut members = Map::new();
    match s3 {
        Some(found) => {
            let path = request.path().trim_start_matches('/');
            let (bucket, key) = match &found.bucket {
                Some(bucket) => (bucket.clone(), path),
                None => {
                    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                    (decoded(bucket), key)
                }
            };
            let parts = [("Bucket", bucket), ("Key", decoded(key))];
            let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
            members.extend(parts.map(|(name, text)| (name.to_owned(), text.into())));
        }
        None => {
            members.insert("path".to_owned(), decoded(request.path()).into());
        }
    }
    for (name, value) in request.query() {
        if !name.starts_with("X-Amz-") && name != "x-id" {
            members.insert(decoded(name), decoded(value.unwrap_or_default()).into());
        }
    }
    for (name, value) in request.headers {
        let name = name.to_ascii_lowercase();
        let is_own = name.starts_with("x-amz-") && !OF_SENDING.contains(&name.as_str());
        if is_own || TELLING.contains(&name.as_str()) {
            members.insert(name, value.trim().into());
        }
    }
    match body {
        Value::Null => {}
        // The members of a JSON body are the operation's own.
        Value::Object(own) => members.extend(own),
        other => drop(members.insert("Body".to_owned(), other)),
    }
    Value::Object(members)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
