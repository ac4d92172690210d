//! What a replay showed, with the tokens of what is expected: secrets that are made anew have a
//! number by chance, and the same place.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

use crate::redact::{has_token, is_token, tokens_in, unpack};

/// `shown` with its tokens renamed as they stand in `expected`, each alike wherever it stands.
/// Tokens that stand in `recorded` keep their names.
pub(crate) fn aligned(expected: &Value, shown: Value, recorded: &[Cow<'_, str>]) -> Value {
    let recorded = recorded.iter().flat_map(|text| tokens(text)).collect();
    let mut names = Names { recorded, ..Names::default() };
    names.pair(expected, &shown);
    names.keep_apart(&shown);
    renamed(shown, &names.new)
}

/// Whether `recorded` is `shown` with secrets redacted: each of its tokens stands for any text. Both
/// may be in base64.
///
/// ```
/// # use retrigger_recording::is_redacted_form;
/// assert!(is_redacted_form("Bearer <jwt:1>, please", "Bearer eyJh.eyJz.c2ln, please"));
/// assert!(!is_redacted_form("Bearer <jwt:1>", "Basic eyJh.eyJz.c2ln"));
/// assert!(!is_redacted_form("no token", "other"));
/// // `<plaintext:1>..` in base64.
/// assert!(is_redacted_form("PHBsYWludGV4dDoxPi4u", "aHVudGVyMmh1bnRlcjIy"));
/// ```
pub fn is_redacted_form(recorded: &str, shown: &str) -> bool {
    is_form(recorded, shown)
        || unpack(recorded).zip(unpack(shown)).is_some_and(|((_, recorded), (_, shown))| {
            has_token(&recorded)
                && (is_token(recorded.trim_end_matches('.')) || is_form(&recorded, &shown))
        })
}

fn is_form(recorded: &str, shown: &str) -> bool {
    let (mut rest, mut end, mut is_first) = (shown, 0, true);
    for range in tokens_in(recorded) {
        let before = recorded.get(end..range.start).unwrap_or_default();
        let found =
            if is_first { rest.starts_with(before).then_some(0) } else { rest.find(before) };
        let Some(start) = found else { return false };
        rest = rest.get(start + before.len()..).unwrap_or_default();
        (end, is_first) = (range.end, false);
    }
    let last = recorded.get(end..).unwrap_or_default();
    if is_first { rest == last } else { rest.ends_with(last) }
}

#[derive(Default)]
struct Names<'t> {
    recorded: BTreeSet<&'t str>,
    /// From tokens that were shown to those that are expected.
    new: BTreeMap<String, String>,
}

impl Names<'_> {
    /// Pairs the tokens that stand in the same places.
    fn pair(&mut self, expected: &Value, shown: &Value) {
        match (expected, shown) {
            (Value::String(expected), Value::String(shown)) => {
                for (expected, shown) in tokens(expected).zip(tokens(shown)) {
                    self.pair_tokens(expected, shown);
                }
            }
            (Value::Array(expected), Value::Array(shown)) => {
                expected.iter().zip(shown).for_each(|(expected, shown)| self.pair(expected, shown));
            }
            (Value::Object(expected), Value::Object(shown)) => {
                for (key, expected) in expected {
                    if let Some(shown) = shown.get(key) {
                        self.pair(expected, shown);
                    }
                }
            }
            _ => {}
        }
    }

    fn pair_tokens(&mut self, expected: &str, shown: &str) {
        let is_fixed = |token: &str| self.recorded.contains(token);
        // Markers of earlier versions do not tell secrets apart.
        let is_taken =
            !expected.starts_with(MARKER) && self.new.values().any(|name| name == expected);
        let is_same_rule = rule(expected) == rule(shown);
        if is_same_rule && !is_taken && !is_fixed(expected) && !is_fixed(shown) {
            self.new.entry(shown.to_owned()).or_insert_with(|| expected.to_owned());
        }
    }

    /// Gives a token that has the name of another by now a name of its own.
    fn keep_apart(&mut self, shown: &Value) {
        let text = shown.to_string();
        for token in tokens(&text) {
            if self.new.values().any(|name| name == token) && !self.new.contains_key(token) {
                self.new.insert(token.to_owned(), format!("{token}-other"));
            }
        }
    }
}

/// What the markers of earlier versions start with.
const MARKER: &str = "REDACTED:";

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    tokens_in(text).filter_map(|range| text.get(range))
}

/// The rule of a token or of a marker of earlier versions.
fn rule(token: &str) -> &str {
    match (token.strip_prefix(MARKER), token.strip_prefix('<')) {
        (Some(rule), _) => rule,
        (None, Some(numbered)) => numbered.split(':').next().unwrap_or(numbered),
        (None, None) => "jwt",
    }
}

fn renamed(value: Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(renamed_text(&text, names)),
        Value::Array(items) => items.into_iter().map(|item| renamed(item, names)).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (renamed_text(&key, names), renamed(value, names)))
            .collect(),
        other => other,
    }
}

fn renamed_text(text: &str, names: &BTreeMap<String, String>) -> String {
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for range in tokens_in(text) {
        let token = text.get(range.clone()).unwrap_or_default();
        out.push_str(text.get(end..range.start).unwrap_or_default());
        out.push_str(names.get(token).map_or(token, String::as_str));
        end = range.end;
    }
    out + text.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!(["<cookie:2>", "x <cookie:2>"]), json!(["<cookie:3>", "x <cookie:3>"]), json!(["<cookie:2>", "x <cookie:2>"]))]
    // Two that were the same are no longer.
    #[case(json!(["<cookie:2>", "<cookie:2>"]), json!(["<cookie:2>", "<cookie:3>"]), json!(["<cookie:2>", "<cookie:3>"]))]
    #[case(json!(["<cookie:3>", "<cookie:3>"]), json!(["<cookie:2>", "<cookie:3>"]), json!(["<cookie:3>", "<cookie:3>-other"]))]
    // Two that change places, in an object.
    #[case(json!({"a": "<cookie:2>", "b": "<cookie:3>"}), json!({"b": "<cookie:2>", "a": "<cookie:3>"}), json!({"b": "<cookie:3>", "a": "<cookie:2>"}))]
    // What is recorded is not renamed.
    #[case(json!(["<jwt:1>"]), json!(["<jwt:2>"]), json!(["<jwt:2>"]))]
    #[case(json!(["<jwt:2>"]), json!(["<jwt:1>"]), json!(["<jwt:1>"]))]
    #[case(json!(["<jwt:2>"]), json!(["<password:3>"]), json!(["<password:3>"]))]
    // Markers of earlier versions.
    #[case(json!(["REDACTED:cookie", "REDACTED:cookie"]), json!(["<cookie:2>", "<cookie:3>"]), json!(["REDACTED:cookie", "REDACTED:cookie"]))]
    fn tokens_are_named_by_their_places(
        #[case] expected: Value,
        #[case] shown: Value,
        #[case] aligned_to: Value,
    ) {
        assert_eq!(aligned(&expected, shown, &["\"<jwt:1>\"".into()]), aligned_to);
    }
}
