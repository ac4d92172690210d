//! May the caller do what it asks? Decided by the engine, under the policies of the snapshot.

use std::sync::Arc;

use retrigger_iam::{Principal, Request};
use retrigger_serve::{Action, ApiError};
use retrigger_trigger::RequestTime;

use super::{ServeError, function::Served, record::now};
use crate::{
    event::Decided,
    replay::{Undecidable, authority::Authority},
    triggers::Triggers,
};

/// A call that needs a permission.
pub(super) struct Asked<'a> {
    pub(super) caller: &'a Principal,
    pub(super) action: Action,
    /// The ARN of a function, version, alias or mapping, or `*` where AWS asks on nothing else.
    pub(super) resource: String,
    /// The version or alias whose policy is asked.
    pub(super) qualifier: Option<&'a str>,
    pub(super) context: Vec<(&'static str, String)>,
}

impl Asked<'_> {
    /// Decides; AWS's error where it is denied. Source: Service Authorization Reference, "Actions,
    /// resources, and condition keys for AWS Lambda".
    pub(super) fn authorize(self, triggers: &Triggers) -> Result<(), ApiError> {
        let action = format!("lambda:{}", self.action.name());
        let mut request = Request::new(self.caller.clone(), action, self.resource);
        request.wildcard_only_action = request.resource == "*";
        for (key, value) in self.context {
            request.context.insert(key, value);
        }
        let time: Option<RequestTime> = now().and_then(|now| now.as_str().parse().ok());
        for (key, value) in time.into_iter().flat_map(|time| time.keys()) {
            request.context.insert(key, value);
        }
        let function = triggers.function_arn();
        let mut authority = Authority::new(triggers.snapshot(), function, self.qualifier)?;
        let decided = authority.decide_invoke(request.with_derived_context())?;
        refuse(&decided)
    }
}

/// AWS's error, where a request is denied.
pub(super) fn refuse(decided: &Decided) -> Result<(), ApiError> {
    if decided.explanation.decision.is_allowed() {
        return Ok(());
    }
    let undecided = || {
        let Request { principal, action, resource, .. } = &decided.request;
        format!(
            "User: {principal} is not known to be authorized to perform: {action} on resource: \
             {resource} because a policy asks for condition keys that are not known here"
        )
    };
    Err(ApiError::access_denied(decided.message.clone().unwrap_or_else(undecided)))
}

/// Refuses a caller that no snapshot has the policies of.
pub(super) fn check_caller(
    functions: &[Arc<Served>],
    caller: &Principal,
) -> Result<(), ServeError> {
    let mut unknown: Option<Undecidable> = None;
    for served in functions {
        let triggers = served.triggers()?;
        let request = Request::new(caller.clone(), "lambda:InvokeFunction", served.arn().as_str());
        let mut authority = Authority::new(triggers.snapshot(), served.arn(), None)?;
        match authority.decide_invoke(request) {
            Ok(_) => return Ok(()),
            Err(error) => unknown = unknown.or(Some(error)),
        }
    }
    unknown.map_or(Ok(()), |error| Err(error.into()))
}
