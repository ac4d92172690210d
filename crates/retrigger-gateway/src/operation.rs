//! What a call is, once it is identified.

use bytes::Bytes;
use hyper::http::{Request, Response};
use serde_json::Value;

/// How a service speaks. Source: Smithy documentation, "AWS protocols".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.1.
    Json11,
    /// AWS query: forms in, XML out.
    Query,
    /// The query protocol of EC2.
    Ec2,
    /// REST with JSON.
    RestJson,
    /// REST with XML.
    RestXml,
    /// Smithy RPC v2 with CBOR.
    Cbor,
}

/// An identified call.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The service as in its action names, such as `dynamodb`.
    pub service: String,
    /// The API operation, such as `GetItem`.
    pub name: String,
    /// The protocol that the call came in, and its answer must have.
    pub protocol: Protocol,
    /// The XML namespace of the service, where its protocol has one.
    pub xml_namespace: Option<String>,
    /// Whether errors carry the codes of the query protocol that the service spoke before, in the
    /// header `x-amzn-query-error`.
    pub query_compatible: bool,
    /// The code and status with which the service refuses what no policy allows, where its model
    /// says so.
    pub access_denied: (Option<&'static str>, Option<u16>),
    /// Whether AWS takes the call without a signature.
    pub is_unsigned: bool,
    /// What is asked: the members of the request by the API's own names.
    pub parameters: Value,
    /// The members that clients fill with a random value, such as `ClientRequestToken`.
    pub idempotency_members: Vec<String>,
    /// What must be allowed for it. Several for a call such as `CopyObject`.
    pub authorizations: Vec<Authorization>,
}

impl Operation {
    /// The ARN of the resource, where the call is for exactly one.
    pub fn resource(&self) -> Option<&str> {
        let first = self.authorizations.first()?.resources.first()?;
        (first != "*").then_some(first.as_str())
    }
}

/// An action that a call needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorization {
    /// Such as `s3:GetObject`.
    pub action: String,
    /// The ARNs it is asked on; `*` alone for an action without resource-level permissions.
    pub resources: Vec<String>,
    /// The parts of these ARNs that the call does not tell, such as `Suffix` of a secret that is
    /// named without. They stand in the ARN as `${Suffix}`.
    pub unresolved: Vec<String>,
    /// The condition keys that the call itself carries.
    pub context: Vec<(String, Vec<String>)>,
    /// The condition keys that the call has with values that cannot be known.
    pub unknown: Vec<String>,
}

/// The scope that a call is signed for: a hint at its service. It proves nothing before the
/// signature is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The signing name, such as `s3`.
    pub service: String,
}

/// Why a call is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unidentified {
    /// The protocol in which to say so.
    pub protocol: Protocol,
    /// What is wrong.
    pub message: String,
    /// Whether the operation is known, and its body not what it takes.
    pub is_malformed: bool,
}

/// Where AWS itself takes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The host, such as `dynamodb.eu-west-1.amazonaws.com`.
    pub host: String,
    /// What stands before the path of the call: a bucket that cannot be part of the host, after a
    /// `/`; else nothing.
    pub path: String,
    /// The Region that the call must be signed for.
    pub region: String,
    /// The name of the service that the call must be signed for.
    pub service: String,
}

/// Knows the operations of AWS's services on the wire.
pub trait Identify: Send + Sync {
    /// Identifies a call. Its body is the payload: chunks of `aws-chunked` are joined.
    ///
    /// # Errors
    ///
    /// Where no operation is like that.
    fn identify(
        &self,
        request: &Request<Bytes>,
        scope: Option<&Scope>,
    ) -> Result<Operation, Unidentified>;

    /// Where AWS itself takes a call that was identified.
    ///
    /// # Errors
    ///
    /// Where that is not known: why, in words.
    fn endpoint(&self, _: &Request<Bytes>, _: Option<&Scope>) -> Result<Endpoint, String> {
        Err("the endpoints of AWS are not known".to_owned())
    }

    /// Whether an answer says that the call failed, where the status does not say so.
    fn is_error(&self, response: &Response<Bytes>) -> bool {
        !response.status().is_success()
    }
}
