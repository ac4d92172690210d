//! What is wrong with filter criteria.

/// Why filter criteria cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The criteria have another shape.
    #[error("`FilterCriteria` is no `{{\"Filters\": [{{\"Pattern\": \"…\"}}]}}`")]
    Shape,
    /// A pattern cannot be read.
    #[error("the pattern of filter {}: {source}", index + 1)]
    Pattern {
        /// Which of the filters, counted from 0.
        index: usize,
        /// What is wrong with it.
        source: PatternError,
    },
}

/// Why an event pattern cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// It is no object, or has no members.
    #[error("it is no JSON object with members")]
    NoObject,
    /// A member has something else than an object or a list of values to match.
    #[error("`{path}` is neither an object nor a list: write the values it may have as a list")]
    NoList {
        /// The member, with those above it: `body.order`.
        path: String,
    },
    /// A member has an empty object or list, which nothing could match.
    #[error("`{path}` is empty: nothing could match it")]
    Empty {
        /// The member, with those above it.
        path: String,
    },
    /// A value to match is a list or is no comparison that is known.
    #[error("`{path}`: {reason}")]
    Test {
        /// The member, with those above it.
        path: String,
        /// What is wrong, and what is known.
        reason: String,
    },
}
