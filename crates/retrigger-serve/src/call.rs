//! A call of Lambda's API, once it is read.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{ApiError, FunctionName, Signer};

/// A call of Lambda's API.
#[derive(Clone, Debug)]
pub struct Call {
    /// The id that the answer carries as `x-amzn-RequestId`: a UUID.
    pub request_id: String,
    /// Who signed it.
    pub signer: Signer,
    /// What is asked.
    pub operation: Operation,
}

/// What a call asks.
#[derive(Clone, Debug)]
pub enum Operation {
    /// `Invoke`, `InvokeAsync` and `InvokeWithResponseStream`.
    Invoke(Box<Invoke>),
    /// Everything else of Lambda's API.
    Control(Box<Control>),
    /// A notification of a service, `POST /trigger/SERVICE`, which is none of AWS's calls.
    Notify(Box<Notification>),
}

/// A notification of a service, as it would reach a function or another receiver.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The service, such as `s3`.
    pub service: String,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The headers whose names begin with `x-amz-`, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
}

/// An invocation. Source: Lambda API Reference, "Invoke", "`InvokeWithResponseStream`".
#[derive(Clone, Debug)]
pub struct Invoke {
    /// The function, with the qualifier of either name or query.
    pub function: FunctionName,
    /// Whether the caller waits.
    pub invocation_type: InvocationType,
    /// Whether the answer carries the end of the log.
    pub log_tail: bool,
    /// The client context as JSON text, decoded.
    pub client_context: Option<String>,
    /// The value of `X-Amzn-Trace-Id`.
    pub trace_id: Option<String>,
    /// The event: JSON. `{}` where the request has no body.
    pub payload: Bytes,
    /// Whether the answer is an event stream.
    pub streamed: bool,
}

/// Whether the caller of an invocation waits for its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationType {
    /// It waits for the response.
    RequestResponse,
    /// It does not.
    Event,
    /// Nothing is run; whether it might be is decided.
    DryRun,
}

/// A call that reads or changes how functions are configured.
#[derive(Clone, Debug)]
pub struct Control {
    /// Which one.
    pub action: Action,
    /// The function of the path, with the qualifier of either name or query.
    pub function: Option<FunctionName>,
    /// What else the path names: a statement id, the UUID of a mapping, the ARN of a resource.
    pub id: Option<String>,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The body; empty where there is none.
    pub body: Map<String, Value>,
}

impl Control {
    /// A string that the body must have.
    ///
    /// # Errors
    ///
    /// AWS's, where it is missing or no string.
    pub fn required(&self, member: &str) -> Result<String, ApiError> {
        self.optional(member)?.ok_or_else(|| {
            let text = format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: \
                 Member must not be null",
                lower_first(member)
            );
            ApiError::new("ValidationException", text)
        })
    }

    /// A string that the body may have.
    ///
    /// # Errors
    ///
    /// AWS's, where it is no string.
    pub fn optional(&self, member: &str) -> Result<Option<String>, ApiError> {
        match self.body.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(ApiError::serialization(member, "a string", other)),
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The calls that are answered, besides invocations, by the names of the Lambda API
        /// Reference.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// AWS's name of it, such as `AddPermission`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

actions! {
    /// Adds a statement to a function's policy.
    AddPermission,
    /// Removes one.
    RemovePermission,
    /// The policy.
    GetPolicy,
    /// Has Lambda poll a source.
    CreateEventSourceMapping,
    /// All mappings.
    ListEventSourceMappings,
    /// One mapping.
    GetEventSourceMapping,
    /// Changes one.
    UpdateEventSourceMapping,
    /// Removes one.
    DeleteEventSourceMapping,
    /// All functions.
    ListFunctions,
    /// One function and where its code is.
    GetFunction,
    /// How one is configured.
    GetFunctionConfiguration,
    /// Gives a function a URL.
    CreateFunctionUrlConfig,
    /// The URL.
    GetFunctionUrlConfig,
    /// Changes it.
    UpdateFunctionUrlConfig,
    /// Takes it away.
    DeleteFunctionUrlConfig,
    /// All URLs of a function.
    ListFunctionUrlConfigs,
    /// The versions of a function.
    ListVersionsByFunction,
    /// Whether its code must be signed.
    GetFunctionCodeSigningConfig,
    /// The tags of a function or mapping.
    ListTags,
}
