//! The JSON under a policy: syntax errors in our words, and spans of values.

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{ObjectProp, Value},
    common::Ranged,
    errors::ParseErrorKind,
    parse_to_ast,
};

use crate::{
    finding::{Code, Finding},
    source::Span,
};

/// Reads strict JSON (RFC 8259).
pub(super) fn parse(text: &str) -> Result<Value<'_>, Finding> {
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
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict).map_err(|error| {
        let range = error.range();
        let span = Span::new(range.start, range.end.max(range.start));
        let message = if matches!(error.kind(), ParseErrorKind::NestingDepthExceeded) {
            "nested deeper than any policy".to_owned()
        } else {
            format!("not JSON: {}", lowercase_first(&error.kind().to_string()))
        };
        Finding::error(Code::JsonSyntax, span, message)
    })?;
    parsed.value.ok_or_else(|| {
        let message = "the document is empty";
        Finding::error(Code::JsonSyntax, Span::new(0, text.len()), message)
    })
}

fn lowercase_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// The elements of an array, or the value alone: "a single value may stand without brackets".
pub(crate) fn one_or_many<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Array(array) => &array.elements,
        single => std::slice::from_ref(single),
    }
}

pub(crate) fn span_of(value: &Value<'_>) -> Span {
    let range = value.range();
    Span::new(range.start, range.end)
}

pub(crate) fn name_span(property: &ObjectProp<'_>) -> Span {
    let range = property.name.range();
    Span::new(range.start, range.end)
}

pub(super) fn kind_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "a boolean",
        Value::Object(_) => "an object",
        Value::Array(_) => "an array",
        Value::NullKeyword(_) => "null",
    }
}

/// The name of the CloudFormation function that stands in the place of a value, such as
/// `Fn::Sub`.
pub(super) fn intrinsic_function<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    let [property] = value.as_object()?.properties.as_slice() else { return None };
    let name = property.name.as_str();
    (name == "Ref" || name.starts_with("Fn::")).then_some(name)
}
