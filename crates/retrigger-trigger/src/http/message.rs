//! Requests and responses, and how events spell their parts.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// A request as it reached a front door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path as it was sent, percent-encoded, from its slash on.
    pub path: String,
    /// The query as it was sent, without question mark; empty where there is none.
    pub query: String,
    /// The headers in their order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, once chunks are put together.
    pub body: Vec<u8>,
    /// Such as `HTTP/1.1`.
    pub protocol: String,
    /// The address of the client.
    pub source_ip: String,
    /// The port it reached.
    pub port: u16,
    /// When it arrived, in milliseconds since 1970.
    pub time_ms: i64,
    /// The id that the front door gives it: a UUID.
    pub request_id: String,
    /// The id of its trace, such as `1-67891233-abcdef012345678912345678`.
    pub trace_root: String,
}

/// A response to a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The reason, where it is not the usual one.
    pub reason: Option<String>,
    /// The headers. None says how long the body is or how it is sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Headers that concern the connection, which whoever sends a response writes itself.
const OF_THE_CONNECTION: &[&str] =
    &["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"];

impl HttpRequest {
    /// A request without headers or body.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            protocol: "HTTP/1.1".to_owned(),
            source_ip: "127.0.0.1".to_owned(),
            ..Self::default()
        }
    }

    /// The last value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it asks whether another one may be made for a page of another origin.
    pub(super) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS"
            && self.header("origin").is_some()
            && self.header("access-control-request-method").is_some()
    }

    /// The headers with those that a front door adds, by name in alphabetical order, without the
    /// ones named. Source: Elastic Load Balancing, "HTTP headers and Application Load Balancers"
    /// (`X-Forwarded-For` is appended to).
    pub(super) fn forwarded(
        &self,
        port: &str,
        scheme: &str,
        without: &[&str],
    ) -> BTreeMap<String, Vec<String>> {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.headers {
            if !without.contains(&name.as_str()) {
                headers.entry(name.clone()).or_default().push(value.clone());
            }
        }
        let mut passed: Vec<String> = headers.remove("x-forwarded-for").unwrap_or_default();
        passed.push(self.source_ip.clone());
        let trace = self.header("x-amzn-trace-id");
        let own = format!("Root={}", self.trace_root);
        let trace = match trace {
            Some(given) if given.contains("Root=") => given.to_owned(),
            _ => own,
        };
        for (name, value) in [
            ("x-amzn-trace-id", trace),
            ("x-forwarded-for", passed.join(", ")),
            ("x-forwarded-port", port.to_owned()),
            ("x-forwarded-proto", scheme.to_owned()),
        ] {
            headers.insert(name.to_owned(), vec![value]);
        }
        headers
    }

    /// The pairs of the query as they were sent.
    pub(super) fn raw_query(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// The values of each key of the query, decoded as forms are: a plus sign is a space.
    pub(super) fn decoded_query(&self) -> BTreeMap<String, Vec<String>> {
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in self.raw_query() {
            let decoded = |text: &str| decode(&text.replace('+', " "));
            query.entry(decoded(key)).or_default().push(decoded(value));
        }
        query
    }

    /// The id that API Gateway calls the extended one.
    pub(super) fn extended_request_id(&self) -> String {
        let digits: Vec<u8> =
            self.request_id.bytes().filter(u8::is_ascii_hexdigit).take(22).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Vec<u8> = digits.chunks(2).filter_map(byte).collect();
        STANDARD.encode(bytes)
    }

    /// The time as events write it: `02/Mar/2026:09:41:00 +0000`.
    pub(super) fn time(&self) -> String {
        let time = Timestamp::from_millisecond(self.time_ms).unwrap_or_default();
        time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
    }
}

impl HttpResponse {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, reason: None, headers, body: body.to_string().into_bytes() }
    }

    /// The same with another header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The last value of a header, in whatever case its name is.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().rev().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// The same with a type of content, where the function gave none.
    pub(super) fn typed(self, content_type: &str) -> Self {
        if self.header("content-type").is_some() {
            return self;
        }
        self.with("content-type", content_type)
    }

    /// The same without headers that concern the connection.
    pub(super) fn without_connection(mut self) -> Self {
        let kept = |name: &str| !OF_THE_CONNECTION.iter().any(|it| it.eq_ignore_ascii_case(name));
        self.headers.retain(|(name, _)| kept(name));
        self
    }
}

/// Percent-decoded; bytes that are no UTF-8 become replacement characters.
pub(super) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The last value of each name.
pub(super) fn last(values: &BTreeMap<String, Vec<String>>) -> Map<String, Value> {
    let last = values.iter().filter_map(|(name, values)| Some((name, values.last()?)));
    last.map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

/// All values of each name, as a list.
pub(super) fn lists(values: &BTreeMap<String, Vec<String>>) -> Map<String, Value> {
    values.iter().map(|(name, values)| (name.clone(), values.clone().into())).collect()
}

/// All values of each name, joined by commas.
pub(super) fn joined(values: &BTreeMap<String, Vec<String>>) -> Map<String, Value> {
    values.iter().map(|(name, values)| (name.clone(), values.join(",").into())).collect()
}

/// An object, or null where it is empty.
pub(super) fn or_null(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { map.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        let request = HttpRequest { time_ms: 1_428_582_896_000, ..HttpRequest::new("GET", "/") };
        assert_eq!(request.time(), "09/Apr/2015:12:34:56 +0000");
    }

    #[test]
    fn addresses_are_appended() {
        let mut request = HttpRequest::new("GET", "/");
        request.headers.push(("x-forwarded-for".to_owned(), "203.0.113.24".to_owned()));
        let headers = request.forwarded("80", "http", &[]);
        assert_eq!(headers["x-forwarded-for"], ["203.0.113.24, 127.0.0.1"]);
    }

    #[test]
    fn extended_ids_have_sixteen_characters() {
        let request_id = "0b8c5f3e-6f0d-4d0e-9a57-2d1c7e84b6f1".to_owned();
        let request = HttpRequest { request_id, ..HttpRequest::new("GET", "/") };
        let id = request.extended_request_id();
        assert!(id.len() == 16 && id.ends_with('='), "{id}");
    }
}
