//! Changing facts in an event: only their own text changes, byte for byte.

use std::ops::Range;

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, parse_to_ast};
use retrigger_trigger::{SourcePart, Trigger};

use super::text;

/// One part of the source, as it is and as it shall be.
#[derive(Clone, Debug)]
pub(super) struct PayloadEdit {
    pub(super) part: SourcePart,
    pub(super) from: String,
    pub(super) to: String,
}

/// The event with these parts changed wherever it carries them. An event that carries none of them
/// comes back as it is.
pub(super) fn edited(event: &[u8], trigger: Trigger, edits: &[PayloadEdit]) -> Vec<u8> {
    let Ok(mut event) = String::from_utf8(event.to_vec()) else { return event.to_vec() };
    for edit in edits {
        let changes = changes(&event, trigger, edit);
        event = text::replaced(&event, changes);
    }
    event.into_bytes()
}

fn changes(event: &str, trigger: Trigger, edit: &PayloadEdit) -> Vec<(Range<usize>, String)> {
    let parsed = parse_to_ast(event, &CollectOptions::default(), &ParseOptions::default());
    let Ok(Some(root)) = parsed.map(|parsed| parsed.value) else { return vec![] };
    let mut found = Vec::new();
    for place in edit.part.places(trigger) {
        let path: Vec<&str> = place.split('/').skip(1).collect();
        strings_at(&root, &path, &mut found);
    }
    let changed = |(range, value): (Range<usize>, String)| {
        let value = edit.changed(&value)?;
        Some((range, serde_json::Value::from(value).to_string()))
    };
    found.into_iter().filter_map(changed).collect()
}

/// The strings at a path in which `*` is every element of an array, each with its place.
fn strings_at(value: &ast::Value<'_>, path: &[&str], found: &mut Vec<(Range<usize>, String)>) {
    match (value, path) {
        (ast::Value::StringLit(string), []) => {
            let range = string.range();
            found.push((range.start..range.end, string.value.to_string()));
        }
        (ast::Value::Object(object), [key, rest @ ..]) => {
            if let Some(property) = object.get(key) {
                strings_at(&property.value, rest, found);
            }
        }
        (ast::Value::Array(array), ["*", rest @ ..]) => {
            for element in &array.elements {
                strings_at(element, rest, found);
            }
        }
        (ast::Value::Array(array), [index, rest @ ..]) => {
            let index: Option<usize> = index.parse().ok();
            if let Some(element) = index.and_then(|index| array.elements.get(index)) {
                strings_at(element, rest, found);
            }
        }
        _ => {}
    }
}

impl PayloadEdit {
    pub(super) fn new(part: SourcePart, from: &str, to: &str) -> Self {
        Self { part, from: from.to_owned(), to: to.to_owned() }
    }

    /// A string of the event with the part changed; `None` where it does not hold it.
    fn changed(&self, value: &str) -> Option<String> {
        let Self { part, from, to } = self;
        let (before, after) = match part {
            SourcePart::Arn => ("", ":"),
            SourcePart::Api => ("", "."),
            SourcePart::Method => ("", " "),
            SourcePart::Route => (" ", ""),
            _ => ("", ""),
        };
        if value == from {
            return Some(to.clone());
        }
        if !before.is_empty() {
            let head = value.strip_suffix(from.as_str()).filter(|head| head.ends_with(before))?;
            return Some(format!("{head}{to}"));
        }
        let tail = value.strip_prefix(from.as_str());
        let tail = tail.filter(|tail| !after.is_empty() && tail.starts_with(after))?;
        Some(format!("{to}{tail}"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[track_caller]
    fn check(trigger: Trigger, part: SourcePart, change: (&str, &str), event: &str, wanted: &str) {
        let edit = PayloadEdit::new(part, change.0, change.1);
        let bytes = edited(event.as_bytes(), trigger, &[edit]);
        assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
    }

    #[test]
    fn every_record_is_changed_and_nothing_else() {
        check(
            Trigger::Sns,
            SourcePart::Arn,
            ("arn:a", "arn:b"),
            "{\"Records\":  [{\"EventSubscriptionArn\": \"arn:a:9\", \"Sns\": {\"TopicArn\": \"arn:a\"}},\n {\"Sns\": {\"Message\": \"arn:a\"}}]}",
            "{\"Records\":  [{\"EventSubscriptionArn\": \"arn:b:9\", \"Sns\": {\"TopicArn\": \"arn:b\"}},\n {\"Sns\": {\"Message\": \"arn:a\"}}]}",
        );
    }

    #[rstest]
    #[case(SourcePart::Method, "GET", "POST", "POST /pets")]
    #[case(SourcePart::Route, "/pets", "/other", "GET /other")]
    #[case(SourcePart::Route, "/pet", "/other", "GET /pets")]
    fn a_route_key_is_changed_in_part(
        #[case] part: SourcePart,
        #[case] from: &str,
        #[case] to: &str,
        #[case] key: &str,
    ) {
        let event = |key: &str| format!("{{\"routeKey\": \"{key}\"}}");
        check(Trigger::ApigwHttpV2, part, (from, to), &event("GET /pets"), &event(key));
    }

    #[test]
    fn an_event_that_does_not_carry_the_part_stays_as_it_is() {
        let event = "{\"detail\": \"rule/orders\"}";
        check(Trigger::Eventbridge, SourcePart::Arn, ("rule/orders", "x"), event, event);
    }
}
