//! The sandbox of a Rust handler that is called in process.

use std::{
    any::Any,
    sync::Arc,
    time::{Instant, SystemTime},
};

use bytes::Bytes;
use tokio::{
    task::{JoinError, JoinSet},
    time::timeout,
};

use crate::{
    Context, FunctionConfig, FunctionError, Handler, HandlerError, Invocation, MAX_RESPONSE_BYTES,
    Outcome, Response, handler::client_type_name, logs::SharedLogs,
};

/// Calls a Rust handler on the tokio runtime it is used on.
///
/// A panic becomes a function error, in the words of Lambda's client for Rust. At the timeout the
/// handler's future is dropped; a handler that blocks its thread without awaiting holds on to that
/// thread, and on a single-threaded runtime holds up the timeout with it.
pub struct InProcess {
    function: Arc<FunctionConfig>,
    handler: Arc<dyn Handler>,
}

impl InProcess {
    /// A sandbox for this handler. Of the function's configuration it uses what the handler sees
    /// in its context, and the timeout.
    pub fn new(function: FunctionConfig, handler: impl Handler) -> Self {
        Self { function: Arc::new(function), handler: Arc::new(handler) }
    }

    /// Calls the handler with one event.
    pub async fn invoke(&self, invocation: Invocation) -> Outcome {
        let start = Instant::now();
        let logs = SharedLogs::default();
        let result = self.call(&invocation, logs.clone()).await;
        let duration = start.elapsed();
        Outcome { result, logs: logs.take(), duration, init_duration: None }
    }

    async fn call(
        &self,
        invocation: &Invocation,
        logs: SharedLogs,
    ) -> Result<Response, FunctionError> {
        let limit = invocation.timeout.unwrap_or(self.function.timeout);
        let now = SystemTime::now();
        let deadline = now.checked_add(limit).unwrap_or(now);
        let context = Context::new(&self.function, invocation, deadline, logs);
        let (handler, event) = (Arc::clone(&self.handler), invocation.event.clone());

        // A task of its own, so that a panic ends there; the set ends it with this future.
        let mut task = JoinSet::new();
        task.spawn(async move { handler.call(event, context).await });
        match timeout(limit, task.join_next()).await {
            Ok(Some(Ok(answer))) => answer_of(answer),
            Ok(Some(Err(error))) => Err(panicked(error).into()),
            Ok(None) | Err(_) => Err(FunctionError::timed_out(&invocation.request_id, limit)),
        }
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").field("function", &self.function).finish_non_exhaustive()
    }
}

fn answer_of(answer: Result<Bytes, HandlerError>) -> Result<Response, FunctionError> {
    let body = answer?;
    if body.len() > MAX_RESPONSE_BYTES {
        return Err(FunctionError::too_large(MAX_RESPONSE_BYTES));
    }
    Ok(Response::buffered(body))
}

fn panicked(error: JoinError) -> HandlerError {
    let payload: Box<dyn Any + Send> = match error.try_into_panic() {
        Ok(payload) => payload,
        Err(error) => Box::new(error.to_string()),
    };
    let error_type = client_type_name(&payload);
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(text) => HandlerError::new(error_type, format!("Lambda panicked: {text}")),
        None => HandlerError::new(error_type, "Lambda panicked"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::json_handler;

    async fn invoke(handler: impl Handler, event: impl Into<Bytes>) -> Outcome {
        let mut function = FunctionConfig::new("demo");
        function.timeout = Duration::from_millis(50);
        InProcess::new(function, handler).invoke(Invocation::new("1-2", event)).await
    }

    async fn misbehave(
        event: Value,
        context: Context,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        context.log(&format!("asked to {event}\nin {}", context.request_id));
        match event.as_str() {
            Some("fail") => Err("boom".into()),
            Some("panic") => panic!("panicked {}", 3),
            Some("hang") => std::future::pending().await,
            Some("flood") => Ok(Value::from("x".repeat(MAX_RESPONSE_BYTES))),
            _ => Ok(json!({ "echo": event, "arn": context.invoked_function_arn })),
        }
    }

    #[tokio::test]
    async fn answers_and_logs_come_back() {
        let outcome = invoke(json_handler(misbehave), "1").await;
        let body = outcome.result.unwrap().body;
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:demo";
        assert_eq!(body, json!({ "echo": 1, "arn": arn }).to_string());
        assert_eq!(outcome.logs, ["asked to 1", "in 1-2"]);
    }

    #[rstest]
    #[case(
        r#""fail""#,
        "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>",
        "boom"
    )]
    #[case(
        r#""panic""#,
        "&alloc::boxed::Box<dyn core::any::Any + core::marker::Send>",
        "Lambda panicked: panicked 3"
    )]
    #[case(
        r#""hang""#,
        "Sandbox.Timedout",
        "RequestId: 1-2 Error: Task timed out after 0.05 seconds"
    )]
    #[case(
        r#""flood""#,
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    )]
    #[case(
        "{",
        "&serde_json::error::Error",
        "the event does not fit the handler's type: EOF while parsing an object at line 1 column 1"
    )]
    #[tokio::test]
    async fn failures_are_function_errors(
        #[case] event: &'static str,
        #[case] error_type: &str,
        #[case] error_message: &str,
    ) {
        let error = invoke(json_handler(misbehave), event).await.result.unwrap_err();
        assert_eq!(
            (error.error_type.as_str(), error.error_message.as_str()),
            (error_type, error_message)
        );
    }

    #[tokio::test]
    async fn panic_before_the_future_is_a_function_error() {
        fn handler(_: Bytes, _: Context) -> std::future::Ready<Result<Bytes, HandlerError>> {
            panic!("early")
        }
        let error = invoke(handler, "1").await.result.unwrap_err();
        assert_eq!(error.error_message, "Lambda panicked: early");
    }

    #[tokio::test]
    async fn dropped_invocation_ends_the_handler() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let sender = std::sync::Mutex::new(Some(sender));
        let handler = move |_: Bytes, _: Context| {
            let held = sender.lock().unwrap().take();
            async move {
                let _held = held;
                std::future::pending::<Result<Bytes, HandlerError>>().await
            }
        };
        let sandbox = InProcess::new(FunctionConfig::new("demo"), handler);
        let call = sandbox.invoke(Invocation::new("1-2", "1"));
        assert!(timeout(Duration::from_millis(10), call).await.is_err());
        assert!(receiver.await.is_err(), "the handler's future is dropped");
    }
}
