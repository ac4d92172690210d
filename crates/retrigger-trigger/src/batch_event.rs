//! What a poller reads, as the records of the event that Lambda makes of it.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

/// A message as `ReceiveMessage` gives it. Source: Amazon SQS API Reference, "Message".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqsMessage {
    /// Its id.
    pub message_id: String,
    /// The handle by which it is deleted.
    pub receipt_handle: String,
    /// What was sent.
    pub body: String,
    /// Its system attributes, such as `SentTimestamp`, as AWS spells them.
    pub attributes: BTreeMap<String, String>,
    /// What the sender added.
    pub message_attributes: BTreeMap<String, SqsMessageAttribute>,
    /// The MD5 digest of the body, in hexadecimal.
    pub md5_of_body: String,
    /// The MD5 digest of the message attributes, where there are any.
    pub md5_of_message_attributes: Option<String>,
}

/// An attribute that the sender of a message added. Source: Amazon SQS API Reference,
/// "MessageAttributeValue".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqsMessageAttribute {
    /// `String`, `Number` or `Binary`, or one of these with a label: `Number.float`.
    pub data_type: String,
    /// The value of a string or number.
    pub string_value: Option<String>,
    /// The value of binary data.
    pub binary_value: Option<Vec<u8>>,
}

/// A record as `GetRecords` of Kinesis gives it. Source: Amazon Kinesis Data Streams API Reference,
/// "Record".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KinesisRecord {
    /// The shard it stands in, such as `shardId-000000000000`.
    pub shard_id: String,
    /// Its number in the shard.
    pub sequence_number: String,
    /// What put it into the shard.
    pub partition_key: String,
    /// What was sent.
    pub data: Vec<u8>,
    /// When the stream received it: seconds since 1970-01-01T00:00:00Z, to the millisecond.
    pub approximate_arrival_timestamp: f64,
}

/// The order in which Lambda writes the system attributes; others come after them.
const ATTRIBUTES: [&str; 8] = [
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
];

/// A message as a record of the event. Source: Lambda Developer Guide, "Using Lambda with Amazon
/// SQS".
///
/// ```
/// # use retrigger_trigger::{SqsMessage, sqs_record};
/// let message = SqsMessage { message_id: "m1".to_owned(), ..SqsMessage::default() };
/// let record = sqs_record(&message, "arn:aws:sqs:us-east-1:841860927337:orders");
/// assert_eq!(record["messageId"], "m1");
/// assert_eq!(record["awsRegion"], "us-east-1");
/// ```
pub fn sqs_record(message: &SqsMessage, queue_arn: &str) -> Value {
    let mut left = message.attributes.clone();
    let known = ATTRIBUTES.iter().filter_map(|name| left.remove_entry(*name));
    let mut attributes: Vec<(String, String)> = known.collect();
    attributes.extend(left);
    let attributes: Map<String, Value> =
        attributes.into_iter().map(|(name, value)| (name, value.into())).collect();
    let added: Map<String, Value> = message
        .message_attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), message_attribute(attribute)))
        .collect();
    let mut record = json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": added,
    });
    if let Some(digest) = &message.md5_of_message_attributes {
        record["md5OfMessageAttributes"] = digest.as_str().into();
    }
    record["md5OfBody"] = message.md5_of_body.as_str().into();
    record["eventSource"] = "aws:sqs".into();
    record["eventSourceARN"] = queue_arn.into();
    record["awsRegion"] = region(queue_arn).into();
    record
}

fn message_attribute(attribute: &SqsMessageAttribute) -> Value {
    let mut value = Map::new();
    if let Some(text) = &attribute.string_value {
        value.insert("stringValue".to_owned(), text.as_str().into());
    }
    if let Some(bytes) = &attribute.binary_value {
        value.insert("binaryValue".to_owned(), STANDARD.encode(bytes).into());
    }
    // Reserved by SQS; always empty.
    value.insert("stringListValues".to_owned(), json!([]));
    value.insert("binaryListValues".to_owned(), json!([]));
    value.insert("dataType".to_owned(), attribute.data_type.as_str().into());
    value.into()
}

