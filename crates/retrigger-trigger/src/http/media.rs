//! Which bodies stand in an event as text, and which in base64.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::HttpRequest;

/// A body as an event carries it.
pub(super) struct Body {
    pub(super) text: String,
    pub(super) is_base64: bool,
}

/// As it is where it is text of a type that is known to be, else in base64. An empty one is text.
///
/// Source: Elastic Load Balancing, "Use Lambda functions as targets of an Application Load
/// Balancer": `text/*`, `application/json`, `application/javascript` and `application/xml`, unless
/// there is a content encoding. The API Gateway Developer Guide says of HTTP APIs only that they
/// infer it.
///
/// Not settled: HTTP APIs and function URLs. Both were seen to send forms and what has no type in
/// base64; they are taken to follow the same list.
pub(super) fn inferred(request: &HttpRequest) -> Body {
    if request.body.is_empty() || is_sent_as_text(request) {
        // Text that is none, such as of another character set, goes through as bytes.
        if let Ok(text) = std::str::from_utf8(&request.body) {
            return Body { text: text.to_owned(), is_base64: false };
        }
    }
    encoded(request)
}

/// Whether a body is of a type that is text, and is none.
pub(super) fn is_broken_text(request: &HttpRequest) -> bool {
    is_sent_as_text(request) && std::str::from_utf8(&request.body).is_err()
}

fn is_sent_as_text(request: &HttpRequest) -> bool {
    is_text(request.header("content-type")) && request.header("content-encoding").is_none()
}

/// In base64.
pub(super) fn encoded(request: &HttpRequest) -> Body {
    Body { text: STANDARD.encode(&request.body), is_base64: true }
}

/// As text, with replacement characters for what is none.
pub(super) fn lossy(request: &HttpRequest) -> Body {
    Body { text: String::from_utf8_lossy(&request.body).into_owned(), is_base64: false }
}

fn is_text(content_type: Option<&str>) -> bool {
    let essence = essence(content_type.unwrap_or_default());
    essence.starts_with("text/")
        || matches!(
            essence.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

/// A type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a type is one of those named, of which `*/*` is every one and `image/*` every image.
pub(super) fn is_among(content_type: &str, named: &[String]) -> bool {
    let essence = essence(content_type);
    named.iter().any(|named| {
        let named = named.to_ascii_lowercase();
        match named.strip_suffix('*') {
            Some("*/") => true,
            Some(start) => start.ends_with('/') && essence.starts_with(start),
            None => named == essence,
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[("content-type", "text/csv; charset=utf-8")], b"a", "a", false)]
    #[case(&[("content-type", "Application/JSON")], b"{}", "{}", false)]
    #[case(&[("content-type", "application/xml")], b"<a/>", "<a/>", false)]
    #[case(&[("content-type", "application/x-www-form-urlencoded")], b"a=1", "YT0x", true)]
    #[case(&[("content-type", "application/json"), ("content-encoding", "gzip")], b"a", "YQ==", true)]
    #[case(&[("content-type", "text/plain")], b"\xff", "/w==", true)]
    #[case(&[("content-type", "image/png")], b"\x89", "iQ==", true)]
    #[case(&[("content-type", "image/png")], b"", "", false)]
    #[case(&[], b"a", "YQ==", true)]
    fn text_of_a_known_type_stays_text(
        #[case] headers: &[(&str, &str)],
        #[case] body: &[u8],
        #[case] text: &str,
        #[case] is_base64: bool,
    ) {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let request = HttpRequest {
            headers: headers.collect(),
            body: body.to_vec(),
            ..HttpRequest::new("POST", "/")
        };
        let body = inferred(&request);
        assert_eq!((body.text.as_str(), body.is_base64), (text, is_base64));
    }

    #[rstest]
    #[case("image/png", "image/png", true)]
    #[case("image/png;a=b", "image/*", true)]
    #[case("image/png", "*/*", true)]
    #[case("image/png", "image/jpeg", false)]
    #[case("imagery/png", "image/*", false)]
    fn types_are_named_alone_or_together(
        #[case] content_type: &str,
        #[case] named: &str,
        #[case] is_one: bool,
    ) {
        assert_eq!(is_among(content_type, &[named.to_owned()]), is_one);
    }
}
