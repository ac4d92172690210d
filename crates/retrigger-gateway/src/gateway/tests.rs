use std::{collections::BTreeMap, time::Duration};

use retrigger_recording::{Body, Call, CallResponse};
use rstest::rstest;
use serde_json::Value;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::*;
use crate::{Authorize, Aws, CallId, RecordMode, authorize::AllowAll};

/// Requests that botocore signed at noon of 1 March 2026, with the credentials of the seed `test`.
pub(crate) fn signed(what: &str) -> Request<Bytes> {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/data/signed_by_botocore.json")).unwrap();
    let case = cases.iter().find(|case| case["what"] == what).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut request = Request::builder().method(&*text(&case["method"])).uri(text(&case["uri"]));
    for header in case["headers"].as_array().unwrap() {
        request = request.header(text(&header[0]), text(&header[1]));
    }
    request.body(text(&case["body"]).into()).unwrap()
}

/// Of 1 March 2026.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(492_324)
}

pub(crate) fn gateway() -> Gateway {
    let aws = Arc::new(Aws::new("aws", "123456789012"));
    Gateway::new(aws, SessionCredentials::from_seed(b"test")).clock(Arc::new(noon))
}

/// Signs a request as a handler would, with the credentials of the seed `test`.
pub(crate) fn resign(request: &mut Request<Bytes>, service: &str, time: SystemTime) {
    let SessionCredentials { access_key_id, secret_access_key, session_token } =
        SessionCredentials::from_seed(b"test");
    let token = Some(session_token);
    let credentials =
        aws_credential_types::Credentials::new(access_key_id, secret_access_key, token, None, "");
    let endpoint = crate::Endpoint {
        host: String::new(),
        path: String::new(),
        region: "eu-west-1".into(),
        service: service.into(),
    };
    crate::upstream::sign_again(request, &endpoint, credentials, time).unwrap();
}

pub(crate) fn invocation(calls: Vec<Call>, mode: RecordMode) -> Invocation {
    Invocation { calls, event: String::new(), mode, authorize: Arc::new(AllowAll) }
}

pub(crate) const ITEM: &str = "dynamodb, JSON 1.0";

