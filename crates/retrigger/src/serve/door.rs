//! Front doors: a request becomes an event, is decided, reaches the function, and its response goes
//! back.

mod health;
mod open;
mod stream;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use retrigger_recording::TriggerFacts;
use retrigger_runtime::{FunctionError, Outcome};
use retrigger_serve::{
    ApiError, Door, DoorBody, DoorRequest, DoorResponse, Responding, is_loopback_host,
};
use retrigger_trigger::{
    Surroundings, classify,
    http::{Failure, FrontDoor, HttpRequest, HttpResponse},
};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    api::{Api, Called, blocking},
    front_door::HealthCheck,
    function::Served,
    invoke::{Asked, Decision, trace_of, trace_root},
    notify,
};

pub(super) use open::open_all;

/// The most bytes of an event. Source: Lambda Developer Guide, "Lambda quotas" (6 MB).
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// A front door with what is behind it.
pub(super) struct OpenDoor {
    api: Arc<Api>,
    served: Arc<Served>,
    qualifier: Option<String>,
    identity: open::Identity,
    hosts: Vec<String>,
    port: u16,
    health_check: Option<HealthCheck>,
}

/// What a request led to, and why it came to no response.
struct Answered {
    response: HttpResponse,
    error: Option<String>,
}

/// The same, where the body may still come.
struct Sent {
    response: DoorResponse,
    error: Option<String>,
}

impl Door for OpenDoor {
    fn max_body(&self) -> usize {
        self.identity.max_body()
    }

    fn is_name(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let named = |name: &String| *name == host || name == "*";
        self.hosts.iter().any(named) || self.names().contains(&host)
    }

    fn answer(self: Arc<Self>, request: DoorRequest) -> Responding {
        Box::pin(async move {
            let started = Instant::now();
            let about = self.api.observes().then(|| {
                // Without the query, which may have a token in it.
                format!("{} {}", request.method, request.path)
            });
            let sent = Arc::clone(&self).respond(request).await;
            if about.is_some() {
                self.tell(about, sent.response.status, sent.error, started.elapsed());
            }
            sent.response
        })
    }
}

impl OpenDoor {
    fn tell(
        &self,
        request: Option<String>,
        status: u16,
        error: Option<String>,
        duration: Duration,
    ) {
        self.api.tell(&Called {
            action: self.identity.kind(),
            function: Some(self.function()),
            caller: None,
            request,
            status: Some(status),
            error,
            warning: None,
            duration,
        });
    }

    /// The function's name, with the qualifier.
    fn function(&self) -> String {
        let qualifier = self.qualifier.as_ref().map(|qualifier| format!(":{qualifier}"));
        format!("{}{}", self.served.name(), qualifier.unwrap_or_default())
    }

    fn function_arn(&self) -> String {
        self.served.arn().qualified(self.qualifier.as_deref())
    }

    async fn respond(self: Arc<Self>, request: DoorRequest) -> Sent {
        let resolved = match Arc::clone(&self).resolve_for(&request).await {
            Ok(resolved) => resolved,
            Err(error) => {
                // As it was when it was opened, which is enough to word an error.
                let door = self.identity.as_opened();
                let request = self.read(request, &door);
                return refused(&door, &request, Failure::NotInvoked, error.to_string()).into();
            }
        };
        let open::Resolved { door, streams, refusal } = resolved;
        let is_too_large = request.body.is_none();
        let request = self.read(request, &door);
        if is_too_large {
            let text = format!("the body is larger than {} bytes", door.max_body());
            return refused(&door, &request, Failure::TooLarge, text).into();
        }
        if let Some(refusal) = refusal {
            return refused(&door, &request, Failure::Denied, refusal).into();
        }
        let event = match door.event(&request) {
            Ok(event) => event,
            Err(response) => return Answered { response, error: None }.into(),
        };
        let (decision, room) = match self.decide(&door, &request, &event).await {
            Ok(decided) => decided,
            Err((failure, text)) => return refused(&door, &request, failure, text).into(),
        };
        match (&door, streams) {
            (FrontDoor::Url(url), true) => {
                let url = url.clone();
                self.stream(door, url, request, decision, room).await
            }
            _ => self.run(door, request, decision, room).await.into(),
        }
    }

    async fn resolve_for(
        self: Arc<Self>,
        request: &DoorRequest,
    ) -> Result<open::Resolved, ApiError> {
        let signed = (request.header("authorization"), request.query.clone());
        if self.identity.is_fixed() {
            return self.resolve(signed);
        }
        blocking(move || self.resolve(signed)).await?
    }

