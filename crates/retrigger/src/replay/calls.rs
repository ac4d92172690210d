//! The handler's AWS calls: how they are answered, decided, compared and recorded.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use retrigger_gateway::{
    Answered, Authorization, Authorize, Aws, CallId, Gateway, Invocation, Observed, ObservedCall,
    Operation, RecordMode, SessionCredentials, Upstream, Verdict, describe,
};
use retrigger_iam::{Decision, Policy, Principal, Request};
use retrigger_recording::{Call, FunctionArn, FunctionFolder, Recording, Redactor, Role, Snapshot};
use retrigger_trigger::RequestTime;
use serde_json::json;

use crate::{
    documents::Documents,
    event::{CallAnswer, CallChanges, Called, Decided, Difference},
    replay::{
        authority::{Authority, Undecidable},
        unsettled,
    },
};

/// What becomes of the handler's AWS calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallSettings {
    pub(crate) mode: RecordMode,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) assumed: Assumed,
    /// Policies that deny, beside those of the role.
    pub(crate) denied: Vec<Policy>,
}

/// Values of condition keys that nothing shows, and parts of ARNs that calls do not tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assumed(Vec<(String, String)>);

impl Assumed {
    pub(crate) fn add(&mut self, key: String, value: String) {
        self.0.push((key, value));
    }

    fn keys(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(key, _)| !key.starts_with("${"))
    }

    /// A resource with the parts of its ARN that are assumed, such as `${KeyId}`.
    fn told(&self, resource: &str) -> String {
        let parts = self.0.iter().filter(|(key, _)| key.starts_with("${"));
        parts.fold(resource.to_owned(), |arn, (part, value)| arn.replace(part, value))
    }
}

impl CallSettings {
    /// A gateway with new credentials, for the function with this ARN.
    pub(crate) fn gateway(&self, function_arn: &str) -> Gateway {
        let arn = retrigger_iam::Arn::parse(function_arn);
        let (partition, account) = arn.map_or(("aws", ""), |arn| (arn.partition, arn.account));
        let region = arn.map_or("us-east-1", |arn| arn.region);
        let aws = Arc::new(Aws::new(partition, account).region(region));
        let gateway = Gateway::new(aws, SessionCredentials::random());
        match &self.upstream {
            Some(upstream) => gateway.upstream(upstream.clone()),
            None => gateway,
        }
    }
}

/// The configuration with which a handler in process makes its AWS calls, without a socket, by the
/// AWS SDK for Rust: an HTTP client that is answered as the replay says, the credentials of the
/// invocation, the Region of the function. `None` outside a replay.
///
/// A handler that takes its clients from outside gets them for each event:
///
/// ```no_run
/// use aws_sdk_sqs::{Client, Error};
/// use retrigger::{assert_replay, runtime::{Context, json_handler}};
///
/// async fn handle(queue: &Client, order: serde_json::Value) -> Result<Option<String>, Error> {
///     let url = "https://sqs.us-east-1.amazonaws.com/841860927337/orders";
///     let sent = queue.send_message().queue_url(url).message_body(order.to_string());
///     Ok(sent.send().await?.message_id)
/// }
///
/// #[test]
/// fn an_order_is_sent_on() {
///     let handler = |order, context: Context| async move {
///         let config = retrigger::sdk_config(&context).expect("a replay");
///         handle(&Client::new(&config), order).await.map_err(|error| error.to_string())
///     };
///     assert_replay("recordings/orders/order-sent", json_handler(handler));
/// }
/// ```
///
/// What else a client is to have goes into `config.to_builder()`, or into the client's own `Config`.
#[cfg(feature = "aws-sdk")]
pub fn sdk_config(context: &retrigger_runtime::Context) -> Option<aws_types::SdkConfig> {
    Some(gateway_client(context)?.sdk_config(&context.function.region))
}

/// The HTTP client of [`sdk_config`] by itself, for a configuration that is made in another way. The
/// credentials and the Region are those of `context.function`.
///
/// ```no_run
/// # fn clients(context: &retrigger::runtime::Context) -> Option<()> {
/// let client = retrigger::gateway_client(context)?;
/// // aws_config::defaults(BehaviorVersion::latest()).http_client(client) …
/// # Some(()) }
/// ```
#[cfg(feature = "aws-sdk")]
pub fn gateway_client(
    context: &retrigger_runtime::Context,
) -> Option<retrigger_gateway::GatewayClient> {
    let gateway = context.extensions.get::<Arc<Gateway>>()?;
    Some(retrigger_gateway::GatewayClient::new(Arc::clone(gateway)))
}

/// Why nothing can be denied so.
#[derive(Debug, thiserror::Error)]
#[error("`{what}` cannot be denied: {why}; give `ACTION` or `ACTION@ARN`, such as `s3:GetObject`")]
pub struct InvalidDenial {
    what: String,
    why: String,
}

