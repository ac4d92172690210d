//! The ways in which an event reaches a function, and who must be allowed what for each.

use crate::poll_actions::PollAction;

/// How a trigger's events reach the function, and therefore which policies decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// A service principal calls `lambda:InvokeFunction`; the function's resource-based policy
    /// decides. Source: Lambda Developer Guide, "Working with resource-based IAM policies in
    /// Lambda".
    Push {
        /// The service principal, such as `s3.amazonaws.com`.
        service: &'static str,
    },
    /// An event source mapping reads the source under the function's execution role; the function
    /// policy is not asked. Source: Lambda Developer Guide, "How Lambda processes records from
    /// stream and queue-based event sources".
    Poll {
        /// What the execution role must be allowed.
        actions: &'static [PollAction],
    },
    /// A caller over HTTPS, anonymous or an IAM principal, needs `lambda:InvokeFunctionUrl` and
    /// `lambda:InvokeFunction`. Source: Lambda Developer Guide, "Control access to Lambda function
    /// URLs".
    FunctionUrl,
    /// An IAM role or user calls `lambda:InvokeFunction`; in one account its identity policy is
    /// enough.
    Caller,
    /// No permission of the function is checked when it is invoked: CloudFront runs replicas that
    /// were made when the distribution was set up. Source: Lambda Developer Guide / CloudFront
    /// Developer Guide, "Set up IAM permissions and roles for Lambda@Edge".
    Unchecked,
}

impl Delivery {
    /// The actions that are authorized before the handler runs, in the order AWS needs them.
    pub fn actions(&self) -> Vec<&'static str> {
        match self {
            Self::Push { .. } | Self::Caller => vec!["lambda:InvokeFunction"],
            Self::FunctionUrl => vec!["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"],
            Self::Poll { actions } => actions.iter().map(|poll| poll.action).collect(),
            Self::Unchecked => vec![],
        }
    }

    /// The service principal, for push triggers.
    pub const fn service(&self) -> Option<&'static str> {
        match self {
            Self::Push { service } => Some(service),
            _ => None,
        }
    }
}
