//! What is polled: queues and streams.

mod attribute_value;
mod dynamodb;
mod kinesis;
mod sqs;

pub use dynamodb::DynamodbStream;
pub use kinesis::KinesisStream;
pub use sqs::SqsQueue;

/// A shard of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamShard {
    /// Its id.
    pub id: String,
    /// The shards that it came from.
    pub parents: Vec<String>,
}

/// What was read of a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamPage<R> {
    /// The records, oldest first.
    pub records: Vec<R>,
    /// The iterator to go on with; `None` where the shard has come to its end.
    pub next: Option<String>,
}

/// Where an iterator starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StartingPosition {
    /// With the oldest record.
    TrimHorizon,
    /// With what comes from now on.
    Latest,
    /// With the first record of this time or later: milliseconds since 1970-01-01T00:00:00Z.
    AtTimestamp(i64),
}
