//! Where calls go that are to be recorded: AWS, or any endpoint that speaks as it.

mod aws;

use std::{fmt, sync::Arc};

use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::Incoming,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, header},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::{operation::Endpoint, stream::Source};
use aws::Aws;
#[cfg(test)]
pub(crate) use aws::sign_again;

/// An endpoint that calls are passed on to.
#[derive(Clone)]
pub struct Upstream {
    target: Target,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

#[derive(Clone)]
enum Target {
    /// Gets calls as the handler signed them.
    Endpoint(Uri),
    /// Gets them signed again.
    Aws(Arc<Aws>),
}

/// Why an endpoint cannot be an upstream.
#[derive(Debug, thiserror::Error)]
#[error("`{endpoint}` cannot be the upstream: {why}")]
pub struct InvalidUpstream {
    endpoint: String,
    why: String,
}

/// A call as the handler sent it, once it is verified.
pub(crate) struct Sent {
    /// Its body is the payload: chunks of `aws-chunked` are joined.
    pub(crate) request: Request<Bytes>,
    /// The body as it came.
    pub(crate) raw: Bytes,
    /// The checksums that came behind a body in chunks, as headers have them.
    pub(crate) trailer: Vec<(String, String)>,
    pub(crate) is_signed: bool,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = match &self.target {
            Target::Endpoint(endpoint) => endpoint.to_string(),
            Target::Aws(_) => "aws".to_owned(),
        };
        f.debug_struct("Upstream").field("endpoint", &endpoint).finish_non_exhaustive()
    }
}

impl Upstream {
    /// The endpoint with this URL, such as `http://127.0.0.1:5000`. Calls are passed on as the
    /// handler signed them.
    ///
    /// # Errors
    ///
    /// Where that is no URL of a host, or the system's certificates cannot be read.
    pub fn endpoint(url: &str) -> Result<Self, InvalidUpstream> {
        let invalid = |why: &str| InvalidUpstream { endpoint: url.to_owned(), why: why.to_owned() };
        let endpoint: Uri = url.parse().map_err(|_| invalid("it is no URL"))?;
        if !matches!(endpoint.scheme_str(), Some("http" | "https")) {
            return Err(invalid("a URL of `http` or `https` is needed"));
        }
        let client = client().map_err(|why| invalid(&why))?;
        Ok(Self { target: Target::Endpoint(endpoint), client })
    }

    /// AWS itself. Each call goes to its service's own endpoint, signed again with one's own
    /// credentials, which are asked for here once and then whenever they are about to expire.
    ///
    /// # Errors
    ///
    /// Where there are no credentials, they are expired, or the system's certificates cannot be
    /// read.
    pub async fn aws(credentials: SharedCredentialsProvider) -> Result<Self, InvalidUpstream> {
        let invalid = |why: String| InvalidUpstream { endpoint: "aws".to_owned(), why };
        let aws = Aws::new(credentials);
        aws.credentials().await.map_err(invalid)?;
        Ok(Self { target: Target::Aws(Arc::new(aws)), client: client().map_err(invalid)? })
    }

    /// AWS with all its hosts at this URL.
    #[cfg(test)]
    pub(crate) fn aws_at(credentials: SharedCredentialsProvider, url: &str) -> Self {
        let aws = Aws::new(credentials).at(url.parse().unwrap());
        Self { target: Target::Aws(Arc::new(aws)), client: client().unwrap() }
    }

    /// Passes a call on; gives its answer, or what went wrong. `endpoint` says where AWS takes it.
    pub(crate) async fn forward(
        &self,
        sent: &Sent,
        endpoint: impl FnOnce() -> Result<Endpoint, String>,
    ) -> Result<Response<Source>, String> {
        let request = match &self.target {
            Target::Endpoint(uri) => addressed(uri, sent)?,
            Target::Aws(aws) => aws.signed(sent, endpoint()?).await?,
        };
        let response = self.client.request(request).await;
        let response =
            response.map_err(|error| format!("the upstream did not answer: {}", causes(&error)))?;
        let (mut head, body) = response.into_parts();
        without_hops(&mut head.headers);
        if matches!(self.target, Target::Aws(_)) && matches!(head.status.as_u16(), 400 | 401 | 403)
        {
            let body = whole(body).await?;
            if let Some(why) = aws::refused_credentials(&head, &body) {
                return Err(why);
            }
            return Ok(Response::from_parts(head, Source::Whole(body)));
        }
        Ok(Response::from_parts(head, Source::Incoming(body)))
    }
}

fn client() -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, String> {
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|error| format!("certificates cannot be read: {error}"))?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// The body of an error: no service sends one of a mebibyte.
async fn whole(body: Incoming) -> Result<Bytes, String> {
    let whole = Limited::new(body, 1024 * 1024).collect().await;
    Ok(whole.map_err(|error| format!("the upstream's answer broke off: {error}"))?.to_bytes())
}

/// The call for an endpoint, as the handler sent it.
fn addressed(endpoint: &Uri, sent: &Sent) -> Result<Request<Full<Bytes>>, String> {
    let request = &sent.request;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let base = endpoint.path().trim_end_matches('/');
    let scheme = endpoint.scheme_str().unwrap_or("http");
    let authority = endpoint.authority().map_or("", |authority| authority.as_str());
    let mut addressed = Request::new(Full::new(sent.raw.clone()));
    *addressed.method_mut() = request.method().clone();
    *addressed.uri_mut() = format!("{scheme}://{authority}{base}{path}")
        .parse()
        .map_err(|error| format!("the call cannot be passed on: {error}"))?;
    *addressed.headers_mut() = request.headers().clone();
    prepare(addressed.headers_mut());
    Ok(addressed)
}

/// Takes out what is of the handler's connection.
fn prepare(headers: &mut HeaderMap) {
    without_hops(headers);
    for name in [header::CONTENT_LENGTH, header::EXPECT, header::TE] {
        headers.remove(name);
    }
    // Bodies are recorded readable.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Takes out the headers that are of one connection.
fn without_hops(headers: &mut HeaderMap) {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    for name in [header::CONNECTION, KEEP_ALIVE, header::TRANSFER_ENCODING, header::UPGRADE] {
        headers.remove(name);
    }
}

/// An error with the innermost of its causes.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let innermost = std::iter::successors(error.source(), |cause| cause.source()).last();
    innermost.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

#[cfg(test)]
mod tests;