/// The policy that denies `ACTION` or `ACTION@ARN`.
pub(super) fn denial(what: &str) -> Result<Policy, InvalidDenial> {
    let (action, resource) = what.split_once('@').unwrap_or((what, "*"));
    if action != "*" && !action.contains(':') {
        let why = "an action has a service before its name".to_owned();
        return Err(InvalidDenial { what: what.to_owned(), why });
    }
    let statement = json!({
        "Sid": "deny", "Effect": "Deny", "Action": action, "Resource": resource,
    });
    let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let parsed = Policy::parse(&document);
    let is_error =
        |finding: &&retrigger_iam::Finding| finding.severity == retrigger_iam::Severity::Error;
    let why = parsed.findings.iter().find(is_error).map(|finding| finding.message.clone());
    match (parsed.policy, why) {
        (Some(policy), None) => Ok(policy.named("--deny")),
        (_, why) => Err(InvalidDenial { what: what.to_owned(), why: why.unwrap_or_default() }),
    }
}

/// All that decisions on calls need.
pub(super) struct CallScene {
    pub(super) folder: Arc<FunctionFolder>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) qualifier: Option<String>,
    pub(super) role: Role,
    pub(super) time: Option<RequestTime>,
    pub(super) settings: CallSettings,
}

/// Decides on the calls of one invocation, and keeps the decisions.
pub(super) struct CallAuthority {
    scene: CallScene,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    documents: Documents,
    decisions: BTreeMap<CallId, Vec<Decided>>,
    /// The first thing that kept a call from being decided.
    failure: Option<Undecidable>,
}

impl fmt::Debug for CallAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAuthority").field("role", &self.scene.role.arn).finish_non_exhaustive()
    }
}

impl CallAuthority {
    pub(super) fn new(scene: CallScene) -> Self {
        Self { scene, state: Mutex::default() }
    }

    /// What a gateway must be told of an invocation.
    pub(super) fn invocation(self: &Arc<Self>, recording: &Recording) -> Invocation {
        Invocation {
            calls: recording.calls.clone(),
            event: String::from_utf8_lossy(&recording.event).into_owned(),
            mode: self.scene.settings.mode,
            authorize: Arc::<Self>::clone(self),
        }
    }

    /// The decisions so far, and what kept a call from being decided.
    pub(super) fn take(&self) -> (BTreeMap<CallId, Vec<Decided>>, Option<Undecidable>) {
        let mut state = self.state();
        (std::mem::take(&mut state.decisions), state.failure.take())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, operation: &Operation) -> Result<Vec<Decided>, Undecidable> {
        let CallScene { folder, snapshot, qualifier, role, time, settings } = &self.scene;
        let arn = &folder.function().arn;
        let documents = std::mem::take(&mut self.state().documents);
        let authority = Authority::new(snapshot, arn, qualifier.as_deref())?;
        let mut authority = authority.knowing(documents);
        let mut decisions = Vec::new();
        for authorization in &operation.authorizations {
            for resource in &authorization.resources {
                let (caller, asked) = ((arn, role), (authorization, resource.as_str()));
                let request = request(&authority, caller, *time, asked, &settings.assumed)?;
                decisions.push(authority.decide_call(request, role, &settings.denied)?);
            }
        }
        self.state().documents = authority.take_documents();
        Ok(decisions)
    }
}

/// What is asked: the action on the resource, with what the call, the session and the time of the
/// recording show, and what is assumed. Source: IAM User Guide, "AWS global condition context keys".
pub(super) fn request(
    authority: &Authority<'_>,
    (arn, role): (&FunctionArn, &Role),
    time: Option<RequestTime>,
    (authorization, resource): (&Authorization, &str),
    assumed: &Assumed,
) -> Result<Request, Undecidable> {
    let resource = assumed.told(resource);
    let session = authority.role_session(role);
    let caller: Principal = session.parse().map_err(|error| {
        let error: retrigger_iam::ParsePrincipalError = error;
        Undecidable::Other { message: error.to_string(), help: "mend the role's ARN".into() }
    })?;
    let mut request = Request::new(caller, authorization.action.as_str(), resource.as_str())
        .with_context("lambda:SourceFunctionArn", arn.as_str())
        .with_context("aws:RequestedRegion", arn.region())
        .with_context("aws:SecureTransport", "true")
        .with_context("aws:ViaAWSService", "false");
    for key in UNKNOWN.into_iter().chain(authorization.unknown.iter().map(String::as_str)) {
        request = request.with_unknown(key);
    }
    for (key, values) in &authorization.context {
        request = match values.as_slice() {
            [value] => request.with_context(key.as_str(), value.as_str()),
            _ => request.with_context(key.as_str(), values.clone()),
        };
    }
    request.session_issuer = Some(role.arn.clone());
    request.wildcard_only_action = unsettled::is_wildcard_only(&authorization.action, &resource);
    for (key, value) in time.iter().flat_map(RequestTime::keys) {
        request.context.insert(key, value);
    }
    for (key, value) in assumed.keys().cloned() {
        request.context.insert(key, value);
    }
    Ok(request)
}

