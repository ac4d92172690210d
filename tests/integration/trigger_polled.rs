//! Every kind of source that Lambda polls: AWS's error where the role may not, else a mapping.

use std::collections::BTreeSet;

use retrigger::{
    recording::Outcome,
    trigger::Trigger,
    triggers::{NewMapping, TriggersError},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    support::shared,
    trigger_scene::{Scene, arn},
};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:841860927337:secret:broker";

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
    let here = std::fs::read_to_string("tests/integration/trigger_polled.rs").unwrap();
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

#[test]
fn of_two_mappings_of_one_source_one_must_be_named_by_its_uuid() {
    let scene = Scene::new(&json!({}), "");
    scene.grant_role(&[json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})]);
    let mut triggers = scene.triggers();
    let queue = arn("sqs", "orders");
    for qualifier in [None, Some("PROD".to_owned())] {
        let new = NewMapping { qualifier, ..mapping(Trigger::Sqs, "orders") };
        triggers.create_mapping(&new).unwrap();
    }
    let error = triggers.remove(&queue, None).unwrap_err();
    assert_eq!(error.to_string(), format!("2 event source mappings poll `{queue}`"));
    let uuids = error.help().unwrap().strip_prefix("name one by its UUID: ").unwrap();
    for uuid in uuids.split(", ") {
        triggers.remove(uuid, None).unwrap();
    }
    assert_eq!(triggers.list().unwrap(), []);
}
