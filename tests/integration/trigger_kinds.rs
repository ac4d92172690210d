//! Every kind of trigger: denied before it is added, allowed after, denied again once removed.

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use retrigger::{
    Replay,
    event::{Event, RecordingFinished},
    recording::{Expected, Outcome},
    reporter::Reporter,
    runtime::{Context, json_handler},
    trigger::{Delivery, Trigger},
    triggers::{NewMapping, NewTrigger, Triggers, TriggersError},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::shared;

const CALLER: &str = "arn:aws:iam::841860927337:role/caller";
const STRANGER: &str = "arn:aws:iam::444455556666:role/stranger";
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:841860927337:secret:broker";
const LOGS: &str = "H4sIAAAAAAACA6tWyk0tLk5MTw2pLEhVslJQcnEMcYz3dQ0OdnR3VdJRUMovz0stAklYmBhamBlY\
                    GpkbG5uDJHLy092L8ksLQHL6iQUFULHgkqLUxFyQYDFIpLg0qTi5KLOgJDM/zy0zpyS1qBgoF62U\
                    phQLUe9alppXAhaLrQUAAK5Spo0AAAA=";

/// A function folder with a snapshot that grants nothing, and one recording.
struct Scene {
    root: tempfile::TempDir,
}

impl Scene {
    fn new(payload: &Value, declared: &str) -> Self {
        let scene = Self { root: tempfile::tempdir().unwrap() };
        scene.write(
            "function.toml",
            "format = 1\narn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\n\
             runtime = \"provided.al2023\"\nhandler = \"bootstrap\"\n",
        );
        scene.write(
            "snapshot/snapshot.toml",
            "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n\
             region = \"us-east-1\"\n",
        );
        let configuration = json!({"Role": "arn:aws:iam::841860927337:role/demo"}).to_string();
        scene.write("snapshot/lambda/demo/configuration.json", &configuration);
        scene.grant_role(&[]);
        scene.write("recording/event.json", &payload.to_string());
        scene.write("recording/recording.toml", &format!("format = 1\n[trigger]\n{declared}"));
        scene
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Gives the execution role these statements and no others. `caller` has no permission at
    /// all; `stranger`, of another account, may invoke whatever that account lets it.
    fn grant_role(&self, statements: &[Value]) {
        let policy =
            |statements: &[Value]| json!({"Version": "2012-10-17", "Statement": statements});
        let role = |name: &str, arn: &str, statements: &[Value]| {
            let trust = [json!({"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"}})];
            let document = policy(statements);
            json!({"RoleName": name, "Arn": arn, "AssumeRolePolicyDocument": policy(&trust),
                "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": document}]})
        };
        let invoke = json!({"Effect": "Allow", "Resource": "*",
            "Action": ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]});
        let details = json!({"RoleDetailList": [
            role("demo", "arn:aws:iam::841860927337:role/demo", statements),
            role("caller", CALLER, &[]),
            role("stranger", STRANGER, &[invoke]),
        ]});
        self.write("snapshot/account-authorization-details.json", &details.to_string());
    }

    fn triggers(&self) -> Triggers {
        Triggers::open(self.root.path(), None).unwrap()
    }

    /// What a replay of the recording shows.
    fn replay(&self) -> Expected {
        let handler = json_handler(|_: Value, _: Context| async { Ok::<_, String>(json!(null)) });
        let mut kept = Kept::default();
        Replay::new([self.root.path()]).in_process("demo", handler).run(&mut kept).unwrap();
        let finished = kept.0.lock().unwrap();
        finished[0].actual.clone()
    }

    #[track_caller]
    fn check(&self, outcome: Outcome, when: &str) {
        let actual = self.replay();
        assert_eq!(actual.outcome, Some(outcome), "{when}: {actual:#?}");
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<RecordingFinished>>>);

impl Reporter for Kept {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::RecordingFinished(finished) = event {
            self.0.lock().unwrap().push((**finished).clone());
        }
        Ok(())
    }
}

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

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:841860927337:{resource}")
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

fn mapping(trigger: Trigger, resource: &str) -> NewMapping {
    let service = trigger.source_arn_shape().and_then(|shape| shape.split(':').nth(2));
    NewMapping::new(trigger, service.map(|service| arn(service, resource)))
}

fn from_the_oldest(mapping: NewMapping) -> NewMapping {
    NewMapping { starting_position: Some("TRIM_HORIZON".to_owned()), ..mapping }
}

fn with_secret(mapping: NewMapping, kind: &str) -> NewMapping {
    NewMapping { source_access: vec![(kind.to_owned(), SECRET.to_owned())], ..mapping }
}

fn broker(trigger: Trigger) -> NewMapping {
    let mapping = NewMapping { queue: Some("q".to_owned()), ..mapping(trigger, "broker:b:b-1") };
    with_secret(mapping, "BASIC_AUTH")
}

fn topic(trigger: Trigger) -> NewMapping {
    let topic = Some("t".to_owned());
    from_the_oldest(NewMapping { topic, ..mapping(trigger, "cluster/c/a1-1") })
}

fn own_cluster() -> NewMapping {
    let bootstrap_servers = vec!["k:9092".to_owned()];
    let mapping = NewMapping { bootstrap_servers, ..topic(Trigger::SelfManagedKafka) };
    with_secret(mapping, "SASL_SCRAM_512_AUTH")
}

