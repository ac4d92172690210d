//! Every kind of trigger that invokes: denied before it is added, allowed after, denied again once
//! it is removed.

use std::collections::BTreeSet;

use retrigger::{
    recording::Outcome,
    trigger::{Delivery, Trigger},
    triggers::NewTrigger,
};
use serde_json::{Value, json};

use crate::{
    support::shared,
    trigger_scene::{CALLER, STRANGER, Scene, arn},
};

const LOGS: &str = "H4sIAAAAAAACA6tWyk0tLk5MTw2pLEhVslJQcnEMcYz3dQ0OdnR3VdJRUMovz0stAklYmBhamBlY\
                    GpkbG5uDJHLy092L8ksLQHL6iQUFULHgkqLUxFyQYDFIpLg0qTi5KLOgJDM/zy0zpyS1qBgoF62U\
                    phQLUe9alppXAhaLrQUAAK5Spo0AAAA=";

/// What a row of the table of triggers comes to here.
struct Push {
    /// The row's name.
    row: &'static str,
    new: NewTrigger,
    payload: Value,
    /// What `recording.toml` says under `[trigger]`.
    declared: String,
}

fn push(row: &'static str, trigger: Trigger, arn: &str, payload: Value) -> Push {
    let source_arn = Some(arn.to_owned()).filter(|arn| !arn.is_empty());
    let new = NewTrigger { source_arn, ..NewTrigger::new(trigger) };
    Push { row, new, payload, declared: String::new() }
}

impl Push {
    /// The payload does not say where it comes from.
    fn declaring(mut self, key: &str) -> Self {
        let value = match key {
            "source_arn" => self.new.source_arn.clone().unwrap(),
            _ => "841860927337".to_owned(),
        };
        self.declared += &declaration(key, &value);
        self
    }

    /// Nothing of the payload says what it is.
    fn free_form(mut self) -> Self {
        self.declared = format!("kind = \"{}\"\n{}", self.new.trigger, self.declared);
        self
    }

    fn by(mut self, principal: &str, caller: &str) -> Self {
        self.new.principal = Some(principal.to_owned());
        self.declared += &declaration("principal", caller);
        self
    }
}

fn declaration(key: &str, value: &str) -> String {
    format!("{key} = {{ value = \"{value}\", provenance = \"declared\" }}\n")
}

fn http(route: &str) -> Value {
    json!({"version": "2.0", "routeKey": route, "rawPath": "/x", "requestContext": {
        "accountId": "841860927337", "apiId": "a1b2c3", "stage": "prod", "routeKey": route,
        "domainName": "a1b2c3.execute-api.us-east-1.amazonaws.com",
        "http": {"method": "GET", "path": "/x"}}})
}

fn url(iam: Option<&str>) -> Value {
    let authorizer = iam.map(|arn| json!({"iam": {"userArn": arn, "accountId": "444455556666"}}));
    json!({"version": "2.0", "routeKey": "$default", "rawPath": "/", "requestContext": {
        "domainName": "abc.lambda-url.us-east-1.on.aws", "authorizer": authorizer,
        "http": {"method": "GET", "path": "/"}}})
}

fn http_rows() -> Vec<Push> {
    use Trigger::{Alb, ApigwAuthorizer, ApigwHttpV2, ApigwRestV1, ApigwWebsocket};
    let group = arn("elasticloadbalancing", "targetgroup/my-tg/0123456789abcdef");
    let elb = json!({"requestContext": {"elb": {"targetGroupArn": group}}, "httpMethod": "GET"});
    let rest = json!({"resource": "/x", "path": "/x", "httpMethod": "GET", "requestContext": {
        "accountId": "841860927337", "apiId": "a1b2c3", "stage": "prod", "resourcePath": "/x",
        "httpMethod": "GET"}});
    let socket = json!({"requestContext": {"routeKey": "$connect", "eventType": "CONNECT",
        "connectionId": "c=", "apiId": "a1b2c3", "stage": "prod",
        "domainName": "a1b2c3.execute-api.us-east-1.amazonaws.com"}});
    let token = json!({"type": "TOKEN", "authorizationToken": "t",
        "methodArn": arn("execute-api", "a1b2c3/prod/GET/x")});
    let api = |resource: &str| arn("execute-api", resource);
    vec![
        push("alb target", Alb, &group, elb),
        push("api gateway rest (v1)", ApigwRestV1, &api("a1b2c3/*/GET/x"), rest),
        push("api gateway http (v2)", ApigwHttpV2, &api("a1b2c3/*/*/x"), http("GET /x")),
        push("api gateway websocket", ApigwWebsocket, &api("a1b2c3/prod/$connect"), socket),
        push(
            "api gateway lambda authorizer",
            ApigwAuthorizer,
            &api("a1b2c3/authorizers/z9"),
            token,
        )
        .declaring("source_arn"),
    ]
}

