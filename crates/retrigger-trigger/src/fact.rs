//! A fact about a trigger, and how it came to be known.

use serde::{Deserialize, Serialize};

/// Where a [`Fact`] comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// Read from the payload, or composed of the payload and the function's own ARN.
    Derived,
    /// A person or a recorder stated it.
    Declared,
    /// Nobody knows it.
    #[default]
    Unknown,
}

/// A value that may be missing, with its provenance. In JSON: `{"value", "provenance"}`.
///
/// INVARIANT: `value` is `None` exactly where `provenance` is [`Provenance::Unknown`]; facts made
/// by the constructors keep it, and [`Fact::declare`] never breaks it.
///
/// ```
/// # use retrigger_trigger::{Fact, Provenance};
/// let mut arn = Fact::derived("arn:aws:s3:::photos".to_owned());
/// arn.declare(Some("arn:aws:s3:::other".to_owned()));
/// assert_eq!(arn.provenance, Provenance::Declared);
/// assert_eq!(
///     serde_json::to_string(&Fact::<String>::unknown()).unwrap(),
///     r#"{"value":null,"provenance":"unknown"}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact<T> {
    /// The value, where it is known.
    pub value: Option<T>,
    /// How it is known.
    pub provenance: Provenance,
}

impl<T> Fact<T> {
    /// A fact nobody knows.
    pub const fn unknown() -> Self {
        Self { value: None, provenance: Provenance::Unknown }
    }

    /// A fact read from the payload.
    pub const fn derived(value: T) -> Self {
        Self { value: Some(value), provenance: Provenance::Derived }
    }

    /// A fact that a person or a recorder stated.
    pub const fn declared(value: T) -> Self {
        Self { value: Some(value), provenance: Provenance::Declared }
    }

    /// Lets a declared value win over what was known; `None` changes nothing.
    pub fn declare(&mut self, value: Option<T>) {
        if let Some(value) = value {
            *self = Self::declared(value);
        }
    }

    /// Whether a value is known.
    pub const fn is_known(&self) -> bool {
        self.value.is_some()
    }
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self::unknown()
    }
}

/// What the payload showed: derived where there is a value, else unknown.
impl<T> From<Option<T>> for Fact<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::unknown, Self::derived)
    }
}
