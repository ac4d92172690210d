use base64::Engine;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::fact::Provenance;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

fn around() -> Surroundings<'static> {
    Surroundings::of_function(FUNCTION)
}

/// `arn` and `account` as derived facts, `-` for unknown.
#[track_caller]
fn check(payload: &Value, around: &Surroundings<'_>, trigger: &str, arn: &str, account: &str) {
    let found = classify(payload, around).expect("no trigger");
    let outlined = outline(&payload.to_string()).unwrap();
    assert_eq!(classify(&outlined, around).as_ref(), Some(&found));
    let shown = |fact: &Fact<String>| {
        assert_ne!(fact.provenance, Provenance::Declared);
        fact.value.clone().unwrap_or_else(|| "-".to_owned())
    };
    let seen = (found.trigger.name(), shown(&found.source_arn), shown(&found.source_account));
    assert_eq!(seen, (trigger, arn.to_owned(), account.to_owned()));
}

fn rest(stage: &str, method: &str, resource: &str) -> Value {
    json!({
        "resource": resource, "path": "/x", "httpMethod": method,
        "requestContext": {
            "accountId": "841860927337", "apiId": "qxmq2ysm22f", "stage": stage,
            "resourcePath": resource, "httpMethod": method,
            "domainName": "qxmq2ysm22f.execute-api.eu-west-1.amazonaws.com",
        },
    })
}

#[rstest]
#[case("prod", "GET", "/lambdaDemo", "qxmq2ysm22f/prod/GET/lambdaDemo")]
#[case("prod", "POST", "/", "qxmq2ysm22f/prod/POST/")]
#[case("prod", "GET", "/pets/{petId}", "qxmq2ysm22f/prod/GET/pets/{petId}")]
#[case("test-invoke-stage", "GET", "/{proxy+}", "qxmq2ysm22f/test-invoke-stage/GET/{proxy+}")]
fn a_rest_request_comes_from_its_resource(
    #[case] stage: &str,
    #[case] method: &str,
    #[case] resource: &str,
    #[case] end: &str,
) {
    let arn = format!("arn:aws:execute-api:eu-west-1:841860927337:{end}");
    let payload = rest(stage, method, resource);
    check(&payload, &Surroundings::none(), "apigw-rest-v1", &arn, "841860927337");
}

#[test]
fn a_custom_domain_leaves_the_region_to_the_function() {
    let mut payload = rest("prod", "GET", "/lambdaDemo");
    payload["requestContext"]["domainName"] = json!("api.example.com");
    let arn = "arn:aws:execute-api:us-east-1:841860927337:qxmq2ysm22f/prod/GET/lambdaDemo";
    check(&payload, &around(), "apigw-rest-v1", arn, "841860927337");
    check(&payload, &Surroundings::none(), "apigw-rest-v1", "-", "841860927337");
}

#[test]
fn format_1_0_of_an_http_api_is_not_a_rest_api() {
    let mut payload = rest("$default", "GET", "/pets");
    payload["version"] = json!("1.0");
    let base = "arn:aws:execute-api:eu-west-1:841860927337:qxmq2ysm22f/$default";
    let arn = format!("{base}/GET/pets");
    check(&payload, &around(), "apigw-http-v1fmt", &arn, "841860927337");
    payload["requestContext"]["resourcePath"] = json!("$default");
    let arn = format!("{base}/$default");
    check(&payload, &around(), "apigw-http-v1fmt", &arn, "841860927337");
}

#[rstest]
#[case("GET /pets", "api1/dev/GET/pets")]
#[case("GET /pets/{id}", "api1/dev/GET/pets/{id}")]
#[case("ANY /pets", "api1/dev/PUT/pets")]
#[case("$default", "api1/dev/$default")]
fn an_http_request_comes_from_its_route(#[case] route: &str, #[case] end: &str) {
    let payload = json!({"version": "2.0", "routeKey": route, "requestContext": {
        "accountId": "841860927337", "apiId": "api1", "stage": "dev", "http": {"method": "PUT"},
        "domainName": "api1.execute-api.us-east-1.amazonaws.com"}});
    let arn = format!("arn:aws:execute-api:us-east-1:841860927337:{end}");
    check(&payload, &Surroundings::none(), "apigw-http-v2", &arn, "841860927337");
}

