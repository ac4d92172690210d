//! Verifying a signature: the request is signed once more, with the same headers, time and scope,
//! and the two signatures are compared in constant time.

mod authority;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest,
        SignatureLocation, SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use hyper::http::{Request, Uri};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    credentials::SessionCredentials,
    fault::Fault,
    payload::{self, Chunks, Payload},
    signature::{Place, SIGV4A, Signature},
};
use authority::{AUTHORITY, Head};

/// How far the time of a signature may be from now. Source: IAM User Guide, "Elements of an AWS API
/// request signature" (five minutes); Amazon S3 API Reference, "Authenticating requests" (fifteen).
const SKEW: Duration = Duration::from_mins(5);
const S3_SKEW: Duration = Duration::from_mins(15);

/// Verifies a request; gives its payload, the chunks of `aws-chunked` joined.
pub(crate) fn verify(
    request: &Request<Bytes>,
    signature: &Signature,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Result<Payload, Fault> {
    let same = |one: &str, other: &str| bool::from(one.as_bytes().ct_eq(other.as_bytes()));
    if signature.access_key_id != credentials.access_key_id {
        return Err(Fault::UnknownKey);
    }
    if !same(signature.token.as_deref().unwrap_or_default(), &credentials.session_token) {
        return Err(Fault::WrongToken);
    }
    // A signature of SigV4A could be verified with the public key that follows from the secret.
    // Clients sign so for endpoints of several Regions, none of which is here.
    if signature.is_asymmetric {
        return Err(Fault::UnsupportedSignature(SIGV4A));
    }
    if !signature.signed_headers.iter().any(|name| name == "host" || name == AUTHORITY) {
        let text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Fault::Incomplete(text.to_owned()));
    }
    check_time(signature, now)?;
    let signer = Signer::new(signature, credentials);
    let content = Content::of(request, signature);
    let made = signer.request(request, &content)?;
    if !same(&made, &signature.value) {
        return Err(Fault::WrongSignature);
    }
    content.payload(request, &signer)
}

fn check_time(signature: &Signature, now: SystemTime) -> Result<(), Fault> {
    let skew = if signature.is_s3() { S3_SKEW } else { SKEW };
    let time = signature.time;
    let is_early = time.duration_since(now).is_ok_and(|ahead| ahead > skew);
    let age = now.duration_since(time).unwrap_or_default();
    match signature.place {
        Place::Query(expires) if age > expires => Err(Fault::ExpiredUrl),
        Place::Header if age > skew => {
            let (time, minutes) = (basic(time), skew.as_secs() / 60);
            let (limit, now) = (basic(now - skew), basic(now));
            Err(Fault::WrongTime(format!(
                "Signature expired: {time} is now earlier than {limit} ({now} - {minutes} min.)"
            )))
        }
        _ if is_early => {
            let (time, minutes) = (basic(time), skew.as_secs() / 60);
            let (limit, now) = (basic(now + skew), basic(now));
            Err(Fault::WrongTime(format!(
                "Signature not yet current: {time} is still later than {limit} ({now} + \
                 {minutes} min.)"
            )))
        }
        _ => Ok(()),
    }
}

/// `20150830T123600Z`; empty for a time that is none.
fn basic(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time);
    time.map(|time| time.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

/// What a request says of its body.
enum Content {
    /// Nothing: the hash is of the body as it is.
    Plain,
    /// A hash, which must be that of the body.
    Hash(String),
    /// It is not signed.
    Unsigned,
    /// It comes in chunks: the whole value of the header, and what the chunks carry.
    Chunked(String, Chunks),
    /// Something else that is signed part by part.
    Parts(String),
}

impl Content {
    fn of(request: &Request<Bytes>, signature: &Signature) -> Self {
        let header = request.headers().get("x-amz-content-sha256");
        let value = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
        match value {
            None if signature.is_s3() && signature.place != Place::Header => Self::Unsigned,
            None => Self::Plain,
            Some(value) if value == "UNSIGNED-PAYLOAD" => Self::Unsigned,
            Some(value) => match Chunks::of(&value) {
                Some(chunks) => Self::Chunked(value, chunks),
                None if value.starts_with("STREAMING-") => Self::Parts(value),
                None => Self::Hash(value),
            },
        }
    }

    /// What stands for the body in what is signed.
    fn hash(&self, body: &[u8]) -> String {
        match self {
            Self::Plain => authority::hex(body),
            Self::Unsigned => "UNSIGNED-PAYLOAD".to_owned(),
            Self::Hash(text) | Self::Chunked(text, _) | Self::Parts(text) => text.clone(),
        }
    }

    /// The payload, once the signature over the head is verified.
    fn payload(self, request: &Request<Bytes>, signer: &Signer<'_>) -> Result<Payload, Fault> {
        let body = request.body();
        let payload = match self {
            Self::Chunked(_, chunks) => payload::joined(request, chunks, signer)?,
            Self::Hash(hash) if !is_hash_of(&hash, body) => return Err(Fault::WrongContentHash),
            _ => body.clone().into(),
        };
        payload::check_headers(request.headers(), &payload.body)?;
        Ok(payload)
    }
}

fn is_hash_of(hash: &str, body: &[u8]) -> bool {
    let made = Sha256::digest(body);
    hash.len() == 64
        && made.iter().enumerate().all(|(index, byte)| {
            let digits = hash.get(index * 2..index * 2 + 2).unwrap_or_default();
            u8::from_str_radix(digits, 16) == Ok(*byte)
        })
}

/// Signs what was signed.
pub(crate) struct Signer<'s> {
    signature: &'s Signature,
    credentials: &'s SessionCredentials,
    identity: Identity,
}

