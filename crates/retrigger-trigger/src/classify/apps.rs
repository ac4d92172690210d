//! Applications that call a function as a service: Cognito, Connect, Lex, Bedrock, Alexa, IoT,
//! AppSync, Transfer Family.

use serde_json::Value;

use super::Evidence;
use crate::payload::{account, has, has_all, is, text};
use crate::surroundings::Surroundings;

/// A source ARN of ids in the payload and of what the surroundings know, where all are there.
fn place_by_id(
    payload: &Value,
    around: &Surroundings<'_>,
    service: &str,
    resource: Option<String>,
) -> Evidence {
    let place = around.place(text(payload, "/region"), None);
    resource.map_or_else(Evidence::default, |resource| place.evidence(service, &resource))
}

pub(super) fn is_cognito_userpool(payload: &Value) -> bool {
    has_all(payload, &["/triggerSource", "/userPoolId"])
}

/// Names pool and Region, but not the account.
pub(super) fn cognito_userpool(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let pool = text(payload, "/userPoolId").map(|id| format!("userpool/{id}"));
    place_by_id(payload, around, "cognito-idp", pool)
}

pub(super) fn is_cognito_sync(payload: &Value) -> bool {
    is(payload, "/eventType", "SyncTrigger") && has(payload, "/identityPoolId")
}

pub(super) fn cognito_sync(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let pool = text(payload, "/identityPoolId").map(|id| format!("identitypool/{id}"));
    place_by_id(payload, around, "cognito-sync", pool)
}

pub(super) fn is_connect(payload: &Value) -> bool {
    has(payload, "/Details/ContactData")
}

pub(super) fn connect(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/Details/ContactData/InstanceARN"))
}

pub(super) fn is_lex_v1(payload: &Value) -> bool {
    has_all(payload, &["/bot", "/currentIntent"])
}

pub(super) fn is_lex_v2(payload: &Value) -> bool {
    has_all(payload, &["/bot", "/sessionState"])
}

pub(super) fn lex_v2(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let ids = text(payload, "/bot/id").zip(text(payload, "/bot/aliasId"));
    let alias = ids.map(|(bot, alias)| format!("bot-alias/{bot}/{alias}"));
    place_by_id(payload, around, "lex", alias)
}

pub(super) fn is_bedrock_agent(payload: &Value) -> bool {
    has_all(payload, &["/agent", "/actionGroup"])
}

pub(super) fn bedrock_agent(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let agent = text(payload, "/agent/id").map(|id| format!("agent/{id}"));
    place_by_id(payload, around, "bedrock", agent)
}

pub(super) fn is_alexa_skill(payload: &Value) -> bool {
    has(payload, "/request/type") && skill_id(payload).is_some()
}

fn skill_id(payload: &Value) -> Option<&str> {
    text(payload, "/session/application/applicationId")
        .or_else(|| text(payload, "/context/System/application/applicationId"))
}

/// Alexa has no ARN: it presents the skill id as a token.
pub(super) fn alexa_skill(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    let token = skill_id(payload).map(str::to_owned);
    Evidence { context: vec![("lambda:EventSourceToken", token)], ..Evidence::default() }
}

/// Version 3 wraps everything in `directive`, version 2 does not.
pub(super) fn is_alexa_smart_home(payload: &Value) -> bool {
    has(payload, "/directive/header/namespace")
        || has_all(payload, &["/header/namespace", "/header/payloadVersion", "/payload"])
}

/// The skill id is presented as a token, and is not in the payload.
pub(super) fn alexa_smart_home(_: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence { context: vec![("lambda:EventSourceToken", None)], ..Evidence::default() }
}

pub(super) fn is_iot_button(payload: &Value) -> bool {
    has_all(payload, &["/serialNumber", "/clickType", "/batteryVoltage"])
}

pub(super) fn is_iot_authorizer(payload: &Value) -> bool {
    has_all(payload, &["/protocolData", "/protocols"])
}

pub(super) fn is_iot_preprovision(payload: &Value) -> bool {
    has_all(payload, &["/claimCertificateId", "/certificateId", "/templateArn"])
}

pub(super) fn iot_preprovision(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/templateArn"))
}

pub(super) fn is_iot_events(payload: &Value) -> bool {
    has(payload, "/payload/detector/detectorModelName")
}

pub(super) fn iot_events(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let name = text(payload, "/payload/detector/detectorModelName");
    place_by_id(payload, around, "iotevents", name.map(|name| format!("detectorModel/{name}")))
}

pub(super) fn is_transfer(payload: &Value) -> bool {
    has_all(payload, &["/username", "/protocol", "/serverId", "/sourceIp"])
}

pub(super) fn transfer(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let server = text(payload, "/serverId").map(|id| format!("server/{id}"));
    place_by_id(payload, around, "transfer", server)
}

pub(super) fn is_appsync_authorizer(payload: &Value) -> bool {
    let query = has(payload, "/requestContext/queryString")
        || has(payload, "/requestContext/queryDocument");
    query && has_all(payload, &["/authorizationToken", "/requestContext/apiId"])
}

pub(super) fn appsync_authorizer(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let owner = account(payload, "/requestContext/accountId");
    let region = text(payload, "/requestHeaders/host").and_then(|host| {
        let (_, rest) = host.split_once(".appsync-api.")?;
        rest.split_once('.').map(|(region, _)| region)
    });
    let Some(api) = text(payload, "/requestContext/apiId") else {
        return Evidence::default().with_account(owner);
    };
    around.place(region, owner).evidence("appsync", &format!("apis/{api}"))
}