#[test]
fn a_socket_without_account_takes_the_function_s_and_says_so() {
    let payload = json!({"requestContext": {
        "routeKey": "$connect", "eventType": "CONNECT", "connectionId": "c1", "stage": "prod",
        "apiId": "api1", "domainName": "api1.execute-api.us-east-1.amazonaws.com"}});
    check(&payload, &Surroundings::none(), "apigw-websocket", "-", "-");
    let arn = "arn:aws:execute-api:us-east-1:841860927337:api1/prod/$connect";
    check(&payload, &around(), "apigw-websocket", arn, "841860927337");
    let found = classify(&payload, &around()).unwrap();
    assert_eq!(found.findings[0].code(), "account-assumed");
}

#[rstest]
#[case(json!({"type": "TOKEN", "authorizationToken": "t",
    "methodArn": "arn:aws:execute-api:us-east-1:111122223333:api1/prod/GET/"}))]
#[case(json!({"version": "2.0", "type": "REQUEST", "routeKey": "$default",
    "routeArn": "arn:aws:execute-api:us-east-1:111122223333:api1/prod/GET/",
    "requestContext": {"http": {"method": "GET"}}}))]
fn an_authorizer_shows_the_account_but_not_its_own_id(#[case] payload: Value) {
    check(&payload, &around(), "apigw-authorizer", "-", "111122223333");
}

#[test]
fn a_function_url_is_no_http_api() {
    let payload = json!({"version": "2.0", "routeKey": "$default", "requestContext": {
        "accountId": "anonymous", "apiId": "abc", "stage": "$default", "http": {"method": "GET"},
        "domainName": "abc.lambda-url.us-east-1.on.aws"}});
    check(&payload, &around(), "function-url", "-", "-");
    let found = classify(&payload, &around()).unwrap();
    assert_eq!(found.principal.value, Some(Principal::Anonymous));
    assert_eq!(found.context["lambda:FunctionUrlAuthType"], Fact::derived("NONE".into()));
}

#[test]
fn a_caller_that_is_no_principal_is_a_finding() {
    let payload = json!({"requestContext": {"domainName": "abc.lambda-url.us-east-1.on.aws",
        "authorizer": {"iam": {"userArn": "somebody"}}}});
    let found = classify(&payload, &around()).unwrap();
    assert_eq!(found.principal, Fact::unknown());
    assert_eq!(found.findings[0].code(), "caller-unreadable");
}

fn records(source: &str, body: &Value) -> Value {
    let mut record = json!({"eventSource": source});
    if let (Some(record), Some(body)) = (record.as_object_mut(), body.as_object()) {
        record.extend(body.clone());
    }
    json!({ "Records": [record] })
}

#[rstest]
#[case("aws:s3", json!({"s3": {"bucket": {"arn": "arn:aws:s3:::b"}}}), "s3", "arn:aws:s3:::b", "-")]
#[case("x", json!({"EventSource": "aws:sns",
    "Sns": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:t"}}),
    "sns", "arn:aws:sns:us-east-1:111122223333:t", "111122223333")]
#[case("aws:sqs", json!({"eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q"}),
    "sqs", "arn:aws:sqs:us-east-1:111122223333:q", "111122223333")]
#[case("aws:dynamodb", json!({"eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/t"}),
    "dynamodb", "arn:aws:dynamodb:us-east-1:111122223333:table/t", "111122223333")]
#[case("aws:codecommit", json!({"eventSourceARN": "arn:aws:codecommit:us-east-1:111122223333:r"}),
    "codecommit", "arn:aws:codecommit:us-east-1:111122223333:r", "111122223333")]
#[case("aws:ses", json!({"ses": {}}), "ses", "-", "-")]
#[case("x", json!({"cf": {"config": {"distributionId": "E1"}}}), "cloudfront-edge", "-", "-")]
fn records_name_their_source(
    #[case] source: &str,
    #[case] body: Value,
    #[case] trigger: &str,
    #[case] arn: &str,
    #[case] account: &str,
) {
    check(&records(source, &body), &around(), trigger, arn, account);
}

