//! Which operation a request is.

use std::borrow::Cow;
use std::fmt;

use super::host::Host;
use super::operation::Operation;
use super::protocol::Protocol;
use super::request::{SigningScope, WireRequest};
use super::route::{Match, Route};
use super::service::{Service, services, signed_as, targeted_as};
use super::unidentified::{Unidentified, cut, nearest};

/// What a request is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identified {
    /// The service.
    pub service: Service,
    /// Its operation.
    pub operation: Operation,
    /// How the request speaks, and wants to be answered.
    pub protocol: Protocol,
    /// The bucket or access point that the host names, for S3.
    pub bucket: Option<String>,
}

impl fmt::Display for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service.id(), self.operation.name())
    }
}

/// Names in credential scopes that stand for another service's (S3 User Guide, "CreateSession",
/// "Object Lambda", "S3 on Outposts").
const SCOPES: [(&str, &str); 4] =
    [("s3express", "s3"), ("s3-object-lambda", "s3"), ("s3-outposts", "s3"), ("email", "ses")];

/// Tells service, operation and protocol by what the request itself says: the credential scope of
/// its signature if it has one, `X-Amz-Target`, the path of Smithy RPC, `Action` in the query or a
/// form, or method, path, required query names and headers; and the host where several services
/// share a scope.
///
/// Takes time and memory in proportion to the request's size at most.
///
/// # Errors
///
/// Where nothing names a service, or the service has no such operation; with the nearest names.
pub fn identify(
    request: &WireRequest<'_>,
    scope: Option<&SigningScope<'_>>,
) -> Result<Identified, Unidentified> {
    let host = Host::of(request);
    let candidates = candidates(&host, scope);
    if let Some(target) = request.header("x-amz-target") {
        return by_target(request, target, &candidates);
    }
    if let Some((service, operation)) = rpc_path(request.path()) {
        return by_name(service, operation, &candidates, Protocol::Cbor, "the path");
    }
    if let Some((action, version)) = action(request) {
        if let Some(found) = by_action(&action, version.as_deref(), &host, &candidates) {
            return Ok(found);
        }
        if let Some(error) = no_action(&action, &candidates) {
            return Err(error);
        }
    }
    match (scope, candidates.as_slice()) {
        (Some(scope), []) => Err(no_service(scope.service, "the credential scope")),
        (None, []) => by_path_alone(request),
        _ => by_path(request, &host, scope, &candidates),
    }
}

/// The services that the scope or the host names.
fn candidates(host: &Host, scope: Option<&SigningScope<'_>>) -> Vec<Service> {
    let Some(scope) = scope else {
        let best = services().map(|service| host.fit(service)).max().filter(|fit| *fit > 0);
        return services().filter(|service| Some(host.fit(*service)) == best).collect();
    };
    let alias = SCOPES.iter().find(|(name, _)| *name == scope.service);
    let name = alias.map_or(scope.service, |(_, name)| name);
    let found: Vec<_> = signed_as(name).collect();
    if !found.is_empty() {
        return found;
    }
    let is_named = |service: &Service| service.endpoint_prefix() == name || service.id() == name;
    services().filter(is_named).collect()
}

/// `DynamoDB_20120810.GetItem`.
fn by_target(
    request: &WireRequest<'_>,
    target: &str,
    candidates: &[Service],
) -> Result<Identified, Unidentified> {
    let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
    let content = request.header("content-type").unwrap_or_default();
    let protocol = match content.trim_start().get(..26) {
        Some("application/x-amz-json-1.0") => Some(Protocol::Json10),
        Some("application/x-amz-json-1.1") => Some(Protocol::Json11),
        _ => None,
    };
    let mut found = by_name(prefix, operation, candidates, Protocol::Json11, "`X-Amz-Target`")?;
    let own = found.service.protocols().next().filter(|own| *own == Protocol::Json10);
    found.protocol = protocol.or(own).unwrap_or(Protocol::Json11);
    Ok(found)
}

