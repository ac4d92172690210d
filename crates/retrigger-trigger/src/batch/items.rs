//! The items of a batch and their ids.

use serde_json::Value;

use super::{BatchError, Source};
use crate::payload::{list, text};
use crate::trigger::Trigger;

/// One item of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// As [`super::ItemOutcome::id`].
    pub(super) id: String,
    /// What keeps order: the message group of a FIFO queue, the partition of a Kafka topic, one
    /// group for a whole shard. `None` where there is no order.
    pub(super) group: Option<String>,
    /// The place of a Kafka record in its partition.
    pub(super) offset: Option<u64>,
    /// How often a message of a queue was received, this time included.
    pub(super) receives: Option<u32>,
}

impl Item {
    fn in_shard(id: &str) -> Self {
        Self { id: id.to_owned(), group: Some(String::new()), offset: None, receives: None }
    }

    fn unordered(id: &str) -> Self {
        Self { id: id.to_owned(), group: None, offset: None, receives: None }
    }
}

/// The items of the event, and which rules hold for them.
pub(super) fn read(
    event: &Value,
    shown: Option<Trigger>,
) -> Result<(Source, Vec<Item>), BatchError> {
    match shown {
        Some(Trigger::Sqs) => records(event, Source::Sqs, "/messageId", message),
        Some(Trigger::Kinesis) => {
            records(event, Source::Stream, "/kinesis/sequenceNumber", |id, _| Item::in_shard(id))
        }
        Some(Trigger::Dynamodb) => {
            records(event, Source::Stream, "/dynamodb/SequenceNumber", |id, _| Item::in_shard(id))
        }
        Some(Trigger::Msk | Trigger::SelfManagedKafka) => kafka(event),
        Some(Trigger::AmazonmqActivemq) => {
            let messages = list(event, "/messages").iter().collect();
            by_id(messages, Source::Broker, "/messageID", |id, _| Item::unordered(id))
        }
        Some(Trigger::AmazonmqRabbitmq) => Ok((Source::Broker, rabbit(event))),
        Some(Trigger::Documentdb) => {
            let changes = list(event, "/events").iter().collect();
            by_id(changes, Source::ChangeStream, "/event/_id/_data", |id, _| Item::in_shard(id))
        }
        _ => Err(BatchError::NotABatch { shown }),
    }
}

fn records(
    event: &Value,
    source: Source,
    pointer: &'static str,
    item: fn(&str, &Value) -> Item,
) -> Result<(Source, Vec<Item>), BatchError> {
    by_id(list(event, "/Records").iter().collect(), source, pointer, item)
}

fn by_id(
    values: Vec<&Value>,
    source: Source,
    pointer: &'static str,
    item: fn(&str, &Value) -> Item,
) -> Result<(Source, Vec<Item>), BatchError> {
    let field = pointer.trim_start_matches('/');
    let read = |(index, value)| {
        let id = text(value, pointer).ok_or(BatchError::ItemWithoutId { index, field })?;
        Ok(item(id, value))
    };
    let items = values.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok((source, items))
}

/// Messages of a FIFO queue have a group. Source for their attributes: Lambda Developer Guide,
/// "Using Lambda with Amazon SQS".
fn message(id: &str, record: &Value) -> Item {
    let group = text(record, "/attributes/MessageGroupId").map(str::to_owned);
    let receives = text(record, "/attributes/ApproximateReceiveCount");
    let receives = receives.and_then(|count| count.parse().ok());
    Item { id: id.to_owned(), group, offset: None, receives }
}

/// `records` maps `TOPIC-PARTITION` to a list of records with an `offset`.
fn kafka(event: &Value) -> Result<(Source, Vec<Item>), BatchError> {
    let partitions = event.get("records").and_then(Value::as_object);
    let all = partitions.into_iter().flatten().flat_map(|(partition, records)| {
        list(records, "").iter().map(move |record| (partition, record))
    });
    let read = |(index, (partition, record)): (usize, (&String, &Value))| {
        let offset = record.get("offset").and_then(Value::as_u64);
        let offset = offset.ok_or(BatchError::ItemWithoutId { index, field: "offset" })?;
        let id = format!("{partition}@{offset}");
        Ok(Item { id, group: Some(partition.clone()), offset: Some(offset), receives: None })
    };
    Ok((Source::Kafka, all.enumerate().map(read).collect::<Result<_, _>>()?))
}

/// Messages of RabbitMQ need no id: without one they are counted by queue.
fn rabbit(event: &Value) -> Vec<Item> {
    let queues = event.get("rmqMessagesByQueue").and_then(Value::as_object);
    let numbered = queues.into_iter().flatten().flat_map(|(queue, messages)| {
        list(messages, "").iter().enumerate().map(move |(index, message)| (queue, index, message))
    });
    let item = |(queue, index, message): (&String, usize, &Value)| {
        let id = text(message, "/basicProperties/messageId").map(str::to_owned);
        Item::unordered(&id.unwrap_or_else(|| format!("{queue}#{index}")))
    };
    numbered.map(item).collect()
}
