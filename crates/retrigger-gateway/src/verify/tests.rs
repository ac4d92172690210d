//! Signatures that botocore made (`signed_by_botocore.json`: of the credentials of the seed `test`,
//! at noon of 1 March 2026), and those of the examples in the Amazon S3 API Reference.

use std::fmt::Write as _;

use hyper::http::HeaderValue;
use rstest::rstest;
use serde_json::Value;

use super::*;

const SIGNED: &str = include_str!("../../tests/data/signed_by_botocore.json");

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(492_324)
}

fn signed() -> Vec<(String, Request<Bytes>)> {
    let cases: Vec<Value> = serde_json::from_str(SIGNED).unwrap();
    cases.iter().map(|case| (case["what"].as_str().unwrap().to_owned(), request_of(case))).collect()
}

fn request_of(case: &Value) -> Request<Bytes> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut request = Request::builder().method(&*text(&case["method"])).uri(text(&case["uri"]));
    for header in case["headers"].as_array().unwrap() {
        request = request.header(text(&header[0]), text(&header[1]));
    }
    request.body(text(&case["body"]).into()).unwrap()
}

fn outcome(request: &Request<Bytes>, now: SystemTime) -> Result<Bytes, Fault> {
    let credentials = SessionCredentials::from_seed(b"test");
    let signature = Signature::read(request)?.ok_or(Fault::MissingSignature)?;
    verify(request, &signature, &credentials, now).map(|payload| payload.body)
}

#[test]
fn what_botocore_signs_is_verified() {
    for (what, request) in signed() {
        let payload = outcome(&request, noon()).unwrap_or_else(|fault| panic!("{what}: {fault:?}"));
        let is_chunked = request.headers().contains_key("x-amz-decoded-content-length");
        assert_eq!(payload, if is_chunked { Bytes::from("hello") } else { request.body().clone() });
    }
}

#[test]
fn no_other_key_token_path_query_header_or_body_passes() {
    for (what, request) in signed() {
        let altered = |alter: &dyn Fn(&mut Request<Bytes>)| {
            let mut other = request.clone();
            alter(&mut other);
            outcome(&other, noon()).expect_err(&what)
        };
        let path = altered(&|request| {
            let uri = request.uri().to_string();
            *request.uri_mut() = uri.replacen('/', "/x", 1).parse().unwrap();
        });
        assert_eq!(path, Fault::WrongSignature, "{what}");
        let query = altered(&|request| {
            let uri = request.uri().to_string();
            let mark = if uri.contains('?') { '&' } else { '?' };
            *request.uri_mut() = format!("{uri}{mark}x=1").parse().unwrap();
        });
        assert_eq!(query, Fault::WrongSignature, "{what}");
        let host = altered(&|request| {
            request.headers_mut().insert("host", HeaderValue::from_static("other"));
        });
        assert_eq!(host, Fault::WrongSignature, "{what}");
        if what != "s3, presigned" {
            let body = altered(&|request| {
                let body = [b"x", request.body().as_ref()].concat();
                *request.body_mut() = body.into();
            });
            assert!(
                matches!(
                    body,
                    Fault::WrongSignature
                        | Fault::WrongContentHash
                        | Fault::MalformedChunks(_)
                        | Fault::IncompleteBody
                ),
                "{what}: {body:?}"
            );
        }
        if request.headers().contains_key("x-amz-security-token") {
            let token = altered(&|request| {
                let other = HeaderValue::from_static("other");
                request.headers_mut().insert("x-amz-security-token", other);
            });
            assert_eq!(token, Fault::WrongToken, "{what}");
        }
        let signature = Signature::read(&request).unwrap().unwrap();
        let other = SessionCredentials::from_seed(b"other");
        let unknown = verify(&request, &signature, &other, noon()).err();
        assert_eq!(unknown, Some(Fault::UnknownKey), "{what}");
        let same_id = SessionCredentials {
            secret_access_key: other.secret_access_key,
            ..SessionCredentials::from_seed(b"test")
        };
        let wrong = verify(&request, &signature, &same_id, noon()).err();
        assert_eq!(wrong, Some(Fault::WrongSignature), "{what}");
    }
}

#[rstest]
#[case(0, 299, true)]
#[case(0, 301, false)]
#[case(3, 899, true)]
#[case(3, 901, false)]
#[case(7, 599, true)]
#[case(7, 601, false)]
#[case(0, 3600, false)]
fn signatures_are_for_a_time(#[case] index: usize, #[case] seconds: u64, #[case] passes: bool) {
    let (what, request) = signed().swap_remove(index);
    let later = outcome(&request, noon() + Duration::from_secs(seconds));
    assert_eq!(later.is_ok(), passes, "{what}: {later:?}");
}

#[test]
fn times_are_told_in_the_words_of_aws() {
    let (_, request) = signed().swap_remove(0);
    let late = outcome(&request, noon() + Duration::from_hours(1)).unwrap_err();
    let text = "Signature expired: 20260301T120000Z is now earlier than 20260301T125500Z \
                (20260301T130000Z - 5 min.)";
    assert_eq!(late, Fault::WrongTime(text.to_owned()));
    let early = outcome(&request, noon() - Duration::from_hours(1)).unwrap_err();
    let text = "Signature not yet current: 20260301T120000Z is still later than 20260301T110500Z \
                (20260301T110000Z + 5 min.)";
    assert_eq!(early, Fault::WrongTime(text.to_owned()));
}

