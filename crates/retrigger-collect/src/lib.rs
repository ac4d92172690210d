//! Snapshots of the policies around a Lambda function, and the events of its triggers, from AWS's
//! own APIs or from any endpoint that speaks them.
//!
//! It is the only user of AWS's SDK. It knows neither how policies are evaluated nor how recordings
//! are replayed or reported.

mod connection;
mod error;

pub use connection::{Connection, ConnectionOptions};
pub use error::{CollectError, ErrorKind, called};
