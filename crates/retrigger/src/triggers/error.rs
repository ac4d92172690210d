//! Why a trigger was not added or removed.

use std::path::PathBuf;

use retrigger_recording::Error;
use retrigger_trigger::{PermissionError, RequestError, StatementError};

use super::{PollDenial, Refusal};
use crate::{documents::InvalidDocument, replay::authority::Undecidable};

/// Why a trigger was not added, listed or removed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TriggersError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] Error),
    /// A policy of the snapshot is one that AWS would refuse.
    #[error("{} in the policy", problems(.0))]
    Document(InvalidDocument),
    /// AWS would refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// AWS would refuse it, because the execution role lacks permissions.
    #[error("{}", .0.refusal)]
    Denied(Box<PollDenial>),
    /// A file is JSON and yet not what can be changed in place.
    #[error("{}: it cannot be changed in place: expected a JSON object", .0.display())]
    Unwritable(PathBuf),
    /// Something else is wrong.
    #[error("{message}")]
    Other {
        /// What.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
}

impl TriggersError {
    pub(super) fn other(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Other { message: message.into(), help: Some(help.into()) }
    }

    pub(super) fn with_help(self, text: String) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(refusal.with_help(text)),
            Self::Other { message, .. } => Self::Other { message, help: Some(text) },
            other => other,
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.help.as_deref(),
            Self::Denied(denial) => denial.refusal.help.as_deref(),
            Self::Other { help, .. } => help.as_deref(),
            Self::File(_) | Self::Document(_) | Self::Unwritable(_) => None,
        }
    }
}

fn problems(invalid: &InvalidDocument) -> String {
    let count = invalid.findings.len();
    format!("{count} problem{}", if count == 1 { "" } else { "s" })
}

impl From<PermissionError> for TriggersError {
    fn from(error: PermissionError) -> Self {
        Self::Refused(Refusal::from(&error))
    }
}

impl From<StatementError> for TriggersError {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Refused(error) => error.into(),
            other => Self::Other { message: other.to_string(), help: None },
        }
    }
}

impl From<RequestError> for TriggersError {
    fn from(error: RequestError) -> Self {
        Self::Other { message: error.to_string(), help: None }
    }
}

impl From<Undecidable> for TriggersError {
    fn from(why: Undecidable) -> Self {
        match why {
            Undecidable::File(error) => Self::File(error),
            Undecidable::Document(invalid) => Self::Document(invalid),
            Undecidable::Other { message, help } => Self::other(message, help),
        }
    }
}
