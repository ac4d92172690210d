//! An HTTP client for the AWS SDK for Rust that calls a gateway in this process.

use std::{fmt, sync::Arc};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        behavior_version::BehaviorVersion,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use aws_types::{SdkConfig, region::Region};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::http::Request;

use crate::{Gateway, MAX_BODY};

/// Gives an SDK client's calls to a gateway, without a socket: for
/// `aws_config::ConfigLoader::http_client`, or with all else that the client needs as
/// [`sdk_config`](Self::sdk_config).
#[derive(Clone)]
pub struct GatewayClient {
    gateway: Arc<Gateway>,
}

impl GatewayClient {
    /// A client of this gateway.
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway }
    }

    /// What SDK clients are made from that call the gateway from a Region, such as `us-east-1`: with
    /// this client, and the [credentials](Gateway::credentials) that the gateway takes.
    pub fn sdk_config(&self, region: &str) -> SdkConfig {
        let session = self.gateway.credentials();
        let credentials = Credentials::from_keys(
            &session.access_key_id,
            &session.secret_access_key,
            Some(session.session_token.clone()),
        );
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.clone())
            .region(Region::new(region.to_owned()))
            .build()
    }
}

impl fmt::Debug for GatewayClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayClient").finish_non_exhaustive()
    }
}

impl HttpClient for GatewayClient {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for GatewayClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let gateway = Arc::clone(&self.gateway);
        HttpConnectorFuture::new(async move {
            let request = whole(request).await?;
            let (head, body) = gateway.call_streamed(request).await.into_parts();
            let body = match body.try_whole() {
                Ok(bytes) => SdkBody::from(bytes),
                Err(streamed) => SdkBody::from_body_1_x(streamed),
            };
            let status = StatusCode::try_from(head.status.as_u16())
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            let mut response = HttpResponse::new(status, body);
            for (name, value) in &head.headers {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                // A header of the gateway's is one of the SDK's.
                let _ = response.headers_mut().try_append(name.as_str().to_owned(), value);
            }
            Ok(response)
        })
    }
}

/// The request with all of its body, and with the `Host` that is signed.
async fn whole(request: HttpRequest) -> Result<Request<Bytes>, ConnectorError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(error);
    let request = request.try_into_http1x().map_err(|error| failed(error.into()))?;
    let (mut head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(failed)?.to_bytes();
    let host = head.uri.authority().map(ToString::to_string);
    if let (false, Some(host)) = (head.headers.contains_key("host"), host) {
        let host = host.parse().map_err(|_| failed("the host cannot be a header".into()))?;
        head.headers.insert("host", host);
    }
    Ok(Request::from_parts(head, body))
}
