use std::fs;

use rstest::rstest;

use super::*;

const EVENT: &str = r#"{"Records": [{"messageId": "1", "body": "x", "eventSource": "aws:sqs",
  "eventSourceARN": "arn:aws:sqs:us-east-1:841860927337:orders"}]}"#;

fn import(text: impl AsRef<[u8]>) -> Result<Import, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, text).unwrap();
    Import::read(&path).map_err(|error| error.to_string().replace(&*path.to_string_lossy(), "FILE"))
}

fn one_line() -> String {
    EVENT.replace("\n  ", " ")
}

#[test]
fn a_payload_is_kept_byte_for_byte() {
    let found = import(EVENT).unwrap();
    assert_eq!(found.events, [FoundEvent::new(EVENT.to_owned(), Place::Whole)]);
    // So is one of a trigger that is not known.
    assert_eq!(import("[1, 2.50]").unwrap().events[0].json, "[1, 2.50]");
}

#[test]
fn a_file_in_gzip_is_read() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    io::Write::write_all(&mut packed, EVENT.as_bytes()).unwrap();
    assert_eq!(import(packed.finish().unwrap()).unwrap().events[0].json, EVENT);
}

#[test]
fn json_lines_are_events_in_order() {
    let found = import(format!("{}\n\n{{\"free\": \"form\"}}\n", one_line())).unwrap();
    let places: Vec<_> = found.events.iter().map(|event| event.place).collect();
    assert_eq!(places, [Place::Line(1), Place::Line(3)]);
    assert_eq!(found.events[1].json, r#"{"free": "form"}"#);
}

#[test]
fn shared_test_events_have_names() {
    let schema = format!(
        r#"{{"openapi": "3.0.0", "info": {{}}, "paths": {{}}, "components": {{"examples": {{
            "an order": {{"value": {EVENT}}}, "empty": {{"value": {{}}}}}}}}}}"#
    );
    let found = import(schema).unwrap();
    let names: Vec<_> = found.events.iter().map(|event| event.name.as_deref()).collect();
    assert_eq!(names, [Some("an order"), Some("empty")]);
}

#[test]
fn filtered_log_events_give_what_was_logged() {
    let id = "8f507cfc-0001-4697-b07a-ac58fc914c95";
    let logged = format!("2026-03-02T09:41:00.123Z\t{id}\tINFO\t{}", one_line());
    let record = |message: &str| {
        serde_json::json!({"logStreamName": "2026/03/02/[$LATEST]01", "timestamp": 1_772_444_460_123_i64,
            "message": message, "ingestionTime": 1, "eventId": "1"})
    };
    let start = format!("START RequestId: {id} Version: $LATEST\n");
    let answer = serde_json::json!({"events": [record(&start), record(&logged), record("END\n")], "searchedLogStreams": []});
    for text in [answer.to_string(), answer["events"].to_string()] {
        let found = import(text).unwrap();
        let [event] = &*found.events else { panic!("{:?}", found.events) };
        assert_eq!(event.json, one_line());
        assert_eq!(event.place, Place::Entry(2));
        assert_eq!(event.invocation.request_id.as_deref(), Some(id));
        assert_eq!(event.invocation.time.as_ref().unwrap().as_str(), "2026-03-02T09:41:00.123Z");
        assert_eq!(event.invocation.log_stream.as_deref(), Some("2026/03/02/[$LATEST]01"));
    }
}

#[test]
fn json_logs_are_searched() {
    let log = format!(
        "{{\"time\":\"2026-03-02T09:41:00Z\",\"type\":\"platform.start\",\"record\":{{\"requestId\":\"r-1\"}}}}\n\
         {{\"timestamp\":\"2026-03-02T09:41:00Z\",\"level\":\"INFO\",\"message\":\"got\",\"event\":{}}}\n",
        one_line()
    );
    let found = import(log).unwrap();
    assert_eq!(found.events.len(), 1);
    assert_eq!(found.events[0].invocation.request_id.as_deref(), Some("r-1"));
}

#[test]
fn cloud_trail_gives_facts() {
    let record = r#"{"eventSource": "lambda.amazonaws.com", "eventName": "Invoke",
        "awsRegion": "us-east-1", "requestID": "r-1",
        "userIdentity": {"type": "AWSService", "invokedBy": "sns.amazonaws.com"}}"#
        .replace('\n', " ");
    for text in [format!(r#"{{"Records": [{record}]}}"#), format!("{record}\n{record}\n")] {
        let found = import(text).unwrap();
        assert!(found.events.is_empty());
        assert_eq!(found.facts[0].request_id, "r-1");
    }
}

#[rstest]
#[case::empty(
    "",
    "FILE: no event of a known trigger is in it; an event that a trigger is not known by goes into a file of its own"
)]
#[case::prose(
    "nothing here",
    "FILE: no event of a known trigger is in it; an event that a trigger is not known by goes into a file of its own"
)]
#[case::broken(
    "{\n  \"a\": 1,\n  \"b\" 2\n}",
    "FILE:3:7: not JSON: expected `:` at line 3 column 7"
)]
#[case::part(
    "2026-03-02T09:41:00Z\tx\tINFO\t{ Records: [ [Object] ] }",
    "FILE:1: the log shows only part of an event, and `[Object]` in place of the rest; let the handler log `JSON.stringify(event)`"
)]
fn what_holds_no_event_is_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(import(text).unwrap_err(), message);
}

#[test]
fn other_files_are_refused() {
    assert!(import([0xff, 0xfe, 0]).unwrap_err().starts_with("FILE: byte 0 is not UTF-8"));
    assert!(import([0x1f, 0x8b, 8, 0, 0]).unwrap_err().starts_with("FILE: cannot read it"));
    let missing = Import::read("no/such/file").unwrap_err().to_string();
    assert!(missing.starts_with("no/such/file: cannot read it: "), "{missing}");
}
