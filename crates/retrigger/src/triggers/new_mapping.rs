//! The settings of an event source mapping that is to be created.

mod members;
mod rules;

use retrigger_trigger::Trigger;
use serde_json::{Map, Value};

/// What `CreateEventSourceMapping` is given. What is absent has AWS's default. Source: Lambda API
/// Reference, `CreateEventSourceMapping`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMapping {
    /// The kind of source, one that Lambda polls.
    pub trigger: Trigger,
    /// The ARN of the queue, stream, cluster or broker; none for a self-managed cluster.
    pub source_arn: Option<String>,
    /// The version or alias to invoke.
    pub qualifier: Option<String>,
    /// Made, but not polling.
    pub disabled: bool,
    /// The most records of a batch: 10 for queues, 100 for all else.
    pub batch_size: Option<u32>,
    /// Seconds to gather records for.
    pub maximum_batching_window_in_seconds: Option<u32>,
    /// `TRIM_HORIZON` or `LATEST`, for streams and topics.
    pub starting_position: Option<String>,
    /// The response may name failed items.
    pub report_batch_item_failures: bool,
    /// A failed batch of a stream is split in two.
    pub bisect_batch_on_function_error: bool,
    /// How often a failed batch of a stream is retried; -1 for ever.
    pub maximum_retry_attempts: Option<i64>,
    /// Seconds for which a record of a stream is kept; -1 for ever.
    pub maximum_record_age_in_seconds: Option<i64>,
    /// How many batches of a shard are processed at a time.
    pub parallelization_factor: Option<u32>,
    /// Seconds of a tumbling window over a stream.
    pub tumbling_window_in_seconds: Option<u32>,
    /// How many invocations a queue may cause at a time.
    pub maximum_concurrency: Option<u32>,
    /// The ARN of the queue, topic or bucket for batches that are given up.
    pub on_failure: Option<String>,
    /// How the source is reached: AWS's name of it, and a secret's ARN, `subnet:ID`,
    /// `security_group:ID` or the name of a virtual host.
    pub source_access: Vec<(String, String)>,
    /// The topic of a cluster.
    pub topic: Option<String>,
    /// The queue of a broker.
    pub queue: Option<String>,
    /// The servers of a self-managed cluster, as `HOST:PORT`.
    pub bootstrap_servers: Vec<String>,
    /// The database whose changes are read.
    pub database: Option<String>,
    /// The collection whose changes are read; all of the database without it.
    pub collection: Option<String>,
    /// Customer managed keys that encrypt the source, by ARN: the execution role must be allowed
    /// to decrypt with them. No part of the mapping.
    pub source_kms_keys: Vec<String>,
    /// Further members of the mapping, such as `FilterCriteria`, which are kept as they are given.
    pub further: Map<String, Value>,
}

/// Kinds of source that share settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::triggers) enum Family {
    Queue,
    Stream,
    Cluster,
    OwnCluster,
    Broker,
    Changes,
}

use Family::{Broker, Changes, Cluster, OwnCluster, Queue, Stream};

impl Family {
    pub(in crate::triggers) fn of(trigger: Trigger) -> Option<Self> {
        match trigger {
            Trigger::Sqs => Some(Queue),
            Trigger::Kinesis | Trigger::Dynamodb => Some(Stream),
            Trigger::Msk => Some(Cluster),
            Trigger::SelfManagedKafka => Some(OwnCluster),
            Trigger::AmazonmqActivemq | Trigger::AmazonmqRabbitmq => Some(Broker),
            Trigger::Documentdb => Some(Changes),
            _ => None,
        }
    }

    pub(in crate::triggers) fn has_starting_position(self) -> bool {
        matches!(self, Stream | Cluster | OwnCluster | Changes)
    }
}

impl NewMapping {
    /// A mapping of a source with AWS's defaults.
    pub fn new(trigger: Trigger, source_arn: impl Into<Option<String>>) -> Self {
        Self {
            trigger,
            source_arn: source_arn.into(),
            qualifier: None,
            disabled: false,
            batch_size: None,
            maximum_batching_window_in_seconds: None,
            starting_position: None,
            report_batch_item_failures: false,
            bisect_batch_on_function_error: false,
            maximum_retry_attempts: None,
            maximum_record_age_in_seconds: None,
            parallelization_factor: None,
            tumbling_window_in_seconds: None,
            maximum_concurrency: None,
            on_failure: None,
            source_access: vec![],
            topic: None,
            queue: None,
            bootstrap_servers: vec![],
            database: None,
            collection: None,
            source_kms_keys: vec![],
            further: Map::new(),
        }
    }
}
