use rstest::rstest;
use serde_json::json;

use super::*;

fn queue(ids: &[&str]) -> Value {
    let records: Vec<_> =
        ids.iter().map(|id| json!({"messageId": id, "eventSource": "aws:sqs"})).collect();
    json!({ "Records": records })
}

fn fifo(messages: &[(&str, &str)]) -> Value {
    let record = |(id, group): &(&str, &str)| {
        json!({"messageId": id, "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:841860927337:orders.fifo",
            "attributes": {"MessageGroupId": group}})
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

fn shard(sequence_numbers: &[&str]) -> Value {
    let record = |number: &&str| json!({"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": number}});
    json!({"Records": sequence_numbers.iter().map(record).collect::<Vec<_>>()})
}

fn partial() -> MappingSettings {
    MappingSettings { report_batch_item_failures: true, ..MappingSettings::default() }
}

fn answered(event: &Value, settings: &MappingSettings, answer: &str) -> BatchOutcome {
    batch_outcome(event, settings, FunctionResult::Response(answer.as_bytes()), 0).unwrap()
}

fn failed(event: &Value, settings: &MappingSettings, retries: u32) -> BatchOutcome {
    batch_outcome(event, settings, FunctionResult::FunctionError, retries).unwrap()
}

/// `m1 deleted, m2 returned`
fn told(outcome: &BatchOutcome) -> String {
    let item = |item: &ItemOutcome| {
        let fate = serde_json::to_value(item.outcome).unwrap();
        format!("{} {}", item.id, fate.as_str().unwrap())
    };
    outcome.items.iter().map(item).collect::<Vec<_>>().join(", ")
}

const ALL_DELETED: &str = "m1 deleted, m2 deleted";
const ALL_RETURNED: &str = "m1 returned, m2 returned";

#[rstest]
#[case("", ALL_DELETED, "the response is empty")]
#[case(" null\n", ALL_DELETED, "the response is empty")]
#[case("{}", ALL_DELETED, "the response has no `batchItemFailures`")]
#[case(r#"{"batchItemFailures": null}"#, ALL_DELETED, "`batchItemFailures` is null")]
#[case(r#"{"batchItemFailures": []}"#, ALL_DELETED, "`batchItemFailures` is empty")]
#[case(
    r#"{"batchItemFailures": [{"itemIdentifier": "m2"}]}"#,
    "m1 deleted, m2 returned",
    "the response reports 1 of 2 messages"
)]
#[case(
    r#"{"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m2"}]}"#,
    "m1 deleted, m2 returned",
    "the response reports 1 of 2 messages"
)]
#[case(
    r#"{"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m9"}]}"#,
    ALL_RETURNED,
    "item 1 of `batchItemFailures` names `m9`, which is not in the batch"
)]
#[case(
    r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#,
    ALL_RETURNED,
    "item 0 of `batchItemFailures` has an empty `itemIdentifier`"
)]
#[case(
    r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#,
    ALL_RETURNED,
    "item 0 of `batchItemFailures` has a null `itemIdentifier`"
)]
#[case(
    r#"{"batchItemFailures": [{"itemId": "m1"}]}"#,
    ALL_RETURNED,
    "item 0 of `batchItemFailures` has no `itemIdentifier`"
)]
#[case(
    r#"{"batchItemFailures": ["m1"]}"#,
    ALL_RETURNED,
    "item 0 of `batchItemFailures` has no `itemIdentifier`"
)]
#[case(
    r#"{"batchItemFailures": [{"itemIdentifier": 7}]}"#,
    ALL_RETURNED,
    "item 0 of `batchItemFailures` has a number as `itemIdentifier`"
)]
#[case("oops", ALL_RETURNED, "the response is not JSON")]
#[case(r#""ok""#, ALL_RETURNED, "the response is a string, not an object")]
#[case(
    r#"{"batchItemFailures": {}}"#,
    ALL_RETURNED,
    "`batchItemFailures` is an object, not a list"
)]
fn a_report_is_read_as_aws_reads_it(#[case] answer: &str, #[case] fates: &str, #[case] why: &str) {
    let outcome = answered(&queue(&["m1", "m2"]), &partial(), answer);
    assert_eq!((told(&outcome).as_str(), outcome.why.as_str()), (fates, why));
}