/// The condition keys that every call has on AWS, or may have, with values that nothing here shows:
/// where a function calls from, with what, since when its session lasts, and of which organization
/// it and the resource are.
const UNKNOWN: [&str; 17] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:userid",
];

impl Authorize for CallAuthority {
    fn authorize(&self, id: CallId, operation: &Operation) -> Verdict {
        // What AWS takes unsigned is not decided under the role.
        if operation.is_unsigned {
            return Verdict::Allowed;
        }
        match self.decide(operation) {
            Ok(decisions) => {
                let verdict = verdict(&decisions);
                self.state().decisions.insert(id, decisions);
                verdict
            }
            Err(error) => {
                let message = error.to_string();
                self.state().failure.get_or_insert(error);
                Verdict::Denied { message }
            }
        }
    }
}

/// All must allow. A denial is told before what is undecided: it is one whatever is not known.
fn verdict(decisions: &[Decided]) -> Verdict {
    let is = |kind: Decision| move |decided: &&Decided| decided.explanation.decision == kind;
    let denied = decisions.iter().find(is(Decision::ExplicitlyDenied));
    let denied = denied.or_else(|| decisions.iter().find(is(Decision::ImplicitlyDenied)));
    if let Some(denied) = denied {
        return Verdict::Denied { message: denied.message.clone().unwrap_or_default() };
    }
    let undecided = decisions.iter().filter(is(Decision::Undecided));
    let missing: Vec<String> =
        undecided.flat_map(|decided| decided.explanation.hangs_on.clone()).collect();
    let is_undecided = decisions.iter().any(|decided| is(Decision::Undecided)(&decided));
    if is_undecided { Verdict::Undecided { missing } } else { Verdict::Allowed }
}

/// A call as an event.
pub(super) fn called(call: &ObservedCall) -> Called {
    let (answered, why) = match &call.answered {
        Answered::Recorded(_) | Answered::Pending => (CallAnswer::Recorded, None),
        Answered::Upstream => (CallAnswer::Upstream, None),
        Answered::Refused { .. } => (CallAnswer::Refused, None),
        Answered::Unrecorded { why } => (CallAnswer::Unrecorded, Some(why.clone())),
        Answered::Failed { why } => (CallAnswer::Failed, Some(why.clone())),
    };
    let (key, status) = (call.call.key.clone(), call.call.response.status);
    Called { key, answered, status, attempts: call.attempts, why }
}

/// Calls that are made anew, and recorded ones that are not made any more.
pub(super) fn differences(observed: &Observed, mode: RecordMode) -> Vec<Difference> {
    let anew = observed.calls.iter().filter_map(|call| match &call.answered {
        Answered::Unrecorded { .. } => {
            Some(difference(&describe(&call.call.key), "not made", "made"))
        }
        Answered::Failed { .. } => {
            Some(difference(&describe(&call.call.key), "answered", "not answered"))
        }
        _ => None,
    });
    let is_kept = mode != RecordMode::All;
    let unmade = observed.unmade.iter().filter(|_| is_kept);
    let unmade = unmade.map(|key| difference(&describe(key), "made", "not made"));
    anew.chain(unmade).collect()
}

/// What differs, by the keys of calls.
pub(super) fn changes(observed: &Observed) -> CallChanges {
    let is_anew = |call: &&ObservedCall| matches!(call.answered, Answered::Unrecorded { .. });
    let unrecorded = observed.calls.iter().filter(is_anew).map(|call| call.call.key.clone());
    CallChanges { unmade: observed.unmade.clone(), unrecorded: unrecorded.collect() }
}

fn difference(call: &str, expected: &str, actual: &str) -> Difference {
    let (expected, actual) = (expected.to_owned(), actual.to_owned());
    Difference { what: format!("call {call}"), expected, actual }
}

/// Writes what was recorded, and nothing where nothing was; nor where a call was not answered and
/// [`RecordMode::New`] would not record it later. Calls stay in their order, and new ones follow.
pub(super) fn save(
    recording: &Recording,
    folder: &Path,
    observed: Observed,
    mode: RecordMode,
    redactor: &Redactor,
) -> Result<(), Undecidable> {
    let failed = |call: &ObservedCall| matches!(call.answered, Answered::Failed { .. });
    let is_whole = mode == RecordMode::New || !observed.calls.iter().any(failed);
    let new = observed.calls.into_iter().filter(|call| call.answered == Answered::Upstream);
    let mut new: Vec<Call> = new.map(|call| call.call).collect();
    if mode == RecordMode::None || new.is_empty() || !is_whole {
        return Ok(());
    }
    let mut recording = recording.clone();
    let calls = recording.calls.into_iter().filter_map(|call| {
        match new.iter().position(|new| new.key == call.key) {
            Some(place) => Some(new.remove(place)),
            None => Some(call).filter(|_| mode != RecordMode::All),
        }
    });
    recording.calls = calls.collect();
    recording.calls.append(&mut new);
    recording.redact(redactor)?;
    recording.save(folder, redactor)?;
    Ok(())
}