fn event_rows() -> Vec<Push> {
    use Trigger::{
        CloudwatchLogs, Codecommit, Config, Eventbridge, EventbridgeScheduled, S3,
        SecretsmanagerRotation, Ses, Sns,
    };
    let topic = arn("sns", "orders");
    let rule = arn("events", "rule/orders");
    let repository = arn("codecommit", "code");
    let config_rule = arn("config", "config-rule/config-rule-a1b2c3");
    let secret = arn("secretsmanager", "secret:db-a1b2c3");
    let mut bucket = push(
        "s3",
        S3,
        "arn:aws:s3:::photos",
        json!({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"arn": "arn:aws:s3:::photos"}}}]}),
    );
    bucket.new.source_account = Some("841860927337".to_owned());
    let detail = json!({"detail-type": "Order", "source": "shop", "detail": {}, "resources": [],
        "account": "841860927337"});
    let schedule = json!({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {},
        "account": "841860927337", "resources": [rule]});
    let both = "eventbridge rule / schedule rule";
    vec![
        bucket.declaring("source_account"),
        push(
            "sns",
            Sns,
            &topic,
            json!({"Records": [
            {"EventSource": "aws:sns", "Sns": {"TopicArn": topic, "Message": "m"}}]}),
        ),
        push(both, Eventbridge, &rule, detail).declaring("source_arn"),
        push(both, EventbridgeScheduled, &rule, schedule),
        push(
            "cloudwatch logs subscription",
            CloudwatchLogs,
            &arn("logs", "log-group:/app:*"),
            json!({"awslogs": {"data": LOGS}}),
        ),
        push(
            "ses receipt rule",
            Ses,
            &arn("ses", "receipt-rule-set/s:receipt-rule/r"),
            json!({"Records": [{"eventSource": "aws:ses", "ses": {}}]}),
        )
        .declaring("source_arn"),
        push(
            "config custom rule",
            Config,
            &config_rule,
            json!({"invokingEvent": "{}",
            "configRuleArn": config_rule, "accountId": "841860927337"}),
        ),
        push(
            "codecommit trigger",
            Codecommit,
            &repository,
            json!({"Records": [
            {"eventSource": "aws:codecommit", "eventSourceARN": repository}]}),
        ),
        push(
            "secrets manager rotation",
            SecretsmanagerRotation,
            &secret,
            json!({
            "Step": "createSecret", "SecretId": secret, "ClientRequestToken": "t"}),
        ),
    ]
}

fn app_rows() -> Vec<Push> {
    use Trigger::{AlexaSkill, CognitoSync, CognitoUserpool, IotEvents, IotRule, LexV1, LexV2};
    let mut skill = push(
        "alexa skill",
        AlexaSkill,
        "",
        json!({"version": "1.0",
        "session": {"application": {"applicationId": "amzn1.ask.skill.1"}},
        "request": {"type": "LaunchRequest"}}),
    );
    skill.new.event_source_token = Some("amzn1.ask.skill.1".to_owned());
    vec![
        push(
            "cognito user pool trigger",
            CognitoUserpool,
            &arn("cognito-idp", "userpool/us-east-1_a"),
            json!({"region": "us-east-1",
            "triggerSource": "PreSignUp_SignUp", "userPoolId": "us-east-1_a"}),
        ),
        push(
            "cognito sync",
            CognitoSync,
            &arn("cognito-sync", "identitypool/us-east-1:a"),
            json!({"eventType": "SyncTrigger", "identityPoolId": "us-east-1:a",
            "region": "us-east-1"}),
        ),
        push("iot rule", IotRule, &arn("iot", "rule/r"), json!({"temperature": 21}))
            .declaring("source_arn")
            .free_form(),
        push(
            "iot events",
            IotEvents,
            &arn("iotevents", "detectorModel/m"),
            json!({"payload": {"detector": {"detectorModelName": "m"}}}),
        ),
        skill,
        push(
            "lex v1",
            LexV1,
            &arn("lex", "intent:Order:*"),
            json!({"bot": {"name": "b"},
            "currentIntent": {"name": "Order"}, "messageVersion": "1.0"}),
        )
        .declaring("source_arn"),
        push(
            "lex v2",
            LexV2,
            &arn("lex", "bot-alias/B/A"),
            json!({"sessionState": {},
            "bot": {"id": "B", "aliasId": "A", "name": "b"}}),
        ),
    ]
}

