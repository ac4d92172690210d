//! The sandboxes of one function, used again for one recording after the other.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use retrigger_gateway::{Gateway, Observed, Server};
use retrigger_recording::{Client, FunctionFolder};
use retrigger_runtime::{
    ConfigError, Context, Credentials, FunctionConfig, Handler, HandlerFuture, Invocation, Outcome,
    Sandbox, SandboxError,
};
use tokio::sync::Mutex;

use crate::replay::CallSettings;

/// A Rust handler that several sandboxes share.
#[derive(Clone)]
pub(crate) struct SharedHandler(pub(crate) Arc<dyn Handler>);

impl Handler for SharedHandler {
    fn call(&self, event: Bytes, context: Context) -> HandlerFuture {
        self.0.call(event, context)
    }
}

/// A Rust handler that is told of the gateway in its context.
struct WithGateway {
    handler: SharedHandler,
    gateway: Arc<Gateway>,
}

impl Handler for WithGateway {
    fn call(&self, event: Bytes, mut context: Context) -> HandlerFuture {
        context.extensions.insert(Arc::clone(&self.gateway));
        self.handler.call(event, context)
    }
}

/// The sandboxes of one function that wait for work. As many exist as recordings of the function
/// have run at once.
pub(crate) struct Pool {
    config: FunctionConfig,
    handler: Option<SharedHandler>,
    /// Whether no sandbox is used twice.
    fresh: bool,
    idle: Mutex<Vec<Seat>>,
    /// How the handler's AWS calls are answered; `None` where they go to AWS.
    calls: Option<CallSettings>,
}

/// A sandbox and what answers its AWS calls.
struct Seat {
    sandbox: Sandbox,
    endpoint: Option<Endpoint>,
}

/// The gateway of one sandbox, and its port.
struct Endpoint {
    gateway: Arc<Gateway>,
    _server: Server,
}

impl Pool {
    pub(crate) fn new(config: FunctionConfig, handler: Option<SharedHandler>, fresh: bool) -> Self {
        Self { config, handler, fresh, idle: Mutex::new(Vec::new()), calls: None }
    }

    /// The same with a gateway before AWS for each sandbox.
    pub(crate) fn with_gateways(self, calls: &CallSettings) -> Self {
        Self { calls: Some(calls.clone()), ..self }
    }

    /// Gives the function one event, in a sandbox that waits or else in a new one.
    /// The parts of a streamed response go to `parts` as they come.
    #[cfg(feature = "serve")]
    pub(crate) async fn invoke(
        &self,
        invocation: Invocation,
        parts: Option<tokio::sync::mpsc::UnboundedSender<retrigger_runtime::StreamPart>>,
    ) -> Result<Outcome, PoolError> {
        let mut seat = self.seat().await?;
        let outcome = match parts {
            Some(parts) => seat.sandbox.invoke_streaming(invocation, parts).await?,
            None => seat.sandbox.invoke(invocation).await?,
        };
        self.leave(seat).await;
        Ok(outcome)
    }

    /// Gives the function one event, and answers its AWS calls.
    pub(crate) async fn invoke_with_calls(
        &self,
        invocation: Invocation,
        calls: retrigger_gateway::Invocation,
    ) -> Result<(Outcome, Observed), PoolError> {
        let mut seat = self.seat().await?;
        if let Some(endpoint) = &seat.endpoint {
            endpoint.gateway.begin(calls);
        }
        let outcome = seat.sandbox.invoke(invocation).await;
        let observed = seat.endpoint.as_ref().map(|endpoint| endpoint.gateway.end());
        let outcome = outcome?;
        self.leave(seat).await;
        Ok((outcome, observed.unwrap_or_default()))
    }

    /// A sandbox that waits, or else a new one.
    async fn seat(&self) -> Result<Seat, PoolError> {
        let waiting = self.idle.lock().await.pop();
        match waiting {
            Some(seat) => Ok(seat),
            None => self.start().await,
        }
    }

    async fn leave(&self, mut seat: Seat) {
        if self.fresh {
            seat.sandbox.shutdown().await;
        } else {
            self.idle.lock().await.push(seat);
        }
    }

    async fn start(&self) -> Result<Seat, PoolError> {
        let mut config = self.config.clone();
        let endpoint = match &self.calls {
            Some(calls) => Some(self.endpoint(calls, &mut config).await?),
            None => None,
        };
        let sandbox = match (&self.handler, &endpoint) {
            (Some(handler), Some(endpoint)) => {
                let (handler, gateway) = (handler.clone(), Arc::clone(&endpoint.gateway));
                Sandbox::in_process(config, WithGateway { handler, gateway })
            }
            (Some(handler), None) => Sandbox::in_process(config, handler.clone()),
            (None, _) => Sandbox::process(config)?,
        };
        Ok(Seat { sandbox, endpoint })
    }

    /// A gateway with credentials of its own, which the handler is told.
    async fn endpoint(
        &self,
        calls: &CallSettings,
        config: &mut FunctionConfig,
    ) -> Result<Endpoint, PoolError> {
        let gateway = Arc::new(calls.gateway(&config.arn));
        let credentials = gateway.credentials();
        config.credentials = Credentials {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.clone(),
            session_token: credentials.session_token.clone(),
        };
        let server = Server::start(Arc::clone(&gateway)).await.map_err(PoolError::Port)?;
        config.endpoint_url = Some(format!("http://{}", server.address()));
        Ok(Endpoint { gateway, _server: server })
    }

    pub(crate) async fn shutdown(&self) {
        for seat in self.idle.lock().await.iter_mut() {
            seat.sandbox.shutdown().await;
        }
    }
}

/// Why a function could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("no port can be opened for the handler's AWS calls: {0}")]
    Port(#[source] io::Error),
}

/// The function as its folder describes it. `executable` is what its build made.
pub(crate) fn config(folder: &FunctionFolder, executable: Option<PathBuf>) -> FunctionConfig {
    let function = folder.function();
    let mut config = FunctionConfig::new(function.arn.name());
    config.arn = function.arn.to_string();
    function.arn.region().clone_into(&mut config.region);
    config.runtime.clone_from(&function.runtime);
    config.handler.clone_from(&function.handler);
    config.code_dir = folder.code_path();
    config.timeout = Duration::from_secs(function.timeout.into());
    config.memory_size_mb = function.memory_size;
    config.environment.clone_from(&function.environment);
    config.interpreter = executable;
    config.client = match function.client {
        Client::Builtin => retrigger_runtime::Client::Builtin,
        Client::Awslambdaric => retrigger_runtime::Client::Awslambdaric,
        Client::AwsLambdaRic => retrigger_runtime::Client::AwsLambdaRic,
    };
    config
}
