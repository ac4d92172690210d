//! Which operation a request is, by the catalogue.

mod compressed;
mod parameters;

use bytes::Bytes;
use hyper::http::Request;
use retrigger_catalogue::wire::{self, Account, Identified, SigningScope, WireRequest};
use retrigger_recording::CallKey;
use serde_json::Value;

use crate::operation::{Authorization, Identify, Operation, Protocol, Scope, Unidentified};

/// AWS's services, as a function of an account calls them.
#[derive(Clone, Debug)]
pub struct Aws {
    partition: String,
    account: String,
}

impl Aws {
    /// Seen from an account: resources that a call names without account are its own.
    pub fn new(partition: impl Into<String>, account: impl Into<String>) -> Self {
        Self { partition: partition.into(), account: account.into() }
    }
}

impl Identify for Aws {
    fn identify(
        &self,
        request: &Request<Bytes>,
        scope: Option<&Scope>,
    ) -> Result<Operation, Unidentified> {
        let text = |value: &'_ hyper::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers: Vec<(&str, String)> =
            request.headers().iter().map(|(name, value)| (name.as_str(), text(value))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let uri = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let method = request.method().as_str();
        let sent = WireRequest { method, uri, headers: &headers, body: request.body() };
        let malformed = |message: String| Unidentified {
            protocol: likely_protocol(&sent, scope),
            message,
            is_malformed: true,
        };
        let body = compressed::plain(&sent).map_err(malformed)?;
        let wire_request = WireRequest { body: &body, ..sent };
        let hint =
            scope.map(|scope| SigningScope { service: &scope.service, region: &scope.region });
        let found = wire::identify(&wire_request, hint.as_ref()).map_err(|error| Unidentified {
            protocol: likely_protocol(&wire_request, scope),
            message: error.to_string(),
            is_malformed: false,
        })?;
        let parameters = parameters::read(&found, &wire_request).map_err(|error| Unidentified {
            protocol: protocol(found.protocol),
            message: error.to_string(),
            is_malformed: true,
        })?;
        Ok(self.operation(&found, parameters, scope))
    }
}

impl Aws {
    fn operation(&self, found: &Identified, parameters: Value, scope: Option<&Scope>) -> Operation {
        let (service, operation) = (found.service, found.operation);
        let account = Account {
            partition: &self.partition,
            region: scope.map_or("us-east-1", |scope| scope.region.as_str()),
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