impl<'s> Signer<'s> {
    fn new(signature: &'s Signature, credentials: &'s SessionCredentials) -> Self {
        let is_token_signed = signature.token.is_some() && signature.place != Place::Header
            || signature.signed_headers.iter().any(|name| name == "x-amz-security-token");
        let token = is_token_signed.then(|| credentials.session_token.clone());
        let identity = Credentials::new(
            credentials.access_key_id.clone(),
            credentials.secret_access_key.clone(),
            token,
            None,
            "retrigger",
        );
        Self { signature, credentials, identity: identity.into() }
    }

    fn request(&self, request: &Request<Bytes>, content: &Content) -> Result<String, Fault> {
        let headers = self.signed_headers(request);
        if headers.iter().any(|(name, _)| name == AUTHORITY) {
            let (method, uri) = (request.method().as_str(), request.uri());
            let head = Head { method, uri, headers, body: content.hash(request.body()) };
            return Ok(head.signed(self.signature, self.credentials));
        }
        let uri = without_signature(request.uri());
        let body = match content {
            Content::Plain => SignableBody::Bytes(request.body()),
            Content::Unsigned => SignableBody::UnsignedPayload,
            Content::Hash(text) | Content::Chunked(text, _) | Content::Parts(text) => {
                SignableBody::Precomputed(text.clone())
            }
        };
        let method = request.method().as_str();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new(method, uri, headers, body);
        let params = self.params(self.settings())?;
        let signable = signable.map_err(|_| Fault::WrongSignature)?;
        let made = sign(signable, &params.into()).map_err(|_| Fault::WrongSignature)?;
        Ok(made.signature().to_owned())
    }

    /// The signature of a chunk, after the one before.
    pub(crate) fn chunk(&self, chunk: &Bytes, before: &str) -> Result<String, Fault> {
        let params = self.params(SigningSettings::default())?;
        let made = v4::sign_chunk(chunk, before, &params).map_err(|_| Fault::WrongSignature)?;
        Ok(made.signature().to_owned())
    }

    /// The signature of the trailer, after the last chunk.
    pub(crate) fn trailer(
        &self,
        trailer: &[(String, String)],
        before: &str,
    ) -> Result<String, Fault> {
        let mut headers = aws_smithy_runtime_api::http::Headers::new();
        for (name, value) in trailer {
            let added = headers.try_append(name.clone(), value.clone());
            added.map_err(|_| Fault::WrongSignature)?;
        }
        let params = self.params(SigningSettings::default())?;
        let made = v4::sign_trailer(&headers, before, &params);
        Ok(made.map_err(|_| Fault::WrongSignature)?.signature().to_owned())
    }

    /// The signature of the head, which the first chunk is signed after.
    pub(crate) fn seed(&self) -> &str {
        &self.signature.value
    }

    fn params<S: Default>(&self, settings: S) -> Result<v4::SigningParams<'_, S>, Fault> {
        v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.signature.scope.region)
            .name(&self.signature.scope.service)
            .time(self.signature.time)
            .settings(settings)
            .build()
            .map_err(|_| Fault::WrongSignature)
    }

    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self.signature.is_s3() {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        // The headers given are those that are signed, and no other.
        settings.excluded_headers = None;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.session_token_mode = SessionTokenMode::Include;
        if let Place::Query(expires) = self.signature.place {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(expires);
        }
        settings
    }

    fn signed_headers(&self, request: &Request<Bytes>) -> Vec<(String, String)> {
        let mut signed = Vec::new();
        for name in &self.signature.signed_headers {
            let known = if name == AUTHORITY { "host" } else { name };
            for value in request.headers().get_all(known) {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                signed.push((name.clone(), value));
            }
        }
        signed
    }
}

/// Path and query, without what presigning adds.
pub(crate) fn without_signature(uri: &Uri) -> String {
    const ADDED: [&str; 7] = [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    ];
    let Some(query) = uri.query() else { return uri.path().to_owned() };
    let name = |pair: &&str| pair.split('=').next().unwrap_or_default().to_owned();
    let is_presigned = query.split('&').any(|pair| name(&pair) == "X-Amz-Signature");
    let own = query.split('&').filter(|pair| !is_presigned || !ADDED.contains(&&*name(pair)));
    let own: Vec<&str> = own.collect();
    if own.is_empty() {
        return uri.path().to_owned();
    }
    format!("{}?{}", uri.path(), own.join("&"))
}

#[cfg(test)]
mod tests;
