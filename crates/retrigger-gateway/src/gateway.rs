//! A call from request to answer.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use hyper::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use retrigger_recording::{Body, CallKey, CallResponse, tokens_as_xml};
use uuid::Uuid;

use crate::{
    Fault, Identify, Observed, Operation, Protocol, SessionCredentials, Upstream, Verdict,
    answer::{self, Caller},
    calls::{Began, Calls},
    fault::Family,
    invocation::{Answered, Invocation},
    nearest,
    operation::Unidentified,
    parameters::{self, PLACE},
    payload,
    signature::Signature,
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

/// The body of a request as it came, which an upstream gets.
#[derive(Clone)]
pub(crate) struct Raw(pub(crate) Bytes);

/// A request that has come so far as to be answered by a service.
struct Identified {
    operation: Operation,
    request: Request<Bytes>,
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

    /// Answers a call whose body is whole.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.call_or_fault(request, None).await
    }

    /// Answers a request; with this fault where there is one.
    pub(crate) async fn call_or_fault(
        &self,
        request: Request<Bytes>,
        fault: Option<Fault>,
    ) -> Response<Bytes> {
        let is_head = request.method() == Method::HEAD;
        let calls = self.current().clone();
        let identified = match fault {
            Some(fault) => Err(self.refused(&request, fault)),
            None => self.identified(request),
        };
        let known = match (identified, calls) {
            (Ok(known), Some(calls)) => Ok((known, calls)),
            (Ok(Identified { operation, request }), None) => {
                let fault = Fault::ExpiredToken;
                Err(Box::new(Refusal {
                    fault,
                    operation: Some(operation),
                    ..Refusal::of(&request)
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
            Ok((Identified { operation, request }, calls)) => {
                self.answered(operation, request, &calls).await
            }
            Err(refusal) => refusal.answer(is_head),
        }
    }

    /// Authenticates and identifies a request.
    fn identified(&self, mut request: Request<Bytes>) -> Result<Identified, Box<Refusal>> {
        let signature = match Signature::read(&request) {
            Ok(signature) => signature,
            Err(fault) => return Err(self.refused(&request, fault)),
        };
        let scope = signature.as_ref().map(|signature| &signature.scope);
        if let Some(signature) = &signature {
            match verify::verify(&request, signature, &self.credentials, (self.clock)()) {
                Ok(payload) => {
                    let raw = std::mem::replace(request.body_mut(), payload);
                    request.extensions_mut().insert(Raw(raw));
                }
                Err(fault) => return Err(self.refused(&request, fault)),
            }
        }
        match self.identify.identify(&request, scope) {
            Ok(operation) if signature.is_some() || operation.is_unsigned => {
                Ok(Identified { operation, request })
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
                Err(Box::new(Refusal { fault, protocol, ..Refusal::of(&request) }))
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

    async fn answered(
        &self,
        operation: Operation,
        request: Request<Bytes>,
        calls: &Calls,
    ) -> Response<Bytes> {
        let address = self.address.get().map(String::as_str);
        let key = CallKey {
            service: operation.service.clone(),
            operation: operation.name.clone(),
            resource: operation.resource().map(str::to_owned),
            parameters: parameters::canonical(&operation, address),
            occurrence: 0,
        };
        let attempt = request.headers().get("amz-sdk-invocation-id");
        let attempt = attempt.and_then(|id| id.to_str().ok());
        let began = calls.begin(&operation, key, attempt);
        let (response, answered) = self.answer(&operation, &request, calls, &began).await;
        calls.finish(began.id, recorded(&response, address), answered);
        response
    }

    async fn answer(
        &self,
        operation: &Operation,
        request: &Request<Bytes>,
        calls: &Calls,
        began: &Began,
    ) -> (Response<Bytes>, Answered) {
        let is_head = request.method() == Method::HEAD;
        let fault = |fault: Fault| {
            let id = request_id(&began.key);
            let caller = Caller {
                protocol: operation.protocol,
                service: &operation.service,
                operation: Some(operation),
                request_id: &id,
                is_head,
            };
            answer::error(&fault, &caller)
        };
        if let Some(message) = refusal(&began.verdict) {
            let answered = Answered::Refused { recorded: began.recorded };
            return (fault(Fault::Denied(message)), answered);
        }
        if calls.goes_upstream(began.recorded.is_some()) {
            return match self.forward(request).await {
                Ok(response) => (response, Answered::Upstream),
                Err(why) => (fault(Fault::Upstream(why.clone())), Answered::Failed { why }),
            };
        }
        let recorded = began.recorded.and_then(|place| Some((place, calls.recorded(place)?)));
        if let Some((place, call)) = recorded {
            let address = self.address.get().map(String::as_str);
            let response = restored(&call.response, address, is_head);
            return (response, Answered::Recorded(place));
        }
        let why = calls.nearest(&began.key);
        (fault(Fault::Unrecorded(why.clone())), Answered::Unrecorded { why })
    }

    async fn forward(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, String> {
        match &self.upstream {
            Some(upstream) => upstream.forward(request).await,
            None => Err("there is no upstream to record from".to_owned()),
        }
    }
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

/// The headers that are of a connection and not of an answer, or of the bytes as they were sent.
const NOT_RECORDED: [&str; 6] =
    ["connection", "date", "keep-alive", "server", "transfer-encoding", "x-amz-crc32"];

/// An answer in the form in which it is recorded.
fn recorded(response: &Response<Bytes>, address: Option<&str>) -> CallResponse {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in response.headers() {
        if NOT_RECORDED.contains(&name.as_str()) || name == "content-length" {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = address.map_or(value.to_string(), |address| value.replace(address, PLACE));
        headers.entry(name.as_str().to_owned()).or_default().push(value);
    }
    // The length is all that an answer to HEAD says of its body.
    let length = response.headers().get("content-length").and_then(|value| value.to_str().ok());
    if let (true, Some(length)) = (response.body().is_empty(), length) {
        headers.insert("content-length".to_owned(), vec![length.to_owned()]);
    }
    let body = match (Body::from_bytes(response.body().to_vec()), address) {
        (Body::Text(text), Some(address)) => Body::Text(text.replace(address, PLACE)),
        (body, _) => body,
    };
    CallResponse { status: response.status().as_u16(), headers, body }
}

/// The answer that was recorded.
fn restored(recorded: &CallResponse, address: Option<&str>, is_head: bool) -> Response<Bytes> {
    let place = address.unwrap_or("localhost");
    let body = match &recorded.body {
        Body::Text(text) => Bytes::from(text.replace(PLACE, place)),
        Body::Base64(bytes) => Bytes::from(bytes.clone()),
    };
    let body = parsable(recorded, body);
    let mut headers = HeaderMap::new();
    for (name, values) in &recorded.headers {
        for value in values {
            let (name, value) =
                (HeaderName::from_bytes(name.as_bytes()), value.replace(PLACE, place));
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                headers.append(name, value);
            }
        }
    }
    if !is_head {
        headers.remove("content-length");
        // A body in which a secret was redacted has another checksum.
        let is_false = |name: &HeaderName, value: &HeaderValue| {
            payload::check_sum(name.as_str(), value.to_str().unwrap_or_default(), &body).is_err()
        };
        let wrong: Vec<HeaderName> = headers
            .iter()
            .filter(|(name, value)| is_false(name, value))
            .map(|(name, _)| name.clone())
            .collect();
        for name in wrong {
            headers.remove(name);
        }
    }
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// XML that can be parsed, whatever stands in it for secrets.
fn parsable(recorded: &CallResponse, body: Bytes) -> Bytes {
    let mut types = recorded.headers.get("content-type").into_iter().flatten();
    let is_xml = types.any(|kind| kind.contains("xml"));
    match std::str::from_utf8(&body).map(tokens_as_xml) {
        Ok(Cow::Owned(escaped)) if is_xml => escaped.into(),
        _ => body,
    }
}

/// Such as `dynamodb:GetItem on arn:aws:dynamodb:…`.
pub fn describe(key: &CallKey) -> String {
    nearest::name(key)
}

#[cfg(test)]
pub(crate) mod tests;
