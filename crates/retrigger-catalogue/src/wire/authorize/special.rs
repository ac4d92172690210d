//! Operations that need other decisions than one of their own name, or whose resources are told in
//! another way.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::operation::{Place, Segment};
use super::super::route::METHODS;
use super::super::text::Text;
use super::{Asked, Authorization, Resource, objects, tables};
use crate::facts;

pub(super) fn authorizations(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    match (asked.service, asked.operation.as_str()) {
        ("s3", _) => objects::authorizations(asked),
        ("dynamodb", _) => tables::authorizations(asked),
        ("sqs", _) => queue(asked),
        ("lambda", _) => function(asked),
        ("sns", "Publish") => publish(asked),
        ("kms", _) => kms(asked),
        ("secretsmanager", _) => secret(asked),
        ("events", "PutEvents") => Some(put_events(asked)),
        ("bedrock-runtime", _) => model(asked),
        ("apigateway" | "apigatewayv2", _) => management(asked).map(|one| vec![one]),
        _ => None,
    }
}

/// The named action, by the table of exceptions.
pub(super) fn action(asked: &Asked<'_>) -> Option<String> {
    let name = super::exceptions::actions(asked).pop()?;
    Some(if name.contains(':') { name } else { format!("{}:{name}", asked.prefix) })
}

/// Account and name stand in a queue's URL (Amazon SQS Developer Guide, "Amazon SQS queue and message
/// identifiers").
fn queue(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let mut parts = asked.text("QueueUrl")?.trim_end_matches('/').rsplit('/');
    let (name, account) = (parts.next()?, parts.next());
    let is_account =
        |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let account = account.filter(is_account).unwrap_or(asked.account.account);
    let (partition, region) = (asked.account.partition, asked.account.region);
    Some(vec![asked.on(&action(asked)?, format!("arn:{partition}:sqs:{region}:{account}:{name}"))])
}

/// A function by name, partial or whole ARN, with its qualifier (AWS Lambda Developer Guide,
/// "Fine-tuning the Resources and Conditions sections of policies"). Other operations are asked on
/// the function.
fn function(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let named = asked.text("FunctionName")?;
    if !matches!(asked.operation.as_str(), "Invoke" | "InvokeAsync" | "InvokeWithResponseStream")
        && asked.operation.contains("EventSourceMapping")
    {
        return None;
    }
    let whole = if named.starts_with("arn:") {
        named.to_owned()
    } else if let Some((account, rest)) = named.split_once(":function:") {
        let (partition, region) = (asked.account.partition, asked.account.region);
        format!("arn:{partition}:lambda:{region}:{account}:function:{rest}")
    } else {
        asked.arn("lambda", &format!("function:{named}"))
    };
    let is_qualified = whole.split(':').count() > 7;
    let arn = match asked.text("Qualifier") {
        Some(qualifier) if !is_qualified => format!("{whole}:{qualifier}"),
        _ => whole,
    };
    let name = action(asked)?;
    let mut needed = vec![asked.on(&name, arn)];
    needed.extend(super::fill::pass_role(asked, std::slice::from_ref(&asked.operation)));
    Some(needed)
}

/// A topic, an endpoint of an application, or a telephone number, which is no resource (Amazon SNS
/// API Reference, "Publish").
fn publish(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let target = asked.text("TopicArn").or_else(|| asked.text("TargetArn"));
    let arn = target.or_else(|| asked.text("PhoneNumber").map(|_| "*"))?;
    Some(vec![asked.on("sns:Publish", arn)])
}

/// A key by id or ARN; which key an alias stands for the request does not tell (AWS KMS Developer
/// Guide, "Use aliases to control access to KMS keys").
pub(super) fn key(asked: &Asked<'_>, id: &str) -> Resource {
    match id {
        alias if alias.starts_with("alias/") || alias.contains(":alias/") => {
            Resource { arn: asked.arn("kms", "key/${KeyId}"), unresolved: vec!["KeyId".to_owned()] }
        }
        arn if arn.starts_with("arn:") => Resource::told(arn),
        id => Resource::told(asked.arn("kms", &format!("key/{id}"))),
    }
}

