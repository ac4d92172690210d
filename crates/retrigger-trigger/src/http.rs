//! HTTP front doors as AWS has them: a request becomes an event, a function's response becomes an
//! HTTP response, and what goes wrong becomes the error that each service answers.
//!
//! Load balancers, REST APIs, HTTP APIs and function URLs, by their own domain names: without
//! authorizers, stage variables, usage plans and mappings of custom domains. It knows no HTTP server:
//! requests and responses are plain values.
//!
//! ```text
//! HttpRequest ──FrontDoor::event──▶ event         or the answer, where the function is not asked
//! payload ─────FrontDoor::response──▶ HttpResponse, or why it is malformed
//! Failure ─────FrontDoor::failure──▶ HttpResponse
//! ```
//!
//! ```
//! use retrigger_trigger::http::{Alb, FrontDoor, HttpRequest};
//!
//! let function = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
//! let door = FrontDoor::Alb(Alb::new(function).unwrap());
//! let request = HttpRequest { query: "a=1".into(), ..HttpRequest::new("GET", "/") };
//! let event = door.event(&request).unwrap();
//! assert_eq!(event["queryStringParameters"]["a"], "1");
//!
//! let response = door.response(&request, br#"{"statusCode": 404}"#).unwrap();
//! assert_eq!(response.status, 404);
//! ```

mod alb;
mod http_api;
mod rest;
mod url;

mod answer;
mod cors;
mod identity;
mod media;
mod message;
mod payload;
mod route;
mod stream;

use std::time::Duration;

use serde_json::Value;

pub use alb::Alb;
pub use answer::Malformed;
pub use cors::Cors;
pub use http_api::{HttpApi, PayloadFormat};
pub use identity::IdentityError;
pub use message::{HttpRequest, HttpResponse};
pub use rest::RestApi;
pub use route::{Route, RouteError};
pub use stream::{Prelude, PreludeReader, STREAM_CONTENT_TYPE};
pub use url::{FunctionUrl, UrlCaller};

use crate::trigger::Trigger;

/// A way for HTTP to reach a function.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrontDoor {
    /// A target group of an Application Load Balancer.
    Alb(Alb),
    /// An API Gateway REST API with Lambda proxy integration.
    Rest(RestApi),
    /// An API Gateway HTTP API, payload format 1.0 or 2.0.
    Http(HttpApi),
    /// The function's own URL.
    Url(FunctionUrl),
}

/// Why the function gave no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The request's body is larger than the front door takes.
    TooLarge,
    /// The function's policy does not let the front door invoke it, or for a function URL whoever
    /// calls.
    Denied,
    /// More invocations run than may.
    Throttled,
    /// Lambda takes no such invocation, or cannot run the function.
    NotInvoked,
    /// It ended with an error, timed out within its own timeout, or answered too much.
    FunctionError,
    /// It took longer than the front door waits.
    TimedOut,
    /// Its response has not the form that the front door reads.
    Malformed,
}

impl FrontDoor {
    /// What its events are classified as.
    pub fn trigger(&self) -> Trigger {
        match self {
            Self::Alb(_) => Trigger::Alb,
            Self::Rest(_) => Trigger::ApigwRestV1,
            Self::Http(api) => api.trigger(),
            Self::Url(_) => Trigger::FunctionUrl,
        }
    }

    /// The name by which clients reach it on AWS.
    pub fn domain_name(&self) -> String {
        match self {
            Self::Alb(alb) => alb.domain_name(),
            Self::Rest(api) => api.place.domain_name(),
            Self::Http(api) => api.place.domain_name(),
            Self::Url(url) => url.domain_name(),
        }
    }

    /// The path before all paths: that of the stage, where clients name it.
    pub fn base_path(&self) -> String {
        match self {
            Self::Rest(api) => format!("/{}", api.stage),
            Self::Http(api) if api.stage != "$default" => format!("/{}", api.stage),
            _ => String::new(),
        }
    }

    /// The most bytes of a request's body. Sources: Elastic Load Balancing, "Use Lambda functions
    /// as targets of an Application Load Balancer" (1 MB); API Gateway Developer Guide, "Quotas"
    /// (10 MB); Lambda Developer Guide, "Lambda quotas" (6 MB).
    pub fn max_body(&self) -> usize {
        const MIB: usize = 1024 * 1024;
        match self {
            Self::Alb(_) => MIB,
            Self::Rest(_) | Self::Http(_) => 10 * MIB,
            Self::Url(_) => 6 * MIB,
        }
    }

    /// How long it waits for the function. Sources: API Gateway Developer Guide, "Quotas" for REST
    /// APIs (29 seconds by default) and for HTTP APIs (30 seconds). The others wait for as long as
    /// the function may take.
    pub fn timeout(&self) -> Option<Duration> {
        match self {
            Self::Rest(_) => Some(Duration::from_secs(29)),
            Self::Http(_) => Some(Duration::from_secs(30)),
            _ => None,
        }
    }

    /// The event that a request becomes.
    ///
    /// # Errors
    ///
    /// The answer, where the function is not asked: there is no such route, the client asks for
    /// what a load balancer does not do, or a function URL answers a preflight request itself.
    pub fn event(&self, request: &HttpRequest) -> Result<Value, HttpResponse> {
        match self {
            Self::Alb(alb) => alb.event(request),
            Self::Rest(api) => api.event(request),
            Self::Http(api) => api.event(request),
            Self::Url(url) => url.event(request),
        }
    }

    /// The HTTP response that the response of a function becomes.
    ///
    /// # Errors
    ///
    /// Where it has not the form that the front door reads; [`failure`](Self::failure) has the
    /// answer to that.
    pub fn response(
        &self,
        request: &HttpRequest,
        payload: &[u8],
    ) -> Result<HttpResponse, Malformed> {
        match self {
            Self::Alb(alb) => alb.response(payload),
            Self::Rest(api) => api.response(request, payload),
            Self::Http(api) => api.response(request, payload),
            Self::Url(url) => url.response(request, payload),
        }
    }

    /// What a client is answered where there is no response.
    pub fn failure(&self, request: &HttpRequest, failure: Failure) -> HttpResponse {
        match self {
            Self::Alb(_) => alb::failure(failure),
            Self::Rest(_) => rest::failure(request, failure),
            Self::Http(_) => http_api::failure(request, failure),
            Self::Url(url) => url.failure(request, failure),
        }
    }
}