fn change_stream() -> NewMapping {
    let database = Some("d".to_owned());
    let mapping = NewMapping { database, ..mapping(Trigger::Documentdb, "cluster:c") };
    with_secret(from_the_oldest(mapping), "BASIC_AUTH")
}

fn records(source: &str, arn: &str) -> Value {
    json!({"Records": [{"eventSource": source, "eventSourceARN": arn, "messageId": "m1",
        "kinesis": {"sequenceNumber": "1"}, "dynamodb": {"SequenceNumber": "1"}}]})
}

#[rstest]
#[case("sqs", mapping(Trigger::Sqs, "orders"), records("aws:sqs", &arn("sqs", "orders")))]
#[case("kinesis", from_the_oldest(mapping(Trigger::Kinesis, "stream/s")),
    records("aws:kinesis", &arn("kinesis", "stream/s")))]
#[case("dynamodb streams", from_the_oldest(mapping(Trigger::Dynamodb, "table/t/stream/l")),
    records("aws:dynamodb", &arn("dynamodb", "table/t/stream/l")))]
#[case("msk", topic(Trigger::Msk), json!({"eventSource": "aws:kafka",
    "eventSourceArn": arn("kafka", "cluster/c/a1-1"), "records": {}}))]
#[case("self-managed kafka", own_cluster(), json!({"eventSource": "SelfManagedKafka",
    "bootstrapServers": "k:9092", "records": {}}))]
#[case("amazon mq", broker(Trigger::AmazonmqActivemq), json!({"eventSource": "aws:mq",
    "eventSourceArn": arn("mq", "broker:b:b-1"), "messages": []}))]
#[case("amazon mq", broker(Trigger::AmazonmqRabbitmq), json!({"eventSource": "aws:rmq",
    "eventSourceArn": arn("mq", "broker:b:b-1"), "rmqMessagesByQueue": {}}))]
#[case("documentdb", change_stream(), json!({"eventSource": "aws:docdb",
    "eventSourceArn": arn("rds", "cluster:c"), "events": []}))]
fn a_source_is_polled_once_the_role_may_and_a_mapping_is_there(
    #[case] row: &str,
    #[case] new: NewMapping,
    #[case] payload: Value,
) {
    let scene = Scene::new(&payload, "");
    let mut triggers = scene.triggers();
    let Err(TriggersError::Denied(denial)) = triggers.create_mapping(&new) else {
        panic!("{row}: a role without permissions may poll");
    };
    assert_eq!(denial.refusal.code, "InvalidParameterValueException");
    assert!(!scene.root.path().join("snapshot/lambda/demo/event-source-mappings.json").exists());
    check_row(row, &denial.missing);

    scene.grant_role(&denial.missing);
    let mut triggers = scene.triggers();
    let added = triggers.create_mapping(&new).unwrap();
    scene.check(Outcome::Completed, row);
    let again = triggers.create_mapping(&new).unwrap_err().to_string();
    let uuid = added.written[0]["UUID"].as_str().unwrap();
    assert!(again.starts_with("ResourceConflictException: "), "{again}");
    assert!(again.ends_with(&format!("mapping with UUID {uuid}")), "{again}");

    scene.grant_role(&[]);
    scene.check(Outcome::Denied, row);
    triggers.remove(uuid, None).unwrap();
    assert_eq!(triggers.list().unwrap(), []);
}

/// The actions that a role lacks are those of the row, but for logging, which is asked when the
/// function has run, and secrets, which a row may leave open.
#[track_caller]
fn check_row(row: &str, missing: &[Value]) {
    let Some(path) = shared("facts/lambda_esm.json") else { return };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let table = table["event_source_mappings"].as_array().unwrap();
    let found = table.iter().find(|known| known["source"] == row).expect("a row of that name");
    let relevant = |action: &Value| {
        let action = action.as_str().unwrap().to_owned();
        let beside = action.starts_with("logs:") || action == "secretsmanager:GetSecretValue";
        (!beside).then_some(action)
    };
    let required: BTreeSet<String> =
        found["required"].as_array().unwrap().iter().filter_map(relevant).collect();
    let actions = missing.iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    });
    let asked: BTreeSet<String> = actions.collect::<Vec<_>>().iter().filter_map(relevant).collect();
    assert_eq!(asked, required);
}

#[test]
fn every_row_of_the_table_of_sources_has_a_case() {
    let Some(path) = shared("facts/lambda_esm.json") else { return };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let here = std::fs::read_to_string(Path::new("tests/integration/trigger_kinds.rs")).unwrap();
    for row in table["event_source_mappings"].as_array().unwrap() {
        let source = row["source"].as_str().unwrap();
        assert!(here.contains(&format!("#[case(\"{source}\"")), "{source} has no case");
    }
}

#[test]
fn a_mapping_settles_what_becomes_of_failed_items() {
    let scene = Scene::new(&records("aws:sqs", &arn("sqs", "orders")), "");
    scene.grant_role(&[json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})]);
    let report_batch_item_failures = true;
    let new = NewMapping { report_batch_item_failures, ..mapping(Trigger::Sqs, "orders") };
    scene.triggers().create_mapping(&new).unwrap();
    let listed = serde_json::to_value(scene.triggers().list().unwrap()).unwrap();
    assert_eq!(listed[0]["mapping"]["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert_eq!(listed[0]["mapping"]["BatchSize"], 10);
    scene.check(Outcome::Completed, "sqs");
}