fn kms(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let on = |action: &str, member: &str| {
        let id = asked.text(member).unwrap_or("alias/");
        let mut made = asked.with(&format!("kms:{action}"), vec![key(asked, id)]);
        if id.starts_with("alias/") && id.len() > "alias/".len() {
            made.context.push(("kms:RequestAlias".to_owned(), vec![id.to_owned()]));
        }
        made
    };
    match asked.operation.as_str() {
        "ReEncrypt" => {
            Some(vec![on("ReEncryptFrom", "SourceKeyId"), on("ReEncryptTo", "DestinationKeyId")])
        }
        // The key may be left out, as the ciphertext tells it to KMS alone.
        "Decrypt" => Some(vec![on("Decrypt", "KeyId")]),
        operation => asked.text("KeyId").map(|_| vec![on(operation, "KeyId")]),
    }
}

/// A secret's ARN ends in six characters that its name does not tell (AWS Secrets Manager User
/// Guide, "What's in a Secrets Manager secret?").
fn secret(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let name = asked.text("SecretId").or_else(|| asked.text("Name"))?;
    let resource = if name.starts_with("arn:") {
        Resource::told(name)
    } else {
        Resource {
            arn: asked.arn("secretsmanager", &format!("secret:{name}-${{Suffix}}")),
            unresolved: vec!["Suffix".to_owned()],
        }
    };
    Some(vec![asked.with(&action(asked)?, vec![resource])])
}

/// Each bus of the entries; `default` where one names none (Amazon EventBridge API Reference,
/// "PutEventsRequestEntry").
fn put_events(asked: &Asked<'_>) -> Vec<Authorization> {
    let entries = asked.parameters.get("Entries").and_then(Value::as_array);
    let mut buses = BTreeSet::new();
    for entry in entries.into_iter().flatten() {
        let bus = entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default");
        let arn = match bus {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            name => asked.arn("events", &format!("event-bus/{name}")),
        };
        buses.insert(arn);
    }
    let buses = buses.into_iter().map(Resource::told).collect();
    vec![asked.with("events:PutEvents", buses)]
}

/// A foundation model's ARN has no account (Service Authorization Reference, "Actions, resources, and
/// condition keys for Amazon Bedrock"). A name that begins with a geography is an inference
/// profile's.
fn model(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let id = asked.text("modelId")?;
    let (partition, region) = (asked.account.partition, asked.account.region);
    let is_profile =
        ["us.", "eu.", "apac.", "global.", "us-gov."].iter().any(|geo| id.starts_with(geo));
    let arn = match id {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        id if is_profile => asked.arn("bedrock", &format!("inference-profile/{id}")),
        id => format!("arn:{partition}:bedrock:{region}::foundation-model/{id}"),
    };
    Some(vec![asked.on(&action(asked)?, arn)])
}

/// API Gateway's own API: the action is the method, the resource the path, but for newer
/// operations that have actions of their own name (Service Authorization Reference, "Actions,
/// resources, and condition keys for Amazon API Gateway Management" and the same for "Management
/// V2").
fn management(asked: &Asked<'_>) -> Option<Authorization> {
    if facts::action(asked.prefix, &asked.operation).is_some() {
        return None;
    }
    let operation = asked.request.operation;
    let method = METHODS.get(usize::from(operation.route_key().0)).copied().unwrap_or_default();
    let mut unresolved = Vec::new();
    let mut path = String::new();
    for segment in operation.segments() {
        match segment {
            Segment::Literal(number) => {
                let text = Text::of_literal(number);
                if !(path.is_empty() && text == "v2") {
                    path = format!("{path}/{text}");
                }
            }
            Segment::Label(number) => {
                let wire = Text::of_name(number).to_string();
                let wire = wire.trim_matches(['{', '+', '}']);
                let mut labels = operation.members().filter(|member| member.place == Place::Label);
                let name = labels.find(|member| member.wire == *wire).map(|m| m.name.to_string());
                let name = name.unwrap_or_else(|| wire.to_owned());
                let value = asked.text(&name).map_or_else(|| format!("${{{name}}}"), str::to_owned);
                path = format!("{path}/{value}");
                if asked.text(&name).is_none() {
                    unresolved.push(name);
                }
            }
        }
    }
    let (partition, region) = (asked.account.partition, asked.account.region);
    let arn = format!("arn:{partition}:apigateway:{region}::{path}");
    Some(asked.with(&format!("apigateway:{method}"), vec![Resource { arn, unresolved }]))
}