    /// The request as the door's service would get it: by its name on AWS, where it was called by
    /// one of the loopback interface.
    fn read(&self, request: DoorRequest, door: &FrontDoor) -> HttpRequest {
        let mut headers = request.headers;
        let named = headers.iter_mut().find(|(name, _)| name == "host");
        match named {
            Some((_, host)) if is_loopback_host(host) => *host = door.domain_name(),
            Some(_) => {}
            None => headers.push(("host".to_owned(), door.domain_name())),
        }
        HttpRequest {
            method: request.method,
            path: request.path,
            query: request.query,
            headers,
            body: request.body.unwrap_or_default().to_vec(),
            protocol: request.protocol,
            source_ip: request.client.to_string(),
            port: self.port,
            time_ms: jiff::Timestamp::now().as_millisecond(),
            request_id: Uuid::new_v4().to_string(),
            trace_root: trace_root(),
        }
    }

    /// Decides whether the event may reach the function. An event that may not is recorded too.
    async fn decide(
        &self,
        door: &FrontDoor,
        request: &HttpRequest,
        event: &Value,
    ) -> Result<(Decision, OwnedSemaphorePermit), (Failure, String)> {
        let payload = Bytes::from(event.to_string());
        if payload.len() > MAX_EVENT {
            let is_url = matches!(door, FrontDoor::Url(_));
            let failure = if is_url { Failure::TooLarge } else { Failure::NotInvoked };
            let text = format!("the event has {} bytes, more than {MAX_EVENT}", payload.len());
            return Err((failure, text));
        }
        let room = self.api.room().map_err(|error| (Failure::Throttled, error.to_string()))?;
        // The id that a function URL gives a request is that of the invocation.
        let request_id = match door {
            FrontDoor::Url(_) => request.request_id.clone(),
            _ => Uuid::new_v4().to_string(),
        };
        let asked = Asked {
            served: Arc::clone(&self.served),
            qualifier: self.qualifier.clone(),
            trigger: facts(event, &self.function_arn()),
            request_id,
            trace_id: Some(trace_of(&request.trace_root)),
            client_context: None,
            payload,
        };
        let not_invoked = |error: ApiError| (Failure::NotInvoked, error.to_string());
        let decision = self.api.decide(asked).await.map_err(not_invoked)?;
        if let Err(error) = decision.refuse() {
            self.api.record(decision, None).await;
            let is_denied = error.code() == "AccessDeniedException";
            let failure = if is_denied { Failure::Denied } else { Failure::NotInvoked };
            return Err((failure, error.to_string()));
        }
        Ok((decision, room))
    }

    /// Runs the function and reads its response, for as long as the door waits. The function goes
    /// on where the client goes away or the door waits no longer.
    async fn run(
        &self,
        door: FrontDoor,
        request: HttpRequest,
        decision: Decision,
        room: OwnedSemaphorePermit,
    ) -> Answered {
        let (api, limit) = (Arc::clone(&self.api), door.timeout());
        let (own_door, own_request) = (door.clone(), request.clone());
        let running = tokio::spawn(async move {
            let answered = match api.run(&decision, None, &room).await {
                Ok(outcome) => {
                    let answered = read_outcome(&own_door, &own_request, &outcome);
                    api.record(decision, Some(outcome)).await;
                    answered
                }
                Err(error) => {
                    refused(&own_door, &own_request, Failure::NotInvoked, error.to_string())
                }
            };
            drop(room);
            answered
        });
        let Some(limit) = limit else { return joined(running.await, &door, &request) };
        if let Ok(done) = tokio::time::timeout(limit, running).await {
            return joined(done, &door, &request);
        }
        let text = format!("the front door waits for {} seconds", limit.as_secs());
        refused(&door, &request, Failure::TimedOut, text)
    }
}

/// What is known of the invocation of an event: all that it shows.
fn facts(event: &Value, function_arn: &str) -> TriggerFacts {
    let found = classify(event, &Surroundings::of_function(function_arn));
    found.as_ref().map(notify::facts).unwrap_or_default()
}

fn read_outcome(door: &FrontDoor, request: &HttpRequest, outcome: &Outcome) -> Answered {
    match &outcome.result {
        Ok(response) => match door.response(request, &response.body) {
            Ok(response) => Answered { response, error: None },
            Err(malformed) => refused(door, request, Failure::Malformed, malformed.to_string()),
        },
        Err(error) => refused(door, request, Failure::FunctionError, failed(error)),
    }
}

fn failed(error: &FunctionError) -> String {
    format!("the function failed: {error}")
}

fn refused(door: &FrontDoor, request: &HttpRequest, failure: Failure, error: String) -> Answered {
    Answered { response: door.failure(request, failure), error: Some(error) }
}

fn joined(
    done: Result<Answered, tokio::task::JoinError>,
    door: &FrontDoor,
    request: &HttpRequest,
) -> Answered {
    done.unwrap_or_else(|error| refused(door, request, Failure::NotInvoked, error.to_string()))
}

impl From<Answered> for Sent {
    fn from(answered: Answered) -> Self {
        let HttpResponse { status, reason, headers, body } = answered.response;
        let body = DoorBody::Whole(body.into());
        let response = DoorResponse { status, reason, headers, body };
        Self { response, error: answered.error }
    }
}
