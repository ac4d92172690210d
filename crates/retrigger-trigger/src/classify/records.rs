//! Payloads that are a list of `Records`, each with its event source.

use serde_json::Value;

use super::Evidence;
use crate::finding::TriggerFinding;
use crate::payload::{has, list, text};
use crate::surroundings::Surroundings;

const BUCKET: &str = "/s3/bucket/arn";
const TOPIC: &str = "/Sns/TopicArn";
const SOURCE: &str = "/eventSourceARN";

/// Where a record names its source: this is read of every record, the rest of the first.
pub(super) const SOURCES: [&str; 3] = [BUCKET, TOPIC, SOURCE];

fn is_from(payload: &Value, source: &str) -> bool {
    text(payload, "/Records/0/eventSource") == Some(source)
}

pub(super) fn is_s3(payload: &Value) -> bool {
    is_from(payload, "aws:s3")
}

/// The bucket's ARN carries no account, and nothing else in the payload does.
pub(super) fn s3(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    source_of_records(payload, BUCKET)
}

pub(super) fn is_sns(payload: &Value) -> bool {
    text(payload, "/Records/0/EventSource") == Some("aws:sns") || has(payload, "/Records/0/Sns")
}

pub(super) fn sns(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    source_of_records(payload, TOPIC)
}

pub(super) fn is_sqs(payload: &Value) -> bool {
    is_from(payload, "aws:sqs")
}

pub(super) fn is_kinesis(payload: &Value) -> bool {
    is_from(payload, "aws:kinesis")
}

/// Kinesis records also name the execution role.
pub(super) fn kinesis(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    let role = text(payload, "/Records/0/invokeIdentityArn").filter(|arn| arn.contains(":role/"));
    source_of_records(payload, SOURCE).with_caller(role)
}

pub(super) fn is_dynamodb(payload: &Value) -> bool {
    is_from(payload, "aws:dynamodb")
}

/// Every record names its source.
pub(super) fn polled(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    source_of_records(payload, SOURCE)
}

pub(super) fn is_ses(payload: &Value) -> bool {
    is_from(payload, "aws:ses")
}

pub(super) fn is_codecommit(payload: &Value) -> bool {
    is_from(payload, "aws:codecommit")
}

pub(super) fn is_cloudfront(payload: &Value) -> bool {
    has(payload, "/Records/0/cf/config")
}

/// The source ARN of the first record, and a finding where another record names another.
fn source_of_records(payload: &Value, pointer: &str) -> Evidence {
    let records = list(payload, "/Records");
    let first = records.first().and_then(|record| text(record, pointer));
    let mut evidence = Evidence::from_arn(first);
    let other = records.iter().enumerate().find_map(|(index, record)| {
        text(record, pointer).filter(|arn| Some(*arn) != first).map(|arn| (index, arn))
    });
    if let (Some(first), Some((index, other))) = (first, other) {
        let (first, other) = (first.to_owned(), other.to_owned());
        evidence.findings.push(TriggerFinding::RecordsDisagree { first, other, index });
    }
    evidence
}
