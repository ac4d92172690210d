use super::{Protocol, SigningScope, WireRequest, identify, service, services};

#[track_caller]
fn check(
    scope: &str,
    request: (&str, &str, &[(&str, &str)], &str),
    expected: Result<(&str, Protocol), &str>,
) {
    let (method, uri, headers, body) = request;
    let request = WireRequest { method, uri, headers, body: body.as_bytes() };
    let scope = SigningScope { service: scope, region: "us-east-1" };
    let scope = Some(&scope).filter(|scope| !scope.service.is_empty());
    match (identify(&request, scope), expected) {
        (Ok(found), Ok((name, protocol))) => {
            assert_eq!((found.to_string().as_str(), found.protocol), (name, protocol));
        }
        (found, expected) => {
            let error = found.expect_err("an error").to_string();
            assert_eq!(Err(error.as_str()), expected.map(|(name, _)| name));
        }
    }
}

#[test]
fn each_protocol_tells_its_operation() {
    let target = [
        ("X-Amz-Target", "DynamoDB_20120810.GetItem"),
        ("Content-Type", "application/x-amz-json-1.0"),
    ];
    check("dynamodb", ("POST", "/", &target, "{}"), Ok(("dynamodb:GetItem", Protocol::Json10)));
    check("", ("POST", "/", &target, "{}"), Ok(("dynamodb:GetItem", Protocol::Json10)));
    let cbor = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    check("monitoring", ("POST", cbor, &[], ""), Ok(("cloudwatch:PutMetricData", Protocol::Cbor)));
    let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let publish = "Action=Publish&Version=2010-03-31&Message=a";
    check("sns", ("POST", "/", &form, publish), Ok(("sns:Publish", Protocol::Query)));
    let run = "Version=2016-11-15&Action=RunInstances";
    check("ec2", ("POST", "/", &form, run), Ok(("ec2:RunInstances", Protocol::Ec2)));
    let invoke = "/2015-03-31/functions/orders/invocations";
    check("lambda", ("POST", invoke, &[], "{}"), Ok(("lambda:Invoke", Protocol::RestJson)));
    check("s3", ("GET", "/b/k", &[], ""), Ok(("s3:GetObject", Protocol::RestXml)));
}

#[test]
fn query_and_headers_tell_operations_of_s3_apart() {
    type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);
    let rows: [Row; 16] = [
        ("GET", "/", &[], "ListBuckets"),
        ("GET", "/b", &[], "ListObjects"),
        ("GET", "/b/", &[], "ListObjects"),
        ("GET", "/b?list-type=2&prefix=a%2Fb", &[], "ListObjectsV2"),
        ("GET", "/b?versions", &[], "ListObjectVersions"),
        ("GET", "/b/a//b/?versionId=1", &[], "GetObject"),
        ("GET", "/b/k?tagging", &[], "GetObjectTagging"),
        ("GET", "/b/k?uploadId=7", &[], "ListParts"),
        ("PUT", "/b/k", &[], "PutObject"),
        ("PUT", "/b/k", &[("X-Amz-Copy-Source", "c/k")], "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=7", &[], "UploadPart"),
        ("PUT", "/b/k?partNumber=1&uploadId=7", &[("x-amz-copy-source", "c/k")], "UploadPartCopy"),
        ("POST", "/b?delete", &[], "DeleteObjects"),
        ("POST", "/b/k?uploads", &[], "CreateMultipartUpload"),
        ("GET", "/k", &[("host", "b.s3.us-east-1.amazonaws.com")], "GetObject"),
        ("GET", "/", &[("host", "b.localhost:4566")], "ListObjects"),
    ];
    for (method, uri, headers, name) in rows {
        let expected = format!("s3:{name}");
        check("s3", (method, uri, headers, ""), Ok((&expected, Protocol::RestXml)));
    }
}

#[test]
fn services_that_share_a_scope_are_told_apart() {
    let control = [("host", "111122223333.s3-control.us-east-1.amazonaws.com")];
    let path = "/v20180820/jobs";
    check("s3", ("GET", path, &control, ""), Ok(("s3control:ListJobs", Protocol::RestXml)));
    let path = "/v2/apis";
    check("apigateway", ("GET", path, &[], ""), Ok(("apigatewayv2:GetApis", Protocol::RestJson)));
    let form = "Action=DescribeLoadBalancers&Version=2015-12-01";
    let expected = Ok(("elbv2:DescribeLoadBalancers", Protocol::Query));
    check("elasticloadbalancing", ("POST", "/", &[], form), expected);
    let host = [("host", "email.us-east-1.amazonaws.com")];
    let path = "/v2/email/outbound-emails";
    check("", ("POST", path, &host, "{}"), Ok(("sesv2:SendEmail", Protocol::RestJson)));
}