#[test]
fn kinesis_also_names_the_execution_role() {
    let role = "arn:aws:iam::111122223333:role/service-role/demo";
    let body = json!({"invokeIdentityArn": role,
        "eventSourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/s"});
    let found = classify(&records("aws:kinesis", &body), &around()).unwrap();
    assert_eq!(found.principal, Fact::derived(Principal::Role(role.into())));
}

#[test]
fn records_that_disagree_are_a_finding_and_the_first_counts() {
    let record = |queue: &str| json!({"eventSource": "aws:sqs", "eventSourceARN": queue});
    let payload = json!({"Records": [record("arn:a"), record("arn:a"), record("arn:b")]});
    let found = classify(&payload, &around()).unwrap();
    assert_eq!(found.source_arn, Fact::derived("arn:a".into()));
    assert_eq!(
        found.findings[0].to_string(),
        "record 2 comes from `arn:b`, record 0 from `arn:a`: one invocation has one source, so \
         `arn:a` is used"
    );
}

#[rstest]
#[case("aws:kafka", "msk")]
#[case("aws:amq", "amazonmq-activemq")]
#[case("aws:rmq", "amazonmq-rabbitmq")]
#[case("aws:docdb", "documentdb")]
fn brokers_name_their_source_once(#[case] source: &str, #[case] trigger: &str) {
    let arn = "arn:aws:x:us-east-1:111122223333:y";
    let payload = json!({"eventSource": source, "eventSourceArn": arn});
    check(&payload, &around(), trigger, arn, "111122223333");
}

#[test]
fn a_rule_is_in_a_scheduled_event_only() {
    let rule = "arn:aws:events:us-east-1:111122223333:rule/nightly";
    let mut payload = json!({"source": "aws.events", "detail-type": "Scheduled Event",
        "account": "111122223333", "resources": [rule], "detail": {}});
    check(&payload, &around(), "eventbridge-scheduled", rule, "111122223333");
    payload["detail-type"] = json!("Something else");
    check(&payload, &around(), "eventbridge", "-", "111122223333");
}

fn subscription(content: &str) -> Value {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(content.as_bytes()).unwrap();
    let data = base64::engine::general_purpose::STANDARD.encode(packed.finish().unwrap());
    json!({"awslogs": {"data": data}})
}

#[test]
fn a_log_subscription_is_unpacked() {
    let payload = subscription(r#"{"owner": "111122223333", "logGroup": "/aws/x"}"#);
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/x:*";
    check(&payload, &around(), "cloudwatch-logs", arn, "111122223333");
}

#[rstest]
#[case(json!({"awslogs": {"data": "%%%"}}), "it is not base64")]
#[case(json!({"awslogs": {"data": "aGVsbG8="}}), "it is not gzip")]
#[case(json!({"awslogs": {"data": 7}}), "it is not gzip")]
#[case(subscription("{"), "its content is not JSON")]
#[case(subscription("[]"), "no `logGroup` in it")]
fn a_log_subscription_that_cannot_be_unpacked_is_a_finding(
    #[case] payload: Value,
    #[case] reason: &str,
) {
    check(&payload, &around(), "cloudwatch-logs", "-", "-");
    let finding = TriggerFinding::LogsUnreadable { reason: reason.to_owned() };
    assert_eq!(classify(&payload, &around()).unwrap().findings, [finding]);
}

#[rstest]
#[case(json!({"alarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a", "alarmData": {},
    "accountId": "111122223333"}),
    "cloudwatch-alarm", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a", "111122223333")]
#[case(json!({"invokingEvent": "{}", "configRuleArn": "arn:aws:config:us-east-1:111122223333:config-rule/r",
    "accountId": "444455556666"}),
    "config", "arn:aws:config:us-east-1:111122223333:config-rule/r", "444455556666")]
#[case(json!({"Step": "createSecret", "SecretId": "arn:aws:secretsmanager:us-east-1:111122223333:secret:s"}),
    "secretsmanager-rotation", "arn:aws:secretsmanager:us-east-1:111122223333:secret:s", "111122223333")]
#[case(json!({"triggerSource": "PreSignUp_SignUp", "userPoolId": "eu-west-1_p", "region": "eu-west-1"}),
    "cognito-userpool", "arn:aws:cognito-idp:eu-west-1:841860927337:userpool/eu-west-1_p", "841860927337")]
