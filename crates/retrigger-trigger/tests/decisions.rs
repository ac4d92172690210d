//! The requests of this crate, decided under policies such as users have them; and the statements
//! this crate writes, which must allow what they were written for.

use retrigger_iam::{Decision, Policy, PolicySet, Request};
use retrigger_trigger::{
    Classification, Declared, ExecutionRole, PollSettings, Surroundings, Trigger, classify,
    identity_statements, invoke_requests, permission_statements, poll_requests,
};
use rstest::rstest;
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
const ROLE: ExecutionRole<'_> = ExecutionRole {
    session_arn: "arn:aws:sts::841860927337:assumed-role/demo/lambdaDemo",
    role_arn: Some("arn:aws:iam::841860927337:role/service-role/demo"),
};

fn policy(statements: &Value) -> Policy {
    let text = json!({"Version": "2012-10-17", "Id": "default", "Statement": statements});
    text.to_string().parse().expect("a policy")
}

/// Whether the function policy with these statements allows every request.
fn function_policy_allows(statements: &Value, requests: &[Request]) -> bool {
    let policies = PolicySet { resource: Some(policy(statements)), ..PolicySet::default() };
    requests.iter().all(|request| policies.decide(request) == Decision::Allowed)
}

fn known(payload: &Value) -> Classification {
    classify(payload, &Surroundings::of_function(FUNCTION)).expect("a trigger")
}

fn requests(classification: &Classification) -> Vec<Request> {
    invoke_requests(classification, FUNCTION, None).expect("requests")
}

fn statement(service: &str, condition: &Value) -> Value {
    json!([{"Sid": "s", "Effect": "Allow", "Principal": {"Service": service},
        "Action": "lambda:InvokeFunction", "Resource": FUNCTION, "Condition": condition}])
}

fn alb() -> Classification {
    let group = "arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/my-tg/1";
    known(&json!({"requestContext": {"elb": {"targetGroupArn": group}}, "httpMethod": "GET"}))
}

fn rest() -> Classification {
    known(&json!({"resource": "/lambdaDemo", "httpMethod": "GET", "requestContext": {
        "accountId": "841860927337", "apiId": "qxmq2ysm22f", "stage": "prod",
        "resourcePath": "/lambdaDemo", "httpMethod": "GET"}}))
}

fn bucket(account: &str) -> Classification {
    let arn = "arn:aws:s3:::athena-demo-kodekloud";
    let s3 = known(&json!({"Records": [
        {"eventSource": "aws:s3", "s3": {"bucket": {"arn": arn}}}]}));
    s3.declare(Declared { source_account: Some(account.to_owned()), ..Declared::default() })
}

fn open_url() -> Classification {
    known(&json!({"requestContext": {"domainName": "abc.lambda-url.us-east-1.on.aws"}}))
}

#[rstest]
#[case("my-*", true)]
#[case("my-", false)]
fn a_load_balancer_needs_a_pattern_that_matches(#[case] pattern: &str, #[case] allowed: bool) {
    let arn = format!("arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/{pattern}");
    let condition = json!({"ArnLike": {"AWS:SourceArn": arn}});
    let granted = statement("elasticloadbalancing.amazonaws.com", &condition);
    assert_eq!(function_policy_allows(&granted, &requests(&alb())), allowed);
}

#[rstest]
#[case("qxmq2ysm22f", true)]
#[case("another1api", false)]
fn a_rest_api_needs_its_own_id(#[case] api: &str, #[case] allowed: bool) {
    let arn = format!("arn:aws:execute-api:us-east-1:841860927337:{api}/*/*/lambdaDemo");
    let granted =
        statement("apigateway.amazonaws.com", &json!({"ArnLike": {"AWS:SourceArn": arn}}));
    assert_eq!(function_policy_allows(&granted, &requests(&rest())), allowed);
}

#[rstest]
#[case("841860927337", true)]
#[case("111122223333", false)]
fn a_bucket_needs_its_account(#[case] account: &str, #[case] allowed: bool) {
    let condition = json!({
        "StringEquals": {"AWS:SourceAccount": "841860927337"},
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::athena-demo-kodekloud"},
    });
    let granted = statement("s3.amazonaws.com", &condition);
    assert_eq!(function_policy_allows(&granted, &requests(&bucket(account))), allowed);
}

#[test]
fn an_open_url_needs_both_of_its_statements() {
    let url = open_url();
    let written = permission_statements(&url, "unused", FUNCTION).expect("statements");
    assert!(function_policy_allows(&json!(written), &requests(&url)));
    assert!(!function_policy_allows(&json!(written[..1]), &requests(&url)));
    assert!(!function_policy_allows(&json!(written[1..]), &requests(&url)));
}

#[test]
fn a_grant_on_the_function_does_not_cover_its_alias() {
    let written = permission_statements(&alb(), "alb", FUNCTION).expect("statements");
    let alias = invoke_requests(&alb(), &format!("{FUNCTION}:PROD"), None).expect("requests");
    assert!(!function_policy_allows(&json!(written), &alias));
}

#[rstest]
#[case(alb())]
#[case(rest())]
#[case(bucket("841860927337"))]
#[case(Classification::of_trigger(Trigger::Ses))]
#[case(known(&json!({"request": {"type": "LaunchRequest"},
    "session": {"application": {"applicationId": "amzn1.ask.skill.1"}}})))]
#[case(known(&json!({"bot": {"id": "B", "aliasId": "A"}, "sessionState": {}})))]
fn a_written_statement_allows_what_it_was_written_for(#[case] classification: Classification) {
    let written = permission_statements(&classification, "s", FUNCTION).expect("statements");
    assert!(function_policy_allows(&json!(written), &requests(&classification)));
}

#[rstest]
#[case(Trigger::Sqs, "arn:aws:sqs:us-east-1:841860927337:orders")]
#[case(Trigger::Kinesis, "arn:aws:kinesis:us-east-1:841860927337:stream/s/consumer/c:1")]
#[case(Trigger::Dynamodb, "arn:aws:dynamodb:us-east-1:841860927337:table/t/stream/s")]
#[case(Trigger::AmazonmqRabbitmq, "arn:aws:mq:us-east-1:841860927337:broker:b:b-1")]
fn a_written_role_policy_allows_the_poll(#[case] trigger: Trigger, #[case] source: &str) {
    let declared = Declared { source_arn: Some(source.to_owned()), ..Declared::default() };
    let classification = Classification::of_trigger(trigger).declare(declared);
    let secret = "arn:aws:secretsmanager:us-east-1:841860927337:secret:k".to_owned();
    let settings = PollSettings { secret_arns: vec![secret], ..PollSettings::default() };
    let polls = poll_requests(&classification, ROLE, &settings, None).expect("requests");
    let without = PolicySet::default();
    assert!(polls.iter().all(|poll| without.decide(poll) == Decision::ImplicitlyDenied));
    let identity = vec![policy(&json!(identity_statements(&polls)))];
    let with = PolicySet { identity, ..PolicySet::default() };
    assert!(polls.iter().all(|poll| with.decide(poll) == Decision::Allowed));
}