fn caller_rows() -> Vec<Push> {
    use Trigger::{DirectInvoke, FunctionUrl, Scheduler};
    let free = || json!({"hello": "world"});
    let mut signed =
        push("function url AWS_IAM cross-account", FunctionUrl, "", url(Some(STRANGER)));
    signed.new.function_url_auth_type = Some("AWS_IAM".to_owned());
    let mut organization = push("organization", DirectInvoke, "", free()).by("*", STRANGER);
    organization.new.principal_org_id = Some("o-a1b2c3d4e5".to_owned());
    organization = organization.free_form();
    organization.declared += "[trigger.context]\n";
    organization.declared += &declaration("\"aws:PrincipalOrgID\"", "o-a1b2c3d4e5");
    vec![
        push("eventbridge scheduler", Scheduler, "", free()).by(CALLER, CALLER).free_form(),
        push("function url NONE", FunctionUrl, "", url(None)),
        signed.by("444455556666", STRANGER),
        push("cross-account account principal", DirectInvoke, "", free())
            .by("444455556666", STRANGER)
            .free_form(),
        organization,
    ]
}

fn rows() -> Vec<Push> {
    [http_rows(), event_rows(), app_rows(), caller_rows()].into_iter().flatten().collect()
}

#[test]
fn a_trigger_is_denied_before_it_is_added_and_again_once_it_is_removed() {
    for Push { row, new, payload, declared } in rows() {
        for qualifier in [None, Some("PROD".to_owned())] {
            let invocation = qualifier.as_ref().map(|name| format!("qualifier = \"{name}\""));
            let invocation = invocation.unwrap_or_default();
            let declared = format!("{declared}\n[invocation]\n{invocation}\n");
            let scene = Scene::new(&payload, &declared);
            scene.check(Outcome::Denied, row);
            let new = NewTrigger { qualifier: qualifier.clone(), ..new.clone() };
            let mut triggers = scene.triggers();
            let added = triggers.add(&new).unwrap();
            scene.check(Outcome::Completed, row);
            for statement in &added.written {
                let id = statement["Sid"].as_str().unwrap();
                triggers.remove(id, qualifier.as_deref()).unwrap();
                scene.check(Outcome::Denied, row);
            }
            assert!(!added.file.exists(), "{row}: an empty policy is left");
        }
    }
}

/// Those without a row too, with a payload that says nothing.
#[test]
fn every_kind_that_invokes_can_be_added() {
    let pushed = |trigger: &&Trigger| matches!(trigger.delivery(), Delivery::Push { .. });
    for trigger in Trigger::ALL.iter().filter(pushed) {
        let shape = trigger.source_arn_shape().unwrap_or_default();
        let shape = shape.replace("REGION", "us-east-1").replace("ACCOUNT", "841860927337");
        let case = push("", *trigger, &shape, json!({"hello": "world"}));
        let declares = case.new.source_arn.is_some();
        let case = if declares { case.declaring("source_arn") } else { case }.free_form();
        let scene = Scene::new(&case.payload, &case.declared);
        scene.check(Outcome::Denied, trigger.name());
        scene.triggers().add(&case.new).unwrap();
        scene.check(Outcome::Completed, trigger.name());
        scene.triggers().remove(trigger.name(), None).unwrap();
        scene.check(Outcome::Denied, trigger.name());
    }
}

#[test]
fn every_row_of_the_table_of_triggers_has_a_case() {
    let Some(path) = shared("facts/lambda_triggers.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let table: BTreeSet<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["trigger"].as_str().unwrap().into()
        })
        .collect();
    let cases: BTreeSet<String> = rows().iter().map(|case| case.row.to_owned()).collect();
    assert_eq!(cases, table);
}
