//! What the headers and body of an invocation say. Source: Lambda API Reference, "Invoke"; Lambda
//! Developer Guide, "Lambda quotas".

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::HeaderMap;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{ApiError, FunctionName, InvocationType, Invoke, body::Body, route::Invocation};

/// The most bytes of a synchronous request: 6 MB.
const MAX_SYNC: usize = 6 * 1024 * 1024;

/// The most bytes of an asynchronous request: 1 MB, of which older texts say 256 KB.
const MAX_ASYNC: usize = 1024 * 1024;

/// The most bytes of a client context, in base64.
const MAX_CLIENT_CONTEXT: usize = 3583;

/// What an invocation's headers say.
pub(crate) struct Head {
    function: FunctionName,
    invocation_type: InvocationType,
    log_tail: bool,
    client_context: Option<String>,
    trace_id: Option<String>,
    streamed: bool,
}

impl Head {
    pub(crate) fn read(
        function: FunctionName,
        invocation: Invocation,
        headers: &HeaderMap,
    ) -> Result<Self, ApiError> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        check_media_type(text("content-type"))?;
        let invocation_type = match invocation {
            Invocation::Async => InvocationType::Event,
            _ => invocation_type(text("x-amz-invocation-type"))?,
        };
        let streamed = invocation == Invocation::Streamed;
        if streamed && invocation_type == InvocationType::Event {
            return Err(not_in_enum("Event", "invocationType", "RequestResponse, DryRun"));
        }
        let log_tail = match text("x-amz-log-type") {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(other) => return Err(not_in_enum(other, "logType", "Tail, None")),
        };
        let client_context = text("x-amz-client-context").map(client_context).transpose()?;
        // Lambda passes it on for synchronous invocations only.
        let client_context = client_context.filter(|_| invocation_type != InvocationType::Event);
        let trace_id = text("x-amzn-trace-id").filter(|id| id.starts_with("Root="));
        let trace_id = trace_id.map(str::to_owned);
        Ok(Self { function, invocation_type, log_tail, client_context, trace_id, streamed })
    }

    /// The most bytes of the body.
    pub(crate) fn limit(&self) -> usize {
        if self.invocation_type == InvocationType::Event { MAX_ASYNC } else { MAX_SYNC }
    }

    /// The whole invocation, once its body is read.
    pub(crate) fn with_body(self, body: Body) -> Result<Invoke, ApiError> {
        let payload = match body {
            Body::Whole(payload) => payload,
            Body::TooLarge(size) => return Err(self.too_large(size)),
        };
        // A function that is given nothing gets an empty object.
        let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
        check_json(&payload)?;
        let Self { function, invocation_type, log_tail, client_context, trace_id, streamed } = self;
        Ok(Invoke {
            function,
            invocation_type,
            log_tail,
            client_context,
            trace_id,
            payload,
            streamed,
        })
    }

    /// The texts are those that users quote. They quote `RequestEntityTooLargeException` as the
    /// code; the service model has `RequestTooLargeException`, by which clients know the error.
    fn too_large(&self, size: usize) -> ApiError {
        let limit = self.limit();
        let message = if self.invocation_type == InvocationType::Event {
            let kind = "the Event invocation type";
            format!("{size} byte payload is too large for {kind} (limit {limit} bytes)")
        } else {
            format!("Request must be smaller than {limit} bytes for the InvokeFunction operation")
        };
        ApiError::new("RequestTooLargeException", message)
    }
}

/// Clients send JSON as such, as bytes or without a type.
fn check_media_type(given: Option<&str>) -> Result<(), ApiError> {
    let Some(given) = given.filter(|given| !given.trim().is_empty()) else { return Ok(()) };
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json"
        || essence.ends_with("+json")
        || essence.starts_with("application/x-amz-json-")
        || matches!(essence.as_str(), "application/octet-stream" | "binary/octet-stream");
    if is_json {
        return Ok(());
    }
    let text = format!(
        "Unsupported media type `{given}`: the body of an invocation is `application/json`"
    );
    Err(ApiError::new("UnsupportedMediaTypeException", text))
}

