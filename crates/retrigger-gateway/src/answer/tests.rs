use rstest::rstest;

use super::*;
use crate::Authorization;

/// An operation of a service, with what the catalogue has of it.
fn operation(id: &str, protocol: Protocol) -> Operation {
    let service = retrigger_catalogue::wire::service(id).expect("a service");
    Operation {
        service: id.into(),
        name: "Op".into(),
        protocol,
        xml_namespace: service.xml_namespace().map(str::to_owned),
        query_compatible: service.is_query_compatible(),
        access_denied: service.access_denied(),
        is_unsigned: false,
        parameters: serde_json::Value::Null,
        idempotency_members: Vec::new(),
        authorizations: vec![Authorization::default()],
    }
}

fn answered(service: &str, protocol: Protocol, fault: &Fault) -> Response<Bytes> {
    let operation = operation(service, protocol);
    let caller = Caller {
        protocol,
        service,
        operation: Some(&operation),
        request_id: "0a1b2c3d-0000-4000-8000-000000000000",
        is_head: false,
    };
    error(fault, &caller)
}

#[rstest]
#[case(
    "dynamodb",
    Protocol::Json10,
    400,
    r#"{"__type":"AccessDeniedException","Message":"no & no","message":"no & no"}"#
)]
#[case(
    "kms",
    Protocol::Json11,
    400,
    r#"{"__type":"AccessDeniedException","Message":"no & no","message":"no & no"}"#
)]
#[case("sqs", Protocol::Json10, 403, r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no & no","message":"no & no"}"#)]
#[case("lambda", Protocol::RestJson, 403, r#"{"Message":"no & no","message":"no & no"}"#)]
#[case("eks-auth", Protocol::RestJson, 400, r#"{"Message":"no & no","message":"no & no"}"#)]
#[case(
    "discovery",
    Protocol::Json11,
    400,
    r#"{"__type":"AuthorizationErrorException","Message":"no & no","message":"no & no"}"#
)]
#[case("sns", Protocol::Query, 403, r#"<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no &amp; no</Message></Error><RequestId>0a1b2c3d-0000-4000-8000-000000000000</RequestId></ErrorResponse>"#)]
#[case(
    "sts",
    Protocol::Query,
    403,
    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &amp; no</Message></Error><RequestId>0a1b2c3d-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
)]
#[case(
    "ec2",
    Protocol::Ec2,
    403,
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. no &amp; no</Message></Error></Errors><RequestID>0a1b2c3d-0000-4000-8000-000000000000</RequestID></Response>"
)]
#[case(
    "s3",
    Protocol::RestXml,
    403,
    "<Error><Code>AccessDenied</Code><Message>no &amp; no</Message><RequestId>0A1B2C3D00004000</RequestId><HostId>0a1b2c3d-0000-4000-8000-000000000000</HostId></Error>"
)]
#[case(
    "route53",
    Protocol::RestXml,
    403,
    "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &amp; no</Message></Error><RequestId>0a1b2c3d-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
)]
fn refusals_are_in_the_protocol_of_the_service(
    #[case] service: &str,
    #[case] protocol: Protocol,
    #[case] status: u16,
    #[case] body: &str,
) {
    let answer = answered(service, protocol, &Fault::Denied("no & no".into()));
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap_or(&text);
    assert_eq!((answer.status().as_u16(), text), (status, body));
}

#[test]
fn a_refusal_in_cbor_is_a_map() {
    let answer = answered("cloudwatch", Protocol::Cbor, &Fault::Denied("no".into()));
    let value: ciborium::Value = ciborium::from_reader(answer.body().as_ref()).unwrap();
    let text = |text: &str| ciborium::Value::Text(text.to_owned());
    let kind = "com.amazon.coral.service#AccessDeniedException";
    let map = vec![(text("__type"), text(kind)), (text("message"), text("no"))];
    assert_eq!(value, ciborium::Value::Map(map));
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_eq!(header("smithy-protocol"), "rpc-v2-cbor");
    assert_eq!(header("x-amzn-query-error"), "AccessDenied;Sender");
    assert_eq!(header("content-type"), "application/cbor");
}

#[rstest]
#[case("dynamodb", Protocol::Json10, Fault::UnknownKey, 400, "UnrecognizedClientException")]
#[case("lambda", Protocol::RestJson, Fault::UnknownKey, 403, "UnrecognizedClientException")]
#[case("sts", Protocol::Query, Fault::UnknownKey, 403, "InvalidClientTokenId")]
#[case("s3", Protocol::RestXml, Fault::UnknownKey, 403, "InvalidAccessKeyId")]
#[case("ec2", Protocol::Ec2, Fault::UnknownKey, 401, "AuthFailure")]
#[case("s3", Protocol::RestXml, Fault::WrongToken, 400, "InvalidToken")]
#[case("s3", Protocol::RestXml, Fault::ExpiredToken, 400, "ExpiredToken")]
#[case("sts", Protocol::Query, Fault::ExpiredToken, 403, "ExpiredToken")]
#[case("dynamodb", Protocol::Json10, Fault::ExpiredToken, 400, "ExpiredTokenException")]
#[case("dynamodb", Protocol::Json10, Fault::WrongSignature, 400, "InvalidSignatureException")]
#[case("sts", Protocol::Query, Fault::WrongSignature, 403, "SignatureDoesNotMatch")]
#[case("s3", Protocol::RestXml, Fault::WrongSignature, 403, "SignatureDoesNotMatch")]
#[case("s3", Protocol::RestXml, Fault::WrongTime(String::new()), 403, "RequestTimeTooSkewed")]
#[case("ec2", Protocol::Ec2, Fault::WrongTime(String::new()), 400, "RequestExpired")]
#[case("sts", Protocol::Query, Fault::MissingSignature, 403, "MissingAuthenticationToken")]
#[case("s3", Protocol::RestXml, Fault::MissingSignature, 403, "AccessDenied")]
#[case(
    "sqs",
    Protocol::Json10,
    Fault::MissingSignature,
    400,
    "MissingAuthenticationTokenException"
)]
#[case("sts", Protocol::Query, Fault::Incomplete(String::new()), 400, "IncompleteSignature")]
fn each_family_has_codes_of_its_own(
    #[case] service: &str,
    #[case] protocol: Protocol,
    #[case] fault: Fault,
    #[case] status: u16,
    #[case] code: &str,
) {
    let answer = answered(service, protocol, &fault);
    let kind = answer.headers().get("x-amzn-errortype");
    let kind = kind.map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    let text = String::from_utf8(answer.body().to_vec()).unwrap() + &kind;
    assert_eq!(answer.status().as_u16(), status);
    assert!(text.contains(code), "{text}");
}
