//! The steps of a replay that ask for authorization, in AWS's order.

use retrigger_iam::Request;
use retrigger_recording::{Manifest, Role, Snapshot, Values};
use retrigger_trigger::{
    Classification, Declared, Delivery, ExecutionRole, RequestError, RequestTime, Surroundings,
    Trigger, invoke_requests, poll_denial_text, poll_requests,
};
use serde_json::Value;

use crate::{
    event::{Clause, Decided},
    replay::{
        authority::{Authority, Undecidable},
        mapping, unsettled,
    },
};

/// What the payload and the recording say of the trigger.
pub(super) fn classify(
    payload: &Value,
    manifest: &Manifest,
    function_arn: &str,
) -> Result<Classification, Undecidable> {
    let declared = declared(manifest)?;
    let surroundings = Surroundings::of_function(function_arn);
    Classification::resolve(payload, &surroundings, declared).ok_or_else(|| Undecidable::Other {
        message: "the payload shows no known trigger".to_owned(),
        help: "declare it: `[trigger]` with `kind` in `recording.toml`".to_owned(),
    })
}

/// What a recording states of its trigger.
pub(crate) fn declared(manifest: &Manifest) -> Result<Declared, Undecidable> {
    let facts = &manifest.trigger;
    let invalid = |what: &str, error: String| Undecidable::Other {
        message: error,
        help: format!("mend `{what}` under `[trigger]` in `recording.toml`"),
    };
    let trigger = facts.kind.as_deref().map(str::parse::<Trigger>).transpose();
    let principal = facts.principal.as_ref().and_then(|fact| fact.value());
    let principal = principal.map(|text| text.parse()).transpose();
    let context = facts.context.iter().filter_map(|(key, fact)| {
        let value = match fact.value()? {
            Values::One(value) => value.as_str().into(),
            Values::Many(values) => values.clone().into(),
        };
        Some((key.clone(), value))
    });
    Ok(Declared {
        trigger: trigger.map_err(|error| invalid("kind", error.to_string()))?,
        principal: principal.map_err(|error: retrigger_iam::ParsePrincipalError| {
            invalid("principal", error.to_string())
        })?,
        source_arn: facts.source_arn.as_ref().and_then(|fact| fact.value().cloned()),
        source_account: facts.source_account.as_ref().and_then(|fact| fact.value().cloned()),
        context: context.collect(),
    })
}

/// May the event reach the function? Push triggers and callers are decided under the function's
/// policy, polled sources under the execution role. Stops at the first denial, as AWS does.
pub(super) fn trigger_decisions(
    authority: &mut Authority<'_>,
    classification: &Classification,
    role: &Role,
    time: Option<RequestTime>,
) -> Result<Vec<Decided>, Undecidable> {
    match classification.trigger.delivery() {
        Delivery::Poll { .. } => poll(authority, classification, role, time),
        _ => invoke(authority, classification, time),
    }
}

fn invoke(
    authority: &mut Authority<'_>,
    classification: &Classification,
    time: Option<RequestTime>,
) -> Result<Vec<Decided>, Undecidable> {
    let requests = invoke_requests(classification, &authority.invoked_arn(), time);
    let mut decisions = Vec::new();
    for request in requests.map_err(|error| undeclared(&error))? {
        let mut decided = authority.decide_invoke(request)?;
        if let Some(alias) = classification.principal_alias()
            && !decided.explanation.decision.is_allowed()
        {
            // Decided keys stay with a request: the name is that of the principal it had.
            let request = Request { principal: alias.clone(), ..decided.request.clone() }
                .with_context("aws:PrincipalServiceName", alias.as_str());
            let other = authority.decide_invoke(request)?;
            if other.explanation.decision.is_allowed() {
                decided = other;
            }
        }
        let is_allowed = decided.explanation.decision.is_allowed();
        decided.clauses.extend(undeclared_facts(&decided, classification));
        decisions.push(decided);
        if !is_allowed {
            break;
        }
    }
    Ok(decisions)
}

