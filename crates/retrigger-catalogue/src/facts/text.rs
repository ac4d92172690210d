//! Texts, kept as numbers of words.

use std::fmt;

use super::blob::{LETTERS, TEXTS, WORDS};
use crate::sixteen::{first, lower, sixteen};

/// Bytes from here on begin a number of two bytes.
const SHORT: u8 = 160;

/// A name or an ARN pattern. It is kept in pieces: compare it with `==` and
/// [`eq_ignore_case`](Self::eq_ignore_case), print it, or ask for a `String`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text {
    // INVARIANT: equal texts are kept once, so equal places are equal texts.
    at: u32,
}

impl Text {
    #[expect(clippy::cast_possible_truncation, reason = "places have 24 bits")]
    pub(super) fn new(at: usize) -> Self {
        Self { at: at as u32 }
    }

    /// The pieces that make the text, none of them empty.
    pub fn pieces(self) -> impl Iterator<Item = &'static str> + Clone {
        self.words().map(|(from, to)| {
            let word = LETTERS.bytes(from, to);
            str::from_utf8(word).unwrap_or_default()
        })
    }

    /// Where the pieces begin and end.
    fn words(self) -> impl Iterator<Item = (usize, usize)> + Clone {
        let start = self.at as usize;
        let mut left = TEXTS.byte(start);
        let mut at = start + 1;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let (first, second) = (TEXTS.byte(at), TEXTS.byte(at + 1));
            // PERF: both are read, as which it is cannot be guessed.
            let is_long = first >= SHORT;
            let long = usize::from(SHORT)
                + usize::from(first.wrapping_sub(SHORT)) * 256
                + usize::from(second);
            let number = if is_long { long } else { usize::from(first) };
            at += 1 + usize::from(is_long);
            Some((WORDS.u16(2 * number), WORDS.u16(2 * number + 2)))
        })
    }

    /// Whether this is `other`, lower and upper case of ASCII letters alike.
    pub fn eq_ignore_case(self, other: &str) -> bool {
        self.common(other.as_bytes(), usize::MAX) == Some(other.len())
    }

    /// Whether this begins with `start`, lower and upper case of ASCII letters alike.
    pub(super) fn starts_with_ignore_case(self, start: &[u8]) -> bool {
        self.common(start, start.len()) == Some(start.len())
    }

    /// The length of the text, or `most` where it is longer, if `other` has the same up to there.
    fn common(self, other: &[u8], most: usize) -> Option<usize> {
        let mut end = 0;
        for (mut from, to) in self.words() {
            while from < to && end < most {
                let length = (to - from).min(16).min(most - end);
                let (mine, theirs) = (LETTERS.sixteen(from), sixteen(other, end));
                // PERF: most names have the case that AWS gives them.
                if first(mine ^ theirs, length) != 0
                    && first(lower(mine) ^ lower(theirs), length) != 0
                {
                    return None;
                }
                (from, end) = (from + length, end + length);
            }
        }
        Some(end)
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
        write!(f, "\"{self}\"")
    }
}
