//! Names, kept as numbers of words.

use std::cmp::Ordering;
use std::fmt;

use super::blob::{LITERALS, NAMES, WORDS};

/// A name of AWS's model. Compare it with [`eq`](PartialEq), print it, or ask for a `String`.
#[derive(Clone, Copy)]
pub struct Text {
    codes: &'static [u8],
}

impl Text {
    pub(super) fn new(codes: &'static [u8]) -> Self {
        Self { codes }
    }

    pub(super) fn of_name(number: usize) -> Self {
        Self { codes: NAMES.entry(number) }
    }

    pub(super) fn of_literal(number: usize) -> Self {
        Self { codes: LITERALS.entry(number) }
    }

    /// Whether this is `other`, lower and upper case of ASCII letters alike.
    pub(super) fn eq_ignore_case(self, other: &str) -> bool {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        self.pieces().flat_map(str::bytes).map(lower).eq(other.bytes().map(lower))
    }

    /// The pieces that make the text.
    pub fn pieces(self) -> impl Iterator<Item = &'static str> + Clone {
        let mut codes = self.codes.iter().copied().map(usize::from);
        std::iter::from_fn(move || {
            let number = match codes.next()? {
                first @ 200.. => (first - 200) * 256 + codes.next()? + 200,
                first => first,
            };
            Some(std::str::from_utf8(WORDS.entry(number)).unwrap_or_default())
        })
    }

    /// Compared byte by byte, as names are sorted.
    pub(super) fn compare(self, other: &[u8]) -> Ordering {
        self.pieces().flat_map(str::bytes).cmp(other.iter().copied())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        let mut rest = other;
        self.pieces().all(|piece| match rest.strip_prefix(piece) {
            Some(left) => {
                rest = left;
                true
            }
            None => false,
        }) && rest.is_empty()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| f.write_str(piece))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}
