//! Errors as Lambda's API answers them.

use std::fmt;

use serde_json::{Value, json};

/// An error of Lambda's API. Prints as `CODE: MESSAGE`. Source: Lambda API Reference, "Common
/// Errors" and the errors of each action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    code: &'static str,
    message: String,
}

impl ApiError {
    /// An error with AWS's code and message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// `AccessDeniedException`, in the words of the IAM User Guide, "Troubleshoot access denied
    /// error messages".
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }

    /// `ResourceNotFoundException` for a function, version or alias by its ARN.
    pub fn no_function(arn: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("Function not found: {arn}"))
    }

    /// `ServiceException`: it cannot be answered, and not for a fault of the caller's.
    pub fn service(message: impl Into<String>) -> Self {
        Self::new("ServiceException", message)
    }

    /// `TooManyRequestsException`.
    pub fn throttled() -> Self {
        Self::new("TooManyRequestsException", "Rate Exceeded.")
    }

    /// `SerializationException`, for a member of the wrong type.
    pub fn serialization(member: &str, expected: &str, found: &Value) -> Self {
        let message = format!("`{member}` must be {expected}, not {found}");
        Self::new("SerializationException", message)
    }

    /// AWS's code, such as `ResourceNotFoundException`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// AWS's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self.code {
            "AccessDeniedException"
            | "UnrecognizedClientException"
            | "MissingAuthenticationTokenException" => 403,
            "ResourceNotFoundException" | "UnknownOperationException" => 404,
            "RequestTimeoutException" => 408,
            "ResourceConflictException" => 409,
            "PreconditionFailedException" => 412,
            "RequestTooLargeException" => 413,
            "UnsupportedMediaTypeException" => 415,
            "TooManyRequestsException" => 429,
            "ServiceException" => 500,
            _ => 400,
        }
    }

    /// The body of the answer. The key of the message is AWS's, which is not the same for all.
    pub fn body(&self) -> Value {
        let message = &self.message;
        match self.code {
            "AccessDeniedException" => json!({ "Message": message }),
            "ServiceException" => json!({ "Type": "Service", "Message": message }),
            "ResourceNotFoundException" => json!({ "Type": "User", "Message": message }),
            "TooManyRequestsException" => json!({
                "Reason": "ConcurrentInvocationLimitExceeded", "Type": "User", "message": message,
            }),
            "ValidationException"
            | "UnrecognizedClientException"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignatureException" => json!({ "message": message }),
            _ => json!({ "Type": "User", "message": message }),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
