//! Queues and streams of AWS, or of an endpoint that speaks its APIs.

use std::time::Duration;

use retrigger_collect::{
    CollectError, DynamodbStream, KinesisStream, SqsQueue, StartingPosition, StreamShard,
};
use retrigger_trigger::SqsMessage;

use super::{Page, Position, Queue, Shard, SourceFuture, Stream, StreamRecord};

impl Queue for SqsQueue {
    fn arn(&self) -> &str {
        Self::arn(self)
    }

    fn receive(&mut self, most: u32, wait: Duration) -> SourceFuture<'_, Vec<SqsMessage>> {
        Box::pin(
            async move { Ok(Self::receive(self, most, wait).await.map_err(|error| said(&error))?) },
        )
    }

    fn delete<'q>(&'q mut self, receipt_handles: &'q [String]) -> SourceFuture<'q, ()> {
        Box::pin(async move {
            Ok(Self::delete(self, receipt_handles).await.map_err(|error| said(&error))?)
        })
    }
}

impl Stream for KinesisStream {
    fn arn(&self) -> &str {
        Self::arn(self)
    }

    fn shards(&mut self) -> SourceFuture<'_, Vec<Shard>> {
        Box::pin(async move { Ok(shards(Self::shards(self).await.map_err(|error| said(&error))?)) })
    }

    fn iterator<'s>(
        &'s mut self,
        shard: &'s str,
        position: &'s Position,
    ) -> SourceFuture<'s, String> {
        let position = starting(position);
        Box::pin(async move {
            Ok(Self::iterator(self, shard, position).await.map_err(|error| said(&error))?)
        })
    }

    fn records<'s>(
        &'s mut self,
        shard: &'s str,
        iterator: String,
        most: u32,
    ) -> SourceFuture<'s, Page> {
        Box::pin(async move {
            let page =
                Self::records(self, shard, iterator, most).await.map_err(|error| said(&error))?;
            let records = page.records.into_iter().map(StreamRecord::Kinesis).collect();
            Ok(Page { records, next: page.next })
        })
    }
}

impl Stream for DynamodbStream {
    fn arn(&self) -> &str {
        Self::arn(self)
    }

    fn shards(&mut self) -> SourceFuture<'_, Vec<Shard>> {
        Box::pin(async move { Ok(shards(Self::shards(self).await.map_err(|error| said(&error))?)) })
    }

    fn iterator<'s>(
        &'s mut self,
        shard: &'s str,
        position: &'s Position,
    ) -> SourceFuture<'s, String> {
        let position = starting(position);
        Box::pin(async move {
            Ok(Self::iterator(self, shard, position).await.map_err(|error| said(&error))?)
        })
    }

    fn records<'s>(
        &'s mut self,
        _shard: &'s str,
        iterator: String,
        most: u32,
    ) -> SourceFuture<'s, Page> {
        Box::pin(async move {
            let page = Self::records(self, iterator, most).await.map_err(|error| said(&error))?;
            let records = page.records.into_iter().map(StreamRecord::Dynamodb).collect();
            Ok(Page { records, next: page.next })
        })
    }
}

fn shards(shards: Vec<StreamShard>) -> Vec<Shard> {
    shards.into_iter().map(|shard| Shard { id: shard.id, parents: shard.parents }).collect()
}

fn starting(position: &Position) -> StartingPosition {
    match position {
        Position::TrimHorizon => StartingPosition::TrimHorizon,
        Position::Latest => StartingPosition::Latest,
        Position::AtTimestamp(time) => StartingPosition::AtTimestamp(time.as_millisecond()),
    }
}

/// The failure, and what to do about it.
fn said(error: &CollectError) -> String {
    format!("{error}\n  help: {}", error.help())
}
