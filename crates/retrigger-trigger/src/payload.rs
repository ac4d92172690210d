//! Reading JSON that may have any shape: every look-up can come back empty, none can fail.

use serde_json::Value;

/// The non-empty string at a JSON pointer.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// Whether anything but `null` stands at a JSON pointer.
pub(crate) fn has(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(|found| !found.is_null())
}

/// Whether something but `null` stands at every one of these JSON pointers.
pub(crate) fn has_all(value: &Value, pointers: &[&str]) -> bool {
    pointers.iter().all(|pointer| has(value, pointer))
}

/// Whether the string at a JSON pointer is exactly this one.
pub(crate) fn is(value: &Value, pointer: &str, expected: &str) -> bool {
    text(value, pointer) == Some(expected)
}

/// The elements of the array at a JSON pointer; none where there is no array.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The account id at a JSON pointer: a string of digits. Payloads of anonymous callers say
/// `anonymous` there.
pub(crate) fn account<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    text(value, pointer).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
}
