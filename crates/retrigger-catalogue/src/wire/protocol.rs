//! How services are spoken to.

use std::fmt;

/// A protocol of AWS's services (Smithy, "AWS protocols").
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// `awsJson1_0`: a JSON body, the operation in `X-Amz-Target`.
    Json10,
    /// `awsJson1_1`: as 1.0, with another content type.
    Json11,
    /// Smithy RPC v2 with CBOR: the operation in the path.
    Cbor,
    /// `awsQuery`: a form with `Action` and `Version`, answered in XML.
    Query,
    /// `ec2Query`: as Query, with other errors and lists.
    Ec2,
    /// `restJson1`: method and path tell the operation.
    RestJson,
    /// `restXml`: as REST-JSON, with XML bodies.
    RestXml,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json10 => "json-1.0",
            Self::Json11 => "json-1.1",
            Self::Cbor => "smithy-rpc-v2-cbor",
            Self::Query => "query",
            Self::Ec2 => "ec2",
            Self::RestJson => "rest-json",
            Self::RestXml => "rest-xml",
        })
    }
}