#[test]
fn what_cannot_be_told_is_an_error_with_the_nearest() {
    let target = [("x-amz-target", "DynamoDB_20120810.GetItems")];
    let text = "`dynamodb` has no operation `GetItems`; did you mean `GetItem`?";
    check("dynamodb", ("POST", "/", &target, ""), Err(text));
    let text = "no service is called `dynamodbb` in the credential scope; did you mean \
                `dynamodb`?";
    check("dynamodbb", ("POST", "/", &[], ""), Err(text));
    let text = "no operation of `sqs` is `GET /x`";
    check("sqs", ("GET", "/x", &[], ""), Err(text));
    let text = "nothing says which service `GET /a/b` is for: it has no credential scope, no \
                host of AWS's, no `X-Amz-Target` and no `Action`";
    check("", ("GET", "/a/b", &[], ""), Err(text));
}

#[test]
fn every_service_and_operation_is_found_by_its_name() {
    let mut operations = 0;
    for service in services() {
        assert_eq!(super::service(service.id()), Some(service));
        for operation in service.operations() {
            let name = operation.name().to_string();
            assert_eq!(service.operation(&name), Some(operation), "{}:{name}", service.id());
            operations += 1;
        }
    }
    assert!(services().len() > 400 && operations > 19_000, "{operations}");
}

/// Checks the members that a request has, in any order.
#[track_caller]
fn members(
    scope: &str,
    request: (&str, &str, &[(&str, &str)], &[u8]),
    expected: Result<&str, &str>,
) {
    let (method, uri, headers, body) = request;
    let request = WireRequest { method, uri, headers, body };
    let scope = SigningScope { service: scope, region: "us-east-1" };
    let found = identify(&request, Some(&scope)).expect("identified").parameters(&request);
    let expected = expected.map(|text| serde_json::from_str(text).expect("JSON"));
    assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
}

