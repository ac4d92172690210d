//! The function that a sandbox hosts: its configuration and the environment AWS gives it.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

mod environment;

pub(crate) use environment::Language;

/// Why a function's configuration cannot be hosted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No client is known for the runtime identifier.
    #[error(
        "runtime `{0}` is not supported: expected `nodejs20.x` or another `nodejs…`, `python3.12` \
         or another `python3…`, `provided.al2023` or another `provided…`, or `rust`"
    )]
    UnknownRuntime(String),
    /// The client cannot run functions of that runtime.
    #[error("client `{client}` does not run `{runtime}` functions: {advice}")]
    WrongClient {
        /// The client.
        client: Client,
        /// The runtime identifier.
        runtime: String,
        /// What to set instead.
        advice: &'static str,
    },
    /// A variable that Lambda sets itself. Source: Lambda Developer Guide, "Defined runtime
    /// environment variables".
    #[error(
        "environment variable `{0}` is reserved: Lambda sets it itself, so it must be left out of \
         the function's environment"
    )]
    ReservedVariable(String),
    /// A name that Lambda does not accept. Source: Lambda API Reference, "Environment".
    #[error(
        "environment variable `{0}` is not a valid name: expected a letter, then letters, digits \
         or underscores"
    )]
    InvalidVariable(String),
    /// No operating system passes on such a value.
    #[error("environment variable `{0}` has a value with a NUL character in it")]
    NulInVariable(String),
}

/// Which program speaks the Runtime API for the handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Client {
    /// The bootstrap inside retrigger for Node and Python; the function's own `bootstrap`
    /// executable for `provided` and `rust`.
    #[default]
    Builtin,
    /// AWS's client for Python, `python3 -m awslambdaric`.
    Awslambdaric,
    /// AWS's client for Node, `aws-lambda-ric` from `node_modules`.
    AwsLambdaRic,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Builtin => "builtin",
            Self::Awslambdaric => "awslambdaric",
            Self::AwsLambdaRic => "aws-lambda-ric",
        })
    }
}

/// The credentials a handler finds in its environment. They are never checked by the sandbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: String,
}

impl Default for Credentials {
    /// Well-formed and worthless: the example keys of AWS's documentation.
    fn default() -> Self {
        Self {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: "retrigger-example-session-token".to_owned(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.access_key_id;
        f.debug_struct("Credentials").field("access_key_id", id).finish_non_exhaustive()
    }
}

/// A function: how to start it, and what Lambda tells it about itself.
///
/// ```
/// # use retrigger_runtime::FunctionConfig;
/// let mut function = FunctionConfig::new("lambdaDemo");
/// function.runtime = "nodejs20.x".to_owned();
/// function.handler = "index.handler".to_owned();
/// function.code_dir = "recordings/lambda-demo/handler".into();
/// assert_eq!(function.log_group, "/aws/lambda/lambdaDemo");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionConfig {
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: String,
    /// The ARN without qualifier.
    pub arn: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub version: String,
    /// The runtime identifier, such as `nodejs20.x`.
    pub runtime: String,
    /// `file.export`; ignored by functions that bring their own `bootstrap`.
    pub handler: String,
    /// The folder with the code, which is the working directory of the handler.
    pub code_dir: PathBuf,
    /// Which program speaks the Runtime API.
    pub client: Client,
    /// The `node` or `python3` to use instead of the one on `PATH`; for a function that brings its
    /// own, the executable to use instead of `bootstrap` in its code.
    pub interpreter: Option<PathBuf>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// How long the start may take, until the first event is asked for: 10 seconds on AWS. Source:
    /// Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle". A start
    /// that takes longer ends as a timeout of the invocation; it is not tried a second time, as AWS does.
    pub init_timeout: Duration,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`. The sandbox does not limit memory.
    pub memory_size_mb: u32,
    /// `AWS_REGION` and `AWS_DEFAULT_REGION`.
    pub region: String,
    /// `AWS_LAMBDA_LOG_GROUP_NAME`.
    pub log_group: String,
    /// `AWS_LAMBDA_LOG_STREAM_NAME`. The same in every run, unless set otherwise.
    pub log_stream: String,
    /// Whether the function uses `SnapStart`: its `AWS_LAMBDA_INITIALIZATION_TYPE` is `snap-start`,
    /// and it may ask for `/restore/next`.
    pub snap_start: bool,
    /// What the handler signs its AWS calls with.
    pub credentials: Credentials,
    /// `AWS_ENDPOINT_URL`: where the handler's AWS calls go, such as `http://127.0.0.1:4566`.
    /// `None`: to AWS. A variable of that name of the function's own goes before.
    pub endpoint_url: Option<String>,
    /// The function's own variables.
    pub environment: BTreeMap<String, String>,
}

impl FunctionConfig {
    /// A function in us-east-1 of account 123456789012 with AWS's defaults (3 seconds, 128 MB), a
    /// Node handler `index.handler` in the current directory: set what differs.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            arn: format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"),
            version: "$LATEST".to_owned(),
            runtime: "nodejs20.x".to_owned(),
            handler: "index.handler".to_owned(),
            code_dir: PathBuf::from("."),
            client: Client::default(),
            interpreter: None,
            timeout: Duration::from_secs(3),
            init_timeout: Duration::from_secs(10),
            memory_size_mb: 128,
            region: "us-east-1".to_owned(),
            log_group: format!("/aws/lambda/{name}"),
            log_stream: format!("1970/01/01/[$LATEST]{:032}", 0),
            snap_start: false,
            credentials: Credentials::default(),
            endpoint_url: None,
            environment: BTreeMap::new(),
            name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", FunctionConfig::new("demo"));
        let Credentials { access_key_id, secret_access_key, session_token } =
            Credentials::default();
        assert!(shown.contains(&access_key_id));
        assert!(!shown.contains(&secret_access_key) && !shown.contains(&session_token));
    }
}
