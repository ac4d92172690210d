//! A Rust handler that is called in process.

use std::{
    any::type_name_of_val,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use hyper::http::Extensions;
use serde::{Serialize, de::DeserializeOwned};

use crate::{FunctionConfig, FunctionError, Invocation, logs::SharedLogs};

/// What a handler's call resolves to.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<Bytes, HandlerError>> + Send>>;

/// A Rust handler: event bytes and context to response bytes.
///
/// Async closures of that shape implement it; [`json_handler`] makes one from a function on typed
/// events.
///
/// ```
/// # use retrigger_runtime::{Context, FunctionConfig, HandlerError, Sandbox};
/// # use bytes::Bytes;
/// let echo = |event: Bytes, _: Context| async move { Ok::<_, HandlerError>(event) };
/// let sandbox = Sandbox::in_process(FunctionConfig::new("echo"), echo);
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Handles one event. May panic: that ends as a function error.
    fn call(&self, event: Bytes, context: Context) -> HandlerFuture;
}

impl<F, Fut> Handler for F
where
    F: Fn(Bytes, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Bytes, HandlerError>> + Send + 'static,
{
    fn call(&self, event: Bytes, context: Context) -> HandlerFuture {
        Box::pin(self(event, context))
    }
}

/// A handler from a function on a typed event, which is read from JSON, and a typed response,
/// which is written as JSON. An event that does not fit the type is an error of the function.
pub fn json_handler<T, R, E, F, Fut>(handler: F) -> impl Handler
where
    F: Fn(T, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
    T: DeserializeOwned + 'static,
    R: Serialize + 'static,
    E: Into<HandlerError> + 'static,
{
    move |event: Bytes, context: Context| {
        let call = read_event(&event).map(|event| handler(event, context));
        async move { write_response(&call?.await.map_err(Into::into)?) }
    }
}

/// The event as its type, or the error of a function that cannot read it.
pub(crate) fn read_event<T: DeserializeOwned>(event: &Bytes) -> Result<T, HandlerError> {
    serde_json::from_slice(event).map_err(|error| {
        let message = format!("the event does not fit the handler's type: {error}");
        HandlerError::new(client_type_name(&error), message)
    })
}

/// The response as JSON, or the error of a function that answers what JSON cannot say.
pub(crate) fn write_response(response: &impl Serialize) -> Result<Bytes, HandlerError> {
    serde_json::to_vec(response).map(Bytes::from).map_err(|error| {
        let message = format!("the handler's response cannot be written as JSON: {error}");
        HandlerError::new(client_type_name(&error), message)
    })
}

/// The error of a handler, as Lambda's client for Rust would report it.
///
/// ```
/// # use retrigger_runtime::HandlerError;
/// let error: HandlerError = "no such table".into();
/// assert_eq!(error.error_message, "no such table");
/// assert_eq!(HandlerError::new("NotFound", "no such table").error_type, "NotFound");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerError {
    /// `errorType`: in Rust by custom the name of the error's type.
    pub error_type: String,
    /// `errorMessage`.
    pub error_message: String,
}

impl HandlerError {
    /// An error of this type and message.
    pub fn new(error_type: impl Into<String>, error_message: impl Into<String>) -> Self {
        Self { error_type: error_type.into(), error_message: error_message.into() }
    }
}

/// The `errorType` that Lambda's client for Rust reports for this value: the name of the type of a
/// reference to it, so that a handler fails the same way in process as it does deployed.
pub(crate) fn client_type_name<T>(value: &T) -> &'static str {
    type_name_of_val(&value)
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.error_message)
    }
}

impl Error for HandlerError {}

impl From<Box<dyn Error + Send + Sync>> for HandlerError {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::new(client_type_name(&error), error.to_string())
    }
}

impl From<String> for HandlerError {
    fn from(message: String) -> Self {
        Self::new(client_type_name(&message), message)
    }
}

impl From<&str> for HandlerError {
    fn from(message: &str) -> Self {
        Self::new(client_type_name(&message), message)
    }
}

impl From<HandlerError> for FunctionError {
    fn from(error: HandlerError) -> Self {
        Self::platform(error.error_type, error.error_message)
    }
}

/// What a handler is told beside the event. Source: Lambda Developer Guide, "Using the Lambda
/// context object".
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// The request id.
    pub request_id: String,
    /// The function ARN as invoked.
    pub invoked_function_arn: String,
    /// The function's configuration.
    pub function: Arc<FunctionConfig>,
    /// When the invocation times out.
    pub deadline: SystemTime,
    /// The X-Ray trace header.
    pub trace_id: Option<String>,
    /// The client context, as JSON text.
    pub client_context: Option<String>,
    /// The Cognito identity, as JSON text.
    pub cognito_identity: Option<String>,
    /// What whoever runs the handler gives it besides, by its type.
    pub extensions: Extensions,
    logs: SharedLogs,
}

impl Context {
    pub(crate) fn new(
        function: &Arc<FunctionConfig>,
        invocation: &Invocation,
        deadline: SystemTime,
        logs: SharedLogs,
    ) -> Self {
        let arn = invocation.invoked_arn.as_ref().unwrap_or(&function.arn);
        Self {
            request_id: invocation.request_id.clone(),
            invoked_function_arn: arn.clone(),
            function: Arc::clone(function),
            deadline,
            trace_id: invocation.trace_id.clone(),
            client_context: invocation.client_context.clone(),
            cognito_identity: invocation.cognito_identity.clone(),
            extensions: Extensions::new(),
            logs,
        }
    }

    /// The time left until the deadline.
    pub fn remaining_time(&self) -> Duration {
        self.deadline.duration_since(SystemTime::now()).unwrap_or_default()
    }

    /// Writes to the function's log. What an in-process handler prints goes to the output of the
    /// whole program; only what is given here becomes part of the outcome.
    pub fn log(&self, text: &str) {
        self.logs.push_text(text);
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.request_id)
            .field("invoked_function_arn", &self.invoked_function_arn)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
