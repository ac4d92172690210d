//! The stream of a DynamoDB table.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::{
    Client,
    types::{AttributeValue, Record, ShardIteratorType, StreamRecord},
};
use serde_json::{Map, Value, json};

use super::{StartingPosition, StreamPage, StreamShard, attribute_value};
use crate::{
    Connection,
    error::{CollectError, called},
};

/// The stream of a DynamoDB table.
#[derive(Clone, Debug)]
pub struct DynamodbStream {
    client: Client,
    arn: String,
}

impl DynamodbStream {
    /// For the stream of this ARN, which ends in its label; nothing is called yet.
    pub fn new(connection: &Connection, arn: &str) -> Self {
        Self { client: connection.dynamodb_streams(), arn: arn.to_owned() }
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// All its shards.
    ///
    /// # Errors
    ///
    /// When `DescribeStream` fails.
    pub async fn shards(&self) -> Result<Vec<StreamShard>, CollectError> {
        let mut shards = Vec::new();
        let mut last = None;
        loop {
            let asked = self.client.describe_stream().stream_arn(&self.arn);
            let asked = asked.set_exclusive_start_shard_id(last);
            let answer = called("dynamodb:DescribeStream", &self.arn, asked.send()).await?;
            let Some(about) = answer.stream_description else { return Ok(shards) };
            shards.extend(about.shards.unwrap_or_default().into_iter().filter_map(|shard| {
                let parents = shard.parent_shard_id.into_iter().collect();
                Some(StreamShard { id: shard.shard_id?, parents })
            }));
            last = about.last_evaluated_shard_id;
            if last.is_none() {
                return Ok(shards);
            }
        }
    }

    /// An iterator over a shard.
    ///
    /// # Errors
    ///
    /// When `GetShardIterator` fails, or `position` is a time: these streams cannot be read from
    /// one on.
    pub async fn iterator(
        &self,
        shard: &str,
        position: StartingPosition,
    ) -> Result<String, CollectError> {
        let kind = match position {
            StartingPosition::TrimHorizon => ShardIteratorType::TrimHorizon,
            StartingPosition::Latest => ShardIteratorType::Latest,
            StartingPosition::AtTimestamp(_) => {
                return Err(CollectError::bad_input(
                    "the stream of a table cannot be read from a time on",
                    "start at `TRIM_HORIZON` or `LATEST`",
                ));
            }
        };
        let asked = self.client.get_shard_iterator().stream_arn(&self.arn);
        let asked = asked.shard_id(shard).shard_iterator_type(kind);
        let answer = called("dynamodb:GetShardIterator", &self.arn, asked.send()).await?;
        Ok(answer.shard_iterator.unwrap_or_default())
    }

    /// Up to `most` records from an iterator on, as the API has them in JSON.
    ///
    /// # Errors
    ///
    /// When `GetRecords` fails.
    pub async fn records(
        &self,
        iterator: String,
        most: u32,
    ) -> Result<StreamPage<Value>, CollectError> {
        let limit = i32::try_from(most.clamp(1, 1_000)).unwrap_or(1_000);
        let asked = self.client.get_records().shard_iterator(iterator).limit(limit);
        let answer = called("dynamodb:GetRecords", &self.arn, asked.send()).await?;
        let records = answer.records.unwrap_or_default().into_iter().map(record).collect();
        Ok(StreamPage { records, next: answer.next_shard_iterator })
    }
}

/// A record with its members as AWS spells them. Source: Amazon DynamoDB API Reference, "Record".
fn record(record: Record) -> Value {
    let user = record
        .user_identity
        .map(|user| json!({"type": user.r#type, "principalId": user.principal_id}));
    members([
        ("eventID", record.event_id.map(Value::from)),
        ("eventName", record.event_name.map(|name| name.as_str().into())),
        ("eventVersion", record.event_version.map(Value::from)),
        ("eventSource", record.event_source.map(Value::from)),
        ("awsRegion", record.aws_region.map(Value::from)),
        ("dynamodb", record.dynamodb.map(change)),
        ("userIdentity", user),
    ])
}

fn change(change: StreamRecord) -> Value {
    let created = change.approximate_creation_date_time.map(|time| time.secs().into());
    members([
        ("ApproximateCreationDateTime", created),
        ("Keys", change.keys.map(item)),
        ("NewImage", change.new_image.map(item)),
        ("OldImage", change.old_image.map(item)),
        ("SequenceNumber", change.sequence_number.map(Value::from)),
        ("SizeBytes", change.size_bytes.map(Value::from)),
        ("StreamViewType", change.stream_view_type.map(|kind| kind.as_str().into())),
    ])
}

/// An object of the members that are there.
fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    there.collect::<Map<_, _>>().into()
}

fn item(item: HashMap<String, AttributeValue>) -> Value {
    // In the order of their names: AWS has none.
    let ordered: std::collections::BTreeMap<_, _> = item.into_iter().collect();
    ordered
        .into_iter()
        .map(|(name, value)| (name, attribute_value::json(value)))
        .collect::<Map<_, _>>()
        .into()
}
