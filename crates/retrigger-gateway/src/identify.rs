//! Which operation a request is, by the catalogue.

mod compressed;
mod endpoint;
mod parameters;

use std::borrow::Cow;

use bytes::Bytes;
use hyper::http::Request;
use retrigger_catalogue::wire::{self, Account, Identified, SigningScope, WireRequest};
use retrigger_recording::CallKey;
use serde_json::Value;

use crate::operation::{
    Authorization, Endpoint, Identify, Operation, Protocol, Scope, Unidentified,
};

/// AWS's services, as a function of an account calls them.
#[derive(Clone, Debug)]
pub struct Aws {
    partition: String,
    account: String,
    region: String,
}

impl Aws {
    /// Seen from an account: resources that a call names without account are its own.
    pub fn new(partition: impl Into<String>, account: impl Into<String>) -> Self {
        let region = "us-east-1".to_owned();
        Self { partition: partition.into(), account: account.into(), region }
    }

    /// The same, with the Region of calls that are signed for none; `us-east-1` unless it is set.
    #[must_use]
    pub fn region(self, region: impl Into<String>) -> Self {
        Self { region: region.into(), ..self }
    }
}

impl Identify for Aws {
    fn identify(
        &self,
        request: &Request<Bytes>,
        scope: Option<&Scope>,
    ) -> Result<Operation, Unidentified> {
        let (found, parameters) = found(request, scope)?;
        Ok(self.operation(&found, parameters, scope))
    }

    fn endpoint(
        &self,
        request: &Request<Bytes>,
        scope: Option<&Scope>,
    ) -> Result<Endpoint, String> {
        let (found, parameters) = found(request, scope).map_err(|unknown| unknown.message)?;
        let region = scope.map(|scope| scope.region.as_str());
        let region = region.filter(|region| !matches!(*region, "" | "*"));
        let region = region.unwrap_or(&self.region);
        let endpoint = endpoint::endpoint(&found, &parameters, &self.partition, region)?;
        match scope.map(|scope| scope.service.as_str()) {
            Some("s3express") => Err("directory buckets are not passed on to AWS".to_owned()),
            // Such as `s3-object-lambda`, which is told from S3 by what it signs for only.
            Some(name) if name.starts_with("s3-") => {
                let host = endpoint.host.replacen("s3.", &format!("{name}."), 1);
                Ok(Endpoint { host, service: name.to_owned(), ..endpoint })
            }
            _ => Ok(endpoint),
        }
    }
}

/// The operation that a request is, and its parameters.
fn found(
    request: &Request<Bytes>,
    scope: Option<&Scope>,
) -> Result<(Identified, Value), Unidentified> {
    let headers: Vec<(&str, Cow<'_, str>)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, &**value)).collect();
    let uri = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let (method, body) = (request.method().as_str(), request.body());
    let sent = WireRequest { method, uri, headers: &headers, body };
    let unknown =
        |protocol, message, is_malformed| Unidentified { protocol, message, is_malformed };
    let body = compressed::plain(&sent)
        .map_err(|message| unknown(likely_protocol(&sent, scope), message, true))?;
    let plain = WireRequest { body: &body, ..sent };
    let hint = scope.map(|scope| SigningScope { service: &scope.service, region: &scope.region });
    let found = wire::identify(&plain, hint.as_ref())
        .map_err(|error| unknown(likely_protocol(&plain, scope), error.to_string(), false))?;
    let parameters = parameters::read(&found, &plain)
        .map_err(|error| unknown(protocol(found.protocol), error.to_string(), true))?;
    Ok((found, parameters))
}

impl Aws {
    fn operation(&self, found: &Identified, parameters: Value, scope: Option<&Scope>) -> Operation {
        let (service, operation) = (found.service, found.operation);
        let account = Account {
            partition: &self.partition,
            region: scope.map_or(self.region.as_str(), |scope| scope.region.as_str()),
            account: &self.account,
        };
        let asked = wire::authorizations(found, &parameters, &account);
        let authorizations: Vec<Authorization> = asked.into_iter().map(authorization).collect();
        let action = authorizations.first().and_then(|first| first.action.split(':').next());
        Operation {
            service: action.unwrap_or(service.signing_name()).to_owned(),
            authorizations,
            protocol: protocol(found.protocol),
            xml_namespace: service.xml_namespace().map(str::to_owned),
            query_compatible: service.is_query_compatible(),
            is_unsigned: operation.is_unsigned(),
            access_denied: service.access_denied(),
            parameters,
            idempotency_members: operation.idempotency_tokens().map(|n| n.to_string()).collect(),
            name: operation.name().to_string(),
        }
    }
}

fn authorization(asked: wire::Authorization) -> Authorization {
    let wire::Authorization { action, resources, context, unknown } = asked;
    let mut unresolved: Vec<String> =
        resources.iter().flat_map(|resource| resource.unresolved.iter().cloned()).collect();
    unresolved.sort();
    unresolved.dedup();
    let resources = resources.into_iter().map(|resource| resource.arn).collect();
    Authorization { action, resources, unresolved, context, unknown }
}

/// What a recorded call needs to be allowed, from its key: nothing where AWS knows no such call.
/// `aws` and `region` are the caller's.
pub fn needed(key: &CallKey, aws: &Aws, region: &str) -> Vec<Authorization> {
    let Some(found) = wire::named(&key.service, &key.operation) else { return Vec::new() };
    let account = Account { partition: &aws.partition, region, account: &aws.account };
    let asked = wire::authorizations(&found, &key.parameters, &account);
    asked.into_iter().map(authorization).collect()
}

fn protocol(protocol: wire::Protocol) -> Protocol {
    match protocol {
        wire::Protocol::Json10 => Protocol::Json10,
        wire::Protocol::Json11 => Protocol::Json11,
        wire::Protocol::Cbor => Protocol::Cbor,
        wire::Protocol::Query => Protocol::Query,
        wire::Protocol::Ec2 => Protocol::Ec2,
        wire::Protocol::RestJson => Protocol::RestJson,
        wire::Protocol::RestXml => Protocol::RestXml,
    }
}

/// The protocol in which whoever made an unknown request can read an error.
fn likely_protocol(request: &WireRequest<'_>, scope: Option<&Scope>) -> Protocol {
    let content = request.header("content-type").unwrap_or_default();
    let service = scope.map_or("", |scope| scope.service.as_str());
    match content.split(';').next().unwrap_or_default().trim() {
        "application/x-amz-json-1.0" => Protocol::Json10,
        "application/x-amz-json-1.1" => Protocol::Json11,
        "application/cbor" => Protocol::Cbor,
        "application/x-www-form-urlencoded" if service == "ec2" => Protocol::Ec2,
        "application/x-www-form-urlencoded" => Protocol::Query,
        "application/json" => Protocol::RestJson,
        _ if service.starts_with("s3") || service.is_empty() => Protocol::RestXml,
        _ => Protocol::RestJson,
    }
}
