//! Payloads of polled sources that name their source once, beside the items.

use serde_json::Value;

use super::Evidence;
use crate::payload::text;
use crate::surroundings::Surroundings;

fn is_from(payload: &Value, sources: &[&str]) -> bool {
    text(payload, "/eventSource").is_some_and(|source| sources.contains(&source))
        && payload.get("Records").is_none()
}

pub(super) fn is_msk(payload: &Value) -> bool {
    is_from(payload, &["aws:kafka"])
}

pub(super) fn is_self_managed_kafka(payload: &Value) -> bool {
    is_from(payload, &["aws:SelfManagedKafka", "SelfManagedKafka"])
}

pub(super) fn is_activemq(payload: &Value) -> bool {
    is_from(payload, &["aws:amq", "aws:mq"])
}

pub(super) fn is_rabbitmq(payload: &Value) -> bool {
    is_from(payload, &["aws:rmq"])
}

pub(super) fn is_documentdb(payload: &Value) -> bool {
    is_from(payload, &["aws:docdb"])
}

pub(super) fn named(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/eventSourceArn"))
}
