//! A call from request to answer.

mod recorded;

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use hyper::http::{Method, Request, Response, StatusCode};
use retrigger_recording::{Call, CallKey};
use uuid::Uuid;

pub(crate) use recorded::recorded;
use recorded::restored;

use crate::{
    AnswerBody, Fault, Identify, Observed, Operation, Protocol, SessionCredentials, Upstream,
    Verdict,
    answer::{self, Caller},
    calls::{Began, Calls},
    fault::Family,
    invocation::{Answered, CallId, Invocation},
    nearest,
    operation::Unidentified,
    parameters,
    signature::Signature,
    stream::{self, Noting},
    upstream::Sent,
    verify,
};

/// The most bytes of a body: what a Lambda function can well hold in memory.
pub const MAX_BODY: usize = 64 * 1024 * 1024;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Answers the AWS calls of one execution environment of a function.
pub struct Gateway {
    identify: Arc<dyn Identify>,
    credentials: SessionCredentials,
    clock: Clock,
    upstream: Option<Upstream>,
    /// Host and port, where it is reached by HTTP.
    address: OnceLock<String>,
    current: Mutex<Option<Arc<Calls>>>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

/// A request that has come so far as to be answered by a service.
struct Identified {
    operation: Operation,
    sent: Sent,
}

impl Gateway {
    /// A gateway for calls that are signed with `credentials`. It answers none before an invocation
    /// [begins](Self::begin).
    pub fn new(identify: Arc<dyn Identify>, credentials: SessionCredentials) -> Self {
        Self {
            identify,
            credentials,
            clock: Arc::new(SystemTime::now),
            upstream: None,
            address: OnceLock::new(),
            current: Mutex::new(None),
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same with an upstream, for the modes that record.
    #[must_use]
    pub fn upstream(self, upstream: Upstream) -> Self {
        Self { upstream: Some(upstream), ..self }
    }

    /// What calls are to be signed with.
    pub fn credentials(&self) -> &SessionCredentials {
        &self.credentials
    }

    /// The calls from now on are those of this invocation.
    pub fn begin(&self, invocation: Invocation) {
        *self.current() = Some(Arc::new(Calls::new(invocation)));
    }

    /// The invocation is over: what became of its calls. A call that comes later, or is still being
    /// answered, is none of it.
    pub fn end(&self) -> Observed {
        let calls = self.current().take();
        calls.map(|calls| calls.observed()).unwrap_or_default()
    }

    pub(crate) fn set_address(&self, address: String) {
        // Set once, by the one server of the gateway.
        let _ = self.address.set(address);
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Arc<Calls>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request claims to be signed with the session's key: only then is a large body read.
    pub(crate) fn may_be_signed<B>(&self, request: &Request<B>) -> bool {
        let signature = Signature::read(request).ok().flatten();
        signature.is_some_and(|signature| {
            signature.access_key_id == self.credentials.access_key_id
                && signature.token.as_deref() == Some(&self.credentials.session_token)
        })
    }

    /// Answers a call whose body is whole, once all of the answer is there.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (mut head, body) = self.call_streamed(request).await.into_parts();
        let body = body.whole().await.unwrap_or_else(|error| {
            head.status = StatusCode::BAD_GATEWAY;
            Bytes::from(error.to_string())
        });
        Response::from_parts(head, body)
    }

    /// Answers a call whose body is whole, with what an upstream answers as it comes. Must be called
    /// within a tokio runtime.
    pub async fn call_streamed(&self, request: Request<Bytes>) -> Response<AnswerBody> {
        self.call_or_fault(request, None).await
    }

    /// Answers a request; with this fault where there is one.
    pub(crate) async fn call_or_fault(
        &self,
        request: Request<Bytes>,
        fault: Option<Fault>,
    ) -> Response<AnswerBody> {
        let is_head = request.method() == Method::HEAD;
        let calls = self.current().clone();
        let identified = match fault {
            Some(fault) => Err(self.refused(&request, fault)),
            None => self.identified(request),
        };
        let known = match (identified, calls) {
            (Ok(known), Some(calls)) => Ok((known, calls)),
            (Ok(Identified { operation, sent }), None) => {
                let fault = Fault::ExpiredToken;
                Err(Box::new(Refusal {
                    fault,
                    operation: Some(operation),
                    ..Refusal::of(&sent.request)
                }))
            }
            (Err(refusal), calls) => {
                if let Some(calls) = calls {
                    calls.reject(refusal.words());
                }
                Err(refusal)
            }
        };
        match known {
            Ok((identified, calls)) => self.answered(identified, &calls).await,
            Err(refusal) => refusal.answer(is_head).map(AnswerBody::from),
        }
    }

    /// Authenticates and identifies a request.
    fn identified(&self, mut request: Request<Bytes>) -> Result<Identified, Box<Refusal>> {
        let signature = match Signature::read(&request) {
            Ok(signature) => signature,
            Err(fault) => return Err(self.refused(&request, fault)),
        };
        let scope = signature.as_ref().map(|signature| &signature.scope);
        let (raw, mut trailer) = (request.body().clone(), Vec::new());
        if let Some(signature) = &signature {
            match verify::verify(&request, signature, &self.credentials, (self.clock)()) {
                Ok(payload) => (*request.body_mut(), trailer) = (payload.body, payload.trailer),
                Err(fault) => return Err(self.refused(&request, fault)),
            }
        }
        match self.identify.identify(&request, scope) {
            Ok(operation) if signature.is_some() || operation.is_unsigned => {
                let is_signed = signature.is_some();
                Ok(Identified { operation, sent: Sent { request, raw, trailer, is_signed } })
            }
            Ok(operation) => {
                let fault = Fault::MissingSignature;
                Err(Box::new(Refusal {
                    fault,
                    operation: Some(operation),
                    ..Refusal::of(&request)
                }))
            }
            Err(Unidentified { protocol, message, is_malformed }) => {
                let fault = match signature {
                    Some(_) if is_malformed => Fault::MalformedBody(message),
                    Some(_) => Fault::UnknownOperation(message),
                    None => Fault::MissingSignature,
                };
                let service = scope.map(|scope| scope.service.clone()).unwrap_or_default();
                Err(Box::new(Refusal { fault, protocol, service, ..Refusal::of(&request) }))
            }
        }
    }

    /// A refusal in the protocol that the request has, where it shows.
    fn refused(&self, request: &Request<Bytes>, fault: Fault) -> Box<Refusal> {
        let signature = Signature::read(request).ok().flatten();
        let scope = signature.as_ref().map(|signature| &signature.scope);
        Box::new(match self.identify.identify(request, scope) {
            Ok(operation) => Refusal { fault, operation: Some(operation), ..Refusal::of(request) },
            Err(Unidentified { protocol, .. }) => {
                let service = scope.map(|scope| scope.service.clone()).unwrap_or_default();
                Refusal { fault, protocol, service, ..Refusal::of(request) }
            }
        })
    }

    async fn answered(&self, identified: Identified, calls: &Arc<Calls>) -> Response<AnswerBody> {
        let Identified { operation, sent } = identified;
        let address = self.address.get().map(String::as_str);
        let key = CallKey {
            service: operation.service.clone(),
            operation: operation.name.clone(),
            resource: operation.resource().map(str::to_owned),
            parameters: parameters::canonical(&operation, address),
            occurrence: 0,
        };
        let attempt = sent.request.headers().get("amz-sdk-invocation-id");
        let attempt = attempt.and_then(|id| id.to_str().ok());
        let began = calls.begin(&operation, key, attempt);
        let is_head = sent.request.method() == Method::HEAD;
        let (fault, answered) = match Self::next(calls, &began) {
            Next::Recorded(place, call) => {
                calls.finish_recorded(began.id, place);
                return restored(&call.response, address, is_head).map(AnswerBody::from);
            }
            Next::Upstream => match self.forward(&sent, calls, began.id).await {
                Ok(response) => return response,
                Err(why) => (Fault::Upstream(why.clone()), Answered::Failed { why }),
            },
            Next::Fault(fault, answered) => (fault, answered),
        };
        let caller = Caller {
            protocol: operation.protocol,
            service: &operation.service,
            operation: Some(&operation),
            request_id: &request_id(&began.key),
            is_head,
        };
        let response = answer::error(&fault, &caller);
        let (head, body) = response.into_parts();
        let noted = recorded((head.status, &head.headers), body.clone(), address);
        calls.finish(began.id, noted, answered);
        Response::from_parts(head, body.into())
    }

    /// What a call is answered with.
    fn next<'c>(calls: &'c Calls, began: &Began) -> Next<'c> {
        if let Some(message) = refusal(&began.verdict) {
            let answered = Answered::Refused { recorded: began.recorded };
            return Next::Fault(Fault::Denied(message), answered);
        }
        if calls.goes_upstream(began.recorded.is_some()) {
            return Next::Upstream;
        }
        if let Some((place, call)) =
            began.recorded.and_then(|place| Some((place, calls.recorded(place)?)))
        {
            return Next::Recorded(place, call);
        }
        let why = calls.nearest(&began.key);
        Next::Fault(Fault::Unrecorded(why.clone()), Answered::Unrecorded { why })
    }

