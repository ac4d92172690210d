//! The environment variables of a function's process.

use std::collections::BTreeMap;

use super::{Client, ConfigError, FunctionConfig};

/// Variables that Lambda sets and refuses in a function's configuration. Source: Lambda Developer
/// Guide, "Defined runtime environment variables". `TZ` is not among them: Lambda sets it and lets
/// a function override it.
const RESERVED: [&str; 20] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

impl FunctionConfig {
    /// Whether Lambda would accept the function's own variables.
    pub(crate) fn check_environment(&self) -> Result<(), ConfigError> {
        for (name, value) in &self.environment {
            if RESERVED.contains(&name.as_str()) {
                return Err(ConfigError::ReservedVariable(name.clone()));
            }
            if !is_variable_name(name) {
                return Err(ConfigError::InvalidVariable(name.clone()));
            }
            if value.contains('\0') {
                return Err(ConfigError::NulInVariable(name.clone()));
            }
        }
        Ok(())
    }

    /// All variables that Lambda sets for this function, then the function's own. `api` is the
    /// `host:port` of the Runtime API, `task_root` the folder with the code.
    pub(crate) fn process_environment(
        &self,
        api: &str,
        task_root: &str,
    ) -> BTreeMap<String, String> {
        let initialization = if self.snap_start { "snap-start" } else { "on-demand" };
        let set = [
            ("AWS_ACCESS_KEY_ID", self.credentials.access_key_id.as_str()),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &self.memory_size_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", &self.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", &self.version),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", initialization),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &self.log_group),
            ("AWS_LAMBDA_LOG_STREAM_NAME", &self.log_stream),
            ("AWS_LAMBDA_RUNTIME_API", api),
            ("AWS_REGION", &self.region),
            ("AWS_SECRET_ACCESS_KEY", &self.credentials.secret_access_key),
            ("AWS_SESSION_TOKEN", &self.credentials.session_token),
            ("LAMBDA_TASK_ROOT", task_root),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
            ("_HANDLER", &self.handler),
        ];
        let mut all: BTreeMap<String, String> =
            set.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        all.extend(self.execution_environment());
        let endpoint = self.endpoint_url.iter().cloned();
        all.extend(endpoint.map(|url| ("AWS_ENDPOINT_URL".to_owned(), url)));
        all.extend(self.environment.clone());
        all
    }

    /// `AWS_EXECUTION_ENV`, which OS-only runtimes do not have.
    fn execution_environment(&self) -> Option<(String, String)> {
        let managed = self.runtime.starts_with("nodejs") || self.runtime.starts_with("python");
        managed.then(|| ("AWS_EXECUTION_ENV".to_owned(), format!("AWS_Lambda_{}", self.runtime)))
    }

    /// What runs the handler, or why nothing can.
    pub(crate) fn language(&self) -> Result<Language, ConfigError> {
        let language = match self.runtime.as_str() {
            runtime if runtime.starts_with("nodejs") => Language::Node,
            runtime if runtime.starts_with("python3") => Language::Python,
            runtime if runtime == "rust" || runtime.starts_with("provided") => Language::Bootstrap,
            _ => return Err(ConfigError::UnknownRuntime(self.runtime.clone())),
        };
        match (self.client, language) {
            (Client::Builtin, _)
            | (Client::Awslambdaric, Language::Python)
            | (Client::AwsLambdaRic, Language::Node) => Ok(language),
            (client, _) => Err(ConfigError::WrongClient {
                client,
                runtime: self.runtime.clone(),
                advice: match client {
                    Client::AwsLambdaRic => "it is for Node; leave `client` out or use `builtin`",
                    _ => "it is for Python; leave `client` out or use `builtin`",
                },
            }),
        }
    }
}

/// What runs a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// `node`.
    Node,
    /// `python3`.
    Python,
    /// The function's own executable.
    Bootstrap,
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn with_variable(name: &str, value: &str) -> FunctionConfig {
        let mut function = FunctionConfig::new("demo");
        function.environment.insert(name.to_owned(), value.to_owned());
        function
    }

    #[rstest]
    #[case("AWS_REGION", "", ConfigError::ReservedVariable("AWS_REGION".into()))]
    #[case("_HANDLER", "", ConfigError::ReservedVariable("_HANDLER".into()))]
    #[case("", "", ConfigError::InvalidVariable(String::new()))]
    #[case("A=B", "", ConfigError::InvalidVariable("A=B".into()))]
    #[case("1A", "", ConfigError::InvalidVariable("1A".into()))]
    #[case("TABLE", "a\0b", ConfigError::NulInVariable("TABLE".into()))]
    fn variables_lambda_refuses_are_refused(
        #[case] name: &str,
        #[case] value: &str,
        #[case] error: ConfigError,
    ) {
        assert_eq!(with_variable(name, value).check_environment(), Err(error));
    }

    #[test]
    fn own_variables_join_those_of_lambda() {
        let function = with_variable("TZ", "Europe/Zurich");
        assert_eq!(function.check_environment(), Ok(()));
        let environment = function.process_environment("127.0.0.1:9001", "/code");
        assert_eq!(environment["TZ"], "Europe/Zurich");
        assert_eq!(environment["AWS_EXECUTION_ENV"], "AWS_Lambda_nodejs20.x");
        assert_eq!(environment["AWS_LAMBDA_INITIALIZATION_TYPE"], "on-demand");
        assert_eq!(environment["_HANDLER"], "index.handler");
    }

    #[rstest]
    #[case("nodejs22.x", Client::Builtin, Language::Node)]
    #[case("nodejs20.x", Client::AwsLambdaRic, Language::Node)]
    #[case("python3.12", Client::Awslambdaric, Language::Python)]
    #[case("provided.al2023", Client::Builtin, Language::Bootstrap)]
    #[case("rust", Client::Builtin, Language::Bootstrap)]
    fn runtimes_are_told_apart(
        #[case] runtime: &str,
        #[case] client: Client,
        #[case] language: Language,
    ) {
        let mut function = FunctionConfig::new("demo");
        (function.runtime, function.client) = (runtime.to_owned(), client);
        assert_eq!(function.language(), Ok(language));
    }

    #[rstest]
    #[case("java21", Client::Builtin, "runtime `java21` is not supported")]
    #[case("nodejs20.x", Client::Awslambdaric, "client `awslambdaric` does not run `nodejs20.x`")]
    #[case("rust", Client::AwsLambdaRic, "client `aws-lambda-ric` does not run `rust`")]
    fn what_cannot_run_is_named(
        #[case] runtime: &str,
        #[case] client: Client,
        #[case] message: &str,
    ) {
        let mut function = FunctionConfig::new("demo");
        (function.runtime, function.client) = (runtime.to_owned(), client);
        let error = function.language().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
