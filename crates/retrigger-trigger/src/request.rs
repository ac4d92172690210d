//! From a classification to the authorization requests that decide whether the handler runs.

use std::collections::BTreeSet;

use retrigger_iam::{Arn, Principal, Request};

use crate::classification::Classification;
use crate::delivery::Delivery;
use crate::poll_actions::{PollAction, PollResource};
use crate::request_time::RequestTime;
use crate::trigger::Trigger;

/// Why a classification does not give an authorization request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The trigger calls under a role or user that nobody named.
    #[error("`{trigger}` invokes under a caller the payload does not name: declare `principal`")]
    UnknownCaller {
        /// The trigger.
        trigger: Trigger,
    },
    /// A poll needs the event source, which nobody named.
    #[error(
        "`{action}` needs the event source, which the payload does not name: declare `source_arn`{}",
        shape_hint(*trigger)
    )]
    UnknownSource {
        /// The trigger.
        trigger: Trigger,
        /// The first action that needs it.
        action: &'static str,
    },
    /// A poll needs the secret of the broker or cluster, which the mapping did not name.
    #[error(
        "`{action}` needs the secret of the event source: add the `SourceAccessConfigurations` of \
         the event source mapping"
    )]
    UnknownSecret {
        /// The action that needs it.
        action: &'static str,
    },
    /// The execution role's session is no session of a role.
    #[error("`{text}` is no session of an execution role: expected an `assumed-role` or role ARN")]
    NoRoleSession {
        /// What was given.
        text: String,
    },
}

fn shape_hint(trigger: Trigger) -> String {
    trigger.source_arn_shape().map_or_else(String::new, |shape| format!(", such as `{shape}`"))
}

/// The execution role as whom an event source mapping polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionRole<'a> {
    /// The `assumed-role` ARN of its session. A role ARN stands for any of its sessions.
    pub session_arn: &'a str,
    /// The role's own ARN, which carries the path that a session's ARN lacks.
    pub role_arn: Option<&'a str>,
}

/// What an event source mapping says about its source beside the ARN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollSettings {
    /// The secrets in its `SourceAccessConfigurations`, by ARN.
    pub secret_arns: Vec<String>,
    /// Whether its `SourceAccessConfigurations` name VPC subnets or security groups.
    pub in_vpc: bool,
    /// The customer managed keys that encrypt the source, by ARN: `kms:Decrypt` is asked on each.
    pub kms_key_arns: Vec<String>,
}

/// The requests that decide whether a push trigger, a caller or a function URL may invoke the
/// function: all of them must be allowed.
///
/// `function_arn` is the exact ARN that is invoked, with its qualifier if it has one. `time` gives
/// `aws:CurrentTime` and `aws:EpochTime`; without it the request carries neither. A service
/// principal's request carries `aws:SourceArn` and `aws:SourceAccount` only where they are known.
/// Polled sources and Lambda@Edge give no request: nobody asks the function's policy.
///
/// # Errors
///
/// [`RequestError::UnknownCaller`] where the trigger calls under a role or user that neither the
/// payload nor the recording names.
pub fn invoke_requests(
    classification: &Classification,
    function_arn: &str,
    time: Option<RequestTime>,
) -> Result<Vec<Request>, RequestError> {
    match classification.trigger.delivery() {
        Delivery::Poll { .. } | Delivery::Unchecked => Ok(vec![]),
        Delivery::Push { .. } | Delivery::Caller | Delivery::FunctionUrl => {
            let caller = classification.principal.value.as_ref();
            let trigger = classification.trigger;
            let caller = caller.ok_or(RequestError::UnknownCaller { trigger })?;
            let request = |action: &&'static str| {
                let plain = Request::new(caller.clone(), *action, function_arn);
                complete(with_facts(plain, classification), time)
            };
            Ok(classification.actions().iter().map(request).collect())
        }
    }
}

/// The requests that an event source mapping makes under the execution role.
///
/// Other triggers give no request. The declared condition keys of the classification are those of
/// the invocation, and are not part of these requests.
///
/// Actions whose resource AWS does not name, or that the mapping cannot tell, are asked on `*`, so
/// that only a policy resource of `*` covers them; AWS's own managed policies grant them so.
///
/// # Errors
///
/// Where the source ARN, a needed secret or the role session is missing.
pub fn poll_requests(
    classification: &Classification,
    role: ExecutionRole<'_>,
    settings: &PollSettings,
    time: Option<RequestTime>,
) -> Result<Vec<Request>, RequestError> {
    let Delivery::Poll { actions } = classification.trigger.delivery() else {
        return Ok(vec![]);
    };
    let caller = caller_of(role)?;
    let ask = |action: &str, resource: &str| {
        let mut request = Request::new(caller.clone(), action, resource);
        request.session_issuer = role.role_arn.map(str::to_owned);
        request.wildcard_only_action = resource == "*";
        complete(request, time)
    };
    let mut requests = Vec::new();
    for poll in actions {
        let resources = poll_resources(poll, classification, settings)?;
        requests.extend(resources.iter().map(|resource| ask(poll.action, resource)));
    }
    requests.extend(unique(&settings.kms_key_arns).map(|key| ask("kms:Decrypt", key)));
    Ok(requests)
}

