//! A handler that logs the event and gives it back. It knows nothing of how it is run.

use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

/// Logs the event and answers `{"statusCode": 200, "body": EVENT}`.
///
/// # Errors
///
/// None; the type is what `lambda_runtime` asks of a handler.
#[expect(clippy::print_stdout, reason = "Lambda takes log lines from stdout")]
#[expect(clippy::unused_async, reason = "handlers are async functions")]
pub async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
    println!("{}", event.payload);
    Ok(json!({ "statusCode": 200, "body": event.payload }))
}

#[cfg(test)]
mod tests {
    use lambda_runtime::Context;

    use super::*;

    #[tokio::test]
    async fn the_event_comes_back_as_the_body() {
        let event = LambdaEvent::new(json!({ "path": "/" }), Context::default());
        let response = handler(event).await.unwrap();
        assert_eq!(response, json!({ "statusCode": 200, "body": { "path": "/" } }));
    }
}