    async fn forward(
        &self,
        sent: &Sent,
        calls: &Arc<Calls>,
        id: CallId,
    ) -> Result<Response<AnswerBody>, String> {
        calls.is_pending(id);
        let Some(upstream) = &self.upstream else {
            return Err("there is no upstream to record from".to_owned());
        };
        let endpoint = || {
            let signature = Signature::read(&sent.request).ok().flatten();
            let scope = signature.as_ref().map(|signature| &signature.scope);
            self.identify.endpoint(&sent.request, scope)
        };
        let response = upstream.forward(sent, endpoint).await?;
        let (calls, address) = (Arc::clone(calls), self.address.get().cloned());
        Ok(stream::passed_on(response, Noting { calls, id, address }))
    }
}

/// What a call is answered with.
enum Next<'c> {
    /// The recorded call of this place.
    Recorded(usize, &'c Call),
    Upstream,
    Fault(Fault, Answered),
}

/// The words with which a call is refused; `None` where it is allowed.
fn refusal(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Allowed => None,
        Verdict::Denied { message } => Some(message.clone()),
        Verdict::Undecided { missing } => Some(format!(
            "undecided, and so refused: the policies depend on {}, of which nothing is known",
            missing.join(", ")
        )),
    }
}

/// A request that is refused before it is a call.
struct Refusal {
    fault: Fault,
    protocol: Protocol,
    service: String,
    operation: Option<Operation>,
    what: String,
}