/// By the prefix of a target and an operation's name.
fn by_name(
    prefix: &str,
    name: &str,
    candidates: &[Service],
    protocol: Protocol,
    place: &'static str,
) -> Result<Identified, Unidentified> {
    let named: Vec<_> = targeted_as(prefix).collect();
    let both = named.iter().filter(|service| candidates.contains(service));
    let found = both.chain(&named).find_map(|service| Some((*service, service.operation(name)?)));
    match (found, named.first()) {
        (Some((service, operation)), _) => {
            Ok(Identified { service, operation, protocol, bucket: None })
        }
        (None, Some(service)) => Err(no_operation(*service, name)),
        (None, None) => Err(no_service(prefix, place)),
    }
}

/// Service and operation of `/service/GraniteServiceVersion20100801/operation/PutMetricData`
/// (Smithy RPC v2 CBOR protocol, "Requests"); a prefix of the path may come before.
fn rpc_path(path: &str) -> Option<(&str, &str)> {
    let (rest, operation) = path.rsplit_once('/')?;
    let (before, service) = rest.strip_suffix("/operation")?.rsplit_once('/')?;
    before.ends_with("/service").then_some((service, operation))
}

/// `Action` and `Version` of the query or of a form.
fn action<'r>(request: &WireRequest<'r>) -> Option<(Cow<'r, str>, Option<Cow<'r, str>>)> {
    let content = request.header("content-type").unwrap_or("application/x-www-form-urlencoded");
    let is_form = content.trim_start().starts_with("application/x-www-form-urlencoded");
    let query = request.uri.split_once('?').map_or("", |(_, query)| query);
    let body = if is_form { request.body } else { &[] };
    let (mut action, mut version) = (None, None);
    for pair in query.as_bytes().split(|b| *b == b'&').chain(body.split(|b| *b == b'&')) {
        let value = |name: &[u8]| {
            let value = std::str::from_utf8(pair.strip_prefix(name)?).ok()?;
            percent_encoding::percent_decode_str(value).decode_utf8().ok()
        };
        if action.is_none() {
            action = value(b"Action=");
        }
        if version.is_none() {
            version = value(b"Version=");
        }
        if action.is_some() && version.is_some() {
            break;
        }
    }
    Some((action?, version))
}

fn query_protocol(service: Service) -> Option<Protocol> {
    service.protocols().find(|each| matches!(each, Protocol::Query | Protocol::Ec2))
}

fn by_action(
    action: &str,
    version: Option<&str>,
    host: &Host,
    candidates: &[Service],
) -> Option<Identified> {
    let all: Vec<_>;
    let candidates = if candidates.is_empty() {
        all = services().collect();
        &all
    } else {
        candidates
    };
    let mut best = None;
    for service in candidates {
        let Some(protocol) = query_protocol(*service) else { continue };
        let Some(operation) = service.operation(action) else { continue };
        let is_own_name = service.id() == service.signing_name();
        let rank = (Some(service.api_version()) == version, host.fit(*service), is_own_name);
        if best.as_ref().is_none_or(|(other, _)| *other < rank) {
            let found = Identified { service: *service, operation, protocol, bucket: None };
            best = Some((rank, found));
        }
    }
    best.map(|(_, found)| found)
}

/// The error where all that the candidates speak is `Action`.
fn no_action(action: &str, candidates: &[Service]) -> Option<Unidentified> {
    let service = candidates.iter().find(|service| query_protocol(**service).is_some())?;
    let speaks_paths = candidates.iter().any(|service| is_rest(*service));
    (!speaks_paths).then(|| no_operation(*service, action))
}

fn is_rest(service: Service) -> bool {
    service.protocols().any(|each| matches!(each, Protocol::RestJson | Protocol::RestXml))
}

fn by_path(
    request: &WireRequest<'_>,
    host: &Host,
    scope: Option<&SigningScope<'_>>,
    candidates: &[Service],
) -> Result<Identified, Unidentified> {
    best_route(request, host, scope, candidates).map(|(_, found)| found).ok_or_else(|| {
        let names: Vec<_> = candidates.iter().map(|service| service.id()).collect();
        Unidentified::Route {
            service: names.join("`, `"),
            method: cut(request.method),
            path: cut(request.path()),
            nearest: similar_routes(request, candidates),
        }
    })
}

