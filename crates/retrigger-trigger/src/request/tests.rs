use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{Declared, Surroundings, classify};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
const SESSION: &str = "arn:aws:sts::841860927337:assumed-role/demo/lambdaDemo";
const ROLE: ExecutionRole<'_> = ExecutionRole {
    session_arn: SESSION,
    role_arn: Some("arn:aws:iam::841860927337:role/service-role/demo"),
};

fn known(payload: &Value) -> Classification {
    classify(payload, &Surroundings::of_function(FUNCTION)).unwrap()
}

fn of_source(trigger: Trigger, arn: &str) -> Classification {
    let declared = Declared { source_arn: Some(arn.into()), ..Declared::default() };
    Classification::of_trigger(trigger).declare(declared)
}

fn value<'a>(request: &'a Request, key: &str) -> Option<&'a str> {
    request.context.get(key)?.as_single()
}

fn asked(requests: &[Request]) -> Vec<(&str, &str)> {
    requests.iter().map(|asked| (asked.action.as_str(), asked.resource.as_str())).collect()
}

#[test]
fn a_push_carries_its_source_and_the_exact_function() {
    let bucket = json!({"Records": [
        {"eventSource": "aws:s3", "s3": {"bucket": {"arn": "arn:aws:s3:::photos"}}}]});
    let alias = format!("{FUNCTION}:PROD");
    let time = "2026-11-24T02:00:00Z".parse().ok();
    let requests = invoke_requests(&known(&bucket), &alias, time).unwrap();
    assert_eq!(asked(&requests), [("lambda:InvokeFunction", alias.as_str())]);
    let request = &requests[0];
    assert_eq!(request.principal, Principal::Service("s3.amazonaws.com".into()));
    assert_eq!(value(request, "aws:SourceArn"), Some("arn:aws:s3:::photos"));
    assert_eq!(value(request, "aws:SourceAccount"), None);
    assert_eq!(value(request, "aws:PrincipalIsAWSService"), Some("true"));
    assert_eq!(value(request, "aws:CurrentTime"), Some("2026-11-24T02:00:00Z"));
    assert_eq!(value(request, "aws:EpochTime"), Some("1795485600"));
}

#[test]
fn an_open_function_url_asks_twice_for_nobody() {
    let call = json!({"version": "2.0", "requestContext": {
        "accountId": "anonymous", "domainName": "abc.lambda-url.us-east-1.on.aws"}});
    let requests = invoke_requests(&known(&call), FUNCTION, None).unwrap();
    let actions = [("lambda:InvokeFunctionUrl", FUNCTION), ("lambda:InvokeFunction", FUNCTION)];
    assert_eq!(asked(&requests), actions);
    assert!(requests.iter().all(|request| request.principal == Principal::Anonymous));
    assert_eq!(value(&requests[0], "lambda:FunctionUrlAuthType"), Some("NONE"));
    assert_eq!(value(&requests[0], "lambda:InvokedViaFunctionUrl"), None);
    assert_eq!(value(&requests[1], "lambda:InvokedViaFunctionUrl"), Some("true"));
    assert_eq!(value(&requests[0], "aws:SourceAccount"), None);
}

#[test]
fn a_signed_function_url_asks_for_its_caller() {
    let user = "arn:aws:iam::111122223333:user/ann";
    let call = json!({"requestContext": {
        "domainName": "abc.lambda-url.us-east-1.on.aws",
        "authorizer": {"iam": {"accountId": "111122223333", "userArn": user}}}});
    let requests = invoke_requests(&known(&call), FUNCTION, None).unwrap();
    assert_eq!(requests[0].principal.as_str(), user);
    assert_eq!(value(&requests[0], "lambda:FunctionUrlAuthType"), Some("AWS_IAM"));
    assert_eq!(value(&requests[0], "aws:PrincipalAccount"), Some("111122223333"));
}

#[test]
fn an_integration_role_takes_the_place_of_the_service() {
    let role = "arn:aws:sts::841860927337:assumed-role/api/BackplaneAssumeRoleSession";
    let declared = Declared { principal: role.parse().ok(), ..Declared::default() };
    let api =
        of_source(Trigger::ApigwRestV1, "arn:aws:execute-api:us-east-1:841860927337:a/s/GET/");
    let requests = invoke_requests(&api.declare(declared), FUNCTION, None).unwrap();
    assert_eq!(requests[0].principal.as_str(), role);
    assert_eq!(value(&requests[0], "aws:SourceArn"), None);
}

#[test]
fn an_unnamed_caller_is_an_error_that_says_what_to_declare() {
    let pipeline = Classification::of_trigger(Trigger::CodepipelineJob);
    let error = invoke_requests(&pipeline, FUNCTION, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`codepipeline-job` invokes under a caller the payload does not name: declare `principal`"
    );
}

#[test]
fn declared_condition_keys_come_last() {
    let mut found = of_source(Trigger::AlexaSkill, "arn:aws:x:r:111122223333:y");
    let context = [("AWS:SourceArn".to_owned(), "arn:aws:x:r:444455556666:z".into())].into();
    found = found.declare(Declared { context, ..Declared::default() });
    let requests = invoke_requests(&found, FUNCTION, None).unwrap();
    assert_eq!(value(&requests[0], "aws:SourceArn"), Some("arn:aws:x:r:444455556666:z"));
}

