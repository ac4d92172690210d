//! The HTTP client of all services.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn},
    runtime_components::RuntimeComponents,
};

/// A client with the system's certificates, and the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and
/// `NO_PROXY` name, as the AWS CLI has them.
pub(crate) fn client() -> SharedHttpClient {
    // Each connector has connections that are used again.
    let connectors = Mutex::new(BTreeMap::new());
    http_client_fn(move |settings, components| {
        let timeouts: (Option<Duration>, Option<Duration>) =
            (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = connectors.lock().unwrap_or_else(PoisonError::into_inner);
        connectors.entry(timeouts).or_insert_with(|| connector(settings, components)).clone()
    })
}

fn connector(
    settings: &HttpConnectorSettings,
    components: &RuntimeComponents,
) -> SharedHttpConnector {
    let mut builder = Connector::builder()
        .connector_settings(settings.clone())
        .proxy_config(ProxyConfig::from_env());
    builder.set_sleep_impl(components.sleep_impl());
    let connector = builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
    SharedHttpConnector::new(connector)
}
