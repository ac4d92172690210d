//! Bodies that a client compressed.

use std::{borrow::Cow, io::Read};

use flate2::read::MultiGzDecoder;
use retrigger_catalogue::wire::WireRequest;

use crate::gateway::MAX_BODY;

/// The types of bodies that are a call's parameters: compressed, these are what they are plain. The
/// body of an object is as it is, whatever its `Content-Encoding`.
const PARAMETERS: [&str; 4] = [
    "application/cbor",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
    "application/x-www-form-urlencoded",
];

/// The body as it was before the client compressed it, as SDKs do with large ones of operations such
/// as `PutMetricData`. Source: Smithy documentation, "requestCompression trait".
pub(super) fn plain<'r>(request: &WireRequest<'r>) -> Result<Cow<'r, [u8]>, String> {
    let is = |header: &str, values: &[&str]| {
        let value = request.header(header).unwrap_or_default();
        let value = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        values.contains(&value.as_str())
    };
    let is_parameters = request.method == "POST" && is("content-type", &PARAMETERS);
    if !is_parameters || !is("content-encoding", &["gzip"]) {
        return Ok(Cow::Borrowed(request.body));
    }
    let mut body = Vec::new();
    let most = u64::try_from(MAX_BODY).unwrap_or(u64::MAX);
    let mut decoder = MultiGzDecoder::new(request.body).take(most.saturating_add(1));
    decoder.read_to_end(&mut body).map_err(|error| format!("the body is not gzip: {error}"))?;
    if body.len() > MAX_BODY {
        return Err(format!("the body has more than {MAX_BODY} bytes when it is decompressed"));
    }
    Ok(Cow::Owned(body))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use rstest::rstest;

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(method: &str, content: &str, body: &[u8]) -> Result<Vec<u8>, String> {
        let headers = [("content-type", content), ("content-encoding", "gzip")];
        let request = WireRequest { method, uri: "/", headers: &headers, body };
        plain(&request).map(Cow::into_owned)
    }

    #[rstest]
    #[case("POST", "application/x-www-form-urlencoded; charset=utf-8")]
    #[case("POST", "application/cbor")]
    fn parameters_are_read_as_they_were(#[case] method: &str, #[case] content: &str) {
        let body = b"Action=PutMetricData";
        assert_eq!(decoded(method, content, &gzip(body)).unwrap(), body);
    }

    #[test]
    fn an_object_stays_compressed() {
        let object = gzip(b"an object");
        assert_eq!(decoded("PUT", "application/cbor", &object).unwrap(), object);
        assert_eq!(decoded("POST", "application/xml", &object).unwrap(), object);
    }

    #[test]
    fn what_is_not_gzip_or_too_large_is_said() {
        let error = decoded("POST", "application/cbor", b"plain").unwrap_err();
        assert!(error.starts_with("the body is not gzip: "), "{error}");
        let bomb = gzip(&vec![0; MAX_BODY + 1]);
        assert!(bomb.len() < MAX_BODY / 500);
        let error = decoded("POST", "application/cbor", &bomb).unwrap_err();
        assert!(error.contains("when it is decompressed"), "{error}");
    }
}
