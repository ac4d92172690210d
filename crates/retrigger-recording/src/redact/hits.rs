//! What is to be removed from a text, and the text without it.

use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Leak, packing::Packing, search::search, tokens::Tokens, walk};

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

/// The text without its hits, which are in order, and what was removed. `pointer` leads to it.
pub(super) fn without(
    tokens: &mut Tokens<'_>,
    text: &str,
    hits: &[Hit],
    pointer: &str,
) -> (String, Vec<Leak>) {
    let (mut redacted, mut end) = (String::with_capacity(text.len()), 0);
    let mut leaks = Vec::new();
    for hit in hits {
        let Some(between) = text.get(end..hit.range.start) else { continue };
        redacted.push_str(between);
        let pointer = format!("{pointer}{}", hit.pointer);
        redacted.push_str(&replaced(tokens, hit, &pointer, &mut leaks));
        end = hit.range.end;
    }
    redacted.push_str(text.get(end..).unwrap_or_default());
    leaks.dedup();
    (redacted, leaks)
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
            let (text, inner) = without(tokens, text, hits, pointer);
            // It fails where a token does not fit into bytes: then all of it goes.
            let packed = packing.pack(&text).unwrap_or_else(|_| tokens.token(&text, &hit.rule));
            leaks.extend(inner);
            if *in_url { utf8_percent_encode(&packed, &IN_URL).to_string() } else { packed }
        }
    }
}

/// What base64 has and URLs spell otherwise.
const IN_URL: AsciiSet = CONTROLS.add(b'+').add(b'/').add(b'=');
