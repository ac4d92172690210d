//! What is worth saying about how a payload was understood.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::trigger::Trigger;

/// Something a person should know about a classification. In JSON: `{"code", "message"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TriggerFinding {
    /// The records of one batch name several sources; the first is used.
    RecordsDisagree {
        /// The source ARN of the first record.
        first: String,
        /// Another source ARN.
        other: String,
        /// The position of the first record that names it, counted from 0.
        index: usize,
    },
    /// The payload names its source without the account; the function's account was taken.
    AccountAssumed {
        /// The account id taken.
        account: String,
    },
    /// The recording declares another trigger than the payload shows; the declared one is used.
    TriggerDisagrees {
        /// The declared trigger.
        declared: Trigger,
        /// What the payload shows.
        shown: Trigger,
    },
    /// `awslogs.data` is not base64 of gzip of JSON.
    LogsUnreadable {
        /// Which step failed, and how.
        reason: String,
    },
    /// A caller named in the payload is no principal.
    CallerUnreadable {
        /// What the payload says.
        text: String,
    },
}

impl TriggerFinding {
    /// The stable name of this kind of finding.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RecordsDisagree { .. } => "records-disagree",
            Self::AccountAssumed { .. } => "account-assumed",
            Self::TriggerDisagrees { .. } => "trigger-disagrees",
            Self::LogsUnreadable { .. } => "logs-unreadable",
            Self::CallerUnreadable { .. } => "caller-unreadable",
        }
    }
}

impl fmt::Display for TriggerFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordsDisagree { first, other, index } => write!(
                f,
                "record {index} comes from `{other}`, record 0 from `{first}`: one invocation has \
                 one source, so `{first}` is used"
            ),
            Self::AccountAssumed { account } => write!(
                f,
                "the payload does not name the account of its source: the function's account \
                 `{account}` is used; declare `source_arn` if it is another"
            ),
            Self::TriggerDisagrees { declared, shown } => write!(
                f,
                "the recording declares the trigger `{declared}`, the payload looks like \
                 `{shown}`: `{declared}` is used"
            ),
            Self::LogsUnreadable { reason } => write!(
                f,
                "`awslogs.data` cannot be read ({reason}): declare `source_arn` and \
                 `source_account`"
            ),
            Self::CallerUnreadable { text } => {
                write!(f, "the payload names the caller `{text}`, which is no principal")
            }
        }
    }
}

impl Serialize for TriggerFinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("TriggerFinding", 2)?;
        finding.serialize_field("code", self.code())?;
        finding.serialize_field("message", &self.to_string())?;
        finding.end()
    }
}
