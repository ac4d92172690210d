//! What becomes of a batch once the handler has answered: which items are gone, which come again.

mod items;
mod mapping;
mod response;
mod sqs;
mod stream;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use mapping::{MappingSettings, Redrive};

use crate::classify::recognise;
use crate::trigger::Trigger;
use items::Item;
use response::{Reading, Wanted};

/// What the handler did with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionResult<'a> {
    /// It answered with these bytes.
    Response(&'a [u8]),
    /// It raised an error, timed out or exited.
    FunctionError,
}

/// What becomes of a batch, in the order of the event. Made by [`batch_outcome`].
///
/// ```json
/// {
///   "result": "partial-success",
///   "why": "the response reports 1 of 2 messages",
///   "items": [{"id": "m1", "outcome": "deleted"}, {"id": "m2", "outcome": "returned"}]
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchOutcome {
    /// How AWS takes the handler's answer.
    pub result: BatchResult,
    /// Why it takes it so.
    pub why: String,
    /// Every item of the batch, in the order of the event.
    pub items: Vec<ItemOutcome>,
    /// For streams whose items come again: the batches in which they do, by item id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_batches: Vec<Vec<String>>,
    /// Where items go that are given up: the on-failure destination of the mapping, or the
    /// dead-letter queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// What a person should know: messages that would be lost, an order that breaks, a rule that
    /// AWS does not document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// How AWS takes the handler's answer to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchResult {
    /// The whole batch is done.
    CompleteSuccess,
    /// Some items are done.
    PartialSuccess,
    /// No item is done.
    CompleteFailure,
}

/// What becomes of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemOutcome {
    /// The SQS message id, the sequence number of a stream record, `TOPIC-PARTITION@OFFSET` of a
    /// Kafka record, the message id of a broker, the event id of a change stream.
    pub id: String,
    /// What becomes of it.
    pub outcome: ItemFate,
}

/// What becomes of one item of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemFate {
    /// SQS: removed from the queue.
    Deleted,
    /// SQS: visible again after its visibility timeout; where the queue's redrive policy is not
    /// known, it may also move to a dead-letter queue.
    Returned,
    /// SQS: received as often as the redrive policy lets it be; when it becomes visible again, the
    /// queue moves it to the dead-letter queue.
    SentToDeadLetterQueue,
    /// Streams: behind the checkpoint, not read again. Brokers: acknowledged.
    Done,
    /// Streams and brokers: handed to the function again.
    Retried,
    /// Streams: out of retries, and not read again.
    Discarded,
    /// Streams: out of retries, and reported to the mapping's on-failure destination.
    SentToDestination,
}

/// Why no outcome can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The event is no batch of a polled source.
    #[error(
        "the event is no batch of a polled source: it looks like {}",
        shown.map_or_else(|| "no trigger".to_owned(), |trigger| format!("`{trigger}`"))
    )]
    NotABatch {
        /// The trigger the event looks like.
        shown: Option<Trigger>,
    },
    /// An item of the batch has no id.
    #[error("item {index} of the batch has no `{field}`: every item of this source has one")]
    ItemWithoutId {
        /// The position of the item, counted from 0.
        index: usize,
        /// The field that is missing, or not of the expected type.
        field: &'static str,
    },
}

/// Tells what becomes of every item of a batch.
///
/// `event` is the payload, `settings` those of its event source mapping, `retries` how often this
/// batch was retried before (0 for a first delivery; queues and brokers do not count).
///
/// Without `ReportBatchItemFailures` only an error matters. With it, success is a response that is
/// empty, `null`, or without items in `batchItemFailures`; complete failure is an error, a response
/// that is not JSON, an item identifier that is missing, misspelt, empty, null, or not in the
/// batch. Messages of a queue that have been received as often as its redrive policy allows go to
/// the dead-letter queue in place of returning. Sources: Lambda Developer Guide, "Handling errors for an SQS event source in Lambda",
/// "Configuring partial batch response with Kinesis Data Streams and Lambda", "Configuring error
/// handling controls for Kafka event sources".
///
/// # Errors
///
/// Where the event is no batch, or an item of it has no id.
///
/// ```
/// # use retrigger_trigger::{BatchResult, FunctionResult, ItemFate, MappingSettings, batch_outcome};
/// let event = serde_json::json!({"Records": [
///     {"eventSource": "aws:sqs", "messageId": "m1"}, {"eventSource": "aws:sqs", "messageId": "m2"},
/// ]});
/// let settings = MappingSettings { report_batch_item_failures: true, ..Default::default() };
/// let answer = FunctionResult::Response(br#"{"batchItemFailures": [{"itemIdentifier": "m2"}]}"#);
/// let outcome = batch_outcome(&event, &settings, answer, 0).unwrap();
/// assert_eq!(outcome.result, BatchResult::PartialSuccess);
/// assert_eq!(outcome.items[0].outcome, ItemFate::Deleted);
/// assert_eq!(outcome.items[1].outcome, ItemFate::Returned);
/// ```
pub fn batch_outcome(
    event: &Value,
    settings: &MappingSettings,
    result: FunctionResult<'_>,
    retries: u32,
) -> Result<BatchOutcome, BatchError> {
    let shown = recognise(event);
    let (source, items) = items::read(event, shown)?;
    let wanted = Wanted { items: &items, source, partial: settings.report_batch_item_failures };
    let reading = response::read(result, &wanted);
    Ok(match source {
        Source::Sqs => sqs::outcome(&items, reading, settings.redrive.as_ref()),
        Source::Stream | Source::Kafka => {
            let most = stream::most_retries(source, settings);
            stream::outcome(&items, reading, settings, most, retries)
        }
        Source::Broker | Source::ChangeStream => endless(&items, reading),
    })
}

/// What the rules depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Sqs,
    /// Kinesis and DynamoDB streams.
    Stream,
    Kafka,
    /// Amazon MQ.
    Broker,
    /// DocumentDB.
    ChangeStream,
}

impl Source {
    /// What its items are called, in the plural.
    const fn items(self) -> &'static str {
        match self {
            Self::Sqs | Self::Broker => "messages",
            Self::Stream | Self::Kafka => "records",
            Self::ChangeStream => "change events",
        }
    }
}

/// Brokers and change streams know no partial response, and retry until they succeed or the item
/// expires. Sources: Lambda Developer Guide, "Using Lambda with Amazon MQ", "Using AWS Lambda with
/// Amazon DocumentDB".
fn endless(items: &[Item], reading: Reading) -> BatchOutcome {
    let fate = match reading.result() {
        BatchResult::CompleteSuccess => ItemFate::Done,
        _ => ItemFate::Retried,
    };
    reading.into_outcome(items, |_| fate)
}

#[cfg(test)]
mod tests;