#[rstest]
#[case("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host", "'Signature'")]
#[case("AWS4-HMAC-SHA256 Signature=a, SignedHeaders=host", "'Credential'")]
#[case("AWS4-HMAC-SHA256", "'SignedHeaders'")]
#[case("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=a", "5 slash-delimited")]
#[case("Bearer x", "Unsupported AWS 'algorithm': 'Bearer'")]
#[case("äöüäöüäöüäöüäöüäöüäöüäöüäöüäöü", "")]
#[case(
    "AWS4-HMAC-SHA256 Credential=ASIA7CL7KYVIXYGBK522/20260301/eu-west-1/s3/aws4_request, \
     SignedHeaders=x-amz-date, Signature=a",
    "'Host'"
)]
fn what_is_missing_is_named(#[case] authorization: &str, #[case] expected: &str) {
    let credentials = SessionCredentials::from_seed(b"test");
    let request = Request::builder()
        .uri("/")
        .header("x-amz-date", "20260301T120000Z")
        .header("x-amz-security-token", credentials.session_token)
        .header("authorization", HeaderValue::from_bytes(authorization.as_bytes()).unwrap())
        .body(Bytes::new())
        .unwrap();
    let Err(Fault::Incomplete(text)) = outcome(&request, noon()) else { panic!() };
    assert!(text.contains(expected), "{text}");
}

/// The examples of the Amazon S3 API Reference.
fn example(sha256: &'static str, trailer: Option<&'static str>, signature: &str) -> Request<Bytes> {
    let mut signed = vec!["content-encoding"];
    if trailer.is_none() {
        signed.push("content-length");
    }
    signed.extend(["host", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length"]);
    signed.push("x-amz-storage-class");
    signed.extend(trailer.map(|_| "x-amz-trailer"));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={},Signature={signature}",
        signed.join(";")
    );
    let mut request = Request::put("/examplebucket/chunkObject.txt")
        .header("host", "s3.amazonaws.com")
        .header("x-amz-date", "20130524T000000Z")
        .header("x-amz-storage-class", "REDUCED_REDUNDANCY")
        .header("x-amz-content-sha256", sha256)
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", "66560")
        .header("authorization", authorization);
    if let Some(trailer) = trailer {
        request = request.header("x-amz-trailer", trailer);
    } else {
        request = request.header("content-length", "66824");
    }
    request.body(Bytes::new()).unwrap()
}

fn chunks(signatures: [&str; 3], trailer: &str) -> Bytes {
    let mut body = String::new();
    for (size, signature) in [65536, 1024, 0].into_iter().zip(signatures) {
        write!(body, "{size:x};chunk-signature={signature}\r\n{}", "a".repeat(size)).unwrap();
        body += if size > 0 { "\r\n" } else { "" };
    }
    (body + trailer + "\r\n").into()
}

fn verify_example(request: &Request<Bytes>) -> Result<Bytes, Fault> {
    let credentials = SessionCredentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: String::new(),
    };
    let signature = Signature::read(request).unwrap().unwrap();
    verify(request, &signature, &credentials, signature.time).map(|payload| payload.body)
}

#[test]
fn signed_chunks_are_verified_one_by_one() {
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let signatures = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    let mut request = example("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", None, seed);
    *request.body_mut() = chunks(signatures, "");
    assert_eq!(verify_example(&request).unwrap().len(), 66560);
    let [first, second, last] = signatures;
    for wrong in [[second, first, last], [first, last, second], [first, second, first]] {
        *request.body_mut() = chunks(wrong, "");
        assert_eq!(verify_example(&request), Err(Fault::WrongSignature));
    }
}

#[test]
fn a_signed_trailer_is_verified_with_its_checksum() {
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let signatures = [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ];
    let trailer = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:\
                   d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
    let sha256 = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    let mut request = example(sha256, Some("x-amz-checksum-crc32c"), seed);
    *request.body_mut() = chunks(signatures, trailer);
    assert_eq!(verify_example(&request).unwrap().len(), 66560);
    *request.body_mut() = chunks(signatures, &trailer.replace("sOO8", "sOO9"));
    assert_eq!(verify_example(&request), Err(Fault::WrongSignature));
}

#[rstest]
#[case("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "")]
#[case("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "WrongChecksum")]
#[case("6\r\nhello\r\n0\r\n\r\n", "MalformedChunks")]
#[case("4\r\nhello\r\n0\r\n\r\n", "MalformedChunks")]
#[case("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", "MalformedChunks")]
#[case("ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "IncompleteBody")]
#[case("fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "MalformedChunks")]
#[case("-5\r\nhello\r\n0\r\n\r\n", "MalformedChunks")]
#[case("5\r\nhel", "IncompleteBody")]
#[case("", "MalformedChunks")]
fn chunks_that_lie_are_refused(#[case] body: &'static str, #[case] expected: &str) {
    let (_, mut request) = signed().swap_remove(6);
    *request.body_mut() = body.into();
    let found = outcome(&request, noon());
    let shown = format!("{found:?}");
    assert!(shown.contains(expected) && found.is_ok() == expected.is_empty(), "{shown}");
}
