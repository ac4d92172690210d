//! Condition keys, hashed once.

use crate::fold;

/// The name of a condition key with its hash, so that a context finds it without folding case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) hash: u64,
    /// In lower case.
    pub(crate) name: Box<str>,
}

impl Key {
    pub(crate) fn new(name: &str) -> Self {
        Self { hash: fold::hash(name), name: name.to_ascii_lowercase().into() }
    }

    /// Whether this is the key, under any spelling.
    #[inline]
    pub(crate) fn is(&self, key: &str) -> bool {
        fold::is_lower_of(self.name.as_bytes(), key.as_bytes())
    }
}