/// A record of a Kinesis stream as a record of the event. `role_arn` is the execution role, as
/// which Lambda reads it. Source: Lambda Developer Guide, "Using Lambda to process records from
/// Amazon Kinesis Data Streams".
pub fn kinesis_record(record: &KinesisRecord, stream_arn: &str, role_arn: &str) -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence_number,
            "data": STANDARD.encode(&record.data),
            "approximateArrivalTimestamp": record.approximate_arrival_timestamp,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{}:{}", record.shard_id, record.sequence_number),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": region(stream_arn),
        "eventSourceARN": stream_arn,
    })
}

/// A record of a DynamoDB stream as a record of the event: what `GetRecords` gives, and the
/// stream's ARN. Source: Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
pub fn dynamodb_record(record: Value, stream_arn: &str) -> Value {
    let mut record = record;
    if let Some(members) = record.as_object_mut() {
        members.insert("eventSourceARN".to_owned(), stream_arn.into());
    }
    record
}

fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Trigger, recognise};

    const QUEUE: &str = "arn:aws:sqs:us-east-1:841860927337:orders";

    fn message() -> SqsMessage {
        let attributes = [("SenderId", "AIDA1"), ("ApproximateReceiveCount", "2"), ("New", "x")];
        let label = SqsMessageAttribute {
            data_type: "String".to_owned(),
            string_value: Some("blue".to_owned()),
            binary_value: None,
        };
        let bytes = SqsMessageAttribute {
            data_type: "Binary".to_owned(),
            string_value: None,
            binary_value: Some(vec![0, 255]),
        };
        SqsMessage {
            message_id: "m1".to_owned(),
            body: "{}".to_owned(),
            attributes: attributes.map(|(name, value)| (name.into(), value.into())).into(),
            message_attributes: [("colour".to_owned(), label), ("raw".to_owned(), bytes)].into(),
            md5_of_message_attributes: Some("d1".to_owned()),
            ..SqsMessage::default()
        }
    }

    #[test]
    fn a_message_becomes_a_record() {
        let record = sqs_record(&message(), QUEUE);
        let names: Vec<_> = record["attributes"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["ApproximateReceiveCount", "SenderId", "New"]);
        let added = &record["messageAttributes"];
        let colour = json!({
            "stringValue": "blue", "stringListValues": [], "binaryListValues": [],
            "dataType": "String",
        });
        assert_eq!(added["colour"], colour);
        assert_eq!(added["raw"]["binaryValue"], "AP8=");
        assert_eq!(record["md5OfMessageAttributes"], "d1");
    }

    #[test]
    fn what_is_made_is_recognised() {
        let stream = "arn:aws:kinesis:eu-west-1:841860927337:stream/clicks";
        let kinesis = KinesisRecord {
            shard_id: "shardId-000000000003".to_owned(),
            sequence_number: "49".to_owned(),
            data: b"hello".to_vec(),
            ..KinesisRecord::default()
        };
        let kinesis = kinesis_record(&kinesis, stream, "arn:aws:iam::841860927337:role/demo");
        assert_eq!(kinesis["eventID"], "shardId-000000000003:49");
        assert_eq!(kinesis["awsRegion"], "eu-west-1");
        let raw = json!({"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "1"}});
        let table = "arn:aws:dynamodb:us-east-1:841860927337:table/t/stream/2026";
        let records = [
            (sqs_record(&message(), QUEUE), Trigger::Sqs),
            (kinesis, Trigger::Kinesis),
            (dynamodb_record(raw, table), Trigger::Dynamodb),
        ];
        for (record, trigger) in records {
            assert_eq!(recognise(&json!({ "Records": [record] })), Some(trigger));
        }
    }
}