/// What to declare where a statement missed for a fact that the payload does not show.
fn undeclared_facts(decided: &Decided, classification: &Classification) -> Vec<Clause> {
    let facts = [
        ("aws:SourceArn", "source_arn", classification.source_arn.is_known()),
        ("aws:SourceAccount", "source_account", classification.source_account.is_known()),
    ];
    let near = decided.explanation.nearest_misses();
    let missed = |key: &str| {
        let keys = near.iter().flat_map(|report| &report.misses).flat_map(|miss| &miss.key);
        keys.into_iter().any(|missed| missed.eq_ignore_ascii_case(key))
    };
    let is_denied = !decided.explanation.decision.is_allowed();
    let unknown = facts.into_iter().filter(|(key, _, known)| is_denied && !known && missed(key));
    unknown
        .map(|(key, name, _)| Clause {
            title: format!(
                "the payload does not show `{key}`: declare `{name}` under `[trigger]` in \
                 `recording.toml`"
            ),
            miss: None,
            place: None,
        })
        .collect()
}

fn poll(
    authority: &mut Authority<'_>,
    classification: &Classification,
    role: &Role,
    time: Option<RequestTime>,
) -> Result<Vec<Decided>, Undecidable> {
    let session = authority.role_session(role);
    let source = classification.source_arn.value.as_deref();
    authority.check_mappings()?;
    let mapping = mapping::of_source(authority.function(), source, &authority.invoked_arn());
    let settings = mapping::poll_settings(mapping);
    let execution_role = ExecutionRole { session_arn: &session, role_arn: Some(&role.arn) };
    let requests = poll_requests(classification, execution_role, &settings, time);
    let mut decisions = Vec::new();
    for request in requests.map_err(|error| undeclared(&error))? {
        let mut decided = authority.decide_poll(request, role)?;
        let is_allowed = decided.explanation.decision.is_allowed();
        if !is_allowed {
            decided.message = Some(poll_denial_text(&decided.request.action, source));
        }
        decisions.push(decided);
        if !is_allowed {
            break;
        }
    }
    Ok(decisions)
}

/// May the function write its log? All three actions are decided.
pub(super) fn log_decisions(
    authority: &mut Authority<'_>,
    role: &Role,
    log_group_arn: &str,
    log_stream: &str,
    function_arn: &str,
) -> Result<Vec<Decided>, Undecidable> {
    let session = authority.role_session(role);
    let caller: retrigger_iam::Principal = session.parse().map_err(|error| {
        let error: retrigger_iam::ParsePrincipalError = error;
        Undecidable::Other { message: error.to_string(), help: "mend the role's ARN".to_owned() }
    })?;
    let mut decisions = Vec::new();
    for (action, resource) in unsettled::log_resources(log_group_arn, log_stream) {
        // Lambda names the function in the log calls that it makes (Lambda Developer Guide,
        // "Using source function ARN to control function access behavior").
        let mut request = Request::new(caller.clone(), action, resource)
            .with_context("lambda:SourceFunctionArn", function_arn);
        request.session_issuer = Some(role.arn.clone());
        decisions.push(authority.decide_log(request, role)?);
    }
    Ok(decisions)
}

/// Whether log lines reach CloudWatch Logs. The group need not be created where it exists.
pub(crate) fn delivers_logs(decisions: &[Decided], snapshot: &Snapshot) -> bool {
    let group_exists = snapshot.about().log_group_exists == Some(true);
    decisions.iter().all(|decided| {
        decided.explanation.decision.is_allowed()
            || (group_exists && decided.request.action == "logs:CreateLogGroup")
    })
}

fn undeclared(error: &RequestError) -> Undecidable {
    Undecidable::Other {
        message: error.to_string(),
        help: "facts are declared under `[trigger]` in `recording.toml`".to_owned(),
    }
}
