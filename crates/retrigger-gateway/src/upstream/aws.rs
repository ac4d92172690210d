//! AWS itself: calls signed again with the developer's own credentials.

use std::time::{Duration, SystemTime};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http_body_util::Full;
use hyper::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header, response};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{Sent, prepare};
use crate::{operation::Endpoint, verify::without_signature};

/// How long before they expire credentials are asked for again.
const EARLY: Duration = Duration::from_mins(2);

/// The headers of a signature, and of a body that comes in chunks.
const OF_SIGNATURE: [&str; 8] = [
    "authorization",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-region-set",
    "x-amz-s3session-token",
    "x-amz-security-token",
    "x-amz-trailer",
];

pub(super) struct Aws {
    provider: SharedCredentialsProvider,
    known: Mutex<Option<Credentials>>,
    /// Where all hosts are reached, in tests.
    at: Option<Uri>,
}

impl Aws {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, known: Mutex::new(None), at: None }
    }

    #[cfg(test)]
    pub(super) fn at(self, uri: Uri) -> Self {
        Self { at: Some(uri), ..self }
    }

    /// Credentials that are valid now.
    pub(super) async fn credentials(&self) -> Result<Credentials, String> {
        let mut known = self.known.lock().await;
        let is_fresh = |credentials: &&Credentials| {
            credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + EARLY)
        };
        if let Some(credentials) = known.as_ref().filter(is_fresh) {
            return Ok(credentials.clone());
        }
        let sign_in = "sign in with the AWS CLI, or name a profile in `AWS_PROFILE`";
        let given = self.provider.provide_credentials().await.map_err(|error| {
            format!("there are no AWS credentials: {}; {sign_in}", super::causes(&error))
        })?;
        if given.expiry().is_some_and(|expiry| expiry <= SystemTime::now()) {
            return Err(format!("the AWS credentials are expired; {sign_in}"));
        }
        Ok(known.insert(given).clone())
    }

    /// The call for the endpoint of its service.
    pub(super) async fn signed(
        &self,
        sent: &Sent,
        endpoint: Endpoint,
    ) -> Result<Request<Full<Bytes>>, String> {
        let mut request = unsigned(sent, &endpoint)?;
        if sent.is_signed {
            let credentials = self.credentials().await?;
            sign_again(&mut request, &endpoint, credentials, SystemTime::now())
                .map_err(|why| format!("the call cannot be signed again: {why}"))?;
        }
        if let Some(at) = &self.at {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            *request.uri_mut() = format!("{}{path}", at.to_string().trim_end_matches('/'))
                .parse()
                .map_err(|_| "the call cannot be passed on".to_owned())?;
        }
        Ok(request.map(Full::new))
    }
}

/// The call as one that was never signed, and whose body is whole.
fn unsigned(sent: &Sent, endpoint: &Endpoint) -> Result<Request<Bytes>, String> {
    let headers = sent.request.headers();
    let hash = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    if hash.is_some_and(|hash| hash.ends_with("-EVENTS")) {
        return Err("a stream of events that the handler signs cannot be signed again".to_owned());
    }
    let mut request = Request::new(sent.request.body().clone());
    *request.method_mut() = sent.request.method().clone();
    let (host, path) = (&endpoint.host, without_signature(sent.request.uri()));
    let uri = format!("https://{host}{}{path}", endpoint.path);
    *request.uri_mut() = uri.parse().map_err(|_| format!("`{uri}` is no URL"))?;
    *request.headers_mut() = headers.clone();
    let headers = request.headers_mut();
    prepare(headers);
    for name in OF_SIGNATURE {
        headers.remove(name);
    }
    without_chunks(headers);
    // What follows a body in chunks stands before one that is whole.
    for (name, value) in &sent.trailer {
        let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    let host = HeaderValue::try_from(host).map_err(|_| format!("`{host}` is no host"))?;
    headers.insert(header::HOST, host);
    Ok(request)
}

/// Takes `aws-chunked` out of the codings of the content.
fn without_chunks(headers: &mut HeaderMap) {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let codings = codings.filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(','));
    let kept: Vec<&str> =
        codings.map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    let kept = kept.join(", ");
    headers.remove(header::CONTENT_ENCODING);
    if let (false, Ok(kept)) = (kept.is_empty(), HeaderValue::try_from(kept)) {
        headers.insert(header::CONTENT_ENCODING, kept);
    }
}

