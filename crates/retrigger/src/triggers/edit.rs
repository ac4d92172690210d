//! Changing a list in a JSON file, so that the rest of the file stays as it is written.

use jsonc_parser::{
    ParseOptions,
    cst::{CstArray, CstInputValue, CstObject, CstRootNode},
};
use serde_json::{Map, Value};

/// A JSON object that is being changed. Text of one line stays on one line, without spaces, as
/// AWS writes policies; other text keeps its indentation.
pub(super) enum Document {
    Lines { root: CstRootNode, object: CstObject },
    Line { value: Value, within: Option<String>, end: String },
}

impl Document {
    /// Reads an object; `None` where the text is no JSON object.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok().filter(Value::is_object)?;
        if text.trim_end().contains('\n') {
            let root = CstRootNode::parse(text, &ParseOptions::default()).ok()?;
            return Some(Self::Lines { object: root.object_value()?, root });
        }
        let end = text.get(text.trim_end().len()..)?.to_owned();
        Some(Self::Line { value, within: None, end })
    }

    /// The object at a key, within the same text; `None` where there is none.
    pub(super) fn within(self, key: &str) -> Option<Self> {
        match self {
            Self::Lines { root, object } => {
                Some(Self::Lines { object: object.object_value(key)?, root })
            }
            Self::Line { value, end, .. } => {
                value.get(key).filter(|inner| inner.is_object())?;
                Some(Self::Line { value, within: Some(key.to_owned()), end })
            }
        }
    }

    /// Appends to the list at `key`, which is made where it is missing. A single value there
    /// becomes a list of one first.
    pub(super) fn append(&mut self, key: &str, added: &[Value]) {
        match self {
            Self::Lines { object, .. } => {
                let list = list_of(object, key);
                for value in added {
                    list.append(input(value));
                }
                list.ensure_multiline();
            }
            Self::Line { value, within, .. } => {
                let object = inner(value, within.as_deref());
                let mut all = match object[key].take() {
                    Value::Array(list) => list,
                    Value::Null => vec![],
                    single => vec![single],
                };
                all.extend_from_slice(added);
                object[key] = Value::Array(all);
            }
        }
    }

    /// Removes one element of the list at `key`; a single value there is element 0.
    pub(super) fn remove(&mut self, key: &str, index: usize) {
        match self {
            Self::Lines { object, .. } => {
                if let Some(element) = list_of(object, key).elements().into_iter().nth(index) {
                    element.remove();
                }
            }
            Self::Line { value, within, .. } => match &mut inner(value, within.as_deref())[key] {
                Value::Array(list) if index < list.len() => {
                    list.remove(index);
                }
                other => *other = Value::Array(vec![]),
            },
        }
    }

    /// Sets keys of one object in the list at `key`.
    pub(super) fn set_within(&mut self, key: &str, index: usize, keys: &Map<String, Value>) {
        match self {
            Self::Lines { object, .. } => {
                let element = list_of(object, key).elements().into_iter().nth(index);
                let Some(element) = element.and_then(|node| node.as_object()) else { return };
                for (name, value) in keys {
                    match element.get(name) {
                        Some(property) => property.set_value(input(value)),
                        None => {
                            element.append(name, input(value));
                        }
                    }
                }
            }
            Self::Line { value, within, .. } => {
                let list = inner(value, within.as_deref()).get_mut(key);
                if let Some(Value::Object(element)) = list.and_then(|list| list.get_mut(index)) {
                    element.extend(keys.clone());
                }
            }
        }
    }

    /// Sets a string that is there already.
    pub(super) fn set_string(&mut self, key: &str, text: &str) {
        match self {
            Self::Lines { object, .. } => {
                if let Some(property) = object.get(key) {
                    property.set_value(CstInputValue::String(text.to_owned()));
                }
            }
            Self::Line { value, within, .. } => {
                if let Some(old) = inner(value, within.as_deref()).get_mut(key) {
                    *old = text.into();
                }
            }
        }
    }

    /// The whole text as it now reads.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Lines { root, .. } => root.to_string(),
            Self::Line { value, end, .. } => format!("{value}{end}"),
        }
    }
}

fn inner<'v>(value: &'v mut Value, key: Option<&str>) -> &'v mut Value {
    match key {
        Some(key) => &mut value[key],
        None => value,
    }
}

