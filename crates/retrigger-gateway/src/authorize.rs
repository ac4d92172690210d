//! Whether a call is allowed: for whoever knows the policies to say.

use crate::{invocation::CallId, operation::Operation};

/// Decides on calls, as the execution role.
pub trait Authorize: Send + Sync {
    /// Decides on a call. The same call is asked about once, its retries not.
    fn authorize(&self, id: CallId, operation: &Operation) -> Verdict;
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every action that the call needs is allowed.
    Allowed,
    /// Some action is not.
    Denied {
        /// AWS's own words.
        message: String,
    },
    /// It hangs on condition keys whose values are not known. Never taken for allowed.
    Undecided {
        /// The keys.
        missing: Vec<String>,
    },
}

/// Allows every call.
#[cfg(test)]
pub(crate) struct AllowAll;

#[cfg(test)]
impl Authorize for AllowAll {
    fn authorize(&self, _: CallId, _: &Operation) -> Verdict {
        Verdict::Allowed
    }
}