#[case(json!({"eventType": "SyncTrigger", "identityPoolId": "us-east-1:p"}),
    "cognito-sync", "arn:aws:cognito-sync:us-east-1:841860927337:identitypool/us-east-1:p", "841860927337")]
#[case(json!({"Details": {"ContactData": {"InstanceARN": "arn:aws:connect:us-east-1:111122223333:instance/i"}}}),
    "connect", "arn:aws:connect:us-east-1:111122223333:instance/i", "111122223333")]
#[case(json!({"bot": {"name": "b"}, "currentIntent": {}}), "lex-v1", "-", "-")]
#[case(json!({"bot": {"id": "B", "aliasId": "A"}, "sessionState": {}}),
    "lex-v2", "arn:aws:lex:us-east-1:841860927337:bot-alias/B/A", "841860927337")]
#[case(json!({"agent": {"id": "A1"}, "actionGroup": "g"}),
    "bedrock-agent", "arn:aws:bedrock:us-east-1:841860927337:agent/A1", "841860927337")]
#[case(json!({"request": {"type": "LaunchRequest"}, "context": {"System": {"application":
    {"applicationId": "amzn1.ask.skill.1"}}}}), "alexa-skill", "-", "-")]
#[case(json!({"directive": {"header": {"namespace": "Alexa.Discovery"}}}), "alexa-smart-home", "-", "-")]
#[case(json!({"serialNumber": "1", "clickType": "SINGLE", "batteryVoltage": "2000mV"}), "iot-button", "-", "-")]
#[case(json!({"protocolData": {}, "protocols": ["mqtt"]}), "iot-authorizer", "-", "-")]
#[case(json!({"claimCertificateId": "1", "certificateId": "2",
    "templateArn": "arn:aws:iot:us-east-1:111122223333:provisioningtemplate/t"}),
    "iot-preprovision-hook", "arn:aws:iot:us-east-1:111122223333:provisioningtemplate/t", "111122223333")]
#[case(json!({"payload": {"detector": {"detectorModelName": "m"}}}),
    "iot-events", "arn:aws:iotevents:us-east-1:841860927337:detectorModel/m", "841860927337")]
#[case(json!({"username": "u", "protocol": "SFTP", "serverId": "s-1", "sourceIp": "192.0.2.1"}),
    "transfer-identity-provider", "arn:aws:transfer:us-east-1:841860927337:server/s-1", "841860927337")]
#[case(json!({"authorizationToken": "t", "requestContext": {"apiId": "a1", "accountId": "111122223333",
    "queryString": "{}"}, "requestHeaders": {"host": "x.appsync-api.eu-west-1.amazonaws.com"}}),
    "appsync-authorizer", "arn:aws:appsync:eu-west-1:111122223333:apis/a1", "111122223333")]
#[case(json!({"requestContext": {"serviceArn": "arn:aws:vpc-lattice:us-east-1:111122223333:service/s",
    "targetGroupArn": "arn:aws:vpc-lattice:us-east-1:111122223333:targetgroup/t"}}),
    "vpc-lattice", "arn:aws:vpc-lattice:us-east-1:111122223333:targetgroup/t", "111122223333")]
#[case(json!({"raw_path": "/", "method": "GET"}), "vpc-lattice", "-", "-")]
fn services_show_what_their_payloads_hold(
    #[case] payload: Value,
    #[case] trigger: &str,
    #[case] arn: &str,
    #[case] account: &str,
) {
    check(&payload, &around(), trigger, arn, account);
}

#[rstest]
#[case(json!({"requestContext": {"functionArn": "f", "condition": "RetriesExhausted"}}), "lambda-destination")]
#[case(json!({"info": {"fieldName": "f", "parentTypeName": "Query"}}), "appsync-resolver")]
#[case(json!({"getObjectContext": {}}), "s3-object-lambda")]
#[case(json!({"invocationSchemaVersion": "1.0", "tasks": [], "job": {"id": "j"}}), "s3-batch")]
#[case(json!({"invocationId": "i", "records": [], "applicationArn": "a"}), "kinesis-analytics")]
#[case(json!({"invocationId": "i", "records": [], "deliveryStreamArn": "a"}), "firehose")]
#[case(json!({"RequestType": "Create", "ResponseURL": "u", "LogicalResourceId": "l"}), "cloudformation-custom-resource")]
#[case(json!({"transformId": "t", "fragment": {}}), "cloudformation-macro")]
#[case(json!({"CodePipeline.job": {"id": "1"}}), "codepipeline-job")]
#[case(json!({"DeploymentId": "d", "LifecycleEventHookExecutionId": "e"}), "codedeploy-hook")]
#[case(json!({"Execution": {"Id": "e"}, "StateMachine": {"Id": "s"}}), "step-functions")]
#[case(json!([{"eventSource": "aws:sqs", "messageId": "m"}]), "pipes")]
#[case(json!({"eventSource": "aws:SelfManagedKafka"}), "self-managed-kafka")]
fn callers_are_told_by_their_payloads(#[case] payload: Value, #[case] trigger: &str) {
    assert_eq!(recognise(&payload).map(Trigger::name), Some(trigger));
}

