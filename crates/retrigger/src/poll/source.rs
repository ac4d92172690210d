//! What is polled.

use std::{error::Error, pin::Pin, time::Duration};

use jiff::Timestamp;
use retrigger_trigger::{KinesisRecord, SqsMessage, dynamodb_record, kinesis_record};
use serde_json::Value;

/// Why a source cannot be read, in its own words.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// An answer of a source, when it comes.
pub type SourceFuture<'s, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 's>>;

/// A queue.
pub trait Queue: Send {
    /// Its ARN.
    fn arn(&self) -> &str;

    /// Takes up to `most` messages, ten at most, and waits for the first as long as `wait`, to the
    /// second.
    fn receive(&mut self, most: u32, wait: Duration) -> SourceFuture<'_, Vec<SqsMessage>>;

    /// Deletes messages by their receipt handles, ten at most.
    fn delete<'q>(&'q mut self, receipt_handles: &'q [String]) -> SourceFuture<'q, ()>;
}

/// A stream of Kinesis, or of a DynamoDB table.
pub trait Stream: Send {
    /// Its ARN.
    fn arn(&self) -> &str;

    /// Its shards, in any order.
    fn shards(&mut self) -> SourceFuture<'_, Vec<Shard>>;

    /// An iterator over a shard.
    fn iterator<'s>(
        &'s mut self,
        shard: &'s str,
        position: &'s Position,
    ) -> SourceFuture<'s, String>;

    /// Up to `most` records from an iterator on.
    fn records<'s>(
        &'s mut self,
        shard: &'s str,
        iterator: String,
        most: u32,
    ) -> SourceFuture<'s, Page>;
}

/// A shard of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard {
    /// Its id.
    pub id: String,
    /// The shards that it came from, whose records are older.
    pub parents: Vec<String>,
}

/// Where reading a shard starts. Source: Lambda API Reference, "`CreateEventSourceMapping`"
/// (`StartingPosition`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// With the oldest record.
    #[default]
    TrimHorizon,
    /// With what comes from now on.
    Latest,
    /// With the first record of this time or later; of Kinesis only.
    AtTimestamp(Timestamp),
}

/// What was read of a shard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The records, oldest first.
    pub records: Vec<StreamRecord>,
    /// The iterator to go on with; `None` where the shard has come to its end.
    pub next: Option<String>,
}

/// A record of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamRecord {
    /// Of Kinesis.
    Kinesis(KinesisRecord),
    /// Of a DynamoDB table: as `GetRecords` gives it, in JSON.
    Dynamodb(Value),
}

impl StreamRecord {
    pub(super) fn into_record(self, stream_arn: &str, role_arn: &str) -> Value {
        match self {
            Self::Kinesis(record) => kinesis_record(&record, stream_arn, role_arn),
            Self::Dynamodb(record) => dynamodb_record(record, stream_arn),
        }
    }
}
