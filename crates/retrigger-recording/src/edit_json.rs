//! Changing a JSON text into one that says something else, with all that stays left as it is:
//! order of keys, spacing, spelling.

use std::{collections::HashMap, ops::Range};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{self, Array, Object},
    common::Ranged,
    parse_to_ast,
};
use serde::Serialize;
use serde_json::{Map, Value, ser::PrettyFormatter};

use crate::source::too_deep;

/// The text with only what must change changed, so that it says `wanted`; `None` where that cannot
/// be done.
pub(crate) fn edited(text: &str, wanted: &Value) -> Option<String> {
    let root = strict_ast(text)?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut editor = Editor { text, newline, unit: unit(text), out: String::new() };
    editor.keep(0..root.start());
    editor.value(&root, wanted, Around { indent: "", lines: true });
    editor.keep(root.end()..text.len());
    let is_right = serde_json::from_str::<Value>(&editor.out).is_ok_and(|said| said == *wanted);
    is_right.then_some(editor.out)
}

/// Parses JSON and nothing that is more lenient, nor nested deeper than is read elsewhere.
pub(crate) fn strict_ast(text: &str) -> Option<ast::Value<'_>> {
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

/// By how much the first line within brackets is indented.
fn unit(text: &str) -> &str {
    let line = text.lines().nth(1).unwrap_or_default();
    let end = line.len() - line.trim_start().len();
    if end == 0 { "  " } else { &line[..end] }
}

struct Editor<'t> {
    text: &'t str,
    newline: &'t str,
    unit: &'t str,
    out: String,
}

/// What a value stands in.
#[derive(Clone, Copy)]
struct Around<'t> {
    /// Before each line of it.
    indent: &'t str,
    /// Whether it has a line for each of its values.
    lines: bool,
}

/// A key or element of what is written.
struct Entry<'e, 't> {
    /// Its place in the text before, and its value there.
    old: Option<(usize, &'e ast::Value<'t>)>,
    /// The key, where it is new and of an object.
    key: Option<&'e str>,
    wanted: &'e Value,
}

impl<'t> Editor<'t> {
    fn keep(&mut self, range: Range<usize>) {
        self.out.push_str(self.text.get(range).unwrap_or_default());
    }

    fn value(&mut self, node: &ast::Value<'t>, wanted: &Value, around: Around<'_>) {
        let range = node.start()..node.end();
        let said = self.text.get(range.clone()).map(serde_json::from_str::<Value>);
        match (node, wanted) {
            _ if matches!(&said, Some(Ok(said)) if said == wanted) => self.keep(range),
            (ast::Value::Object(object), Value::Object(map))
                if !object.properties.is_empty() && !map.is_empty() =>
            {
                self.object(object, map, around);
            }
            (ast::Value::Array(array), Value::Array(items))
                if !array.elements.is_empty() && !items.is_empty() =>
            {
                self.array(array, items, around);
            }
            _ => self.fresh(wanted, around),
        }
    }

    /// A new key goes behind the one that it follows in what is wanted.
    fn object(&mut self, object: &Object<'t>, wanted: &Map<String, Value>, around: Around<'_>) {
        let old = object.properties.iter().enumerate();
        let kept: Vec<_> =
            old.filter_map(|old| Some((old, wanted.get(old.1.name.as_str())?))).collect();
        let names: HashMap<&str, usize> =
            kept.iter().map(|((at, property), _)| (property.name.as_str(), *at)).collect();
        let mut new: HashMap<Option<usize>, Vec<Entry<'_, '_>>> = HashMap::new();
        let mut last = None;
        for (key, wanted) in wanted {
            match names.get(key.as_str()) {
                Some(at) => last = Some(*at),
                None => {
                    new.entry(last).or_default().push(Entry { old: None, key: Some(key), wanted });
                }
            }
        }
        let mut entries = new.remove(&None).unwrap_or_default();
        for ((at, property), wanted) in kept {
            entries.push(Entry { old: Some((at, &property.value)), key: None, wanted });
            entries.extend(new.remove(&Some(at)).unwrap_or_default());
        }
        let parts = object.properties.iter().map(|one| one.start()..one.end()).collect();
        let colon = object.properties.first().map(|one| one.name.end()..one.value.start());
        let colon = colon.and_then(|range| self.text.get(range)).unwrap_or(": ");
        let brackets = Brackets { range: object.start()..object.end(), parts, colon };
        self.within(&brackets, &entries, around);
    }

    /// Elements are compared one by one.
    fn array(&mut self, array: &Array<'t>, wanted: &[Value], around: Around<'_>) {
        let old = |index: usize| array.elements.get(index).map(|node| (index, node));
        let entry = |(index, wanted)| Entry { old: old(index), key: None, wanted };
        let entries: Vec<_> = wanted.iter().enumerate().map(entry).collect();
        let parts = array.elements.iter().map(|one| one.start()..one.end()).collect();
        let brackets = Brackets { range: array.start()..array.end(), parts, colon: "" };
        self.within(&brackets, &entries, around);
    }

