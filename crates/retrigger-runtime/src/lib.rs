//! Hosts a Lambda handler: in process, or as a process that speaks the Lambda Runtime API.
//!
//! It does not know IAM, recordings or triggers: it is given an event and gives back what the
//! function answered.
//!
//! ```text
//! Invocation ──▶ Sandbox ──▶ Outcome { result, logs, duration }
//!                  ├─ InProcess   a Rust handler, called on the tokio runtime
//!                  └─ Process     a child in its own process group
//!                       ├─ RuntimeApi   its Runtime API, one loopback port
//!                       └─ Logs         its stdout and stderr, one pipe
//! ```
//!
//! A sandbox runs one invocation at a time and is reused for the next; after a timeout or a crash
//! it is thrown away and the next invocation starts a fresh one. What goes wrong *in the function*
//! is part of the [`Outcome`], with the body AWS would answer; a [`SandboxError`] is what keeps
//! the function from being run at all, such as a missing `node`.
//!
//! A [`Proxy`] stands before another Runtime API, such as AWS's, and observes what a function gets and
//! answers.
//!
//! Log lines are the handler's own: no timestamp and request id before them, as they would differ
//! in every run, and none of the platform's START, END and REPORT lines. AWS's own clients,
//! `awslambdaric` and `aws-lambda-ric`, format lines as they do on AWS.
//!
//! ```
//! use retrigger_runtime::{FunctionConfig, Invocation, Sandbox, json_handler};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let greet = json_handler(|name: String, _| async move { Ok::<_, String>(format!("hi {name}")) });
//! let mut sandbox = Sandbox::in_process(FunctionConfig::new("greet"), greet);
//! let outcome = sandbox.invoke(Invocation::new("8f5c", r#""Ada""#)).await?;
//! assert_eq!(outcome.result.unwrap().body, r#""hi Ada""#);
//! # Ok::<(), retrigger_runtime::SandboxError>(()) }).unwrap();
//! ```

mod function;
mod handler;
mod in_process;
mod invocation;
mod logs;
mod proxy;

mod api;
mod process;
mod sandbox;
#[cfg(feature = "lambda_runtime")]
mod service;

pub use function::{Client, ConfigError, Credentials, FunctionConfig};
pub use handler::{Context, Handler, HandlerError, HandlerFuture, json_handler};
pub use in_process::InProcess;
pub use invocation::{
    FunctionError, Invocation, MAX_RESPONSE_BYTES, MAX_STREAMED_RESPONSE_BYTES, Outcome, Response,
    StreamPart,
};
pub use process::Process;
pub use proxy::{Answered, Capture, Counts, Observations, Observed, Proxy};
pub use sandbox::{Sandbox, SandboxError};
#[cfg(feature = "lambda_runtime")]
pub use service::service_handler;
