use retrigger_trigger::{Provenance, Trigger};
use rstest::rstest;
use tempfile::TempDir;

use super::*;

const EVENT: &str = r#"{"Records": [{"messageId": "1", "body": "{\"password\": \"hunter22\"}",
  "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:841860927337:orders"}]}"#;

fn function() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = "format = 1\nruntime = \"nodejs20.x\"\nhandler = \"index.handler\"\n\
                arn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\n";
    fs::write(folder.path().join("function.toml"), text).unwrap();
    folder
}

fn new(event: &str) -> NewRecording {
    NewRecording { event: event.to_owned(), ..NewRecording::default() }
}

#[test]
fn an_event_becomes_a_recording_without_its_secrets() {
    let folder = function();
    let recorded = Recorder::open(folder.path()).unwrap().record(new(EVENT)).unwrap();
    assert_eq!(recorded.folder, folder.path().join("sqs"));
    assert_eq!((recorded.was_there, recorded.redactions), (false, 1));
    assert_eq!(recorded.classification.unwrap().trigger, Trigger::Sqs);
    let saved = Recording::load(&recorded.folder).unwrap();
    let text = String::from_utf8(saved.event).unwrap();
    assert!(!text.contains("hunter22") && text.contains("aws:sqs"), "{text}");
    assert_eq!(saved.expected, None);
}

#[test]
fn the_same_event_of_the_same_invocation_is_recorded_once() {
    let folder = function();
    let first = Recorder::open(folder.path()).unwrap().record(new(EVENT)).unwrap();
    let mut recorder = Recorder::open(folder.path()).unwrap();
    let again = recorder.record(new(EVENT)).unwrap();
    assert_eq!((again.folder, again.was_there), (first.folder, true));
    let invocation = Invocation { request_id: Some("r-2".into()), ..Invocation::default() };
    let other = recorder.record(NewRecording { invocation, ..new(EVENT) }).unwrap();
    assert_eq!((other.folder, other.was_there), (folder.path().join("sqs-2"), false));
}

#[test]
fn names_are_made_fit_for_folders() {
    let folder = function();
    let mut recorder = Recorder::open(folder.path()).unwrap();
    let mut record = |name: &str, event: &str| {
        let name = Some(name.to_owned());
        let made = recorder.record(NewRecording { name, ..new(event) }).unwrap();
        made.folder.file_name().unwrap().to_string_lossy().into_owned()
    };
    assert_eq!(record("../an order/1", "{}"), "an-order-1");
    assert_eq!(record("..", "1"), "event");
    assert_eq!(record("an order/1", "2"), "an-order-1-2");
}

#[test]
fn what_cloud_trail_says_is_declared() {
    let folder = function();
    let facts = InvocationFacts {
        request_id: "r-1".into(),
        time: "2026-03-02T09:41:00Z".parse().ok(),
        function: None,
        qualifier: Some("PROD".into()),
        principal: "iot.amazonaws.com".parse().ok(),
        source_arn: Some("arn:aws:iot:us-east-1:841860927337:rule/night".into()),
        source_account: None,
    };
    let invocation = Invocation { request_id: Some("r-1".into()), ..Invocation::default() };
    let kind = Some("iot-rule".to_owned());
    let trigger = TriggerFacts { kind, ..TriggerFacts::default() };
    let mut event = NewRecording { trigger, invocation, ..new(r#"{"degrees": 21}"#) };
    event.add_facts(&InvocationFacts { request_id: "another".into(), ..facts.clone() });
    assert_eq!(event.trigger.source_arn, None);
    event.add_facts(&facts);
    let recorded = Recorder::open(folder.path()).unwrap().record(event).unwrap();
    let found = recorded.classification.unwrap();
    assert_eq!(found.source_arn.provenance, Provenance::Declared);
    assert_eq!(found.trigger, Trigger::IotRule);
    let saved = Recording::load(&recorded.folder).unwrap().manifest;
    assert_eq!(saved.invocation.qualifier.as_deref(), Some("PROD"));
    assert_eq!(saved.trigger.principal.unwrap().value().unwrap(), "iot.amazonaws.com");
}

#[test]
fn what_cannot_be_leaves_nothing_behind() {
    let folder = function();
    let mut recorder = Recorder::open(folder.path()).unwrap();
    assert!(recorder.record(new("{")).is_err());
    let trigger = TriggerFacts { kind: Some("carrier-pigeon".into()), ..TriggerFacts::default() };
    let error = recorder.record(NewRecording { trigger, ..new("{}") }).unwrap_err().to_string();
    assert!(error.contains("carrier-pigeon"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[rstest]
#[case("arn:aws:lambda:us-east-1:841860927337:function:demo", None)]
#[case("arn:aws:lambda:us-east-1:841860927337:function:demo:7", Some("7"))]
#[case("arn:aws:lambda:us-east-1:841860927337:function:demo:$LATEST", Some("$LATEST"))]
#[case("demo:PROD", Some("PROD"))]
#[case("demo", None)]
fn a_qualifier_stands_after_the_name(#[case] name: &str, #[case] expected: Option<&str>) {
    assert_eq!(qualifier(name).as_deref(), expected);
}
