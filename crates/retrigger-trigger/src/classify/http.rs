//! HTTP front doors: load balancers, API Gateway, function URLs, VPC Lattice.

use retrigger_iam::Principal;
use serde_json::Value;

use super::Evidence;
use crate::payload::{account, has, has_all, is, text};
use crate::surroundings::Surroundings;

pub(super) fn is_alb(payload: &Value) -> bool {
    has(payload, "/requestContext/elb/targetGroupArn")
}

pub(super) fn alb(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/requestContext/elb/targetGroupArn"))
}

/// Event structure 2.0 names the service; 1.0 has nothing but its spelling of `raw_path`.
pub(super) fn is_vpc_lattice(payload: &Value) -> bool {
    has(payload, "/requestContext/serviceArn") || has_all(payload, &["/raw_path", "/method"])
}

pub(super) fn vpc_lattice(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    let target_group = text(payload, "/requestContext/targetGroupArn");
    Evidence::from_arn(target_group.or_else(|| text(payload, "/requestContext/serviceArn")))
}

pub(super) fn is_apigw_authorizer(payload: &Value) -> bool {
    let typed = is(payload, "/type", "TOKEN") || is(payload, "/type", "REQUEST");
    typed && (has(payload, "/methodArn") || has(payload, "/routeArn"))
}

/// The permission is on `API/authorizers/ID`, and no payload carries the id: only the account is
/// shown. Source: API Gateway Developer Guide, "Configure an API Gateway Lambda authorizer using
/// the API Gateway console".
pub(super) fn apigw_authorizer(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    let guarded = text(payload, "/methodArn").or_else(|| text(payload, "/routeArn"));
    Evidence::from_account_of(guarded)
}

pub(super) fn is_function_url(payload: &Value) -> bool {
    text(payload, "/requestContext/domainName").is_some_and(|host| host.contains(".lambda-url."))
}

/// With `AuthType` `AWS_IAM` the payload names the caller, with `NONE` there is no caller. The
/// account is the caller's.
pub(super) fn function_url(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    let signed = has(payload, "/requestContext/authorizer/iam");
    let evidence = Evidence {
        principal: (!signed).then_some(Principal::Anonymous),
        context: vec![(
            "lambda:FunctionUrlAuthType",
            Some(if signed { "AWS_IAM" } else { "NONE" }.to_owned()),
        )],
        ..Evidence::default()
    };
    evidence
        .with_account(account(payload, "/requestContext/authorizer/iam/accountId"))
        .with_caller(text(payload, "/requestContext/authorizer/iam/userArn"))
}

pub(super) fn is_websocket(payload: &Value) -> bool {
    has_all(payload, &["/requestContext/connectionId", "/requestContext/eventType"])
}

/// `API/STAGE/ROUTE`. Source: API Gateway Developer Guide, "Control access to WebSocket APIs with
/// AWS IAM authorization".
pub(super) fn websocket(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let route = text(payload, "/requestContext/routeKey").map(|key| format!("/{key}"));
    execute_api(payload, around, route)
}

pub(super) fn is_http_v2(payload: &Value) -> bool {
    is(payload, "/version", "2.0")
        && has(payload, "/routeKey")
        && has(payload, "/requestContext/http")
}

pub(super) fn http_v2(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let route = text(payload, "/routeKey").and_then(|key| {
        let method = text(payload, "/requestContext/http/method");
        route_path(key, method)
    });
    execute_api(payload, around, route)
}

/// The path of a route key in a source ARN: `GET /pets` is `/GET/pets`, `$default` stands alone.
/// For `ANY` AWS documents no more than that `ANY` grants nothing; as for REST APIs, the method of
/// the request is taken. Source: API Gateway Developer Guide, "Create AWS Lambda proxy
/// integrations for HTTP APIs in API Gateway".
fn route_path(route_key: &str, method: Option<&str>) -> Option<String> {
    match route_key.split_once(' ') {
        None => Some(format!("/{route_key}")),
        Some(("ANY", path)) => Some(format!("/{}{path}", method?)),
        Some((method, path)) => Some(format!("/{method}{path}")),
    }
}

pub(super) fn is_http_v1fmt(payload: &Value) -> bool {
    is(payload, "/version", "1.0") && is_rest(payload)
}

pub(super) fn is_rest(payload: &Value) -> bool {
    let call = ["/httpMethod", "/requestContext/stage", "/requestContext/apiId"];
    let path = has(payload, "/resource") || has(payload, "/requestContext/resourcePath");
    path && has_all(payload, &call)
}

/// `API/STAGE/METHOD/PATH`: the method of the request, and the resource as configured, with its
/// path parameters in braces. The console's test button uses the stage `test-invoke-stage`, which
/// its payloads carry. Source: API Gateway Developer Guide, "Control access to a REST API with IAM
/// permissions"; that parameters stay in braces and `ANY` is never sent is how grants on AWS turned
/// out to work.
pub(super) fn rest(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let context_path = text(payload, "/requestContext/resourcePath");
    let resource = context_path.or_else(|| text(payload, "/resource"));
    let method =
        text(payload, "/requestContext/httpMethod").or_else(|| text(payload, "/httpMethod"));
    let route = resource.zip(method).map(|(resource, method)| match resource {
        "$default" => "/$default".to_owned(),
        _ => format!("/{method}{resource}"),
    });
    execute_api(payload, around, route)
}

/// The source ARN of an API's route, in the Region its domain names, else the function's.
fn execute_api(payload: &Value, around: &Surroundings<'_>, route: Option<String>) -> Evidence {
    let owner = account(payload, "/requestContext/accountId");
    let api = text(payload, "/requestContext/apiId");
    let stage = text(payload, "/requestContext/stage");
    let (Some(api), Some(stage), Some(route)) = (api, stage, route) else {
        return Evidence::default().with_account(owner);
    };
    let region = text(payload, "/requestContext/domainName").and_then(region_of_domain);
    around.place(region, owner).evidence("execute-api", &format!("{api}/{stage}{route}"))
}

/// `API.execute-api.REGION.amazonaws.com`; a custom domain tells nothing.
fn region_of_domain(domain: &str) -> Option<&str> {
    let (_, rest) = domain.split_once(".execute-api.")?;
    let (region, _) = rest.split_once('.')?;
    (!region.is_empty()).then_some(region)
}
