//! What is to be removed from a text, and the text without it.

use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Leak, packing::Packing, rules, search::search, tokens::Tokens, walk};

/// One piece of a text that a rule removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// A JSON pointer to the value that holds it, from the text's own.
    pub(super) pointer: String,
    /// The rule.
    pub(super) rule: String,
    /// What takes its place.
    pub(super) with: Replacement,
}

/// What takes the place of a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replacement {
    /// The token of this value.
    Token(String),
    /// A number: 0, or the made-up number in the place of this one.
    Number(String),
    /// Packed text, without the hits in it.
    Packed {
        /// How it is packed.
        packing: Packing,
        /// The text.
        text: String,
        /// The hits in it.
        hits: Vec<Hit>,
        /// It stands in text that is encoded as URLs are.
        in_url: bool,
    },
}

impl Hit {
    /// A secret in a text.
    pub(super) fn token(range: Range<usize>, rule: String, value: String) -> Self {
        Self { range, pointer: String::new(), rule, with: Replacement::Token(value) }
    }

    /// The same, in a text that starts `by` bytes earlier.
    fn moved(mut self, by: usize) -> Self {
        self.range = self.range.start + by..self.range.end + by;
        self
    }
}

/// The hits in a text, JSON or not, none overlapping another. It may be unpacked `depth` times
/// more.
pub(super) fn hits(tokens: &mut Tokens<'_>, text: &str, depth: usize) -> Vec<Hit> {
    if let Some(hits) = walk::hits(tokens, text, depth) {
        return in_order(hits, text);
    }
    let (mut hits, mut start, mut end) = (Vec::new(), 0, 0);
    // Lines that are no JSON are searched together: a private key has many.
    for line in text.split_inclusive('\n') {
        if tokens.is_full(hits.len()) {
            break;
        }
        let is_bracketed = line.trim_start().starts_with(['{', '[']);
        if is_bracketed && let Some(in_line) = walk::hits(tokens, line, depth) {
            hits.extend(searched(tokens, text, start..end, depth));
            hits.extend(in_line.into_iter().map(|hit| hit.moved(end)));
            start = end + line.len();
        }
        end += line.len();
    }
    hits.extend(searched(tokens, text, start..end, depth));
    in_order(hits, text)
}

fn searched(tokens: &mut Tokens<'_>, text: &str, range: Range<usize>, depth: usize) -> Vec<Hit> {
    let start = range.start;
    let hits = text.get(range).map_or_else(Vec::new, |lines| search(tokens, lines, depth));
    hits.into_iter().map(|hit| hit.moved(start)).collect()
}

/// Hits by where they stand, of those that overlap the one that starts first, or else the longest;
/// a token's takes in what another goes on to.
pub(super) fn in_order(mut hits: Vec<Hit>, text: &str) -> Vec<Hit> {
    hits.retain(|hit| !hit.range.is_empty());
    hits.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end)));
    let mut ordered: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match ordered.last_mut() {
            Some(last) if hit.range.start < last.range.end => {
                let is_longer = hit.range.end > last.range.end;
                if let (true, Replacement::Token(value)) = (is_longer, &mut last.with) {
                    last.range.end = hit.range.end;
                    text.get(last.range.clone()).unwrap_or_default().clone_into(value);
                }
            }
            _ => ordered.push(hit),
        }
    }
    ordered
}

/// What takes the place of the hits in a text, which are in order, and what was removed. `pointer`
/// leads to the text.
pub(super) fn pieces(
    tokens: &mut Tokens<'_>,
    text: &str,
    hits: &[Hit],
    pointer: &str,
) -> (Vec<(Range<usize>, String)>, Vec<Leak>) {
    let (mut pieces, mut leaks, mut end) = (Vec::new(), Vec::new(), 0);
    for hit in hits.iter().filter(|hit| text.get(hit.range.clone()).is_some()) {
        if hit.range.start < end {
            continue;
        }
        let pointer = format!("{pointer}{}", hit.pointer);
        pieces.push((hit.range.clone(), replaced(tokens, hit, &pointer, &mut leaks)));
        end = hit.range.end;
    }
    leaks.dedup();
    (pieces, leaks)
}

