//! What a front door is called, and what that is for one request.

use std::sync::Arc;

use retrigger_iam::Principal;
use retrigger_recording::{Snapshot, UrlAuthType};
use retrigger_serve::{ApiError, Door, FunctionName, Server, Signer};
use retrigger_trigger::http::{
    Alb, Cors, FrontDoor as Service, FunctionUrl, HttpApi, RestApi, UrlCaller,
};
use serde::Deserialize;
use serde_json::Value;

use super::OpenDoor;
use crate::{
    serve::{
        ServeError,
        api::Api,
        front_door::{
            AlbSettings, DoorKind, FrontDoor, HttpSettings, RestSettings, ServedDoor, UrlSettings,
        },
        function::Served,
    },
    triggers::{ListedTrigger, Triggers},
};

/// What a front door is.
pub(super) enum Identity {
    /// The same for as long as it is open.
    Fixed { kind: &'static str, service: Service, is_known: bool },
    /// The function's URL as the snapshot has it, whatever that is by now.
    Url { settings: UrlSettings, as_opened: FunctionUrl, is_known: bool },
}

/// What a front door is for one request.
pub(super) struct Resolved {
    pub(super) door: Service,
    /// Whether it sends responses as they come.
    pub(super) streams: bool,
    /// Why the request is refused before any policy is asked.
    pub(super) refusal: Option<String>,
}

/// What is used of a function URL's configuration.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UrlConfig {
    function_url: Option<String>,
    auth_type: Option<UrlAuthType>,
    invoke_mode: Option<String>,
    cors: Option<Cors>,
}

/// Opens front doors, each with its listener. Those of REST APIs come first, so that an HTTP API is
/// not taken for one of them: a policy does not tell them apart.
pub(in crate::serve) async fn open_all(
    api: &Arc<Api>,
    doors: &[FrontDoor],
) -> Result<Vec<(Server, Arc<OpenDoor>)>, ServeError> {
    let mut opened: Vec<Option<OpenDoor>> = Vec::new();
    opened.resize_with(doors.len(), || None);
    let mut taken: Vec<String> = Vec::new();
    for rest_first in [true, false] {
        for (door, slot) in doors.iter().zip(&mut opened) {
            if matches!(door.kind, DoorKind::Rest(_)) == rest_first {
                let open = open(api, door, &taken)?;
                if let Identity::Fixed { service: Service::Rest(api), .. } = &open.identity {
                    taken.push(api.api_id().to_owned());
                }
                *slot = Some(open);
            }
        }
    }
    let mut listening = Vec::new();
    for (door, mut open) in doors.iter().zip(opened.into_iter().flatten()) {
        let server = Server::bind(door.port).await;
        let server = server.map_err(|source| ServeError::Listen { port: door.port, source })?;
        open.port = server.address().port();
        listening.push((server, Arc::new(open)));
    }
    Ok(listening)
}

fn open(api: &Arc<Api>, door: &FrontDoor, taken: &[String]) -> Result<OpenDoor, ServeError> {
    let (served, mut qualifier) = function(api, door)?;
    let triggers = served.triggers()?;
    if matches!(door.kind, DoorKind::Url(_)) && door.function.is_none() {
        qualifier = url_qualifier(&triggers)?;
    }
    if let Some(name) = &qualifier
        && !triggers.knows(name)?
    {
        let arn = served.arn().qualified(Some(name));
        return Err(ServeError::DoorWithoutFunction(format!(
            "the snapshot knows of no `{arn}`: it has no policy, mapping or URL"
        )));
    }
    let statements = statements(&triggers, qualifier.as_deref())?;
    let arn = served.arn().as_str();
    let named = |error: retrigger_trigger::http::IdentityError| {
        ServeError::DoorWithoutFunction(error.to_string())
    };
    let identity = match &door.kind {
        DoorKind::Alb(settings) => alb(arn, &statements, settings).map_err(named)?,
        DoorKind::Rest(settings) => rest(arn, &statements, settings).map_err(named)?,
        DoorKind::Http(settings) => http(arn, &statements, settings, taken).map_err(named)?,
        DoorKind::Url(settings) => {
            let config = url_config(&triggers, qualifier.as_deref())?;
            let url = config.as_ref().and_then(|config| config.function_url.as_deref());
            Identity::Url {
                settings: settings.clone(),
                as_opened: FunctionUrl::new(arn, url).map_err(named)?,
                is_known: url.is_some(),
            }
        }
    };
    let health_check = match &door.kind {
        DoorKind::Alb(settings) => settings.health_check.clone(),
        _ => None,
    };
    let (api, hosts) = (Arc::clone(api), door.hosts.clone());
    Ok(OpenDoor { api, served, qualifier, identity, hosts, port: door.port, health_check })
}

