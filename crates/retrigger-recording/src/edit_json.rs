//! Changing a JSON text into one that says something else, with all that stays left as it is:
//! order of keys, spacing, spelling.

use jsonc_parser::{
    ParseOptions,
    cst::{CstArray, CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode},
};
use serde_json::{Map, Value};

/// The text with only what must change changed, so that it says `wanted`; `None` where that cannot
/// be done.
pub(crate) fn edited(text: &str, wanted: &Value) -> Option<String> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        ..ParseOptions::default()
    };
    let root = CstRootNode::parse(text, &strict).ok()?;
    match (root.object_value(), wanted) {
        (Some(object), Value::Object(map)) => edit_object(&object, map),
        _ => root.set_value(input(wanted)),
    }
    let text = root.to_string();
    (serde_json::from_str::<Value>(&text).ok()? == *wanted).then_some(text)
}

fn edit_object(object: &CstObject, wanted: &Map<String, Value>) {
    for property in object.properties() {
        match property.decoded_name().and_then(|name| wanted.get(&name)) {
            Some(value) => edit_property(&property, value),
            None => property.remove(),
        }
    }
    // A new key goes behind the one that it follows in what is wanted.
    let mut at = 0;
    for (name, value) in wanted {
        at = match object.get(name) {
            Some(property) => property.property_index() + 1,
            None => object.insert(at, name, input(value)).property_index() + 1,
        };
    }
}

fn edit_property(property: &CstObjectProp, wanted: &Value) {
    let Some(node) = property.value() else { return };
    if !edit_within(&node, wanted) {
        property.set_value(input(wanted));
    }
}

/// Elements are compared one by one: an equal one stays as it is written.
fn edit_array(array: &CstArray, wanted: &[Value]) {
    let elements = array.elements();
    for (node, value) in elements.iter().zip(wanted) {
        if !edit_within(node, value) {
            replace(node.clone(), value);
        }
    }
    for node in elements.iter().skip(wanted.len()) {
        node.clone().remove();
    }
    for value in wanted.iter().skip(elements.len()) {
        array.append(input(value));
    }
}

/// Whether the node says `wanted` now; what cannot be edited must be replaced.
fn edit_within(node: &CstNode, wanted: &Value) -> bool {
    if node.to_serde_value().as_ref() == Some(wanted) {
        return true;
    }
    match wanted {
        Value::Object(map) => node.as_object().map(|object| edit_object(&object, map)).is_some(),
        Value::Array(items) => node.as_array().map(|array| edit_array(&array, items)).is_some(),
        _ => false,
    }
}

fn replace(node: CstNode, wanted: &Value) {
    let wanted = input(wanted);
    if let Some(node) = node.as_object() {
        node.replace_with(wanted);
    } else if let Some(node) = node.as_array() {
        node.replace_with(wanted);
    } else if let Some(node) = node.as_string_lit() {
        node.replace_with(wanted);
    } else if let Some(node) = node.as_number_lit() {
        node.replace_with(wanted);
    } else if let Some(node) = node.as_boolean_lit() {
        node.replace_with(wanted);
    } else if let Some(node) = node.as_null_keyword() {
        node.replace_with(wanted);
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(map) => CstInputValue::Object(
            map.iter().map(|(key, value)| (key.clone(), input(value))).collect(),
        ),
    }
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
