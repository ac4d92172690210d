//! The sandboxes of one function, used again for one recording after the other.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use retrigger_recording::{Client, FunctionFolder};
use retrigger_runtime::{
    ConfigError, Context, FunctionConfig, Handler, HandlerFuture, Invocation, Outcome, Sandbox,
    SandboxError, StreamPart,
};
use tokio::sync::{Mutex, mpsc};

/// A Rust handler that several sandboxes share.
#[derive(Clone)]
pub(crate) struct SharedHandler(pub(crate) Arc<dyn Handler>);

impl Handler for SharedHandler {
    fn call(&self, event: Bytes, context: Context) -> HandlerFuture {
        self.0.call(event, context)
    }
}

/// The sandboxes of one function that wait for work. As many exist as recordings of the function
/// have run at once.
pub(crate) struct Pool {
    config: FunctionConfig,
    handler: Option<SharedHandler>,
    /// Whether no sandbox is used twice.
    fresh: bool,
    idle: Mutex<Vec<Sandbox>>,
}

impl Pool {
    pub(crate) fn new(config: FunctionConfig, handler: Option<SharedHandler>, fresh: bool) -> Self {
        Self { config, handler, fresh, idle: Mutex::new(Vec::new()) }
    }

    /// Gives the function one event, in a sandbox that waits or else in a new one.
    /// The parts of a streamed response go to `parts` as they come.
    pub(crate) async fn invoke(
        &self,
        invocation: Invocation,
        parts: Option<mpsc::UnboundedSender<StreamPart>>,
    ) -> Result<Outcome, PoolError> {
        let waiting = self.idle.lock().await.pop();
        let mut sandbox = waiting.map_or_else(|| self.start(), Ok)?;
        let outcome = match parts {
            Some(parts) => sandbox.invoke_streaming(invocation, parts).await?,
            None => sandbox.invoke(invocation).await?,
        };
        if self.fresh {
            sandbox.shutdown().await;
        } else {
            self.idle.lock().await.push(sandbox);
        }
        Ok(outcome)
    }

    fn start(&self) -> Result<Sandbox, ConfigError> {
        match &self.handler {
            Some(handler) => Ok(Sandbox::in_process(self.config.clone(), handler.clone())),
            None => Sandbox::process(self.config.clone()),
        }
    }

    pub(crate) async fn shutdown(&self) {
        for sandbox in self.idle.lock().await.iter_mut() {
            sandbox.shutdown().await;
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
