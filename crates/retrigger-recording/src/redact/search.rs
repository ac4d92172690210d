//! Finds the secrets of a text that is not walked by its keys: by shape, by name, and by value;
//! also where it is percent-encoded, escaped, or in base64.

use std::ops::Range;

use super::{
    hits::{Hit, Replacement, hits, in_order},
    packing::{runs, unpack},
    rules,
    tokens::{Tokens, tokens_in},
};
use crate::mapping::{Layer, decode_url, unescape_loosely};

/// How often a text is decoded to look into it.
const MAX_DECODING: usize = 2;

/// The hits in a text, in order, none overlapping another. It may be unpacked `depth` times more.
pub(super) fn search(tokens: &mut Tokens<'_>, text: &str, depth: usize) -> Vec<Hit> {
    let found = in_layer(tokens, text, None, depth, MAX_DECODING);
    in_order(found, text)
}

/// The hits of a text and of what it decodes to. `outer` leads to the text that it was decoded from.
fn in_layer(
    tokens: &mut Tokens<'_>,
    text: &str,
    outer: Option<&Layer>,
    depth: usize,
    decodings: usize,
) -> Vec<Hit> {
    tokens.see(text);
    // In this order: of hits that are the same the first is taken.
    let mut found = shaped(tokens, text);
    found.extend(packed(tokens, text, outer, depth));
    found.extend(known(tokens, text));
    if decodings == 0 {
        return found;
    }
    // What is decoded as a form is not decoded again; percent escapes in it are, by the other.
    let decoded = [
        (text.contains('%').then(|| decode_url(text, false)), true, decodings - 1),
        (text.contains('+').then(|| decode_url(text, true)), true, 0),
        (text.contains('\\').then(|| unescape_loosely(text)), false, decodings - 1),
    ];
    for (decoded, is_url, decodings) in decoded {
        if let Some((inner, layer)) = decoded.flatten() {
            let hits = in_layer(tokens, &inner, Some(&layer), depth, decodings);
            found.extend(hits.into_iter().map(|hit| outwards(hit, &layer, is_url)));
        }
    }
    found
}

fn outwards(mut hit: Hit, layer: &Layer, is_url: bool) -> Hit {
    hit.range = layer.range(hit.range);
    if let Replacement::Packed { in_url, .. } = &mut hit.with {
        *in_url |= is_url;
    }
    hit
}

/// By shape and by name.
fn shaped(tokens: &mut Tokens<'_>, text: &str) -> Vec<Hit> {
    let marks: Vec<Range<usize>> = tokens_in(text).collect();
    let is_marked = |range: &Range<usize>| {
        mark_at(&marks, range)
            .is_some_and(|mark| mark.start <= range.start && range.end <= mark.end)
    };
    let mut found = Vec::new();
    for (range, rule) in rules::secrets_in(tokens.redactor, text) {
        if tokens.is_full(found.len()) {
            break;
        }
        if let Some(value) = text.get(range.clone()).filter(|_| !is_marked(&range)) {
            let decoded = rules::decoded(value);
            tokens.learn(&decoded, value, &rule);
            found.push(Hit::token(range, rule, decoded));
        }
    }
    for kind in &tokens.redactor.anonymize {
        for range in kind.places(text) {
            if let Some(value) = text.get(range.clone()).filter(|value| !kind.is_fake(value)) {
                tokens.learn(value, value, kind.rule());
                found.push(Hit::token(range, kind.rule().to_owned(), value.to_owned()));
            }
        }
    }
    found
}

/// The first of the tokens, which are in order, that overlaps a range.
fn mark_at<'m>(marks: &'m [Range<usize>], range: &Range<usize>) -> Option<&'m Range<usize>> {
    let first = marks.partition_point(|mark| mark.end <= range.start);
    marks.get(first).filter(|mark| mark.start < range.end)
}

/// By value.
fn known(tokens: &mut Tokens<'_>, text: &str) -> Vec<Hit> {
    let marks: Vec<Range<usize>> = tokens_in(text).collect();
    let is_apart = |range: &Range<usize>| mark_at(&marks, range).is_none();
    let known = tokens.known_in(text).into_iter().filter(|known| is_apart(&known.range));
    let hits: Vec<Hit> =
        known.map(|known| Hit::token(known.range, known.rule, known.value)).collect();
    tokens.is_full(hits.len());
    hits
}

/// In base64: the whole text, or pieces of it; of decoded text those that were not there before.
fn packed(tokens: &mut Tokens<'_>, text: &str, outer: Option<&Layer>, depth: usize) -> Vec<Hit> {
    if depth == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let is_new = |range: &Range<usize>| {
        outer.is_none_or(|outer| outer.range(range.clone()).len() != range.len())
    };
    for range in runs(text).filter(is_new) {
        let run = text.get(range.clone()).unwrap_or_default();
        let Some((packing, inner)) = unpack(run) else { continue };
        let found_in = if packing.is_text() {
            hits(tokens, &inner, depth - 1)
        } else {
            let mut found = shaped(tokens, &inner);
            found.extend(known(tokens, &inner));
            in_order(found, &inner)
        };
        if let Some(first) = found_in.first() {
            let (rule, pointer) = (first.rule.clone(), String::new());
            let with = Replacement::Packed { packing, text: inner, hits: found_in, in_url: false };
            found.push(Hit { range, pointer, rule, with });
        }
    }
    found
}
