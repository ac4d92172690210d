//! AWS's own answer to a call, of which nothing is lost that the SDK does not know.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::AfterDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use serde_json::Value;

use crate::error::CollectError;

/// Keeps the body of the last answer to the call that it is given to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    body: Arc<Mutex<Option<Bytes>>>,
}

impl Answer {
    /// The answer as JSON, with its members in AWS's order.
    pub(crate) fn json(&self, call: &'static str, of: &str) -> Result<Value, CollectError> {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        serde_json::from_slice(&body.unwrap_or_default())
            .map_err(|error| CollectError::unreadable(call, of, format!("no JSON: {error}")))
    }
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "Answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().map(Bytes::copy_from_slice);
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body;
        Ok(())
    }
}
