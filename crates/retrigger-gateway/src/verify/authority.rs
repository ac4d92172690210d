//! The signature of a request of HTTP/2 whose host is signed by its name there, `:authority`, as AWS's
//! SDK for JavaScript signs it. The crate that signs takes no header of such a name, so that what is
//! signed is put together here. Source: IAM User Guide, "Create a signed AWS API request".

use std::fmt::Write as _;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use hyper::http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest, Sha256};

use super::{SessionCredentials, Signature, basic};
use crate::signature::Query;

/// The name of the host in HTTP/2. Source: RFC 9113, section 8.3.1.
pub(super) const AUTHORITY: &str = ":authority";

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// What is signed of a request.
pub(super) struct Head<'h> {
    pub(super) method: &'h str,
    pub(super) uri: &'h Uri,
    /// In the order in which they are signed.
    pub(super) headers: Vec<(String, String)>,
    /// The hash of the body, or what stands for it.
    pub(super) body: String,
}

impl Head<'_> {
    /// The signature in hexadecimal.
    pub(super) fn signed(&self, signature: &Signature, credentials: &SessionCredentials) -> String {
        let (region, service) = (&signature.scope.region, &signature.scope.service);
        let time = basic(signature.time);
        let day = time.get(..8).unwrap_or_default();
        let hash = hex(self.canonical(signature));
        let text =
            format!("AWS4-HMAC-SHA256\n{time}\n{day}/{region}/{service}/aws4_request\n{hash}");
        let secret = &credentials.secret_access_key;
        let key = generate_signing_key(secret, signature.time, region, service);
        calculate_signature(key, text.as_bytes())
    }

    fn canonical(&self, signature: &Signature) -> String {
        let path = self.uri.path();
        let path = if signature.is_s3() {
            path.to_owned()
        } else {
            percent_encode(path.as_bytes(), PATH).to_string()
        };
        let mut text = format!("{}\n{path}\n{}\n", self.method, canonical_query(self.uri));
        for (name, value) in &self.headers {
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            let _ = writeln!(text, "{name}:{}", words.join(" "));
        }
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let _ = write!(text, "\n{}\n{}", names.join(";"), self.body);
        text
    }
}

fn canonical_query(uri: &Uri) -> String {
    let encode = |text: &str| percent_encode(text.as_bytes(), QUERY).to_string();
    let query = Query::read(uri.query().unwrap_or_default());
    let mut pairs: Vec<(String, String)> =
        query.pairs().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The SHA-256 of a text or a body.
pub(super) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use bytes::Bytes;
    use hyper::http::Request;
    use rstest::rstest;

    use super::{super::verify, *};
    use crate::Fault;

    /// Signed by AWS's SDK for JavaScript with the credentials of the seed `test`.
    fn checked(uri: &str, service: &str, value: &str, host: &str) -> Result<Bytes, Fault> {
        let credentials = SessionCredentials::from_seed(b"test");
        let names = ":authority;content-type;x-amz-content-sha256;x-amz-date;\
                     x-amz-security-token;x-amz-target";
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260301/eu-west-1/{service}/aws4_request, \
             SignedHeaders={names}, Signature={value}",
            credentials.access_key_id
        );
        let request = Request::post(uri)
            .header("host", host)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "Kinesis_20131202.PutRecord")
            .header("x-amz-date", "20260301T120000Z")
            .header("x-amz-security-token", &credentials.session_token)
            .header("x-amz-content-sha256", hex("{}"))
            .header("authorization", authorization)
            .body(Bytes::from("{}"))
            .unwrap();
        let signature = Signature::read(&request)?.unwrap();
        let noon = SystemTime::UNIX_EPOCH + Duration::from_hours(492_324);
        verify(&request, &signature, &credentials, noon).map(|payload| payload.body)
    }

    #[rstest]
    #[case::no_path(
        "/",
        "kinesis",
        "4e07b35f92c57c6cb7bdf37830915ab498e9b7ad54f48c0013df105e2bb9f85e"
    )]
    #[case::path_and_query(
        "/model/a%3Ab/invoke?b%20c=1&a=%C3%BC",
        "bedrock",
        "6e66b8c4c3067c42cf37f71256461fe39bf2f009d8ab913deadb4fd851819418"
    )]
    fn a_host_that_is_signed_as_authority_is_verified(
        #[case] uri: &str,
        #[case] service: &str,
        #[case] value: &str,
    ) {
        assert_eq!(checked(uri, service, value, "127.0.0.1:5"), Ok(Bytes::from("{}")));
        for (uri, host) in [(uri, "127.0.0.1:6"), ("/other", "127.0.0.1:5")] {
            assert_eq!(checked(uri, service, value, host), Err(Fault::WrongSignature));
        }
    }
}