#[test]
fn an_error_returns_every_message() {
    let outcome = failed(&queue(&["m1", "m2"]), &MappingSettings::default(), 0);
    assert_eq!(told(&outcome), ALL_RETURNED);
    assert_eq!(outcome.result, BatchResult::CompleteFailure);
}

#[rstest]
#[case("not JSON at all")]
#[case(r#"{"batchItemFailures": []}"#)]
#[case("7")]
fn without_reports_only_an_error_matters(#[case] answer: &str) {
    let outcome = answered(&queue(&["m1", "m2"]), &MappingSettings::default(), answer);
    assert_eq!(told(&outcome), ALL_DELETED);
    assert_eq!(outcome.warnings, [""; 0]);
}

#[rstest]
#[case::off(
    MappingSettings::default(),
    r#"{"batchItemFailures": [{"itemIdentifier": "m2"}]}"#,
    "`ReportBatchItemFailures` is not on"
)]
#[case::wrapped_text(
    partial(),
    r#"{"statusCode": 200, "body": "{\"batchItemFailures\": [{\"itemIdentifier\": \"m2\"}]}"}"#,
    "the report is wrapped in `statusCode` and `body`, where AWS does not look"
)]
#[case::wrapped_object(
    partial(),
    r#"{"statusCode": 200, "body": {"batchItemFailures": [{"itemIdentifier": "m2"}]}}"#,
    "the report is wrapped in `statusCode` and `body`, where AWS does not look"
)]
#[case::misspelt(
    partial(),
    r#"{"batchItemFailure": [{"itemIdentifier": "m2"}]}"#,
    "`batchItemFailure` is not `batchItemFailures`"
)]
fn messages_that_would_be_lost_are_named(
    #[case] settings: MappingSettings,
    #[case] answer: &str,
    #[case] reason: &str,
) {
    let outcome = answered(&queue(&["m1", "m2"]), &settings, answer);
    assert_eq!(told(&outcome), ALL_DELETED);
    let end = "messages `m2` are reported as failed, but count as done and are deleted";
    assert_eq!(outcome.warnings, [format!("{reason}: {end}")]);
}

#[test]
fn a_message_that_overtakes_its_group_is_named() {
    let event = fifo(&[("m1", "a"), ("m2", "b"), ("m3", "a"), ("m4", "b")]);
    let answer = r#"{"batchItemFailures": [{"itemIdentifier": "m1"}]}"#;
    let outcome = answered(&event, &partial(), answer);
    assert_eq!(told(&outcome), "m1 returned, m2 deleted, m3 deleted, m4 deleted");
    assert_eq!(outcome.warnings.len(), 1);
    assert!(outcome.warnings[0].starts_with("message `m3` of group `a` is deleted although `m1`"));
}

#[test]
fn a_stream_is_retried_from_the_lowest_number_reported() {
    let event = shard(&["98", "99", "100", "101"]);
    let answer = r#"{"batchItemFailures": [{"itemIdentifier": "101"}, {"itemIdentifier": "99"}]}"#;
    let outcome = answered(&event, &partial(), answer);
    assert_eq!(told(&outcome), "98 done, 99 retried, 100 retried, 101 retried");
    assert_eq!(outcome.next_batches, [["99", "100", "101"]]);
    assert_eq!(outcome.result, BatchResult::PartialSuccess);
}

#[test]
fn an_error_bisects_where_the_mapping_says_so() {
    let settings = MappingSettings { bisect_batch_on_function_error: true, ..partial() };
    let outcome = failed(&shard(&["1", "2", "3"]), &settings, 0);
    assert_eq!(outcome.next_batches, [vec!["1", "2"], vec!["3"]]);
    let single = failed(&shard(&["1"]), &settings, 0);
    assert_eq!(single.next_batches, [["1"]]);
}

