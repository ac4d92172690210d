//! AWS as the upstream, at an address of the loopback interface.

use std::time::{Duration, SystemTime};

use aws_credential_types::{
    Credentials,
    provider::{error::CredentialsError, future},
};
use rstest::rstest;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::*;
use crate::{
    Answered, Gateway, RecordMode, SessionCredentials,
    gateway::tests::{ITEM, gateway, invocation, signed},
    signature::Signature,
    verify::verify,
};

/// The credentials of whoever records.
fn own() -> SessionCredentials {
    SessionCredentials::from_seed(b"developer")
}

#[derive(Debug)]
struct Given(Result<Credentials, &'static str>);

impl aws_credential_types::provider::ProvideCredentials for Given {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let given = self.0.clone();
        future::ProvideCredentials::ready(given.map_err(CredentialsError::not_loaded))
    }
}

fn credentials(expiry: Option<SystemTime>) -> SharedCredentialsProvider {
    let SessionCredentials { access_key_id, secret_access_key, session_token } = own();
    let given =
        Credentials::new(access_key_id, secret_access_key, Some(session_token), expiry, "test");
    SharedCredentialsProvider::new(Given(Ok(given)))
}

fn recording(server: &MockServer) -> Gateway {
    let upstream = Upstream::aws_at(credentials(None), &server.uri());
    let gateway = gateway().upstream(upstream);
    gateway.begin(invocation(Vec::new(), RecordMode::New));
    gateway
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// The one request that AWS got, as it came.
async fn got(server: &MockServer) -> Request<Bytes> {
    let [got] = server.received_requests().await.unwrap().try_into().unwrap();
    let query = got.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let uri = format!("{}{query}", got.url.path());
    let mut request = Request::builder().method(got.method).uri(uri);
    *request.headers_mut().unwrap() = got.headers;
    request.body(got.body.into()).unwrap()
}

#[rstest]
#[case(ITEM, "dynamodb.eu-west-1.amazonaws.com")]
#[case("sts, query", "sts.eu-west-1.amazonaws.com")]
#[case("sts, presigned", "sts.eu-west-1.amazonaws.com")]
#[case("lambda, a path that is encoded twice", "lambda.eu-west-1.amazonaws.com")]
#[case("s3, a key of many characters", "s3.eu-west-1.amazonaws.com")]
#[case("s3, a listing", "s3.eu-west-1.amazonaws.com")]
#[case("s3, presigned", "s3.eu-west-1.amazonaws.com")]
#[case("s3, a body in chunks with a checksum behind it", "s3.eu-west-1.amazonaws.com")]
#[tokio::test]
async fn aws_gets_each_call_signed_again_by_whoever_records(
    #[case] what: &str,
    #[case] host: &str,
) {
    let server = answering(ResponseTemplate::new(200)).await;
    let gateway = recording(&server);
    assert_eq!(gateway.call(signed(what)).await.status(), 200);
    assert_eq!(gateway.end().calls[0].answered, Answered::Upstream);
    let got = got(&server).await;
    assert_eq!(got.headers()["host"], host);
    let signature = Signature::read(&got).unwrap().unwrap();
    assert_eq!(signature.access_key_id, own().access_key_id);
    let payload = verify(&got, &signature, &own(), SystemTime::now()).unwrap().body;
    assert_eq!(&payload, got.body());
    let uri = got.uri().to_string();
    assert!(!uri.contains("X-Amz-Signature"), "{uri}");
    for name in ["x-amz-trailer", "x-amz-decoded-content-length", "transfer-encoding"] {
        assert!(!got.headers().contains_key(name), "{name}");
    }
    if what.contains("chunks") {
        assert!(!got.headers().contains_key("content-encoding"));
        let sum = &got.headers()["x-amz-checksum-crc32"];
        crate::payload::check_sum("x-amz-checksum-crc32", sum.to_str().unwrap(), &payload).unwrap();
    }
}

#[tokio::test]
async fn what_aws_takes_unsigned_is_passed_on_unsigned() {
    let server = answering(ResponseTemplate::new(200)).await;
    let gateway = recording(&server);
    let body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&RoleSessionName=s\
                &WebIdentityToken=t";
    let request = Request::post("/")
        .header("host", "127.0.0.1:4566")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .unwrap();
    assert_eq!(gateway.call(request).await.status(), 200);
    let got = got(&server).await;
    assert!(!got.headers().contains_key("authorization"));
    assert_eq!(got.headers()["host"], "sts.us-east-1.amazonaws.com");
}

#[tokio::test]
async fn credentials_that_aws_does_not_take_are_no_answer_to_the_call() {
    let body = r#"{"__type":"com.amazon.coral.service#ExpiredTokenException"}"#;
    let server = answering(ResponseTemplate::new(400).set_body_string(body)).await;
    let gateway = recording(&server);
    let answer = gateway.call(signed(ITEM)).await;
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(text.contains("AWS does not take your credentials: `ExpiredTokenException`"), "{text}");
    assert!(matches!(gateway.end().calls[0].answered, Answered::Failed { .. }));
}

#[tokio::test]
async fn an_error_that_aws_answers_the_call_with_is_recorded() {
    let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#;
    let server = answering(ResponseTemplate::new(400).set_body_string(body)).await;
    let gateway = recording(&server);
    assert_eq!(gateway.call(signed(ITEM)).await.body(), body);
    let made = gateway.end().calls.remove(0);
    assert_eq!((made.answered, made.call.response.status), (Answered::Upstream, 400));
    assert_eq!(made.call.response.body.text(), Some(body));
}

#[tokio::test]
async fn without_credentials_that_are_valid_nothing_is_passed_on() {
    let none = SharedCredentialsProvider::new(Given(Err("no providers in chain")));
    let error = Upstream::aws(none).await.unwrap_err().to_string();
    assert!(error.starts_with("`aws` cannot be the upstream: there are no AWS cred"), "{error}");
    assert!(error.contains("no providers in chain") && error.contains("sign in with"), "{error}");
    let past = SystemTime::now() - Duration::from_secs(1);
    let error = Upstream::aws(credentials(Some(past))).await.unwrap_err().to_string();
    assert!(error.contains("the AWS credentials are expired"), "{error}");
    let later = SystemTime::now() + Duration::from_hours(1);
    let upstream = Upstream::aws(credentials(Some(later))).await.unwrap();
    assert_eq!(format!("{upstream:?}"), "Upstream { endpoint: \"aws\", .. }");
}
