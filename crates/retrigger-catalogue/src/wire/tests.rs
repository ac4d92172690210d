use super::{Protocol, SigningScope, WireRequest, identify, services};

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
    let rows: [(&str, &str, &[(&str, &str)], &str); 16] = [
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