/// The list at a key. What stands there instead is put into a list.
fn list_of(object: &CstObject, key: &str) -> CstArray {
    if let Some(list) = object.array_value(key) {
        return list;
    }
    let single = object.get(key).and_then(|property| property.value());
    let single = single.and_then(|node| serde_json::from_str::<Value>(&node.to_string()).ok());
    let list = object.array_value_or_set(key);
    if let Some(single) = single {
        list.append(input(&single));
        list.ensure_multiline();
    }
    list
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(list) => CstInputValue::Array(list.iter().map(input).collect()),
        Value::Object(map) => CstInputValue::Object(
            map.iter().map(|(key, value)| (key.clone(), input(value))).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, change: impl FnOnce(&mut Document), expected: &str) {
        let mut document = Document::read(text).unwrap();
        change(&mut document);
        assert_eq!(document.text(), expected);
    }

    #[test]
    fn an_element_is_appended_in_the_files_own_indentation() {
        check(
            "{\n    \"List\": [\n        {\"a\": 1}\n    ],\n    \"b\":  2\n}\n",
            |document| document.append("List", &[json!({"Sid": "s", "Principal": {"AWS": "*"}})]),
            "{\n    \"List\": [\n        {\"a\": 1},\n        {\n            \"Sid\": \"s\",\n            \
             \"Principal\": {\n                \"AWS\": \"*\"\n            }\n        }\n    ],\n    \
             \"b\":  2\n}\n",
        );
    }

    #[test]
    fn an_element_is_removed_without_a_trace() {
        let text = |list: &str| format!("{{\n  \"List\": [\n    {list}\n  ]\n}}\n");
        let full = text("{\"a\": 1},\n    {\"b\": 2},\n    {\"c\": 3}");
        check(&full, |it| it.remove("List", 1), &text("{\"a\": 1},\n    {\"c\": 3}"));
        check(&full, |it| it.remove("List", 0), &text("{\"b\": 2},\n    {\"c\": 3}"));
        check(&full, |it| it.remove("List", 2), &text("{\"a\": 1},\n    {\"b\": 2}"));
    }

    #[rstest]
    #[case("{\"List\":[{},{\"a\":1}]}", "{\"List\":[{},{\"a\":2,\"b\":[3]}]}")]
    #[case(
        "{\n  \"List\": [\n    {},\n    {\n      \"a\": 1\n    }\n  ]\n}",
        "{\n  \"List\": [\n    {},\n    {\n      \"a\": 2,\n      \"b\": [3]\n    }\n  ]\n}"
    )]
    fn keys_are_set_in_one_element(#[case] text: &str, #[case] expected: &str) {
        let keys = Map::from_iter([("a".to_owned(), json!(2)), ("b".to_owned(), json!([3]))]);
        check(text, |it| it.set_within("List", 1, &keys), expected);
    }

    #[test]
    fn what_was_added_and_removed_again_leaves_the_file_as_it_was() {
        let text = "{\n  \"List\": [\n    {\n      \"a\": [1, 2]\n    }\n  ]\n}";
        let twice = |it: &mut Document| {
            it.append("List", &[json!({"b": 1}), json!({"c": 2})]);
            it.remove("List", 2);
            it.remove("List", 1);
        };
        check(text, twice, text);
    }

    #[test]
    fn an_empty_list_grows() {
        check(
            "{\n  \"List\": []\n}\n",
            |it| it.append("List", &[json!({"a": 1})]),
            "{\n  \"List\": [\n    {\n      \"a\": 1\n    }\n  ]\n}\n",
        );
    }

    #[test]
    fn a_single_value_becomes_a_list() {
        check(
            "{\n  \"List\": {\"a\": 1}\n}\n",
            |it| it.append("List", &[json!({"b": 2})]),
            "{\n  \"List\": [\n    {\n      \"a\": 1\n    },\n    {\n      \"b\": 2\n    }\n  ]\n}\n",
        );
    }

    #[rstest]
    #[case("{\"x\":1,\"List\":[1]}\n", "{\"x\":1,\"List\":[1,2]}\n")]
    #[case("{\"List\":1}", "{\"List\":[1,2]}")]
    #[case("{}", "{\"List\":[2]}")]
    fn one_line_stays_one_line(#[case] text: &str, #[case] expected: &str) {
        check(text, |it| it.append("List", &[json!(2)]), expected);
    }

    #[rstest]
    #[case("{\"a\":{\"List\":[1]}}", "{\"a\":{\"List\":[1,2]}}")]
    #[case(
        "{\n  \"a\": {\"List\": [1]}\n}",
        "{\n  \"a\": {\"List\": [\n      1,\n      2\n    ]}\n}"
    )]
    fn a_list_within_is_reached(#[case] text: &str, #[case] expected: &str) {
        let mut inner = Document::read(text).unwrap().within("a").unwrap();
        inner.append("List", &[json!(2)]);
        assert_eq!(inner.text(), expected);
    }

    #[test]
    fn a_string_is_set_with_its_escapes() {
        let set = |it: &mut Document| it.set_string("a", "{\"b\":\"\\n\"}");
        check("{\n  \"a\": \"\"\n}", set, "{\n  \"a\": \"{\\\"b\\\":\\\"\\\\n\\\"}\"\n}");
    }

    #[rstest]
    #[case("[]")]
    #[case("{")]
    #[case("{\n// comment\n}")]
    fn other_text_is_not_read(#[case] text: &str) {
        assert!(Document::read(text).is_none());
    }
}
