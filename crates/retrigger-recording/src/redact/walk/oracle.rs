//! The walk over a tree, as it was before it went step by step: that one is held to it.

use std::{ops::Range, rc::Rc};

use jsonc_parser::ast::{NumberLit, Object, StringLit, Value};

use super::{
    super::{
        Redactor,
        hits::{Hit, Replacement},
        rules,
        search::search,
        tokens::{Tokens, is_token, removed_part},
    },
    is_removed, is_word, names_a_type,
};
use crate::{
    edit_json::strict_ast,
    mapping::{Layer, unescape_json},
};

/// The hits in a JSON text, or `None` where it is no JSON. It may be unpacked `depth` times more.
pub(super) fn hits(tokens: &mut Tokens<'_>, text: &str, depth: usize) -> Option<Vec<Hit>> {
    let mut walk = Walk { tokens, text, layers: &[], depth, hits: Vec::new() };
    walk.value(&strict_ast(text)?, "", None);
    Some(walk.hits)
}

struct Walk<'a, 'r> {
    tokens: &'a mut Tokens<'r>,
    /// The text that is walked: the file's, or that of a string in it.
    text: &'a str,
    /// From this text outwards to the file's.
    layers: &'a [Rc<Layer>],
    /// How often text may be unpacked from here on.
    depth: usize,
    hits: Vec<Hit>,
}

impl Walk<'_, '_> {
    /// `rule` removes all of the value, if there is one.
    fn value(&mut self, value: &Value<'_>, pointer: &str, rule: Option<&str>) {
        let rule = rule.or_else(|| self.tokens.redactor.rule_for_pointer(pointer));
        match value {
            Value::Object(object) => self.object(object, pointer, rule),
            Value::Array(array) => {
                for (index, item) in array.elements.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"), rule);
                }
            }
            Value::StringLit(string) => self.string(string, pointer, rule),
            Value::NumberLit(number) => self.number(number, pointer, rule),
            Value::BooleanLit(_) | Value::NullKeyword(_) => {}
        }
    }

    fn object(&mut self, object: &Object<'_>, pointer: &str, rule: Option<&str>) {
        let redactor = self.tokens.redactor;
        let header = header_rule(redactor, object);
        for property in &object.properties {
            let key = property.name.as_str();
            let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            let rule = match rule {
                Some(_) if names_a_type(key) => None,
                Some(rule) => Some(rule),
                None if key == "value" => header.or_else(|| redactor.rule_for_key(key)),
                None => redactor.rule_for_key(key),
            };
            if let jsonc_parser::ast::ObjectPropName::String(name) = &property.name {
                self.name(name, &below);
            }
            self.value(&property.value, &below, rule);
        }
    }

    fn number(&mut self, number: &NumberLit<'_>, pointer: &str, rule: Option<&str>) {
        let known = self.tokens.rule_of_known(number.value).map(str::to_owned);
        let Some(rule) = rule.map(str::to_owned).or(known).filter(|_| number.value != "0") else {
            return;
        };
        if !is_removed(number.value, &rule) {
            return;
        }
        self.tokens.learn(number.value, number.value, &rule);
        let with = Replacement::Number(number.value.to_owned());
        self.hit(number.range.start..number.range.end, pointer, &rule, with);
    }

    fn string(&mut self, string: &StringLit<'_>, pointer: &str, rule: Option<&str>) {
        self.tokens.see(&string.value);
        let Some(rule) = rule.filter(|rule| is_removed(&string.value, rule)) else {
            return self.text_of(string, pointer);
        };
        let part = removed_part(&string.value, rule);
        let secret = string.value.get(part.clone()).unwrap_or_default();
        if secret.is_empty() || is_token(secret) {
            return;
        }
        self.tokens.learn(secret, &rules::decoded(secret), rule);
        // Half a surrogate pair is no text to point into: then all of the string goes.
        let Some((_, layers)) = self.unescaped(string) else {
            let with = Replacement::Token(string.value.to_string());
            return self.hit(content(string), pointer, rule, with);
        };
        let range = layers.iter().fold(part, |range, layer| layer.range(range));
        let with = Replacement::Token(secret.to_owned());
        self.hits.push(Hit { range, pointer: pointer.into(), rule: rule.into(), with });
    }

    /// A string that no key gives away: JSON, packed text, or plain text.
    fn text_of(&mut self, string: &StringLit<'_>, pointer: &str) {
        let trimmed = string.value.trim_start();
        let is_bracketed = trimmed.starts_with('{') || trimmed.starts_with('[');
        if !(is_bracketed && self.depth > 0 && self.embedded(string, pointer)) {
            self.searched(string, pointer);
        }
    }

    /// Walks JSON that stands in a string; false where it is none.
    fn embedded(&mut self, string: &StringLit<'_>, pointer: &str) -> bool {
        let Some((text, layers)) = self.unescaped(string) else { return false };
        let Some(value) = strict_ast(&text) else { return false };
        let (tokens, depth) = (&mut *self.tokens, self.depth - 1);
        let mut inner = Walk { tokens, text: &text, layers: &layers, depth, hits: Vec::new() };
        inner.value(&value, pointer, None);
        let found = inner.hits;
        self.hits.extend(found);
        true
    }

    /// A key. What is a word is left where it is a name, even if it is somewhere a secret.
    fn name(&mut self, name: &StringLit<'_>, pointer: &str) {
        if !is_word(&name.value) {
            self.searched(name, pointer);
        }
    }

    fn searched(&mut self, string: &StringLit<'_>, pointer: &str) {
        let found = search(self.tokens, &string.value, self.depth);
        if found.is_empty() {
            return;
        }
        let Some((_, layers)) = self.unescaped(string) else { return };
        for hit in found {
            let range = layers.iter().fold(hit.range, |range, layer| layer.range(range));
            let pointer = format!("{pointer}{}", hit.pointer);
            self.hits.push(Hit { range, pointer, ..hit });
        }
    }

    /// The text of a string, and the layers from it outwards to the file's text.
    fn unescaped(&self, string: &StringLit<'_>) -> Option<(String, Vec<Rc<Layer>>)> {
        let quoted = self.text.get(string.range.start..string.range.end)?;
        let (text, layer) = unescape_json(quoted).ok()?;
        let mut layers = vec![Rc::new(layer), Rc::new(Layer::verbatim(string.range.start))];
        layers.extend_from_slice(self.layers);
        Some((text, layers))
    }

    /// Notes a hit at a range of the text that is walked.
    fn hit(&mut self, range: Range<usize>, pointer: &str, rule: &str, with: Replacement) {
        let range = self.layers.iter().fold(range, |range, layer| layer.range(range));
        self.hits.push(Hit { range, pointer: pointer.into(), rule: rule.into(), with });
    }
}

