//! Front doors as they are asked for: which kind, on which port, to which function, under which
//! name.

mod parse;

use std::{fmt, time::Duration};

use retrigger_recording::UrlAuthType;
use retrigger_trigger::http::{PayloadFormat, Route};

pub use parse::FrontDoorError;

/// A port on which HTTP reaches a function as through one of AWS's services.
///
/// What it is called is read from the snapshot, unless it is said here: the target group or API
/// that the function's policy permits, the function's URL. A front door that no policy permits is
/// there all the same, and refused as on AWS.
///
/// Reads from text as the command line takes it: `KIND[:PORT][,OPTION[=VALUE]…]`.
///
/// ```
/// use retrigger::serve::{AlbSettings, DoorKind, FrontDoor};
///
/// let door: FrontDoor = "alb:8080,function=demo:PROD,multi-value-headers".parse().unwrap();
/// let settings = AlbSettings { multi_value_headers: true, ..AlbSettings::default() };
/// assert_eq!(door, FrontDoor::new(DoorKind::Alb(settings)).port(8080).function("demo:PROD"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontDoor {
    pub(super) kind: DoorKind,
    pub(super) port: u16,
    pub(super) function: Option<String>,
    pub(super) hosts: Vec<String>,
}

/// The services, each with what may be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoorKind {
    /// An Application Load Balancer: `alb`.
    Alb(AlbSettings),
    /// An API Gateway REST API: `rest`.
    Rest(RestSettings),
    /// An API Gateway HTTP API: `http`.
    Http(HttpSettings),
    /// The function's URL: `url`.
    Url(UrlSettings),
}

/// What may be said of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlbSettings {
    /// `target-group=ARN`: its target group.
    pub target_group_arn: Option<String>,
    /// `multi-value-headers`: whether the target group has them enabled.
    pub multi_value_headers: bool,
    /// `health-check=PATH`, `health-check-interval=SECONDS`: checks the function's health, at once
    /// and then at this interval.
    pub health_check: Option<HealthCheck>,
}

/// How a load balancer checks the health of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The path.
    pub path: String,
    /// The time between two checks. Source: Elastic Load Balancing, "Health checks for Application
    /// Load Balancer target groups" (35 seconds by default for functions).
    pub interval: Duration,
}

/// What may be said of a REST API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestSettings {
    /// `api=ID`: its id.
    pub api_id: Option<String>,
    /// `stage=NAME`: the stage that starts each path.
    pub stage: Option<String>,
    /// `route=METHOD PATH`, repeatable: its methods, in place of those that the policy permits.
    pub routes: Vec<Route>,
    /// `binary=TYPE`, repeatable: its binary media types.
    pub binary_media_types: Vec<String>,
}

/// What may be said of an HTTP API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// `api=ID`: its id.
    pub api_id: Option<String>,
    /// `stage=NAME`: the stage that starts each path; `$default` does not.
    pub stage: Option<String>,
    /// `route=KEY`, repeatable: its routes, in place of those that the policy permits.
    pub routes: Vec<Route>,
    /// `payload=1.0` or `payload=2.0`.
    pub payload_format: PayloadFormat,
}

/// What may be said of a function URL that the snapshot does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlSettings {
    /// `auth=NONE` or `auth=AWS_IAM`: whether callers must sign. `NONE` by default.
    pub auth_type: Option<UrlAuthType>,
    /// `invoke-mode=BUFFERED` or `invoke-mode=RESPONSE_STREAM`: whether responses are streamed.
    pub streams: Option<bool>,
}

impl FrontDoor {
    /// One on a free port, to the only function that is served.
    pub fn new(kind: DoorKind) -> Self {
        Self { kind, port: 0, function: None, hosts: Vec::new() }
    }

    /// The port of 127.0.0.1 to listen on.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The function, by name or ARN, with the version or alias where it is not the unqualified one
    /// that is invoked.
    #[must_use]
    pub fn function(self, name: impl Into<String>) -> Self {
        Self { function: Some(name.into()), ..self }
    }

    /// Another name that clients may call it by, in the `Host` header, such as that of a custom
    /// domain; `*` for any.
    #[must_use]
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into().to_ascii_lowercase());
        self
    }
}

impl DoorKind {
    /// The word for it: `alb`, `rest`, `http`, `url`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Alb(_) => "alb",
            Self::Rest(_) => "rest",
            Self::Http(_) => "http",
            Self::Url(_) => "url",
        }
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self { path: "/".to_owned(), interval: Duration::from_secs(35) }
    }
}

/// A front door that is listened on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServedDoor {
    /// `alb`, `rest`, `http`, `url`.
    pub kind: &'static str,
    /// Where to call it, with its stage.
    pub url: String,
    /// The name by which clients call it on AWS, which events carry.
    pub domain_name: String,
    /// The ARN that it invokes, qualified where it names a version or alias.
    pub function_arn: String,
    /// The target group's ARN, or the API's as `arn:…:execute-api:REGION:ACCOUNT:API/STAGE`;
    /// `None` for a function URL.
    pub source_arn: Option<String>,
    /// The routes of an API.
    pub routes: Vec<String>,
    /// A path that leads to the function.
    pub example: String,
    /// Whether the snapshot says what it is called; otherwise the name is made up.
    pub is_known: bool,
}

impl fmt::Display for ServedDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind, self.url)
    }
}