/// The text without its hits, which are in order, and what was removed. `pointer` leads to it.
pub(super) fn without(
    tokens: &mut Tokens<'_>,
    text: &str,
    hits: &[Hit],
    pointer: &str,
) -> (String, Vec<Leak>) {
    let (pieces, leaks) = pieces(tokens, text, hits, pointer);
    (with_pieces(text.to_owned(), &pieces), leaks)
}

/// The text with pieces of it, in order, replaced. No second copy is made: it may be large.
pub(super) fn with_pieces(text: String, pieces: &[(Range<usize>, String)]) -> String {
    // How far what is written gets ahead of what is read: so much room is made before the text.
    let (mut shorter, mut longer, mut room) = (0, 0, 0_usize);
    for (range, piece) in pieces {
        shorter += range.len();
        longer += piece.len();
        room = room.max(longer.saturating_sub(shorter));
    }
    let mut bytes = text.into_bytes();
    let length = bytes.len();
    bytes.reserve_exact(room);
    bytes.resize(length + room, 0);
    bytes.copy_within(..length, room);
    let (mut read, mut written) = (room, 0);
    for (range, piece) in pieces {
        // INVARIANT: `written` is at most `read`, by the room.
        bytes.copy_within(read..room + range.start, written);
        written += room + range.start - read;
        if let Some(place) = bytes.get_mut(written..written + piece.len()) {
            place.copy_from_slice(piece.as_bytes());
        }
        written += piece.len();
        read = room + range.end;
    }
    bytes.copy_within(read.., written);
    bytes.truncate(written + length + room - read);
    // Whole characters were replaced by whole ones.
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What takes the place of a hit; what that removes goes to `leaks`.
pub(super) fn replaced(
    tokens: &mut Tokens<'_>,
    hit: &Hit,
    pointer: &str,
    leaks: &mut Vec<Leak>,
) -> String {
    let leak = || Leak { pointer: pointer.to_owned(), rule: hit.rule.clone() };
    match &hit.with {
        Replacement::Token(value) => {
            leaks.push(leak());
            tokens.token(value, &hit.rule)
        }
        Replacement::Number(number) => {
            leaks.push(leak());
            tokens.number(number, &hit.rule)
        }
        Replacement::Packed { packing, text, hits, in_url } => {
            let length = text.chars().count();
            let (mut text, inner) = without(tokens, text, hits, pointer);
            // A key must be as long as it was.
            if rules::BYTES.contains(&hit.rule.as_str()) {
                text = format!("{text:.<length$}");
            }
            // It fails where a token does not fit into bytes: then all of it goes.
            let packed = packing.pack(&text).unwrap_or_else(|_| tokens.token(&text, &hit.rule));
            leaks.extend(inner);
            if *in_url { utf8_percent_encode(&packed, &IN_URL).to_string() } else { packed }
        }
    }
}

/// What base64 has and URLs spell otherwise.
const IN_URL: AsciiSet = CONTROLS.add(b'+').add(b'/').add(b'=');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_replaced_in_place(
            parts in prop::collection::vec((".{0,6}", ".{0,6}", ".{0,6}"), 0..8),
            rest in ".{0,6}",
        ) {
            let (mut text, mut expected, mut pieces) = (String::new(), String::new(), Vec::new());
            for (kept, old, new) in parts {
                text.push_str(&kept);
                pieces.push((text.len()..text.len() + old.len(), new.clone()));
                text.push_str(&old);
                expected.push_str(&kept);
                expected.push_str(&new);
            }
            prop_assert_eq!(with_pieces(text + &rest, &pieces), expected + &rest);
        }
    }
}