#[rstest]
#[case(None, false, 9, "1 retried")]
#[case(Some(2), false, 1, "1 retried")]
#[case(Some(2), false, 2, "1 discarded")]
#[case(Some(0), true, 0, "1 sent-to-destination")]
fn a_stream_gives_up_after_its_retries(
    #[case] maximum_retry_attempts: Option<u32>,
    #[case] on_failure_destination: bool,
    #[case] retries: u32,
    #[case] fates: &str,
) {
    let on_failure_destination = on_failure_destination.then(|| "arn:d".to_owned());
    let settings = MappingSettings { maximum_retry_attempts, on_failure_destination, ..partial() };
    let outcome = failed(&shard(&["1"]), &settings, retries);
    assert_eq!(told(&outcome), fates);
    assert_eq!(outcome.next_batches.is_empty(), fates != "1 retried");
    assert_eq!(outcome.destination.is_some(), fates == "1 sent-to-destination");
}

/// Splitting costs no retry: only a batch of one is given up.
#[rstest]
#[case(&["1", "2"], "1 retried, 2 retried")]
#[case(&["1"], "1 sent-to-destination")]
fn a_batch_of_several_is_split_even_without_retries(#[case] ids: &[&str], #[case] fates: &str) {
    let settings = MappingSettings {
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(0),
        on_failure_destination: Some("arn:d".into()),
        ..MappingSettings::default()
    };
    let outcome = failed(&shard(ids), &settings, 0);
    assert_eq!(told(&outcome), fates);
    assert_eq!(outcome.next_batches.len(), if ids.len() > 1 { 2 } else { 0 });
}

/// A batch that is split at the record reported costs no retry; from the first on it is no split.
#[rstest]
#[case("2", "1 done, 2 retried, 3 retried")]
#[case("1", "1 discarded, 2 discarded, 3 discarded")]
fn a_report_splits_the_batch_where_both_settings_are_on(#[case] id: &str, #[case] fates: &str) {
    let settings = MappingSettings {
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(0),
        ..partial()
    };
    let answer = format!(r#"{{"batchItemFailures": [{{"itemIdentifier": "{id}"}}]}}"#);
    let outcome = answered(&shard(&["1", "2", "3"]), &settings, &answer);
    assert_eq!(told(&outcome), fates);
    assert!(outcome.next_batches.len() <= 1);
}

#[rstest]
#[case("2", "m1 returned")]
#[case("3", "m1 sent-to-dead-letter-queue")]
#[case("4", "m1 sent-to-dead-letter-queue")]
#[case("often", "m1 returned")]
fn a_message_received_often_enough_goes_to_the_dead_letter_queue(
    #[case] receives: &str,
    #[case] fates: &str,
) {
    let event = json!({"Records": [{"eventSource": "aws:sqs", "messageId": "m1",
        "attributes": {"ApproximateReceiveCount": receives}}]});
    let dead = || "arn:aws:sqs:us-east-1:841860927337:dead".to_owned();
    let redrive = Redrive { dead_letter_queue: dead(), max_receive_count: 3 };
    let settings = MappingSettings { redrive: Some(redrive), ..partial() };
    let outcome = failed(&event, &settings, 0);
    assert_eq!(told(&outcome), fates);
    assert_eq!(outcome.destination, fates.contains("dead").then(dead));
    assert_eq!(told(&answered(&event, &settings, "null")), "m1 deleted");
}

#[rstest]
#[case(partial())]
#[case(MappingSettings::default())]
fn a_status_that_tells_of_a_failure_is_not_read(#[case] settings: MappingSettings) {
    let outcome = answered(&queue(&["m1", "m2"]), &settings, r#"{"statusCode": 500, "body": "x"}"#);
    assert_eq!(told(&outcome), ALL_DELETED);
    let warning = "the response has the status 500, where AWS does not look: messages `m1`, `m2` \
                   count as done and are deleted";
    assert_eq!(outcome.warnings, [warning]);
}

#[test]
fn table_streams_are_read_by_their_own_sequence_number() {
    let event = json!({"Records": [
        {"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "7"}},
        {"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "8"}}]});
    let answer = r#"{"batchItemFailures": [{"itemIdentifier": "8"}]}"#;
    assert_eq!(told(&answered(&event, &partial(), answer)), "7 done, 8 retried");
}

#[test]
fn kafka_is_retried_partition_by_partition() {
    let event = json!({"eventSource": "aws:kafka", "records": {
        "t-0": [{"offset": 5}, {"offset": 6}, {"offset": 7}], "t-1": [{"offset": 5}]}});
    let answer =
        r#"{"batchItemFailures": [{"itemIdentifier": {"partition": "t-0", "offset": 6}}]}"#;
    let outcome = answered(&event, &partial(), answer);
    assert_eq!(told(&outcome), "t-0@5 done, t-0@6 retried, t-0@7 retried, t-1@5 done");
    let text = answered(&event, &partial(), r#"{"batchItemFailures": [{"itemIdentifier": "6"}]}"#);
    assert_eq!(text.why, "item 0 of `batchItemFailures` has a string as `itemIdentifier`");
}

#[test]
fn kafka_with_a_destination_gives_up_after_ten_retries() {
    let event = json!({"eventSource": "aws:SelfManagedKafka", "records": {"t-0": [{"offset": 5}]}});
    let settings = MappingSettings { on_failure_destination: Some("arn:d".into()), ..partial() };
    assert_eq!(told(&failed(&event, &settings, 9)), "t-0@5 retried");
    assert_eq!(told(&failed(&event, &settings, 10)), "t-0@5 sent-to-destination");
    let same = failed(&shard(&["1"]), &settings, 10);
    assert_eq!(told(&same), "1 retried");
}

#[rstest]
#[case(json!({"eventSource": "aws:amq", "messages": [{"messageID": "a"}, {"messageID": "b"}]}),
    "a retried, b retried", "a done, b done")]
#[case(json!({"eventSource": "aws:rmq", "rmqMessagesByQueue": {
    "q::/": [{"basicProperties": {"messageId": "a"}}, {"basicProperties": {}}]}}),
    "a retried, q::/#1 retried", "a done, q::/#1 done")]
#[case(json!({"eventSource": "aws:docdb", "events": [{"event": {"_id": {"_data": "x"}}}]}),
    "x retried", "x done")]