fn invocation_type(given: Option<&str>) -> Result<InvocationType, ApiError> {
    match given {
        None | Some("RequestResponse") => Ok(InvocationType::RequestResponse),
        Some("Event") => Ok(InvocationType::Event),
        Some("DryRun") => Ok(InvocationType::DryRun),
        Some(other) => Err(not_in_enum(other, "invocationType", "Event, RequestResponse, DryRun")),
    }
}

fn not_in_enum(value: &str, member: &str, values: &str) -> ApiError {
    let text = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         Member must satisfy enum value set: [{values}]"
    );
    ApiError::new("InvalidParameterValueException", text)
}

fn client_context(encoded: &str) -> Result<String, ApiError> {
    let invalid = |text: &str| ApiError::new("InvalidRequestContentException", text);
    if encoded.len() > MAX_CLIENT_CONTEXT {
        let text = format!("Client context must be no more than {MAX_CLIENT_CONTEXT} bytes.");
        return Err(invalid(&text));
    }
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let is_object =
        |text: &String| serde_json::from_str(text).is_ok_and(|it: Value| it.is_object());
    decoded
        .filter(is_object)
        .ok_or_else(|| invalid("Client context must be a valid Base64-encoded JSON object."))
}

fn check_json(payload: &[u8]) -> Result<(), ApiError> {
    let why = match std::str::from_utf8(payload) {
        Ok(text) => serde_json::from_str::<IgnoredAny>(text).err().map(|error| error.to_string()),
        Err(error) => Some(format!("byte {} is not UTF-8", error.valid_up_to())),
    };
    let Some(why) = why else { return Ok(()) };
    let text = format!("Could not parse request body into json: {why}");
    Err(ApiError::new("InvalidRequestContentException", text))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    fn head(headers: &[(&'static str, &str)]) -> Result<Head, ApiError> {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let headers = headers.iter().map(header).collect();
        Head::read(FunctionName::parse("demo").unwrap(), Invocation::Plain, &headers)
    }

    fn body(text: &'static [u8]) -> Result<Invoke, ApiError> {
        head(&[]).unwrap().with_body(Body::Whole(Bytes::from_static(text)))
    }

    #[rstest]
    #[case("x-amz-invocation-type", "Later", "InvalidParameterValueException")]
    #[case("x-amz-log-type", "All", "InvalidParameterValueException")]
    #[case("x-amz-client-context", "e30", "InvalidRequestContentException")]
    #[case("x-amz-client-context", "MQ==", "InvalidRequestContentException")]
    #[case("content-type", "text/plain", "UnsupportedMediaTypeException")]
    fn bad_headers_are_refused(
        #[case] name: &'static str,
        #[case] value: &str,
        #[case] code: &str,
    ) {
        assert_eq!(head(&[(name, value)]).err().map(|error| error.code()), Some(code));
    }

    #[test]
    fn a_client_context_has_a_limit() {
        let long = STANDARD.encode(format!(r#"{{"a":"{}"}}"#, "x".repeat(2_700)));
        assert!(long.len() > MAX_CLIENT_CONTEXT);
        assert!(head(&[("x-amz-client-context", &long)]).is_err());
        let short = STANDARD.encode(r#"{"custom":{}}"#);
        let head = head(&[("x-amz-client-context", &short)]).unwrap();
        assert_eq!(head.client_context.as_deref(), Some(r#"{"custom":{}}"#));
    }

    #[rstest]
    #[case("application/json; charset=utf-8")]
    #[case("application/octet-stream")]
    #[case("application/cloudevents+json")]
    #[case("")]
    fn json_goes_by_many_types(#[case] content_type: &str) {
        assert!(head(&[("content-type", content_type)]).is_ok());
    }

    #[rstest]
    #[case(b"")]
    #[case(b"null")]
    #[case(b" [1] ")]
    fn json_is_taken(#[case] text: &'static [u8]) {
        assert!(!body(text).unwrap().payload.is_empty());
    }

    #[rstest]
    #[case(b"{")]
    #[case(b"e30")]
    #[case(b"1 2")]
    #[case(b"\"\xff\"")]
    fn other_bodies_are_refused(#[case] text: &'static [u8]) {
        let error = body(text).unwrap_err();
        assert_eq!(error.code(), "InvalidRequestContentException");
        assert!(error.message().starts_with("Could not parse request body into json: "));
    }
}