    /// Writes brackets with these entries, spaced as those before were.
    fn within(&mut self, brackets: &Brackets<'_>, entries: &[Entry<'_, 't>], around: Around<'_>) {
        let Brackets { range, parts, colon } = brackets;
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        let open = self.text.get(range.start..first.start).unwrap_or_default();
        let inner = match open.rsplit_once('\n') {
            Some((_, indent)) => Around { indent, lines: true },
            None => Around { lines: false, ..around },
        };
        let usual = match (parts.get(1), inner.lines) {
            (Some(second), _) => self.text.get(first.end..second.start).unwrap_or(",").to_owned(),
            (None, true) => format!(",{}{}", self.newline, inner.indent),
            (None, false) => ", ".to_owned(),
        };
        self.out.push_str(open);
        for (index, entry) in entries.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|index| entries.get(index));
            if let Some(before) = before {
                let gap = self.gap(parts, before, entry).unwrap_or(&usual);
                self.out.push_str(gap);
            }
            self.entry(entry, parts, colon, inner);
        }
        self.keep(last.end..range.end);
    }

    /// What stood between two entries that stood side by side.
    fn gap(
        &self,
        parts: &[Range<usize>],
        one: &Entry<'_, '_>,
        other: &Entry<'_, '_>,
    ) -> Option<&'t str> {
        let ((one, _), (other, _)) = (one.old?, other.old?);
        let range = parts.get(one)?.end..parts.get(other)?.start;
        if one + 1 == other { self.text.get(range) } else { None }
    }

    fn entry(
        &mut self,
        entry: &Entry<'_, 't>,
        parts: &[Range<usize>],
        colon: &str,
        inner: Around<'_>,
    ) {
        if let Some((at, node)) = entry.old {
            let start = parts.get(at).map_or(node.start(), |part| part.start);
            self.keep(start..node.start());
            return self.value(node, entry.wanted, inner);
        }
        if let Some(key) = entry.key {
            self.out.push_str(&Value::from(key).to_string());
            self.out.push_str(colon);
        }
        self.fresh(entry.wanted, inner);
    }

    /// A value that was not there: over several lines where its surroundings are.
    fn fresh(&mut self, wanted: &Value, around: Around<'_>) {
        if !around.lines {
            self.out.push_str(&wanted.to_string());
            return;
        }
        let mut bytes = Vec::new();
        let format = PrettyFormatter::with_indent(self.unit.as_bytes());
        let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
        // INVARIANT: a JSON value can be written, and to memory; what is not written is noticed
        // when the whole is read back.
        let _ = wanted.serialize(&mut writer);
        let text = String::from_utf8(bytes).unwrap_or_default();
        self.out.push_str(&text.replace('\n', &format!("{}{}", self.newline, around.indent)));
    }
}

/// Brackets as they stand in the text: all of them, each key with its value or element, and what
/// stands between a key and its value.
struct Brackets<'t> {
    range: Range<usize>,
    parts: Vec<Range<usize>>,
    colon: &'t str,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::nothing("{ \"a\" :1e3 }\n", json!({"a": 1e3}), "{ \"a\" :1e3 }\n")]
    #[case::one_value("{\n    \"b\": 1.50,\n    \"a\": \"x\"\n}\n", json!({"a": "y", "b": 1.5}), "{\n    \"b\": 1.50,\n    \"a\": \"y\"\n}\n")]
    #[case::deep("{\"a\": [1, {\"b\": [true]}]}", json!({"a": [1, {"b": [false]}]}), "{\"a\": [1, {\"b\": [false]}]}")]
    #[case::removed("{\n  \"a\": 1,\n  \"b\": 2\n}\n", json!({"a": 1}), "{\n  \"a\": 1\n}\n")]
    #[case::added_between("{\n  \"a\": 1,\n  \"c\": 3\n}\n", json!({"a": 1, "b": {"x": []}, "c": 3}), "{\n  \"a\": 1,\n  \"b\": {\n    \"x\": []\n  },\n  \"c\": 3\n}\n")]
    #[case::element_added("{\n  \"a\": [\n    1\n  ]\n}\n", json!({"a": [1, "\u{1}\"é"]}), "{\n  \"a\": [\n    1,\n    \"\\u0001\\\"é\"\n  ]\n}\n")]
    #[case::element_removed("{\n  \"a\": [\n    1,\n    2\n  ]\n}\n", json!({"a": [1]}), "{\n  \"a\": [\n    1\n  ]\n}\n")]
    #[case::other_type("{\n  \"a\": [\n    1\n  ]\n}\n", json!({"a": null}), "{\n  \"a\": null\n}\n")]
    #[case::windows("{\r\n  \"a\": 1\r\n}\r\n", json!({"a": 1, "b": 2}), "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n")]
    fn only_what_changed_is_changed(
        #[case] text: &str,
        #[case] wanted: Value,
        #[case] expected: &str,
    ) {
        assert_eq!(edited(text, &wanted).as_deref(), Some(expected));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            ".{0,6}".prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-d]", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_can_be_edited_into_any_other(old in any_json(), new in any_json()) {
            let (old, new) = (json!({"v": old}), json!({"v": new}));
            let texts = [old.to_string(), serde_json::to_string_pretty(&old).unwrap()];
            for text in texts {
                prop_assert!(edited(&text, &new).is_some(), "{text} into {new}");
            }
        }
    }
}
