//! Why a request's members cannot be read.

use thiserror::Error;

/// Most bytes of a body that are read for members.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// Deepest nesting.
pub(super) const DEEPEST: usize = 64;
/// Most members and elements.
pub(super) const MOST_VALUES: usize = 1_000_000;

/// What is wrong with a body.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum BadBody {
    /// It is larger than what is read.
    #[error("the body has {bytes} bytes, more than the {MOST_BYTES} that are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is nested deeper, or has more values, than what is read.
    #[error(
        "the body is nested deeper than {DEEPEST} levels or has more than {MOST_VALUES} values"
    )]
    TooDeep,
    /// It is not what the protocol wants.
    #[error("the body is not valid {format}: {why}")]
    Malformed {
        /// Such as `JSON`.
        format: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl BadBody {
    pub(super) fn malformed(format: &'static str, why: &impl ToString) -> Self {
        Self::Malformed { format, why: super::unidentified::cut(&why.to_string()) }
    }
}