/// Of a request that names no service, such as an unsigned one: where its path has a literal, one
/// service alone may have it.
fn by_path_alone(request: &WireRequest<'_>) -> Result<Identified, Unidentified> {
    let all: Vec<_> = services().collect();
    let route = Route::of(request, None);
    let mut met: Vec<_> = all
        .iter()
        .filter_map(|service| Some((route.best(*service)?, *service)))
        .filter(|((found, _), _)| found.literals > 0)
        .collect();
    met.sort_by(|((a, _), _), ((b, _), _)| b.cmp(a));
    match met.as_slice() {
        [((best, operation), service), rest @ ..]
            if rest.first().is_none_or(|((next, _), _)| next < best) =>
        {
            Ok(rest_identified(*service, *operation, None))
        }
        _ => Err(Unidentified::Nothing { method: cut(request.method), path: cut(request.path()) }),
    }
}

/// The one path on which S3 Object Lambda has a host of the request's own (S3 API Reference,
/// "WriteGetObjectResponse").
const OBJECT_LAMBDA_PATH: &str = "/WriteGetObjectResponse";

/// `ListDirectoryBuckets` is `ListBuckets` under another scope and host (S3 API Reference,
/// "ListDirectoryBuckets").
fn of_directory_buckets(
    service: Service,
    operation: Operation,
    host: &Host,
    scope: Option<&SigningScope<'_>>,
) -> Option<Operation> {
    let is_express =
        scope.is_some_and(|scope| scope.service == "s3express") || host.is_express_control();
    let is_list = is_express && service.id() == "s3" && operation.name() == "ListBuckets";
    if is_list { service.operation("ListDirectoryBuckets") } else { None }
}

fn best_route(
    request: &WireRequest<'_>,
    host: &Host,
    scope: Option<&SigningScope<'_>>,
    candidates: &[Service],
) -> Option<((usize, Match), Identified)> {
    let plain = Route::of(request, None);
    let bucket = host.bucket().filter(|_| request.path() != OBJECT_LAMBDA_PATH);
    let virtual_host = bucket.map(|bucket| Route::of(request, Some(bucket)));
    let mut best: Option<((usize, Match), Identified)> = None;
    for service in candidates.iter().filter(|service| is_rest(**service)) {
        let is_s3 = service.id() == "s3";
        let route = virtual_host.as_ref().filter(|_| is_s3).unwrap_or(&plain);
        let Some((found, operation)) = route.best(*service) else { continue };
        let operation = of_directory_buckets(*service, operation, host, scope).unwrap_or(operation);
        let rank = (host.fit(*service), found);
        if best.as_ref().is_none_or(|(other, _)| *other < rank) {
            let bucket = bucket.filter(|_| is_s3).map(str::to_owned);
            best = Some((rank, rest_identified(*service, operation, bucket)));
        }
    }
    best
}

fn rest_identified(service: Service, operation: Operation, bucket: Option<String>) -> Identified {
    let is_xml = service.protocols().any(|each| each == Protocol::RestXml);
    let protocol = if is_xml { Protocol::RestXml } else { Protocol::RestJson };
    Identified { service, operation, protocol, bucket }
}

/// The operations with the same path under another method.
fn similar_routes(request: &WireRequest<'_>, candidates: &[Service]) -> Vec<String> {
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"];
    let others = methods.iter().filter(|method| **method != request.method);
    let of_method = |method: &&str| {
        let route = Route::of(&WireRequest { method, ..*request }, None);
        let found = candidates.iter().find_map(|service| Some((*service, route.best(*service)?)));
        found.map(|(service, (_, operation))| {
            format!("{method} ({}:{})", service.id(), operation.name())
        })
    };
    others.filter_map(of_method).take(3).collect()
}

fn no_service(name: &str, place: &'static str) -> Unidentified {
    let names = services().filter_map(|service| {
        let name = match place {
            "the credential scope" => service.signing_name(),
            _ => service.target_prefix(),
        };
        (!name.is_empty()).then(|| name.to_owned())
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.dedup();
    Unidentified::Service { name: cut(name), place, nearest: nearest(name, names.into_iter()) }
}

fn no_operation(service: Service, name: &str) -> Unidentified {
    let all = service.operations().map(|each| each.name().to_string());
    Unidentified::Operation {
        service: service.id().to_owned(),
        name: cut(name),
        nearest: nearest(name, all),
    }
}