/// The requests with which Lambda, under the execution role, hands a batch that is given up to the
/// destination of an event source mapping: a queue, a topic or a bucket. None for other ARNs.
/// Source: Lambda Developer Guide, "Capturing discarded batches for an Amazon SQS queue, SNS topic
/// or S3 bucket".
///
/// # Errors
///
/// Where the role session is no session of a role.
pub fn destination_requests(
    destination_arn: &str,
    role: ExecutionRole<'_>,
    time: Option<RequestTime>,
) -> Result<Vec<Request>, RequestError> {
    let caller = caller_of(role)?;
    let asked = match Arn::parse(destination_arn).map_or("", |arn| arn.service) {
        "sqs" => vec![("sqs:SendMessage", destination_arn.to_owned())],
        "sns" => vec![("sns:Publish", destination_arn.to_owned())],
        "s3" => vec![
            ("s3:PutObject", format!("{destination_arn}/aws/lambda/*")),
            ("s3:ListBucket", destination_arn.to_owned()),
        ],
        _ => vec![],
    };
    let ask = |(action, resource): (&str, String)| {
        let mut request = Request::new(caller.clone(), action, resource);
        request.session_issuer = role.role_arn.map(str::to_owned);
        complete(request, time)
    };
    Ok(asked.into_iter().map(ask).collect())
}

fn caller_of(role: ExecutionRole<'_>) -> Result<Principal, RequestError> {
    match role.session_arn.parse() {
        Ok(caller @ (Principal::AssumedRole(_) | Principal::Role(_))) => Ok(caller),
        _ => Err(RequestError::NoRoleSession { text: role.session_arn.to_owned() }),
    }
}

/// The resources one poll action is asked on: none where the mapping has no use for it.
fn poll_resources(
    poll: &PollAction,
    classification: &Classification,
    settings: &PollSettings,
) -> Result<Vec<String>, RequestError> {
    let PollAction { action, resource } = *poll;
    let secrets = || unique(&settings.secret_arns).map(str::to_owned).collect::<Vec<_>>();
    let any = || vec!["*".to_owned()];
    Ok(match resource {
        PollResource::Source => vec![source(classification, action)?.to_owned()],
        PollResource::Stream => vec![stream_of(source(classification, action)?).to_owned()],
        PollResource::Any => any(),
        PollResource::AnyInVpc if settings.in_vpc => any(),
        PollResource::AnyInVpc => vec![],
        PollResource::Secret if settings.secret_arns.is_empty() => {
            return Err(RequestError::UnknownSecret { action });
        }
        PollResource::Secret | PollResource::OptionalSecret => secrets(),
    })
}

fn source<'a>(
    classification: &'a Classification,
    action: &'static str,
) -> Result<&'a str, RequestError> {
    let trigger = classification.trigger;
    let arn = classification.source_arn.value.as_deref();
    arn.ok_or(RequestError::UnknownSource { trigger, action })
}

/// The stream of an enhanced fan-out consumer: `stream/NAME/consumer/CONSUMER:TIME` → `stream/NAME`.
fn stream_of(arn: &str) -> &str {
    arn.split_once("/consumer/").map_or(arn, |(stream, _)| stream)
}

fn unique(arns: &[String]) -> impl Iterator<Item = &str> {
    arns.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter()
}

/// Adds the moment, and last the keys that follow from the request itself.
fn complete(mut request: Request, time: Option<RequestTime>) -> Request {
    for (key, value) in time.into_iter().flat_map(|time| time.keys()) {
        if request.context.get(key).is_none() {
            request.context.insert(key, value);
        }
    }
    request.with_derived_context()
}

/// The condition keys of the invocation: source keys for services, Lambda's own keys, and last
/// what the recording declares.
fn with_facts(mut request: Request, classification: &Classification) -> Request {
    if matches!(request.principal, Principal::Service(_)) {
        if let Some(arn) = &classification.source_arn.value {
            request.context.insert("aws:SourceArn", arn.as_str());
        }
        if let Some(account) = source_account(classification) {
            request.context.insert("aws:SourceAccount", account);
        }
    }
    let url = classification.trigger == Trigger::FunctionUrl;
    if url && request.action == "lambda:InvokeFunction" {
        request.context.insert("lambda:InvokedViaFunctionUrl", "true");
    }
    for (key, fact) in &classification.context {
        if let Some(value) = &fact.value {
            request.context.insert(key.as_str(), value.clone());
        }
    }
    request
}

/// The known account of the source, else the one its ARN carries.
fn source_account(classification: &Classification) -> Option<&str> {
    let known = classification.source_account.value.as_deref();
    let arn = || Arn::parse(classification.source_arn.value.as_deref()?)?.account_id();
    known.or_else(arn)
}

#[cfg(test)]
mod tests;