#[test]
fn members_have_the_names_of_the_api_in_every_protocol() {
    let s3 = |method, uri, body: &'static str, text| {
        members("s3", (method, uri, &[], body.as_bytes()), Ok(text));
    };
    s3(
        "GET",
        "/b?list-type=2&prefix=a%2Fb",
        "",
        r#"{"Bucket":"b","list-type":"2","Prefix":"a/b"}"#,
    );
    s3("PUT", "/b/a%20b//c/", "<x/>", r#"{"Bucket":"b","Key":"a b//c/"}"#);
    s3(
        "PUT",
        "/b/k?tagging",
        "<Tagging><TagSet><Tag><Key>a&amp;</Key><Value>1</Value></Tag></TagSet></Tagging>",
        r#"{"Bucket":"b","Key":"k","tagging":"","Tagging":{"TagSet":[{"Key":"a&","Value":"1"}]}}"#,
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = b"Action=SetTopicAttributes&Version=2010-03-31&TopicArn=arn%3Aaws&AttributeName=a+b";
    let text = r#"{"TopicArn":"arn:aws","AttributeName":"a b"}"#;
    members("sns", ("POST", "/", &form, body), Ok(text));
    let body = b"Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=i-2";
    members("ec2", ("POST", "/", &form, body), Ok(r#"{"InstanceIds":["i-1","i-2"]}"#));
    let cbor = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let body = b"\xbf\x69Namespace\x61n\xff";
    members("monitoring", ("POST", cbor, &[], body), Ok(r#"{"Namespace":"n"}"#));
}

#[test]
fn bodies_that_bomb_are_errors() {
    let target = [("x-amz-target", "DynamoDB_20120810.GetItem")];
    let deep = vec![b'['; 100_000];
    let text = "the body is not valid JSON: recursion limit exceeded at line 1 column 128";
    members("dynamodb", ("POST", "/", &target, &deep), Err(text));
    let cbor = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let text = "the body is nested deeper than 64 levels or has more than 1000000 values";
    members("monitoring", ("POST", cbor, &[], &vec![0x9f; 100_000]), Err(text));
    let bomb = b"<!DOCTYPE a [<!ENTITY b \"c\">]><Tagging>&b;</Tagging>";
    let text = "the body is not valid XML: a document type is not allowed";
    members("s3", ("PUT", "/b/k?tagging", &[], bomb), Err(text));
    let deep = "<a>".repeat(100_000);
    let text = "the body is nested deeper than 64 levels or has more than 1000000 values";
    members("s3", ("PUT", "/b/k?tagging", &[], deep.as_bytes()), Err(text));
}

/// Requests of whatever bytes end in an answer or an error.
#[test]
fn no_request_panics() {
    let mut state = 1_u64;
    let mut next = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let pieces = [
        "/",
        "?",
        "&",
        "=",
        "%",
        "%2",
        "%FF",
        "..",
        "é",
        "{Key+}",
        "Action=",
        "GetItem",
        ".",
        "b",
        "/service/",
        "/operation/",
        "versions",
        "uploadId",
        "2015-03-31",
        "functions",
        "<",
        ">",
        "[",
        "{",
        "\"",
        ":",
        "Tag.1.Key",
        "member.4294967296",
        "arn:aws:s3:::",
        ".s3.",
        ".s3-",
        ".amazonaws.com",
        ".localhost",
        "::",
        "&#x110000;",
        "&x;",
    ];
    let account = super::Account { partition: "aws", region: "us-east-1", account: "1" };
    let scopes = ["s3", "dynamodb", "lambda", "ec2", "monitoring", "apigateway", "kms", "", "sqs"];
    for _ in 0..4_000 {
        let mut text = || {
            let count = next(12);
            (0..count).map(|_| pieces[next(pieces.len())]).collect::<String>()
        };
        let (uri, host, target, body) = (text(), text(), text(), text());
        let headers = [("host", host.as_str()), ("x-amz-target", &target)];
        let headers = &headers[..=next(2)];
        let method = ["GET", "PUT", "POST", "", "é"][next(5)];
        let request = WireRequest { method, uri: &uri, headers, body: body.as_bytes() };
        let scope = SigningScope { service: scopes[next(scopes.len())], region: "" };
        let scope = Some(&scope).filter(|_| next(4) > 0);
        if let Ok(found) = identify(&request, scope)
            && let Ok(members) = found.parameters(&request)
        {
            super::authorizations(&found, &members, &account);
        }
    }
}

#[test]
fn what_no_signature_needs_is_told_by_operation() {
    let unsigned = |id: &str, operation: &str| {
        service(id).and_then(|service| service.operation(operation)).unwrap().is_unsigned()
    };
    let rows = [
        ("sts", "AssumeRoleWithWebIdentity", true),
        ("sts", "AssumeRole", false),
        ("sso", "GetRoleCredentials", true),
        ("sso-oidc", "CreateToken", true),
        ("sso-oidc", "CreateTokenWithIAM", false),
        ("cognito-idp", "InitiateAuth", true),
        ("cognito-idp", "AdminInitiateAuth", false),
        ("s3", "GetObject", false),
    ];
    for (id, operation, expected) in rows {
        assert_eq!(unsigned(id, operation), expected, "{id}:{operation}");
    }
}

#[test]
fn members_that_clients_make_up_are_told_by_operation() {
    let tokens = |id: &str, operation: &str| -> Vec<String> {
        let operation = service(id).and_then(|service| service.operation(operation)).unwrap();
        operation.idempotency_tokens().map(|token| token.to_string()).collect()
    };
    assert_eq!(tokens("dynamodb", "TransactWriteItems"), ["ClientRequestToken"]);
    assert_eq!(tokens("dynamodb", "PutItem"), [""; 0]);
    assert_eq!(tokens("ec2", "RunInstances"), ["ClientToken"]);
    assert_eq!(tokens("athena", "StartQueryExecution"), ["ClientRequestToken"]);
    assert_eq!(tokens("medialive", "CreateChannel"), ["RequestId"]);
}

#[test]
fn services_have_what_their_errors_are_made_of() {
    let of = |id: &str| {
        let service = service(id).unwrap();
        (service.is_query_compatible(), service.xml_namespace(), service.access_denied())
    };
    let denied = "AccessDeniedException";
    assert_eq!(of("sqs"), (true, None, (None, None)));
    assert_eq!(of("kms"), (false, None, (None, None)));
    assert_eq!(of("eks"), (false, None, (Some(denied), Some(403))));
    let sns = Some("http://sns.amazonaws.com/doc/2010-03-31/");
    assert_eq!(of("sns"), (false, sns, (Some("AuthorizationError"), Some(403))));
    let route53 = Some("https://route53.amazonaws.com/doc/2013-04-01/");
    assert_eq!(of("route53"), (false, route53, (None, None)));
    // What it declares is not for what IAM refuses.
    assert_eq!(of("kafka"), (false, None, (None, None)));
}
