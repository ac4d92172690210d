//! What AWS answers where it does not do what was asked.

use std::fmt;

use retrigger_trigger::{PermissionError, Trigger};

/// What AWS answers where it does not do what was asked. Prints as `CODE: MESSAGE`.
///
/// Texts are those that AWS's answers have where users quote them; a text that nobody quotes says
/// the same as the Lambda API Reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error code, such as `ResourceConflictException`.
    pub code: &'static str,
    /// AWS's message.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValueException", message)
    }

    pub(super) fn validation(message: impl fmt::Display) -> Self {
        let message = format!("1 validation error detected: {message}");
        Self::new("ValidationException", message)
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn duplicate_statement(id: &str) -> Self {
        let message = format!(
            "The statement id ({id}) provided already exists. Please provide a new statement id, \
             or remove the existing statement."
        );
        Self::new("ResourceConflictException", message)
    }

    pub(super) fn no_statement(id: &str, known: &[&str]) -> Self {
        if known.is_empty() {
            let message = "No policy is associated with the given resource.";
            return Self::new("ResourceNotFoundException", message);
        }
        let message = format!("Statement {id} is not found in resource policy.");
        let known: Vec<String> = known.iter().take(10).map(|id| format!("`{id}`")).collect();
        Self::new("ResourceNotFoundException", message)
            .with_help(format!("its statements are {}", known.join(", ")))
    }

    pub(super) fn other_revision() -> Self {
        let message = "The Revision Id provided does not match the latest Revision Id. Call the \
                       GetFunction/GetAlias API to retrieve the latest Revision Id";
        Self::new("PreconditionFailedException", message)
    }

    pub(super) fn wrong_type(member: &str, expected: &str, found: &serde_json::Value) -> Self {
        let message = format!("`{member}` must be {expected}, not {found}");
        Self::new("SerializationException", message)
    }

    pub(super) fn url_exists(function_arn: &str) -> Self {
        let message = format!(
            "Failed to create function url config for [functionArn = {function_arn}]. Error \
             message:  FunctionUrlConfig exists for this Lambda function"
        );
        Self::new("ResourceConflictException", message)
    }

    pub(super) fn no_url() -> Self {
        Self::new("ResourceNotFoundException", "The resource you requested does not exist.")
    }

    pub(super) fn no_mapping(known: &str) -> Self {
        let message = "The resource you requested does not exist.";
        let there = if known.is_empty() {
            "there are no event source mappings".to_owned()
        } else {
            format!("the event source mappings there are: {known}")
        };
        Self::new("ResourceNotFoundException", message).with_help(there)
    }

    pub(super) fn too_long(size: usize, limit: usize) -> Self {
        let message = format!("The final policy size ({size}) is bigger than the limit ({limit}).");
        Self::new("PolicyLengthExceededException", message)
            .with_help("let one statement with a pattern stand for several sources")
    }

    /// Queues have a message of their own.
    pub(super) fn duplicate_mapping(
        trigger: Trigger,
        source: &str,
        function: &str,
        uuid: &str,
    ) -> Self {
        let advice = format!("Please update or delete the existing mapping with UUID {uuid}");
        let message = match trigger {
            Trigger::Sqs => format!(
                "An event source mapping with SQS arn (\" {source} \") and function \
                 (\" {function} \") already exists. {advice}"
            ),
            _ => format!(
                "The event source arn (\" {source} \") and function (\" {function} \") provided \
                 mapping already exists. {advice}"
            ),
        };
        Self::new("ResourceConflictException", message)
    }
}

impl From<&PermissionError> for Refusal {
    fn from(error: &PermissionError) -> Self {
        Self::new(error.code(), error.validation_text()).with_help(error.to_string())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

/// Refuses what can be no version or alias. Source: Lambda API Reference, `AddPermission` (the
/// pattern of `Qualifier`).
pub(super) fn check_qualifier(qualifier: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = qualifier else { return Ok(()) };
    if name == "$LATEST" {
        let text = "We currently do not support adding policies for $LATEST.";
        return Err(Refusal::invalid(text).with_help("leave the qualifier away"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=128).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::validation(format_args!(
        "Value '{name}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: (|[a-zA-Z0-9$_-]+)"
    )))
}
