//! Finds the secrets of a JSON text by their spans, also in JSON that stands in its strings.

use std::{ops::Range, rc::Rc};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, StringLit, Value},
    parse_to_ast,
};

use super::{
    MARKER, Redactor, is_marked,
    packing::{pack, unpack},
    rules,
};
use crate::{
    mapping::{Layer, unescape_json},
    source::too_deep,
};

/// How deep JSON and packed text are looked for in strings.
const MAX_EMBEDDING: usize = 8;

/// One piece of the text that a rule removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// A JSON pointer to the value that holds it.
    pub(super) pointer: String,
    /// The rule.
    pub(super) rule: String,
    /// What takes its place.
    pub(super) replacement: String,
}

/// The hits in a JSON text in order, or `None` where it is no JSON. `embedding` tells how often it
/// was unpacked.
pub(super) fn hits(redactor: &Redactor, text: &str, embedding: usize) -> Option<Vec<Hit>> {
    let mut walk = Walk { redactor, text, layers: &[], embedding, hits: Vec::new() };
    walk.value(&strict_ast(text)?, "", None);
    walk.hits.sort_by_key(|hit| hit.range.start);
    Some(walk.hits)
}

/// Parses JSON and nothing that is more lenient, nor nested deeper than is read elsewhere.
pub(crate) fn strict_ast(text: &str) -> Option<Value<'_>> {
    if too_deep(text).is_some() {
        return None;
    }
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    parse_to_ast(text, &CollectOptions::default(), &strict).ok()?.value
}

struct Walk<'a> {
    redactor: &'a Redactor,
    /// The text that is walked: the file's, or that of a string in it.
    text: &'a str,
    /// From this text outwards to the file's.
    layers: &'a [Rc<Layer>],
    embedding: usize,
    hits: Vec<Hit>,
}

impl Walk<'_> {
    /// `rule` removes all of the value, if there is one.
    fn value(&mut self, value: &Value<'_>, pointer: &str, rule: Option<&str>) {
        let rule = rule.or_else(|| self.redactor.rule_for_pointer(pointer));
        match value {
            Value::Object(object) => self.object(object, pointer, rule),
            Value::Array(array) => {
                for (index, item) in array.elements.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"), rule);
                }
            }
            Value::StringLit(string) => self.string(string, pointer, rule),
            Value::NumberLit(number) => {
                if let Some(rule) = rule.filter(|_| number.value != "0") {
                    self.hit(number.range.start..number.range.end, pointer, rule, "0".into());
                }
            }
            Value::BooleanLit(_) | Value::NullKeyword(_) => {}
        }
    }

    fn object(&mut self, object: &Object<'_>, pointer: &str, rule: Option<&str>) {
        let header = header_rule(self.redactor, object);
        for property in &object.properties {
            let key = property.name.as_str();
            let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            let rule = match rule {
                Some(_) if names_a_type(key) => None,
                Some(rule) => Some(rule),
                None if key == "value" => header.or_else(|| self.redactor.rule_for_key(key)),
                None => self.redactor.rule_for_key(key),
            };
            if let jsonc_parser::ast::ObjectPropName::String(name) = &property.name {
                self.shapes(name, &below);
            }
            self.value(&property.value, &below, rule);
        }
    }

    fn string(&mut self, string: &StringLit<'_>, pointer: &str, rule: Option<&str>) {
        let Some(rule) = rule else { return self.text_of(string, pointer) };
        if !string.value.is_empty() && !is_marked(&string.value) {
            self.hit(content(string), pointer, rule, format!("{MARKER}{rule}"));
        }
    }

    /// A string that no key gives away: JSON, packed text, or plain text.
    fn text_of(&mut self, string: &StringLit<'_>, pointer: &str) {
        let trimmed = string.value.trim_start();
        let is_bracketed = trimmed.starts_with('{') || trimmed.starts_with('[');
        if is_bracketed && self.embedding < MAX_EMBEDDING && self.embedded(string, pointer) {
            return;
        }
        if !self.packed(string, pointer) {
            self.shapes(string, pointer);
        }
    }

    /// Walks JSON that stands in a string; false where it is none.
    fn embedded(&mut self, string: &StringLit<'_>, pointer: &str) -> bool {
        let Some((text, layers)) = self.unescaped(string) else { return false };
        let Some(value) = strict_ast(&text) else { return false };
        let (redactor, embedding) = (self.redactor, self.embedding + 1);
        let mut inner =
            Walk { redactor, text: &text, layers: &layers, embedding, hits: Vec::new() };
        inner.value(&value, pointer, None);
        let found = inner.hits;
        self.hits.extend(found);
        true
    }

    /// Redacts text that stands packed, such as a request's body in base64; false where it is none,
    /// or has nothing to redact.
    fn packed(&mut self, string: &StringLit<'_>, pointer: &str) -> bool {
        let unpacked = unpack(&string.value).filter(|_| self.embedding < MAX_EMBEDDING);
        let Some((packing, text)) = unpacked else { return false };
        let (redacted, found) = self.redactor.redact_embedded(&text, pointer, self.embedding + 1);
        let (Some(first), Ok(replacement)) = (found.first(), pack(packing, &redacted)) else {
            return false;
        };
        self.hit(content(string), &first.pointer, &first.rule, replacement);
        true
    }

    fn shapes(&mut self, string: &StringLit<'_>, pointer: &str) {
        let found = rules::shapes_in(&string.value);
        if found.is_empty() {
            return;
        }
        let Some((_, layers)) = self.unescaped(string) else { return };
        for (range, rule) in found {
            let range = layers.iter().fold(range, |range, layer| layer.range(range));
            let replacement = format!("{MARKER}{rule}");
            self.hits.push(Hit { range, pointer: pointer.into(), rule: rule.into(), replacement });
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
    fn hit(&mut self, range: Range<usize>, pointer: &str, rule: &str, replacement: String) {
        let range = self.layers.iter().fold(range, |range, layer| layer.range(range));
        self.hits.push(Hit { range, pointer: pointer.into(), rule: rule.into(), replacement });
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

/// What says what a secret is, within an object that holds one, and is not secret itself: a
/// message attribute's type, a header's name.
fn names_a_type(key: &str) -> bool {
    ["dataType", "Type", "type", "key", "name"].contains(&key)
}
