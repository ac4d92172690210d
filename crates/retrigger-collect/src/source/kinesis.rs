//! A stream of Kinesis.

use aws_sdk_kinesis::{
    Client,
    primitives::DateTime,
    types::{Record, ShardIteratorType},
};
use retrigger_trigger::KinesisRecord;

use super::{StartingPosition, StreamPage, StreamShard};
use crate::{
    Connection,
    error::{CollectError, called},
};

/// A stream of Kinesis.
#[derive(Clone, Debug)]
pub struct KinesisStream {
    client: Client,
    arn: String,
}

impl KinesisStream {
    /// For the stream of this ARN; nothing is called yet.
    pub fn new(connection: &Connection, arn: &str) -> Self {
        Self { client: connection.kinesis(), arn: arn.to_owned() }
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// All its shards.
    ///
    /// # Errors
    ///
    /// When `ListShards` fails.
    pub async fn shards(&self) -> Result<Vec<StreamShard>, CollectError> {
        let mut shards = Vec::new();
        let mut token = None;
        loop {
            let asked = self.client.list_shards();
            // A page that goes on from another may name no stream.
            let asked = match token {
                Some(token) => asked.next_token(token),
                None => asked.stream_arn(&self.arn),
            };
            let answer = called("kinesis:ListShards", &self.arn, asked.send()).await?;
            shards.extend(answer.shards.unwrap_or_default().into_iter().map(|shard| {
                let parents = [shard.parent_shard_id, shard.adjacent_parent_shard_id];
                StreamShard { id: shard.shard_id, parents: parents.into_iter().flatten().collect() }
            }));
            token = answer.next_token;
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    /// An iterator over a shard.
    ///
    /// # Errors
    ///
    /// When `GetShardIterator` fails.
    pub async fn iterator(
        &self,
        shard: &str,
        position: StartingPosition,
    ) -> Result<String, CollectError> {
        let asked = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let asked = match position {
            StartingPosition::TrimHorizon => {
                asked.shard_iterator_type(ShardIteratorType::TrimHorizon)
            }
            StartingPosition::Latest => asked.shard_iterator_type(ShardIteratorType::Latest),
            StartingPosition::AtTimestamp(time) => asked
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(DateTime::from_millis(time)),
        };
        let answer = called("kinesis:GetShardIterator", &self.arn, asked.send()).await?;
        Ok(answer.shard_iterator.unwrap_or_default())
    }

    /// Up to `most` records from an iterator on.
    ///
    /// # Errors
    ///
    /// When `GetRecords` fails.
    pub async fn records(
        &self,
        shard: &str,
        iterator: String,
        most: u32,
    ) -> Result<StreamPage<KinesisRecord>, CollectError> {
        let limit = i32::try_from(most.clamp(1, 10_000)).unwrap_or(10_000);
        let asked = self.client.get_records().stream_arn(&self.arn).shard_iterator(iterator);
        let answer = called("kinesis:GetRecords", &self.arn, asked.limit(limit).send()).await?;
        let records = answer.records.into_iter().map(|record| record_of(shard, record)).collect();
        Ok(StreamPage { records, next: answer.next_shard_iterator })
    }
}

fn record_of(shard: &str, record: Record) -> KinesisRecord {
    let arrival = record.approximate_arrival_timestamp.and_then(|time| time.to_millis().ok());
    KinesisRecord {
        shard_id: shard.to_owned(),
        sequence_number: record.sequence_number,
        partition_key: record.partition_key,
        data: record.data.into_inner(),
        approximate_arrival_timestamp: seconds(arrival.unwrap_or_default()),
    }
}

/// Milliseconds as seconds with three decimals.
fn seconds(millis: i64) -> f64 {
    let text = format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000));
    text.parse().unwrap_or_default()
}