/// The function that a door leads to: the one that is named, or the only one.
fn function(api: &Api, door: &FrontDoor) -> Result<(Arc<Served>, Option<String>), ServeError> {
    let kind = door.kind.name();
    let names = || api.functions().iter().map(|it| it.name()).collect::<Vec<_>>().join("`, `");
    match (&door.function, api.functions()) {
        (None, [only]) => Ok((Arc::clone(only), None)),
        (None, _) => Err(ServeError::DoorWithoutFunction(format!(
            "front door `{kind}` leads to none of several functions: name one of `{}` by \
             `function=NAME`",
            names()
        ))),
        (Some(text), _) => {
            let found = FunctionName::parse(text).and_then(|name| Ok((api.find(&name)?, name)));
            let (served, name) = found.map_err(|_| {
                ServeError::DoorWithoutFunction(format!(
                    "front door `{kind}` leads to `{text}`, which is not served: expected one of \
                     `{}`",
                    names()
                ))
            })?;
            Ok((served, name.qualifier))
        }
    }
}

/// The statements of the policy that decides on a qualifier.
fn statements(triggers: &Triggers, qualifier: Option<&str>) -> Result<Vec<Value>, ServeError> {
    let listed = triggers.list()?;
    let own = listed.into_iter().filter_map(|trigger| match trigger {
        ListedTrigger::Statement(statement) if statement.qualifier.as_deref() == qualifier => {
            Some(statement.statement)
        }
        _ => None,
    });
    Ok(own.collect())
}

type Named = Result<Identity, retrigger_trigger::http::IdentityError>;

fn alb(arn: &str, statements: &[Value], settings: &AlbSettings) -> Named {
    let found = Alb::of_policy(arn, statements)?;
    let is_known = settings.target_group_arn.is_some() || found != Alb::new(arn)?;
    let target_group_arn = settings.target_group_arn.clone().unwrap_or(found.target_group_arn);
    let multi_value_headers = settings.multi_value_headers;
    let service = Service::Alb(Alb { target_group_arn, multi_value_headers });
    Ok(Identity::Fixed { kind: "alb", service, is_known })
}

fn rest(arn: &str, statements: &[Value], settings: &RestSettings) -> Named {
    let RestSettings { api_id, stage, routes, binary_media_types } = settings.clone();
    let mut api = RestApi::of_policy(arn, statements, api_id.as_deref())?;
    let is_known = api_id.is_some() || api != RestApi::of_policy(arn, &[], None)?;
    api.stage = stage.unwrap_or(api.stage);
    api.binary_media_types = binary_media_types;
    if !routes.is_empty() {
        api.routes = routes;
    }
    Ok(Identity::Fixed { kind: "rest", service: Service::Rest(api), is_known })
}

fn http(arn: &str, statements: &[Value], settings: &HttpSettings, taken: &[String]) -> Named {
    let HttpSettings { api_id, stage, routes, payload_format } = settings.clone();
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    let mut api = HttpApi::of_policy(arn, statements, api_id.as_deref(), &taken)?;
    let is_known = api_id.is_some() || api != HttpApi::of_policy(arn, &[], None, &[])?;
    api.stage = stage.unwrap_or(api.stage);
    api.payload_format = payload_format;
    if !routes.is_empty() {
        api.routes = routes;
    }
    Ok(Identity::Fixed { kind: "http", service: Service::Http(api), is_known })
}

/// The alias that the function's URL invokes: a snapshot has one URL of a function.
fn url_qualifier(triggers: &Triggers) -> Result<Option<String>, ServeError> {
    let arn = triggers.function_arn();
    let function = triggers.snapshot().function(arn.name())?;
    let url = function.function_url.as_ref().and_then(|url| url.function_arn.as_deref());
    let rest = url.and_then(|url| url.strip_prefix(arn.as_str())?.strip_prefix(':'));
    Ok(rest.map(str::to_owned))
}

fn url_config(
    triggers: &Triggers,
    qualifier: Option<&str>,
) -> Result<Option<UrlConfig>, ServeError> {
    let Some(config) = triggers.url(qualifier)? else { return Ok(None) };
    // What is no configuration was refused when the snapshot was read.
    Ok(serde_json::from_value(config).ok())
}

impl Identity {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Fixed { kind, .. } => kind,
            Self::Url { .. } => "url",
        }
    }

    /// Whether it is the same for every request, so that no file need be looked at.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed { .. })
    }

    pub(super) fn max_body(&self) -> usize {
        self.as_opened().max_body()
    }

    pub(super) fn as_opened(&self) -> Service {
        match self {
            Self::Fixed { service, .. } => service.clone(),
            Self::Url { as_opened, .. } => Service::Url(as_opened.clone()),
        }
    }
}

