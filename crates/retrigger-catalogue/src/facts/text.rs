//! Texts, kept as numbers of words.

use std::fmt;

use super::blob::{LETTERS, TEXTS, WORDS};

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
        let start = self.at as usize;
        let mut left = TEXTS.byte(start);
        let mut at = start + 1;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let first = TEXTS.byte(at);
            at += 1;
            let mut number = usize::from(first);
            if first >= SHORT {
                let high = usize::from(first - SHORT);
                number = usize::from(SHORT) + high * 256 + usize::from(TEXTS.byte(at));
                at += 1;
            }
            Some(word(number))
        })
    }

    /// Whether this is `other`, lower and upper case of ASCII letters alike.
    pub fn eq_ignore_case(self, other: &str) -> bool {
        self.is_made_of(other, <[u8]>::eq_ignore_ascii_case)
    }

    fn is_made_of(self, other: &str, eq: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let mut rest = other.as_bytes();
        for piece in self.pieces() {
            match rest.split_at_checked(piece.len()) {
                Some((start, after)) if eq(start, piece.as_bytes()) => rest = after,
                _ => return false,
            }
        }
        rest.is_empty()
    }

    /// How the text compares with `lower` when it is put in lower case.
    pub(super) fn cmp_lower(self, lower: &[u8]) -> std::cmp::Ordering {
        let mine = self.pieces().flat_map(str::bytes).map(|byte| byte.to_ascii_lowercase());
        mine.cmp(lower.iter().map(u8::to_ascii_lowercase))
    }
}

fn word(number: usize) -> &'static str {
    let (from, to) = (WORDS.u16(2 * number), WORDS.u16(2 * number + 2));
    str::from_utf8(LETTERS.bytes(from, to)).unwrap_or_default()
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.is_made_of(other, |start, piece| start == piece)
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
