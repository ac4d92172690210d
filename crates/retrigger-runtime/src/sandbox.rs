//! One way to hold either sandbox, and what keeps a sandbox from running its function.

use std::{io, path::PathBuf};

use tokio::sync::mpsc;

use crate::{
    Client, ConfigError, FunctionConfig, Handler, InProcess, Invocation, Outcome, Process,
    StreamPart,
};

/// Where a handler runs, one invocation at a time.
#[derive(Debug)]
pub enum Sandbox {
    /// In this process.
    InProcess(InProcess),
    /// In a process of its own.
    Process(Box<Process>),
}

impl Sandbox {
    /// A sandbox for a Rust handler in this process.
    pub fn in_process(function: FunctionConfig, handler: impl Handler) -> Self {
        Self::InProcess(InProcess::new(function, handler))
    }

    /// A sandbox for a function in a process of its own, which the first invocation starts.
    pub fn process(function: FunctionConfig) -> Result<Self, ConfigError> {
        Process::new(function).map(|process| Self::Process(Box::new(process)))
    }

    /// Gives the function one event and waits for what it leads to, at most for the function's
    /// init timeout and the invocation's timeout. Must be called within a tokio runtime.
    ///
    /// Dropping the future ends what the handler was doing, and with it its process.
    ///
    /// # Errors
    ///
    /// Where the function could not be run. What the function did wrong is in the outcome.
    pub async fn invoke(&mut self, invocation: Invocation) -> Result<Outcome, SandboxError> {
        match self {
            Self::InProcess(sandbox) => Ok(sandbox.invoke(invocation).await),
            Self::Process(sandbox) => sandbox.invoke(invocation).await,
        }
    }

    /// As [`invoke`](Self::invoke), telling of each part of a streamed response as it comes; the
    /// outcome has all of it. A function in this process answers at once, and so does one that does
    /// not stream: nothing is told then.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_streaming(
        &mut self,
        invocation: Invocation,
        parts: mpsc::UnboundedSender<StreamPart>,
    ) -> Result<Outcome, SandboxError> {
        match self {
            Self::InProcess(sandbox) => Ok(sandbox.invoke(invocation).await),
            Self::Process(sandbox) => sandbox.invoke_streaming(invocation, parts).await,
        }
    }

    /// Ends the function's process, if there is one: with SHUTDOWN, SIGTERM and half a second for
    /// a function that registered an extension, then with SIGKILL to its process group. Gives back
    /// the lines it wrote since its last invocation. A later invocation starts a fresh process.
    pub async fn shutdown(&mut self) -> Vec<String> {
        match self {
            Self::InProcess(_) => Vec::new(),
            Self::Process(sandbox) => sandbox.shutdown().await,
        }
    }
}

/// Why a function could not be run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// There is no folder with the function's code.
    #[error("code folder `{}` of function `{function}` cannot be opened: {source}", path.display())]
    CodeDir {
        /// The function's name.
        function: String,
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The folder with the function's code is no folder that Lambda could tell a handler about.
    #[error("code folder `{}` of function `{function}` is not a folder with a UTF-8 name", path.display())]
    NotACodeDir {
        /// The function's name.
        function: String,
        /// The folder.
        path: PathBuf,
    },
    /// There is no program to run the function with.
    #[error("`{program}` is not there to run function `{function}` (`{runtime}`): {advice}")]
    NoInterpreter {
        /// The function's name.
        function: String,
        /// Its runtime identifier.
        runtime: String,
        /// The program that was looked for.
        program: String,
        /// What to install or set.
        advice: &'static str,
    },
    /// A function that brings its own executable did not bring it.
    #[error(
        "function `{function}` has no executable file `{}`: build it and put it there, for Rust \
         with `cargo build --release` and a copy of the program named `bootstrap`", path.display()
    )]
    NoBootstrap {
        /// The function's name.
        function: String,
        /// Where `bootstrap` was looked for.
        path: PathBuf,
    },
    /// The client that the function names is not installed.
    #[error("client `{client}` of function `{function}` is not installed: {advice}")]
    NoClient {
        /// The function's name.
        function: String,
        /// The client.
        client: Client,
        /// How to install it.
        advice: String,
    },
    /// The operating system refused something that a sandbox needs.
    #[error("could not {doing} for function `{function}`: {source}")]
    System {
        /// The function's name.
        function: String,
        /// What it was for, such as `open a port`.
        doing: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// A fact of the invocation cannot be told to a runtime.
    #[error("the {what} of the invocation {problem}")]
    InvalidInvocation {
        /// Which one, such as `client context`.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}
