//! May Lambda poll a source under the execution role? Decided before a mapping is made, as AWS
//! does.

use std::collections::BTreeSet;

use retrigger_iam::{CheckEffect, PolicyType};
use retrigger_recording::{FunctionArn, Snapshot};
use retrigger_trigger::{
    Classification, Declared, ExecutionRole, PollSettings, RequestTime, destination_requests,
    identity_statements, poll_denial_text, poll_requests,
};
use serde_json::Value;

use super::{NewMapping, Refusal, TriggersError};
use crate::{event::Decided, replay::authority::Authority};

/// AWS does not make an event source mapping, because the execution role may not do what polling
/// needs. Decided under all policies of the snapshot.
#[derive(Clone, Debug)]
pub struct PollDenial {
    /// What AWS answers: it names the first action that is denied.
    pub refusal: Refusal,
    /// The execution role, by ARN.
    pub role: String,
    /// Every request that is denied, in AWS's order.
    pub denied: Vec<Decided>,
    /// The statements that an identity policy of the role lacks; empty where none would help.
    pub missing: Vec<Value>,
    /// The kinds of policy besides those of the role that deny, or do not allow what they must.
    pub obstacles: Vec<PolicyType>,
}

/// Refuses a mapping whose source the execution role may not poll.
pub(super) fn check(
    snapshot: &Snapshot,
    function: &FunctionArn,
    new: &NewMapping,
) -> Result<(), TriggersError> {
    let mut authority = Authority::new(snapshot, function, new.qualifier.as_deref())?;
    let role = authority.execution_role()?;
    let session = authority.role_session(&role);
    let execution_role = ExecutionRole { session_arn: &session, role_arn: Some(&role.arn) };
    let time: Option<RequestTime> = snapshot.about().taken_at.as_str().parse().ok();
    let declared = Declared { source_arn: new.source_arn.clone(), ..Declared::default() };
    let classification = Classification::of_trigger(new.trigger).declare(declared);
    let mut requests = poll_requests(&classification, execution_role, &settings(new), time)?;
    if let Some(destination) = &new.on_failure {
        requests.extend(destination_requests(destination, execution_role, time)?);
    }
    let mut denied = Vec::new();
    for request in requests {
        let decided = authority.decide_poll(request, &role)?;
        if !decided.explanation.decision.is_allowed() {
            denied.push(decided);
        }
    }
    if denied.is_empty() {
        return Ok(());
    }
    Err(TriggersError::Denied(Box::new(denial(new, role.arn, denied))))
}

fn settings(new: &NewMapping) -> PollSettings {
    let uris = new.source_access.iter().map(|(_, uri)| uri);
    let secrets = uris.filter(|uri| uri.split(':').nth(2) == Some("secretsmanager"));
    PollSettings {
        secret_arns: secrets.cloned().collect(),
        in_vpc: new.source_access.iter().any(|(kind, _)| kind.starts_with("VPC_")),
        kms_key_arns: new.source_kms_keys.clone(),
    }
}

fn denial(new: &NewMapping, role: String, denied: Vec<Decided>) -> PollDenial {
    let first = denied.first().map(|decided| decided.request.action.as_str()).unwrap_or_default();
    let text = poll_denial_text(first, new.source_arn.as_deref());
    let lacks = denied.iter().filter(|decided| {
        !has(decided, |kind, effect| kind == PolicyType::Principal && effect == CheckEffect::Allow)
    });
    let lacks: Vec<_> = lacks.map(|decided| decided.request.clone()).collect();
    let refuses = |effect| matches!(effect, CheckEffect::ImplicitDeny | CheckEffect::ExplicitDeny);
    let checks = denied.iter().flat_map(|decided| &decided.explanation.checks);
    let obstacles: BTreeSet<PolicyType> = checks
        .filter(|check| refuses(check.effect))
        .filter(|check| {
            // That no identity policy allows is what `missing` is for; that one denies is not.
            check.policy_type != PolicyType::Principal || check.effect == CheckEffect::ExplicitDeny
        })
        .map(|check| check.policy_type)
        .collect();
    PollDenial {
        refusal: Refusal::invalid(text),
        role,
        missing: identity_statements(&lacks),
        denied,
        obstacles: obstacles.into_iter().collect(),
    }
}

fn has(decided: &Decided, is_it: impl Fn(PolicyType, CheckEffect) -> bool) -> bool {
    decided.explanation.checks.iter().any(|check| is_it(check.policy_type, check.effect))
}
