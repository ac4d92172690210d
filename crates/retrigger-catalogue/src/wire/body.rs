//! Bodies as JSON values: JSON, CBOR and XML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::bad_body::{BadBody, DEEPEST, MOST_VALUES};

/// A JSON body; an empty one has no members.
pub(super) fn json(body: &[u8]) -> Result<Value, BadBody> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    let values = body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if values > MOST_VALUES {
        return Err(BadBody::TooDeep);
    }
    serde_json::from_slice(body).map_err(|error| BadBody::malformed("JSON", &error))
}

/// A CBOR body, with byte strings in base64.
pub(super) fn cbor(mut body: &[u8]) -> Result<Value, BadBody> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let read = ciborium::de::from_reader_with_recursion_limit(&mut body, DEEPEST);
    let value: ciborium::Value = read.map_err(|error| match error {
        ciborium::de::Error::RecursionLimitExceeded => BadBody::TooDeep,
        other => BadBody::malformed("CBOR", &other),
    })?;
    if body.is_empty() {
        Ok(of_cbor(value))
    } else {
        Err(BadBody::malformed("CBOR", &"something follows the value"))
    }
}

fn of_cbor(value: ciborium::Value) -> Value {
    use ciborium::Value as Cbor;
    match value {
        Cbor::Integer(number) => {
            let number = i128::from(number);
            let small = i64::try_from(number).map(Value::from);
            small.unwrap_or_else(|_| u64::try_from(number).map_or(Value::Null, Value::from))
        }
        Cbor::Float(number) => Value::from(number),
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        // A time is a tagged number of seconds.
        Cbor::Tag(_, inner) => of_cbor(*inner),
        Cbor::Array(values) => values.into_iter().map(of_cbor).collect(),
        Cbor::Map(pairs) => pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_text().ok()?, of_cbor(value))))
            .collect::<Map<_, _>>()
            .into(),
        _ => Value::Null,
    }
}

/// The root element of an XML body: one with children is an object, children of one name are a
/// list, and so are the tags in `TagSet` and `Tags`. Nothing but the five entities of XML is known.
pub(super) fn xml(body: &[u8]) -> Result<Value, BadBody> {
    let mut reader = quick_xml::Reader::from_reader(body);
    let mut open = vec![Element::default()];
    let mut values = 0;
    loop {
        let event = reader.read_event().map_err(|error| BadBody::malformed("XML", &error))?;
        values += 1;
        if open.len() > DEEPEST || values > MOST_VALUES {
            return Err(BadBody::TooDeep);
        }
        match event {
            Event::Start(tag) => open.push(Element::named(tag.local_name().as_ref())),
            Event::Empty(tag) => close(&mut open, Element::named(tag.local_name().as_ref())),
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    close(&mut open, element);
                }
            }
            Event::Text(text) => push(&mut open, &text),
            Event::CData(text) => push(&mut open, &text),
            Event::GeneralRef(name) => {
                let resolved = match name.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => std::str::from_utf8(&name)
                        .ok()
                        .and_then(quick_xml::escape::resolve_predefined_entity)
                        .map(str::to_owned),
                };
                let unknown = || BadBody::malformed("XML", &"an entity that XML does not define");
                push(&mut open, resolved.ok_or_else(unknown)?.as_bytes());
            }
            Event::DocType(_) => {
                return Err(BadBody::malformed("XML", &"a document type is not allowed"));
            }
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    let (Some(document), true) = (open.pop(), open.is_empty()) else {
        return Err(BadBody::malformed("XML", &"an element is not closed"));
    };
    document
        .children
        .into_iter()
        .next()
        .map(|(_, root)| root)
        .ok_or_else(|| BadBody::malformed("XML", &"there is no element"))
}

#[derive(Default)]
struct Element {
    name: String,
    text: Vec<u8>,
    children: Map<String, Value>,
}

impl Element {
    fn named(name: &[u8]) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), ..Self::default() }
    }

    fn value(mut self) -> Value {
        if self.children.is_empty() {
            return Value::String(String::from_utf8_lossy(&self.text).into_owned());
        }
        if matches!(self.name.as_str(), "TagSet" | "Tags")
            && let Some(tags) = self.children.remove("Tag")
        {
            return if tags.is_array() { tags } else { Value::Array(vec![tags]) };
        }
        Value::Object(self.children)
    }
}

fn push(open: &mut [Element], text: &[u8]) {
    if let Some(element) = open.last_mut() {
        element.text.extend_from_slice(text);
    }
}

fn close(open: &mut [Element], element: Element) {
    let Some(parent) = open.last_mut() else { return };
    let name = element.name.clone();
    let value = element.value();
    match parent.children.get_mut(&name) {
        Some(Value::Array(all)) => all.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            parent.children.insert(name, value);
        }
    }
}