#[rstest]
#[case(Trigger::Sqs)]
#[case(Trigger::CloudfrontEdge)]
fn nobody_asks_the_function_policy(#[case] trigger: Trigger) {
    let requests = invoke_requests(&Classification::of_trigger(trigger), FUNCTION, None);
    assert_eq!(requests, Ok(vec![]));
}

#[test]
fn a_queue_is_polled_on_its_own_arn() {
    let queue = "arn:aws:sqs:us-east-1:841860927337:orders";
    let found = of_source(Trigger::Sqs, queue);
    let requests = poll_requests(&found, ROLE, &PollSettings::default(), None).unwrap();
    let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    assert_eq!(asked(&requests), actions.map(|action| (action, queue)));
    assert!(requests.iter().all(|request| request.principal.as_str() == SESSION));
    assert!(requests.iter().all(|request| !request.wildcard_only_action));
    assert_eq!(value(&requests[0], "aws:PrincipalArn"), ROLE.role_arn);
}

#[test]
fn a_stream_consumer_is_polled_on_stream_consumer_and_star() {
    let stream = "arn:aws:kinesis:us-east-1:841860927337:stream/s";
    let consumer = format!("{stream}/consumer/c:1700000000");
    let found = of_source(Trigger::Kinesis, &consumer);
    let requests = poll_requests(&found, ROLE, &PollSettings::default(), None).unwrap();
    let asked = asked(&requests);
    assert!(asked.contains(&("kinesis:GetRecords", stream)));
    assert!(asked.contains(&("kinesis:SubscribeToShard", consumer.as_str())));
    assert!(asked.contains(&("kinesis:ListStreams", "*")));
    let star = requests.iter().filter(|request| request.wildcard_only_action);
    assert_eq!(star.count(), 1);
}

#[test]
fn self_managed_kafka_asks_for_what_its_mapping_names() {
    let cluster = Classification::of_trigger(Trigger::SelfManagedKafka);
    let bare = poll_requests(&cluster, ROLE, &PollSettings::default(), None).unwrap();
    assert_eq!(asked(&bare), []);
    let secret = "arn:aws:secretsmanager:us-east-1:841860927337:secret:k-abc".to_owned();
    let key = "arn:aws:kms:us-east-1:841860927337:key/1".to_owned();
    let settings = PollSettings {
        secret_arns: vec![secret.clone(), secret.clone()],
        in_vpc: true,
        kms_key_arns: vec![key.clone()],
    };
    let full = poll_requests(&cluster, ROLE, &settings, None).unwrap();
    let asked = asked(&full);
    assert_eq!(asked[0], ("secretsmanager:GetSecretValue", secret.as_str()));
    assert_eq!(asked[1], ("ec2:CreateNetworkInterface", "*"));
    assert_eq!(asked.last(), Some(&("kms:Decrypt", key.as_str())));
    assert_eq!(asked.len(), 8);
}

#[rstest]
#[case(
    Trigger::Sqs,
    SESSION,
    "`sqs:ReceiveMessage` needs the event source, which the payload does \
    not name: declare `source_arn`, such as `arn:aws:sqs:REGION:ACCOUNT:QUEUE`"
)]
#[case(
    Trigger::Sqs,
    "demo",
    "`demo` is no session of an execution role: expected an \
    `assumed-role` or role ARN"
)]
fn what_a_poll_lacks_is_said(#[case] trigger: Trigger, #[case] role: &str, #[case] message: &str) {
    let found = Classification::of_trigger(trigger);
    let role = ExecutionRole { session_arn: role, role_arn: None };
    let error = poll_requests(&found, role, &PollSettings::default(), None).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_broker_needs_its_secret() {
    let broker = "arn:aws:mq:us-east-1:841860927337:broker:b:b-1";
    let found = of_source(Trigger::AmazonmqActivemq, broker);
    let error = poll_requests(&found, ROLE, &PollSettings::default(), None).unwrap_err();
    assert_eq!(error, RequestError::UnknownSecret { action: "secretsmanager:GetSecretValue" });
}

#[rstest]
#[case("arn:aws:sqs:us-east-1:841860927337:lost", &["sqs:SendMessage"])]
#[case("arn:aws:sns:us-east-1:841860927337:lost", &["sns:Publish"])]
#[case("arn:aws:s3:::lost", &["s3:PutObject", "s3:ListBucket"])]
fn a_destination_is_written_to_under_the_execution_role(
    #[case] destination: &str,
    #[case] actions: &[&str],
) {
    let session_arn = "arn:aws:sts::841860927337:assumed-role/demo/f";
    let role = ExecutionRole { session_arn, role_arn: None };
    let requests = destination_requests(destination, role, None).unwrap();
    assert_eq!(requests.iter().map(|request| &request.action).collect::<Vec<_>>(), actions);
    assert!(requests.iter().all(|request| request.resource.starts_with(destination)));
}