#[test]
fn every_recognised_trigger_stands_in_the_table_once() {
    let mut triggers: Vec<_> = TELL_TALES.iter().map(|row| row.trigger).collect();
    let free_form = [Trigger::IotRule, Trigger::Scheduler, Trigger::DirectInvoke];
    triggers.extend(free_form);
    triggers.sort_unstable();
    assert_eq!(
        triggers,
        Trigger::ALL
            .iter()
            .copied()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

#[rstest]
#[case(json!(null))]
#[case(json!(7))]
#[case(json!("text"))]
#[case(json!([]))]
#[case(json!({}))]
#[case(json!({"Records": 5}))]
#[case(json!({"Records": []}))]
#[case(json!({"Records": [null]}))]
#[case(json!({"Records": [[{"eventSource": "aws:sqs"}]]}))]
#[case(json!({"Records": [{"eventSource": 7}]}))]
#[case(json!({"records": [{"recordId": "1", "result": "Ok"}]}))]
#[case(json!({"statusCode": 200, "body": "{}"}))]
#[case(json!({"batchItemFailures": []}))]
#[case(json!({"requestContext": 1}))]
#[case(json!({"requestContext": {"elb": {"targetGroupArn": null}}}))]
fn other_json_is_no_trigger(#[case] payload: Value) {
    assert_eq!(classify(&payload, &around()), None);
}

/// Every string in a real shape is replaced, one at a time, by values of every other type.
#[test]
fn a_wrong_type_in_any_place_is_survived() {
    let shapes = [
        rest("prod", "GET", "/lambdaDemo"),
        records("aws:s3", &json!({"s3": {"bucket": {"arn": "arn:aws:s3:::b"}}})),
        json!({"version": "2.0", "routeKey": "ANY /x", "requestContext": {"http": {"method": "GET"},
            "accountId": "1", "apiId": "a", "stage": "s", "domainName": ".execute-api.."}}),
        json!({"requestContext": {"routeKey": "r", "eventType": "e", "connectionId": "c"}}),
        json!({"requestContext": {"domainName": ".lambda-url.",
            "authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/a", "accountId": "1"}}}}),
        json!({"bot": {"id": "B", "aliasId": "A"}, "sessionState": "s"}),
        json!({"triggerSource": "t", "userPoolId": "p", "region": "r"}),
    ];
    let others =
        [json!(null), json!(-1.5e300), json!([[]]), json!({"": {}}), json!(""), json!("é:/{")];
    for shape in &shapes {
        for pointer in leaves(shape, String::new()) {
            for other in &others {
                let mut payload = shape.clone();
                *payload.pointer_mut(&pointer).unwrap() = other.clone();
                for around in [around(), Surroundings::none(), Surroundings::of_function("arn:")] {
                    let found = classify(&payload, &around);
                    assert!(found.is_none_or(|found| Trigger::ALL.contains(&found.trigger)));
                }
            }
        }
    }
}

/// The pointers of every value in a document, itself included.
fn leaves(value: &Value, at: String) -> Vec<String> {
    let mut found = match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| leaves(value, format!("{at}/{key}"))).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(index, value)| leaves(value, format!("{at}/{index}"))).collect()
        }
        _ => vec![],
    };
    found.push(at);
    found
}

#[test]
fn deep_nesting_is_survived() {
    let deep = (0..100).fold(json!({"eventSource": "aws:sqs"}), |inner, _| json!([inner]));
    assert_eq!(recognise(&deep), None);
}
