//! The errors that AWS answers before a service has a say, with the code and status that each family
//! of services gives them.
//!
//! Sources: IAM User Guide, "Troubleshoot Signature Version 4 signing of AWS API requests"; each
//! service's "Common errors"; Amazon S3 API Reference, "Error responses"; Amazon EC2 API Reference,
//! "Error codes for the Amazon EC2 API".

use crate::{
    operation::{Operation, Protocol},
    wording,
};

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not signed.
    MissingSignature,
    /// Its signature cannot be read: AWS's words for what is missing.
    Incomplete(String),
    /// It is signed in a way that is not supported here: how.
    UnsupportedSignature(&'static str),
    /// Its access key is of no session.
    UnknownKey,
    /// Its session token is not the session's.
    WrongToken,
    /// The session is over.
    ExpiredToken,
    /// The signature is not the one that the secret key makes.
    WrongSignature,
    /// It is signed for another time: AWS's words.
    WrongTime(String),
    /// A presigned URL that is no longer valid.
    ExpiredUrl,
    /// The body is not the one that was signed.
    WrongContentHash,
    /// A chunk, or the length of the decoded body, is not as declared.
    MalformedChunks(String),
    /// A checksum that came with the body is not the body's.
    WrongChecksum(String),
    /// The body broke off.
    IncompleteBody,
    /// The client was too slow.
    TimedOut,
    /// The body is larger than is taken.
    TooLarge,
    /// No operation is like that.
    UnknownOperation(String),
    /// The body is not what the operation takes.
    MalformedBody(String),
    /// No policy allows it, or one denies: AWS's words.
    Denied(String),
    /// It is not among the recorded calls.
    Unrecorded(String),
    /// The upstream did not answer.
    Upstream(String),
}

/// The families of services that word the same fault in different ways.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    S3,
    Ec2,
    Query,
    Json,
    Rest,
}

impl Family {
    pub(crate) fn of(protocol: Protocol, service: &str) -> Self {
        match protocol {
            Protocol::RestXml if service.starts_with("s3") => Self::S3,
            Protocol::Ec2 => Self::Ec2,
            Protocol::Query | Protocol::RestXml => Self::Query,
            Protocol::Json10 | Protocol::Json11 | Protocol::Cbor => Self::Json,
            Protocol::RestJson => Self::Rest,
        }
    }
}

/// A fault as it is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Worded {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn worded(status: u16, code: &'static str, message: impl Into<String>) -> Worded {
    Worded { status, code, message: message.into() }
}

impl Fault {
    /// Status, code and text, as the services of a family have them.
    pub(crate) fn worded(&self, family: Family, operation: Option<&Operation>) -> Worded {
        match self {
            Self::Denied(message) => denied(family, operation, message),
            Self::MissingSignature
            | Self::Incomplete(_)
            | Self::UnsupportedSignature(_)
            | Self::UnknownKey
            | Self::WrongToken
            | Self::ExpiredToken => self.credentials(family),
            Self::WrongSignature | Self::WrongTime(_) | Self::ExpiredUrl => self.signature(family),
            Self::UnknownOperation(message) => unknown_operation(family, message),
            Self::MalformedBody(message) => malformed_body(family, message),
            Self::Unrecorded(message) => worded(400, "UnrecordedCall", message),
            Self::Upstream(message) => worded(502, "UpstreamFailed", message),
            _ => self.body(),
        }
    }

