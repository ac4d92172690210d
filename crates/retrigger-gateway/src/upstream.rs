//! Where calls go that are to be recorded: AWS, or any endpoint that speaks as it.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::http::{HeaderValue, Request, Response, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::gateway::{MAX_BODY, Raw};

/// An endpoint that calls are passed on to.
#[derive(Clone)]
pub struct Upstream {
    endpoint: Uri,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Why an endpoint cannot be an upstream.
#[derive(Debug, thiserror::Error)]
#[error("`{endpoint}` cannot be the upstream: {why}")]
pub struct InvalidUpstream {
    endpoint: String,
    why: String,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("endpoint", &self.endpoint).finish_non_exhaustive()
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
        let invalid = |why: String| InvalidUpstream { endpoint: url.to_owned(), why };
        let endpoint: Uri = url.parse().map_err(|_| invalid("it is no URL".to_owned()))?;
        if !matches!(endpoint.scheme_str(), Some("http" | "https")) {
            return Err(invalid("a URL of `http` or `https` is needed".to_owned()));
        }
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| invalid(format!("certificates cannot be read: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { endpoint, client })
    }

    /// Passes a call on; gives its answer, or what went wrong.
    pub(crate) async fn forward(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, String> {
        let failed = |why: &dyn fmt::Display| format!("the upstream did not answer: {why}");
        let request = self.addressed(request)?;
        let response = self.client.request(request).await.map_err(|error| failed(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| failed(&error))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    fn addressed(&self, request: &Request<Bytes>) -> Result<Request<Full<Bytes>>, String> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let base = self.endpoint.path().trim_end_matches('/');
        let scheme = self.endpoint.scheme_str().unwrap_or("http");
        let authority = self.endpoint.authority().map_or("", |authority| authority.as_str());
        let uri = format!("{scheme}://{authority}{base}{path}");
        let mut addressed = Request::builder().method(request.method()).uri(uri);
        if let Some(headers) = addressed.headers_mut() {
            headers.clone_from(request.headers());
            for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT] {
                headers.remove(name);
            }
            // Bodies are recorded readable.
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let raw = request.extensions().get::<Raw>().map(|Raw(body)| body);
        let body = Full::new(raw.unwrap_or(request.body()).clone());
        addressed.body(body).map_err(|error| format!("the call cannot be passed on: {error}"))
    }
}