/// The bytes between the quotes of a string.
fn content(string: &StringLit<'_>) -> Range<usize> {
    string.range.start + 1..string.range.end.saturating_sub(1)
}

/// `CloudFront` writes a header as `{"key": "Cookie", "value": "…"}` (Amazon `CloudFront` Developer
/// Guide, "Lambda@Edge event structure"): the rule for its value.
fn header_rule<'r>(redactor: &'r Redactor, object: &Object<'_>) -> Option<&'r str> {
    let named = |name: &str| object.get_string(name).map(|property| property.value.as_ref());
    named("key").or_else(|| named("name")).and_then(|key| redactor.rule_for_key(key))
}

mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::redact::{Anonymize, MAX_DEPTH};

    /// Both walks find the same, when secrets are collected and when they are replaced.
    #[track_caller]
    fn check(redactor: &Redactor, text: &str) {
        let mut tokens = Tokens::new(redactor, usize::MAX);
        let mut expected_tokens = Tokens::new(redactor, usize::MAX);
        for _ in 0..2 {
            let found = super::super::hits(&mut tokens, text, MAX_DEPTH);
            assert_eq!(found, hits(&mut expected_tokens, text, MAX_DEPTH), "{text}");
            tokens.collected();
            expected_tokens.collected();
        }
    }

    fn redactor() -> Redactor {
        let pointers = ["/a/0".to_owned(), "/body/a".to_owned()];
        Redactor::with(&["pin".into()], &pointers).anonymize(&[
            Anonymize::Account,
            Anonymize::Email,
            Anonymize::Ip,
        ])
    }

    /// JSON, or nearly, of names and values that rules are for.
    fn any_text() -> impl Strategy<Value = String> {
        let string = prop_oneof![
            Just("key"),
            Just("name"),
            Just("value"),
            Just("Cookie"),
            Just("cookie"),
            Just("a/b~c"),
            Just("password"),
            Just("hunter2-and"),
            Just("dataType"),
            Just("body"),
            Just("a"),
            Just("pin"),
            Just("x-hunter2-and x"),
            Just("111122223333"),
            Just("accountId"),
            Just("Basic dTpwYXNzd29yZA=="),
            Just("aHVudGVyMi1hbmQ="),
            Just("caf\u{e9}\n\"\\"),
            Just("a=1; b=hunter2-and"),
            Just("<cookie:7>"),
            Just("?X-Amz-Signature=ab12cd&y=1"),
            Just("{\"a\":1"),
            Just("10.0.0.7"),
            Just("AKIAIOSFODNN7EXAMPLE"),
        ];
        let quoted = string.prop_map(|text| serde_json::to_string(text).unwrap());
        let scalar = prop_oneof![
            quoted.clone(),
            quoted.clone(),
            Just("0".to_owned()),
            Just("111122223333".to_owned()),
            Just("null".to_owned()),
            Just("-1.5e3".to_owned()),
            Just("\"\\u0061\\/\"".to_owned()),
        ];
        scalar.prop_recursive(5, 40, 5, move |inner| {
            let member = (quoted.clone(), inner.clone())
                .prop_map(|(name, value)| format!("{name}: {value}"));
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| format!("[{}]", items.join(", "))),
                prop::collection::vec(member, 0..5)
                    .prop_map(|members| format!("{{{}}}", members.join(","))),
                inner.prop_map(|text| serde_json::to_string(&text).unwrap()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_walk_by_steps_finds_what_the_walk_over_a_tree_finds(text in any_text()) {
            check(&redactor(), &text);
            check(&Redactor::default(), &format!("{text} "));
            check(&Redactor::default(), &format!("{text}]"));
        }
    }

    #[test]
    fn nesting_takes_no_more_than_its_length() {
        let mut text = String::new();
        for depth in 0..120 {
            let _ = write!(text, "{{\"key\": \"Cookie\", \"n{depth}\": [");
        }
        let inner = "{\"value\": \"s=hunter2-and\", \"name\": \"Cookie\"},".repeat(500);
        text.push_str(inner.trim_end_matches(','));
        text.push_str(&"], \"value\": \"s=1\"}".repeat(120));
        check(&Redactor::default(), &text);
    }
}