    fn credentials(&self, family: Family) -> Worded {
        use Family::{Ec2, Json, Query, Rest, S3};
        let invalid = "The security token included in the request is invalid.";
        let expired = "The security token included in the request is expired";
        let unknown_to_ec2 = "AWS was not able to validate the provided access credentials";
        let status = if family == Json { 400 } else { 403 };
        match (self, family) {
            (Self::MissingSignature, S3) => worded(403, "AccessDenied", "Access Denied"),
            (Self::MissingSignature, Json | Rest) => worded(
                status,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            (Self::MissingSignature, Query | Ec2) => {
                let text = "Request is missing Authentication Token";
                worded(403, "MissingAuthenticationToken", text)
            }
            (Self::UnsupportedSignature(_), S3) => {
                let text = "The authorization mechanism you have provided is not supported. Please \
                            use AWS4-HMAC-SHA256.";
                worded(400, "InvalidRequest", text)
            }
            (Self::UnsupportedSignature(how), _) => {
                let text = format!("Unsupported AWS 'algorithm': '{how}'.");
                Self::Incomplete(text).credentials(family)
            }
            (Self::Incomplete(message), S3) => worded(400, "AuthorizationHeaderMalformed", message),
            (Self::Incomplete(message), Json | Rest) => {
                worded(status, "IncompleteSignatureException", message)
            }
            (Self::Incomplete(message), _) => worded(400, "IncompleteSignature", message),
            (Self::UnknownKey, S3) => {
                let text = "The AWS Access Key Id you provided does not exist in our records.";
                worded(403, "InvalidAccessKeyId", text)
            }
            (Self::ExpiredToken, S3) => {
                worded(400, "ExpiredToken", "The provided token has expired.")
            }
            (_, S3) => {
                let text = "The provided token is malformed or otherwise invalid.";
                worded(400, "InvalidToken", text)
            }
            (Self::ExpiredToken, Json | Rest) => worded(status, "ExpiredTokenException", expired),
            (Self::ExpiredToken, Query) => worded(403, "ExpiredToken", expired),
            (Self::ExpiredToken, Ec2) => worded(400, "RequestExpired", "Request has expired."),
            (_, Json | Rest) => worded(status, "UnrecognizedClientException", invalid),
            (_, Query) => worded(403, "InvalidClientTokenId", invalid),
            (_, Ec2) => worded(401, "AuthFailure", unknown_to_ec2),
        }
    }

    fn signature(&self, family: Family) -> Worded {
        use Family::{Ec2, Json, Query, Rest, S3};
        let text = "The request signature we calculated does not match the signature you provided. \
                    Check your AWS Secret Access Key and signing method. Consult the service \
                    documentation for details.";
        let of_s3 = "The request signature we calculated does not match the signature you provided. \
                     Check your key and signing method.";
        let skewed = "The difference between the request time and the current time is too large.";
        let status = if family == Json { 400 } else { 403 };
        match (self, family) {
            (Self::WrongTime(_), S3) => worded(403, "RequestTimeTooSkewed", skewed),
            (Self::ExpiredUrl, S3) => worded(403, "AccessDenied", "Request has expired"),
            (_, S3) => worded(403, "SignatureDoesNotMatch", of_s3),
            (Self::WrongTime(_) | Self::ExpiredUrl, Ec2) => {
                worded(400, "RequestExpired", "Request has expired.")
            }
            (_, Ec2) => {
                let text = "AWS was not able to validate the provided access credentials";
                worded(401, "AuthFailure", text)
            }
            (Self::WrongTime(text), Json | Rest) => {
                worded(status, "InvalidSignatureException", text)
            }
            (Self::WrongTime(text), Query) => worded(403, "SignatureDoesNotMatch", text),
            (Self::ExpiredUrl, Json | Rest) => {
                worded(status, "InvalidSignatureException", "Signature expired")
            }
            (Self::ExpiredUrl, Query) => worded(403, "SignatureDoesNotMatch", "Signature expired"),
            (_, Json | Rest) => worded(status, "InvalidSignatureException", text),
            (_, Query) => worded(403, "SignatureDoesNotMatch", text),
        }
    }

    /// What is wrong with a body; S3's words, as only S3 takes bodies of such a kind.
    fn body(&self) -> Worded {
        match self {
            Self::WrongContentHash => worded(
                400,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            Self::MalformedChunks(message) => worded(400, "InvalidChunkSizeError", message),
            Self::WrongChecksum(message) => worded(400, "BadDigest", message),
            Self::TimedOut => worded(
                400,
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the \
                 timeout period.",
            ),
            Self::TooLarge => {
                let text = "Your proposed upload exceeds the maximum allowed size";
                worded(413, "EntityTooLarge", text)
            }
            _ => worded(
                400,
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP \
                 header",
            ),
        }
    }
}

/// Code and status of a refusal: those that the service's model has, or else those of its family.
/// Sources: the "Common errors" of each service's API reference; Amazon EC2 API Reference, "Error
/// codes for the Amazon EC2 API" (`UnauthorizedOperation`).
///
/// Not settled: the status of a JSON service, which few models and pages give. Refusals seen of
/// KMS, Logs and DynamoDB have 400, and of services that spoke the query protocol before, such as
/// SQS, 403.
fn denied(family: Family, operation: Option<&Operation>, message: &str) -> Worded {
    let is_query_compatible = operation.is_some_and(|operation| operation.query_compatible);
    let (own_code, own_status) = operation.map(|known| known.access_denied).unwrap_or_default();
    let (status, code) = match family {
        Family::Json if !is_query_compatible => (400, "AccessDeniedException"),
        Family::Json | Family::Rest => (403, "AccessDeniedException"),
        Family::Ec2 => (403, "UnauthorizedOperation"),
        Family::S3 | Family::Query => (403, "AccessDenied"),
    };
    let message =
        operation.map_or(message.to_owned(), |operation| wording::of_service(message, operation));
    let message = match family {
        // The text ends with "Encoded authorization failure message: …" on AWS, which only AWS can
        // make and `sts:DecodeAuthorizationMessage` reads.
        Family::Ec2 => format!("You are not authorized to perform this operation. {message}"),
        _ => message,
    };
    worded(own_status.unwrap_or(status), own_code.unwrap_or(code), message)
}

fn malformed_body(family: Family, message: &str) -> Worded {
    match family {
        Family::S3 => worded(400, "MalformedXML", message),
        Family::Ec2 | Family::Query => worded(400, "MalformedQueryString", message),
        Family::Json | Family::Rest => worded(400, "SerializationException", message),
    }
}

fn unknown_operation(family: Family, message: &str) -> Worded {
    match family {
        Family::S3 => worded(405, "MethodNotAllowed", message),
        Family::Ec2 | Family::Query => worded(400, "InvalidAction", message),
        Family::Json => worded(400, "UnknownOperationException", message),
        Family::Rest => worded(404, "UnknownOperationException", message),
    }
}