impl Refusal {
    fn of(request: &Request<Bytes>) -> Self {
        Self {
            fault: Fault::MissingSignature,
            protocol: Protocol::RestXml,
            service: String::new(),
            operation: None,
            what: format!("{} {}", request.method(), request.uri().path()),
        }
    }

    fn words(&self) -> String {
        let what = match &self.operation {
            Some(operation) => format!("{}:{}", operation.service, operation.name),
            None => self.what.chars().take(80).collect(),
        };
        let operation = self.operation.as_ref();
        let protocol = operation.map_or(self.protocol, |operation| operation.protocol);
        let service = operation.map_or(&self.service, |operation| &operation.service);
        let worded = self.fault.worded(Family::of(protocol, service), operation);
        format!("`{what}`: {}: {}", worded.code, worded.message)
    }

    fn answer(&self, is_head: bool) -> Response<Bytes> {
        let operation = self.operation.as_ref();
        let caller = Caller {
            protocol: operation.map_or(self.protocol, |operation| operation.protocol),
            service: operation.map_or(&self.service, |operation| &operation.service),
            operation,
            request_id: &Uuid::new_v4().to_string(),
            is_head,
        };
        answer::error(&self.fault, &caller)
    }
}

/// The request id of a call that is refused here: the same in every run, as handlers report it.
fn request_id(key: &CallKey) -> String {
    let key = serde_json::to_vec(key).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &key).to_string()
}

/// Such as `dynamodb:GetItem on arn:aws:dynamodb:…`.
pub fn describe(key: &CallKey) -> String {
    nearest::name(key)
}

#[cfg(test)]
pub(crate) mod tests;
