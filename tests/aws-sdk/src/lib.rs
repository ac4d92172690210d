//! A handler that makes calls of thirteen services by AWS's SDK for Rust, and tells how each ended.
//!
//! Everything that it calls is named `orders`. The services are called at once, the calls of one
//! service one after the other: what a call gave goes into the next.

mod messages;
mod records;
mod secrets;
mod storage;

use std::fmt::Debug;

use aws_config::SdkConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use serde_json::{Map, Value, json};

/// What all that is called is named.
pub const NAME: &str = "orders";

/// The account of all that is called.
pub const ACCOUNT: &str = "123456789012";

/// The results of calls by `service:Operation`, or `service:Operation (what)` where one is called
/// more than once.
pub type Results = Map<String, Value>;

/// Makes all calls but those of CloudWatch, and only these where the event is a schedule's. Gives what
/// came of each: what the service answered, or, as `error`, `class` and `message`, how it refused.
/// The event says which `key` encrypts.
pub async fn handle(config: &SdkConfig, event: &Value) -> Value {
    if event["source"] == "aws.events" {
        return Value::Object(records::metrics(config).await);
    }
    let key = event["key"].as_str().unwrap_or("none");
    let (s3, dynamodb, messages, secrets, log) = tokio::join!(
        storage::s3(config),
        storage::dynamodb(config),
        messages::all(config),
        secrets::all(config, key),
        records::log(config),
    );
    Value::Object([s3, dynamodb, messages, secrets, log].into_iter().flatten().collect())
}

/// What a call gave, as `shown`, or the SDK's error: its code, the class that the SDK has for it
/// (`Unhandled` where it has none) and the service's text.
fn ended<T, E>(result: &Result<T, SdkError<E>>, shown: impl FnOnce(&T) -> Value) -> Value
where
    E: ProvideErrorMetadata + Debug,
{
    match result {
        Ok(answer) => shown(answer),
        Err(SdkError::ServiceError(error)) => {
            let class = format!("{:?}", error.err());
            let class = class.split(|c: char| !c.is_alphanumeric()).next();
            let (code, message) = (error.err().code(), error.err().message());
            json!({ "error": code, "class": class, "message": message })
        }
        Err(error) => json!({ "error": null, "message": format!("{error:?}") }),
    }
}
