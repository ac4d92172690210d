//! The action of a request, looked at once.

use arrayvec::ArrayString;

use crate::{evaluate::is_always_allowed, fold};

/// No action of AWS has more bytes.
const LONGEST: usize = 96;

/// An action with what every decision wants to know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActionRef<'a> {
    pub(crate) text: &'a str,
    /// In lower case; `None` where it is longer than any action of AWS.
    pub(crate) lower: Option<ArrayString<LONGEST>>,
    /// Of the text in lower case.
    pub(crate) hash: u64,
    pub(crate) is_always_allowed: bool,
}

impl<'a> ActionRef<'a> {
    #[inline]
    pub(crate) fn new(text: &'a str) -> Self {
        let mut lower = ArrayString::from(text).ok();
        if let Some(lower) = &mut lower {
            lower.make_ascii_lowercase();
        }
        let hash = fold::hash(text);
        Self { text, lower, hash, is_always_allowed: is_always_allowed(text) }
    }

    #[inline]
    pub(crate) fn lower(&self) -> &str {
        self.lower.as_ref().map_or("", |lower| lower)
    }
}