/// The call of [`ITEM`], recorded.
pub(crate) fn item(occurrence: u32) -> Call {
    let text = format!(
        r#"{{"key":{{"service":"dynamodb","operation":"GetItem",
        "resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/t",
        "parameters":{{"TableName":"t","Key":{{"id":{{"S":"ü"}}}}}},"occurrence":{occurrence}}},
        "response":{{"status":200,"body":{{"text":"{occurrence}"}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

struct Refuse;

impl Authorize for Refuse {
    fn authorize(&self, _: CallId, _: &Operation) -> Verdict {
        Verdict::Denied { message: "User: x is not authorized".into() }
    }
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[tokio::test]
async fn a_recorded_call_is_answered_once_for_each_occurrence() {
    let gateway = gateway();
    gateway.begin(invocation(vec![item(1), item(2)], RecordMode::None));
    for expected in ["1", "2"] {
        assert_eq!(text(&gateway.call(signed(ITEM)).await), expected);
    }
    let third = gateway.call(signed(ITEM)).await;
    assert_eq!(third.status(), 400);
    assert!(text(&third).contains("is recorded 2 times, and this is call 3"), "{}", text(&third));
    let observed = gateway.end();
    assert_eq!((observed.calls.len(), observed.unmade.len()), (3, 0));
    assert_eq!(observed.calls[0].answered, Answered::Recorded(0));
    assert!(matches!(observed.calls[2].answered, Answered::Unrecorded { .. }));
}

#[rstest]
#[case("sts, query", "sts:GetCallerIdentity")]
#[case("lambda, a path that is encoded twice", "lambda:Invoke")]
#[case("s3, a key of many characters", "s3:GetObject")]
#[case("s3, a listing", "s3:ListObjectsV2")]
#[case("s3, a body in chunks with a checksum behind it", "s3:PutObject")]
#[case("s3, presigned", "s3:GetObject")]
#[case("sts, presigned", "sts:GetCallerIdentity")]
#[tokio::test]
async fn calls_are_identified_whatever_they_are_signed_with(
    #[case] what: &str,
    #[case] expected: &str,
) {
    let gateway = gateway();
    gateway.begin(invocation(Vec::new(), RecordMode::None));
    let answer = gateway.call(signed(what)).await;
    assert_eq!(answer.status(), 400, "{}", text(&answer));
    let observed = gateway.end();
    assert_eq!(observed.rejected, Vec::<String>::new());
    let operation = &observed.calls[0].operation;
    assert_eq!(format!("{}:{}", operation.service, operation.name), expected);
}

#[tokio::test]
async fn a_refused_call_gets_the_refusal_and_is_noted() {
    let gateway = gateway();
    let authorize = Arc::new(Refuse);
    gateway.begin(Invocation { authorize, ..invocation(vec![item(1)], RecordMode::None) });
    let answer = gateway.call(signed(ITEM)).await;
    assert_eq!(answer.status(), 400);
    assert!(text(&answer).contains("User: x is not authorized"));
    let observed = gateway.end();
    assert_eq!(observed.calls[0].answered, Answered::Refused { recorded: Some(0) });
    assert_eq!(observed.unmade, []);
}

#[tokio::test]
async fn nothing_unsigned_passes_and_none_outside_an_invocation() {
    let gateway = gateway();
    let late = gateway.call(signed(ITEM)).await;
    assert!(text(&late).contains("ExpiredTokenException"), "{}", text(&late));
    gateway.begin(invocation(vec![item(1)], RecordMode::None));
    let mut unsigned = signed(ITEM);
    unsigned.headers_mut().remove("authorization");
    let answer = gateway.call(unsigned).await;
    assert!(text(&answer).contains("MissingAuthenticationTokenException"), "{}", text(&answer));
    let observed = gateway.end();
    assert_eq!((observed.calls.len(), observed.unmade.len()), (0, 1));
    assert_eq!(
        observed.rejected,
        ["`dynamodb:GetItem`: MissingAuthenticationTokenException: Missing Authentication Token"]
    );
}

#[rstest]
#[case(RecordMode::None, true, "1", 0)]
#[case(RecordMode::None, false, "not recorded", 0)]
#[case(RecordMode::Once, true, "1", 0)]
#[case(RecordMode::Once, false, "upstream", 1)]
#[case(RecordMode::New, true, "1", 0)]
#[case(RecordMode::New, false, "upstream", 1)]
#[case(RecordMode::All, true, "upstream", 1)]
#[case(RecordMode::All, false, "upstream", 1)]
#[tokio::test]
async fn each_mode_goes_upstream_for_what_it_records(
    #[case] mode: RecordMode,
    #[case] is_recorded: bool,
    #[case] expected: &str,
    #[case] requests: usize,
) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_string("upstream");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let gateway = gateway().upstream(Upstream::endpoint(&server.uri()).unwrap());
    let calls = if is_recorded { vec![item(1)] } else { Vec::new() };
    gateway.begin(invocation(calls, mode));
    let answer = gateway.call(signed(ITEM)).await;
    assert!(text(&answer).contains(expected), "{}", text(&answer));
    assert_eq!(server.received_requests().await.unwrap().len(), requests);
    let made = gateway.end().calls.remove(0);
    assert_eq!(made.answered == Answered::Upstream, requests == 1);
    if requests == 1 {
        assert_eq!(made.call.key, item(1).key);
        let recorded = serde_json::to_string(&made.call).unwrap().to_lowercase();
        for secret in ["authorization", "x-amz-security-token", "aws4-hmac"] {
            assert!(!recorded.contains(secret), "{recorded}");
        }
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_an_error_that_says_so() {
    let gateway = gateway().upstream(Upstream::endpoint("http://127.0.0.1:1").unwrap());
    gateway.begin(invocation(Vec::new(), RecordMode::New));
    let answer = gateway.call(signed(ITEM)).await;
    assert_eq!(answer.status(), 502);
    assert!(text(&answer).contains("the upstream did not answer"), "{}", text(&answer));
    assert!(matches!(gateway.end().calls[0].answered, Answered::Failed { .. }));
    for wrong in ["127.0.0.1:5000", "ftp://x", "http//x", ""] {
        assert!(Upstream::endpoint(wrong).is_err(), "{wrong}");
    }
}

/// The signature over each chunk is for the upstream to verify.
#[tokio::test]
async fn a_body_in_chunks_goes_upstream_as_it_came() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let gateway = gateway().upstream(Upstream::endpoint(&server.uri()).unwrap());
    gateway.begin(invocation(Vec::new(), RecordMode::New));
    let chunked = "s3, a body in chunks with a checksum behind it";
    gateway.call(signed(chunked)).await;
    let received = server.received_requests().await.unwrap();
    assert_eq!(received[0].body, signed(chunked).into_body());
}

/// Such as the credentials of a role that a handler assumed.
#[test]
fn what_stands_for_a_secret_in_xml_can_be_parsed() {
    let headers = BTreeMap::from([("content-type".to_owned(), vec!["text/xml".to_owned()])]);
    let body = Body::from_bytes("<a><b><credentials:1></b><c>&lt;</c></a>");
    let response = restored(&CallResponse { status: 200, headers, body }, None, false);
    assert_eq!(text(&response), "<a><b>&lt;credentials:1&gt;</b><c>&lt;</c></a>");
}

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let gateway = gateway();
    gateway.begin(invocation(Vec::new(), RecordMode::None));
    let request = Request::post("/")
        .header("x-amz-target", "DynamoDB_20120810.Nonsense")
        .header("content-type", "application/x-amz-json-1.0")
        .body(Bytes::from("[".repeat(100_000)))
        .unwrap();
    let answer = gateway.call(request).await;
    assert!(text(&answer).contains("MissingAuthenticationToken"), "{}", text(&answer));
}
