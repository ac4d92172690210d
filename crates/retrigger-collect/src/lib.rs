//! Snapshots of the policies around a Lambda function, and the events of its triggers, from AWS's
//! own APIs or from any endpoint that speaks them.
//!
//! It is the only user of AWS's SDK. It knows neither how policies are evaluated nor how recordings
//! are replayed or reported.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use retrigger_collect::{Connection, ConnectionOptions, SnapshotRequest, take};
//! use retrigger_recording::Redactor;
//!
//! let connection = Connection::open(&ConnectionOptions::default()).await?;
//! let request = SnapshotRequest::of("orders");
//! let taken = take(&connection, &request, "2026-03-02T09:00:00Z".parse()?, &|_, _| {}).await?;
//! taken.snapshot.write("orders/snapshot".as_ref(), &Redactor::default())?;
//! # Ok(())
//! # }
//! ```

mod answer;
mod arn;
mod connection;
mod error;
mod http;
mod sink;
mod snapshot;
mod source;

pub use connection::{Connection, ConnectionOptions, credentials};
pub use error::{CollectError, ErrorKind, called};
pub use sink::S3Prefix;
pub use snapshot::{Known, SnapshotRequest, Taken, needed_policy, take};
pub use source::{
    DynamodbStream, KinesisStream, SqsQueue, StartingPosition, StreamPage, StreamShard,
};