impl OpenDoor {
    /// The names that it has on AWS.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = vec![self.identity.as_opened().domain_name()];
        if matches!(self.identity, Identity::Url { .. })
            && let Ok(resolved) = self.resolve((None, String::new()))
        {
            names.push(resolved.door.domain_name());
        }
        names
    }

    pub(in crate::serve) fn about(&self) -> ServedDoor {
        let service = self.identity.as_opened();
        let is_known = match self.identity {
            Identity::Fixed { is_known, .. } | Identity::Url { is_known, .. } => is_known,
        };
        let (source_arn, routes) = match &service {
            Service::Alb(alb) => (Some(alb.target_group_arn.clone()), &[][..]),
            Service::Rest(api) => (Some(api.arn()), &api.routes[..]),
            Service::Http(api) => (Some(api.arn()), &api.routes[..]),
            _ => (None, &[][..]),
        };
        let paths = routes.iter().filter_map(|route| route.path.as_deref());
        let literal = paths.clone().find(|path| !path.contains('{'));
        let example = literal.or(paths.into_iter().next()).unwrap_or("/");
        ServedDoor {
            kind: self.identity.kind(),
            url: format!("http://127.0.0.1:{}{}", self.port, service.base_path()),
            domain_name: service.domain_name(),
            function_arn: self.function_arn(),
            source_arn,
            routes: routes.iter().map(ToString::to_string).collect(),
            example: example.replace(['{', '}', '+'], ""),
            is_known,
        }
    }

    /// What it is for one request, signed so.
    pub(super) fn resolve(
        &self,
        (authorization, query): (Option<String>, String),
    ) -> Result<Resolved, ApiError> {
        let (settings, as_opened) = match &self.identity {
            Identity::Fixed { service, .. } => {
                let door = service.clone();
                return Ok(Resolved { door, streams: false, refusal: None });
            }
            Identity::Url { settings, as_opened, .. } => (settings, as_opened),
        };
        let triggers = self.served.triggers()?;
        let config = match url_config(&triggers, self.qualifier.as_deref()) {
            Ok(config) => config.unwrap_or_default(),
            Err(error) => return Err(ApiError::service(error.to_string())),
        };
        let mut url = match &config.function_url {
            Some(own) => FunctionUrl::new(self.served.arn().as_str(), Some(own))
                .map_err(|error| ApiError::service(error.to_string()))?,
            None => as_opened.clone(),
        };
        url.cors = config.cors;
        let is_stream = |mode: String| mode == "RESPONSE_STREAM";
        let streams = settings.streams.or(config.invoke_mode.map(is_stream)).unwrap_or(false);
        let auth = settings.auth_type.or(config.auth_type).unwrap_or(UrlAuthType::None);
        let mut refusal = None;
        if auth == UrlAuthType::AwsIam {
            let caller = self.caller(authorization.as_deref(), &query, triggers.snapshot());
            match caller {
                Ok(caller) => url.caller = Some(caller),
                Err(error) => refusal = Some(error.to_string()),
            }
        }
        Ok(Resolved { door: Service::Url(url), streams, refusal })
    }

    /// Who signed a request. A URL that wants signatures takes no request without one.
    fn caller(
        &self,
        authorization: Option<&str>,
        query: &str,
        snapshot: &Snapshot,
    ) -> Result<UrlCaller, ApiError> {
        let presigned = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="));
        let presigned = presigned.map(|text| text.replace("%2F", "/").replace("%2f", "/"));
        let signer = Signer::of(authorization, presigned.as_deref())?;
        let Signer::AccessKey(access_key) = &signer else {
            let text = "Missing Authentication Token";
            return Err(ApiError::new("MissingAuthenticationTokenException", text));
        };
        let principal = self.api.caller_of(&signer, &self.served)?;
        let account = principal.account().unwrap_or_default().to_owned();
        Ok(UrlCaller {
            access_key: access_key.clone(),
            unique_id: unique_id(&principal, &account, snapshot),
            account_id: account,
            arn: principal.as_str().to_owned(),
        })
    }
}

/// The unique id of a caller, as far as the snapshot says. Source: IAM User Guide, "IAM
/// identifiers" (unique identifiers): that of the root user is its account.
fn unique_id(principal: &Principal, account: &str, snapshot: &Snapshot) -> String {
    let id = match principal {
        Principal::User(arn) => snapshot.user(arn).ok().and_then(|user| user.unique_id),
        Principal::Role(arn) => snapshot.role(arn).ok().and_then(|role| role.unique_id),
        Principal::AssumedRole(arn) => {
            let role = principal.role_name().and_then(|name| snapshot.role(name).ok());
            let session = arn.rsplit('/').next().unwrap_or_default();
            role.and_then(|role| role.unique_id).map(|id| format!("{id}:{session}"))
        }
        _ => None,
    };
    id.unwrap_or_else(|| account.to_owned())
}

impl OpenDoor {
    pub(in crate::serve) fn as_door(self: &Arc<Self>) -> Arc<dyn Door> {
        Arc::<Self>::clone(self)
    }
}