fn brokers_and_change_streams_know_all_or_nothing(
    #[case] event: Value,
    #[case] on_error: &str,
    #[case] on_success: &str,
) {
    assert_eq!(told(&failed(&event, &MappingSettings::default(), 99)), on_error);
    let answer = r#"{"batchItemFailures": [{"itemIdentifier": "none"}]}"#;
    assert_eq!(told(&answered(&event, &partial(), answer)), on_success);
}

#[rstest]
#[case(json!({"Records": [{"eventSource": "aws:sqs", "messageId": "a"}, {"messageId": 7}]}),
    "item 1 of the batch has no `messageId`: every item of this source has one")]
#[case(json!({"eventSource": "aws:kafka", "records": {"t-0": [{"offset": -1}]}}),
    "item 0 of the batch has no `offset`: every item of this source has one")]
#[case(json!({"Records": [{"eventSource": "aws:s3"}]}),
    "the event is no batch of a polled source: it looks like `s3`")]
#[case(json!(null), "the event is no batch of a polled source: it looks like no trigger")]
fn what_is_no_batch_is_an_error(#[case] event: Value, #[case] message: &str) {
    let result = batch_outcome(&event, &partial(), FunctionResult::FunctionError, 0);
    assert_eq!(result.unwrap_err().to_string(), message);
}

#[test]
fn an_outcome_is_short_in_json_and_reads_back() {
    let answer = r#"{"batchItemFailures": [{"itemIdentifier": "m2"}]}"#;
    let outcome = answered(&queue(&["m1", "m2"]), &partial(), answer);
    let json = serde_json::to_value(&outcome).unwrap();
    let expected = json!({
        "result": "partial-success",
        "why": "the response reports 1 of 2 messages",
        "items": [{"id": "m1", "outcome": "deleted"}, {"id": "m2", "outcome": "returned"}],
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<BatchOutcome>(json).unwrap(), outcome);
}

#[test]
fn settings_are_read_from_what_aws_prints() {
    let mapping = json!({
        "EventSourceArn": "arn:aws:kinesis:us-east-1:841860927337:stream/s",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": true,
        "MaximumRetryAttempts": 3,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:841860927337:d"}},
    });
    let expected = MappingSettings {
        report_batch_item_failures: true,
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(3),
        on_failure_destination: Some("arn:aws:sqs:us-east-1:841860927337:d".into()),
        redrive: None,
    };
    assert_eq!(MappingSettings::from_event_source_mapping(&mapping), expected);
    let nothing = MappingSettings::from_event_source_mapping(&json!([1]));
    assert_eq!(nothing, MappingSettings::default());
}