/// Signs a request that has a `Host`.
pub(crate) fn sign_again(
    request: &mut Request<Bytes>,
    endpoint: &Endpoint,
    credentials: Credentials,
    time: SystemTime,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut settings = SigningSettings::default();
    if endpoint.service.starts_with("s3") {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity: Identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.region)
        .name(&endpoint.service)
        .time(time)
        .settings(settings)
        .build()?;
    let uri = request.uri().to_string();
    // A header that is no text is not signed, and passed on as it is.
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new(request.method().as_str(), uri, headers, body)?;
    let (instructions, _) = sign(signable, &params.into())?.into_parts();
    let (made, _) = instructions.into_parts();
    for header in made {
        let (name, value) = (HeaderName::try_from(header.name())?, header.value());
        request.headers_mut().insert(name, HeaderValue::try_from(value)?);
    }
    Ok(())
}

/// The codes by which services say that it is the credentials that are wrong. Sources: IAM User
/// Guide, "Troubleshoot Signature Version 4 signing of AWS API requests"; each service's "Common
/// errors"; Amazon S3 API Reference, "Error responses".
const CREDENTIALS: [&str; 14] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "InvalidSignatureException",
    "InvalidToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Why an answer is none to the handler's call: AWS does not take the developer's credentials.
pub(super) fn refused_credentials(head: &response::Parts, body: &[u8]) -> Option<String> {
    let code = error_code(&head.headers, body)?;
    CREDENTIALS.contains(&&*code).then(|| {
        format!("AWS does not take your credentials: `{code}`; sign in again with the AWS CLI")
    })
}

/// The code of an error, in whichever protocol it comes.
fn error_code(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let bare = |code: &str| {
        let code = code.split(':').next().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().trim().to_owned()
    };
    if let Some(code) = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok()) {
        return Some(bare(code));
    }
    if let Ok(ciborium::Value::Map(members)) = ciborium::from_reader(body) {
        let kind = members.iter().find(|(name, _)| name.as_text() == Some("__type"))?;
        return kind.1.as_text().map(bare);
    }
    let text = std::str::from_utf8(body).ok()?;
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        return json.get("__type").or_else(|| json.get("code"))?.as_str().map(bare);
    }
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    Some(bare(code))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some("ExpiredTokenException:http://x/"), b"{}", Some("ExpiredTokenException"))]
    #[case(
        None,
        br#"{"__type":"com.amazon.coral.service#UnrecognizedClientException"}"#,
        Some("UnrecognizedClientException")
    )]
    #[case(None, b"<Error><Code>InvalidAccessKeyId</Code></Error>", Some("InvalidAccessKeyId"))]
    #[case(None, b"\xA1\x66__type\x6CExpiredToken", Some("ExpiredToken"))]
    #[case(None, b"<Error><Code>AccessDenied</Code></Error>", None)]
    #[case(None, b"", None)]
    #[case(None, b"\xFF", None)]
    fn a_refusal_of_the_credentials_is_told_from_one_of_the_call(
        #[case] header: Option<&str>,
        #[case] body: &[u8],
        #[case] code: Option<&str>,
    ) {
        let mut response = hyper::http::Response::new(());
        if let Some(header) = header {
            let value = header.parse().unwrap();
            response.headers_mut().insert("x-amzn-errortype", value);
        }
        let why = refused_credentials(&response.into_parts().0, body);
        assert_eq!(why.is_some(), code.is_some(), "{why:?}");
        assert!(why.unwrap_or_default().contains(code.unwrap_or_default()));
    }
}
