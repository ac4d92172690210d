//! Why a call failed, and what to do about it.

use std::{fmt, future::Future};

use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::StatusCode,
};
use aws_smithy_types::error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata};

/// Why nothing could be collected: which call failed, on what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectError {
    /// The action, such as `lambda:GetPolicy`, and what it was asked of.
    call: Option<(&'static str, String)>,
    kind: ErrorKind,
    code: Option<String>,
    message: String,
    help: String,
}

/// The kinds of failure, as far as different things are to be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller may not make the call.
    Refused,
    /// There is no such thing.
    NotFound,
    /// Credentials are missing, expired or wrong.
    Credentials,
    /// AWS asked to slow down, on every attempt.
    Throttled,
    /// The service failed, on every attempt.
    Server,
    /// There was no answer, or none that can be read, on every attempt.
    Connection,
    /// AWS did not accept the call for another reason.
    Rejected,
    /// What was asked for makes no sense.
    Input,
}

impl CollectError {
    pub(crate) fn no_region() -> Self {
        Self::bad_input("no Region is known", "name one with `--region` or `AWS_REGION`")
    }

    pub(crate) fn no_credentials() -> Self {
        Self::bad_input("there are no AWS credentials", "sign in with the AWS CLI")
    }

    /// What was asked for makes no sense: why, and what to do.
    pub fn bad_input(message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), help.into());
        Self { call: None, kind: ErrorKind::Input, code: None, message, help }
    }

    /// An answer that cannot be what AWS means.
    pub(crate) fn unreadable(call: &'static str, of: &str, message: impl Into<String>) -> Self {
        Self {
            call: Some((call, of.to_owned())),
            kind: ErrorKind::Connection,
            code: None,
            message: message.into(),
            help: "is the endpoint one that speaks AWS's API?".to_owned(),
        }
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// AWS's error code, such as `AccessDeniedException`; `None` where AWS did not answer.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What to do about it.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// AWS's error code and message.
    pub fn reason(&self) -> String {
        match &self.code {
            Some(code) if self.message.is_empty() => code.clone(),
            Some(code) => format!("{code}: {}", self.message),
            None => self.message.clone(),
        }
    }

    pub(crate) fn of<E>(call: &'static str, of: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let status = error.raw_response().map(HttpResponse::status);
        let code = error.code().map(str::to_owned);
        let kind = kind_of(error, code.as_deref(), status);
        let message = match error.message() {
            Some(message) => message.to_owned(),
            None => message_of(error, kind, status),
        };
        let help = help_for(kind, call);
        Self { call: Some((call, of.to_owned())), kind, code, message, help }
    }
}

impl fmt::Display for CollectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((call, of)) = &self.call {
            write!(f, "{call}")?;
            if !of.is_empty() {
                write!(f, " of `{of}`")?;
            }
            write!(f, ": ")?;
        }
        f.write_str(&self.reason())
    }
}

impl std::error::Error for CollectError {}

/// Waits for a call of an action, such as `sqs:ReceiveMessage`, that is asked of something; a failure
/// says which it was and what to do.
///
/// # Errors
///
/// When the call fails for good, after the attempts that the connection makes.
pub async fn called<T, E>(
    call: &'static str,
    of: &str,
    answer: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, CollectError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    answer.await.map_err(|error| CollectError::of(call, of, &error))
}

fn kind_of<E>(
    error: &SdkError<E, HttpResponse>,
    code: Option<&str>,
    status: Option<StatusCode>,
) -> ErrorKind
where
    E: std::error::Error + 'static,
{
    match error {
        // What AWS means as an answer, and does not read as one.
        SdkError::ServiceError(_) if status.is_some_and(StatusCode::is_success) => {
            return ErrorKind::Connection;
        }
        SdkError::ServiceError(_) => {}
        SdkError::ConstructionFailure(_) => return ErrorKind::Rejected,
        SdkError::DispatchFailure(failure)
            if failure.is_other() && speaks_of_credentials(error) =>
        {
            return ErrorKind::Credentials;
        }
        _ => return ErrorKind::Connection,
    }
    match code.unwrap_or_default() {
        code if is_credentials(code) => ErrorKind::Credentials,
        code if code.contains("Throttl") || is_throttling(code) => ErrorKind::Throttled,
        code if is_refusal(code) => ErrorKind::Refused,
        code if is_absence(code) => ErrorKind::NotFound,
        _ => match status.map(StatusCode::as_u16) {
            Some(500..) => ErrorKind::Server,
            Some(429) => ErrorKind::Throttled,
            Some(403) => ErrorKind::Refused,
            _ => ErrorKind::Rejected,
        },
    }
}

/// Whether a call was not made for want of credentials, which the SDK has no kind of failure for.
fn speaks_of_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.any(|cause| {
        let text = cause.to_string().to_lowercase();
        ["credential", "token", "identity"].iter().any(|word| text.contains(word))
    })
}

/// The codes of AWS's services for credentials that do not work ("Common errors" of the API
/// references; Amazon S3 API Reference, "Error responses").
fn is_credentials(code: &str) -> bool {
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    ]
    .contains(&code)
}

fn is_throttling(code: &str) -> bool {
    ["TooManyRequestsException", "SlowDown", "RequestLimitExceeded"].contains(&code)
}

fn is_refusal(code: &str) -> bool {
    [
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "NotAuthorized",
        "UnauthorizedOperation",
    ]
    .contains(&code)
}

fn is_absence(code: &str) -> bool {
    [
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NoSuchEntityException",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    ]
    .contains(&code)
}

/// What is known of a failure of which AWS said nothing.
fn message_of<E>(
    error: &SdkError<E, HttpResponse>,
    kind: ErrorKind,
    status: Option<StatusCode>,
) -> String
where
    E: std::error::Error + 'static,
{
    let why = match error {
        SdkError::TimeoutError(_) => "it took too long".to_owned(),
        _ => causes(error),
    };
    match (kind, status) {
        (ErrorKind::Credentials, _) => format!("no credentials: {why}"),
        (_, Some(status)) if matches!(error, SdkError::ServiceError(_)) && !status.is_success() => {
            format!("the answer has status {}", status.as_u16())
        }
        (_, Some(status)) => {
            format!("the answer, of status {}, cannot be read: {why}", status.as_u16())
        }
        (_, None) => why,
    }
}

/// The innermost causes, in the words of those who met them.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !causes.iter().any(|known| known.contains(&text)) {
            causes.push(text);
        }
        next = cause.source();
    }
    match causes.as_slice() {
        [] => DisplayErrorContext(error).to_string(),
        [.., before, last] => format!("{before}: {last}"),
        [one] => one.clone(),
    }
}

fn help_for(kind: ErrorKind, call: &'static str) -> String {
    match kind {
        ErrorKind::Refused => format!(
            "allow the caller `{call}`; `retrigger snapshot --print-policy` prints all it needs"
        ),
        ErrorKind::NotFound => "check the name, the Region and the account".to_owned(),
        ErrorKind::Credentials => {
            "sign in again, or name other credentials with `--profile`".to_owned()
        }
        ErrorKind::Throttled => "try again later, or with a larger `AWS_MAX_ATTEMPTS`".to_owned(),
        ErrorKind::Server => "try again later".to_owned(),
        ErrorKind::Connection => {
            "check the network, the Region and the endpoint, or give it more time with `--timeout`"
                .to_owned()
        }
        ErrorKind::Rejected | ErrorKind::Input => "check what was asked for".to_owned(),
    }
}
