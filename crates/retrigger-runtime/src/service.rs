//! The very service that a function hands to `lambda_runtime::run`, called in process.

use std::{
    fmt::Debug,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    time::UNIX_EPOCH,
};

use bytes::{Bytes, BytesMut};
use lambda_runtime::{
    Config, Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent, Service,
    StreamResponse,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;
use tokio_stream::Stream;

use crate::{
    Context, Handler, HandlerError,
    handler::{read_event, write_response},
};

/// A handler from a `lambda_runtime` service, such as `service_fn(handler)`, so that a function is
/// tested with the handler it deploys. Buffered and streamed responses come out as on Lambda.
///
/// ```
/// use lambda_runtime::{Error, LambdaEvent, service_fn};
/// use retrigger_runtime::{FunctionConfig, Sandbox, service_handler};
///
/// async fn length(event: LambdaEvent<String>) -> Result<usize, Error> {
///     Ok(event.payload.len())
/// }
///
/// let handler = service_handler(service_fn(length));
/// let sandbox = Sandbox::in_process(FunctionConfig::new("length"), handler);
/// ```
pub fn service_handler<S, T, R, B, St, D, E>(service: S) -> impl Handler
where
    S: Service<LambdaEvent<T>, Response = R> + Send + 'static,
    S::Future: Future<Output = Result<R, S::Error>> + Send,
    S::Error: Into<Diagnostic> + Send,
    T: DeserializeOwned + Send + 'static,
    R: IntoFunctionResponse<B, St> + Send + 'static,
    B: Serialize + Send,
    St: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    let service = Arc::new(Mutex::new(service));
    move |event: Bytes, context: Context| {
        let service = Arc::clone(&service);
        async move {
            let event = LambdaEvent::new(read_event(&event)?, translate(&context)?);
            let mut service = service.lock().await;
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(handler_error)?;
            let call = service.call(event);
            drop(service);
            match call.await.map_err(handler_error)?.into_response() {
                FunctionResponse::BufferedResponse(body) => write_response(&body),
                FunctionResponse::StreamingResponse(response) => collect(response).await,
            }
        }
    }
}

/// The context in the client's own type, as its headers and environment would have made it.
fn translate(context: &Context) -> Result<lambda_runtime::Context, HandlerError> {
    let function = &context.function;
    let deadline = context.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut translated = lambda_runtime::Context::default();
    translated.request_id.clone_from(&context.request_id);
    translated.deadline = u64::try_from(deadline).unwrap_or(u64::MAX);
    translated.invoked_function_arn.clone_from(&context.invoked_function_arn);
    translated.xray_trace_id.clone_from(&context.trace_id);
    translated.client_context = optional_json(context.client_context.as_deref())?;
    translated.identity = optional_json(context.cognito_identity.as_deref())?;
    translated.env_config = Arc::new(Config {
        function_name: function.name.clone(),
        memory: i32::try_from(function.memory_size_mb).unwrap_or(i32::MAX),
        version: function.version.clone(),
        log_stream: function.log_stream.clone(),
        log_group: function.log_group.clone(),
    });
    Ok(translated)
}

fn optional_json<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, HandlerError> {
    text.map(|text| read_event(&Bytes::copy_from_slice(text.as_bytes()))).transpose()
}

/// All of a streamed response: the prelude, eight NUL bytes, the body.
async fn collect<St, D, E>(response: StreamResponse<St>) -> Result<Bytes, HandlerError>
where
    St: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    let StreamResponse { metadata_prelude, mut stream } = response;
    let mut body = BytesMut::from(write_response(&metadata_prelude)?);
    body.extend_from_slice(&[0; 8]);
    while let Some(chunk) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
        body.extend_from_slice(&chunk.map_err(|error| HandlerError::from(error.into()))?.into());
    }
    Ok(body.freeze())
}

fn handler_error(error: impl Into<Diagnostic>) -> HandlerError {
    let Diagnostic { error_type, error_message } = error.into();
    HandlerError { error_type, error_message }
}

#[cfg(test)]
mod tests {
    use lambda_runtime::service_fn;
    use serde_json::{Value, json};

    use super::*;
    use crate::{FunctionConfig, Invocation, Outcome, Sandbox};

    async fn invoke(handler: impl Handler, event: &'static str) -> Outcome {
        let mut invocation = Invocation::new("1-2", event);
        invocation.client_context = Some(r#"{"custom":{"name":"Ada"}}"#.to_owned());
        let mut sandbox = Sandbox::in_process(FunctionConfig::new("demo"), handler);
        sandbox.invoke(invocation).await.unwrap()
    }

    async fn deployed(event: LambdaEvent<Value>) -> Result<Value, Error> {
        let (payload, context) = event.into_parts();
        if payload == "fail" {
            return Err("boom".into());
        }
        let name = context.client_context.and_then(|client| client.custom.get("name").cloned());
        Ok(json!({ "echo": payload, "id": context.request_id, "name": name,
                   "memory": context.env_config.memory }))
    }

    #[tokio::test]
    async fn deployed_handler_answers() {
        let body = invoke(service_handler(service_fn(deployed)), "7").await.result.unwrap().body;
        assert_eq!(body, r#"{"echo":7,"id":"1-2","name":"Ada","memory":128}"#);
    }

    #[tokio::test]
    async fn deployed_handler_fails_as_deployed() {
        let handler = service_handler(service_fn(deployed));
        let error = invoke(handler, r#""fail""#).await.result.unwrap_err();
        assert_eq!(error.error_message, "boom");
        assert!(error.error_type.starts_with("&alloc::boxed::Box<dyn core::error::Error"));
    }

    #[tokio::test]
    async fn streamed_response_has_its_prelude() {
        async fn stream(
            _: LambdaEvent<Value>,
        ) -> Result<StreamResponse<impl Stream<Item = Result<&'static str, Error>> + Send>, Error>
        {
            Ok(StreamResponse::from(tokio_stream::iter([Ok("one"), Ok("two")])))
        }
        let body = invoke(service_handler(service_fn(stream)), "{}").await.result.unwrap().body;
        assert!(body.ends_with(b"\0\0\0\0\0\0\0\0onetwo"), "{body:?}");
        assert!(body.starts_with(br#"{"statusCode":200,"#), "{body:?}");
    }
}
