//! CBOR as JSON, where the very same bytes can be made of it again. Source: RFC 8949, "Concise Binary
//! Object Representation (CBOR)".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ciborium::Value as Cbor;
use ciborium_ll::{Encoder, Header, simple};
use serde_json::{Map, Number, Value, json};

/// How deep values may be nested; JSON that holds them is not read much deeper.
const MAX_DEPTH: usize = 64;
const BYTES: &str = "$bytes";
const TAG: &str = "$tag";

/// What is left to whoever writes CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Maps and lists end with a mark, and do not say how long they are.
    pub(super) indefinite: bool,
    /// Numbers with a point have eight bytes, and not as few as will do.
    pub(super) doubles: bool,
}

const STYLES: [Style; 4] = [
    Style { indefinite: false, doubles: false },
    Style { indefinite: false, doubles: true },
    Style { indefinite: true, doubles: false },
    Style { indefinite: true, doubles: true },
];

/// A map or list as JSON, and the style in which it is CBOR; `None` where the same bytes cannot be
/// made again.
pub(super) fn readable(bytes: &[u8]) -> Option<(Value, Style)> {
    let mut rest = bytes;
    let read = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH);
    let cbor: Cbor = read.ok().filter(|_| rest.is_empty())?;
    if !matches!(cbor, Cbor::Map(_) | Cbor::Array(_)) {
        return None;
    }
    let json = to_json(&cbor)?;
    // What is written is text, in which a number may be another.
    let json: Value = serde_json::from_str(&json.to_string()).ok()?;
    let same = |style: &Style| self::bytes(&json, *style).as_deref() == Some(bytes);
    let style = STYLES.into_iter().find(same)?;
    Some((json, style))
}

/// The CBOR that JSON stands for; `None` where a special member is not as it must be.
pub(super) fn bytes(json: &Value, style: Style) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&from_json(json)?, style, &mut bytes).map(|()| bytes)
}

fn to_json(cbor: &Cbor) -> Option<Value> {
    Some(match cbor {
        Cbor::Null => Value::Null,
        Cbor::Bool(yes) => (*yes).into(),
        Cbor::Integer(number) => {
            let number = i128::from(*number);
            match u64::try_from(number) {
                Ok(number) => number.into(),
                Err(_) => i64::try_from(number).ok()?.into(),
            }
        }
        Cbor::Float(number) => Number::from_f64(*number)?.into(),
        Cbor::Text(text) => text.as_str().into(),
        Cbor::Bytes(bytes) => match std::str::from_utf8(bytes) {
            // The token of what was redacted, which is no base64.
            Ok(text) if text.starts_with('<') && text.ends_with('>') => json!({BYTES: text}),
            _ => json!({BYTES: STANDARD.encode(bytes)}),
        },
        Cbor::Tag(tag, value) => json!({TAG: [tag, to_json(value)?]}),
        Cbor::Array(items) => items.iter().map(to_json).collect::<Option<Value>>()?,
        Cbor::Map(members) => {
            let mut map = Map::new();
            for (name, value) in members {
                let name = name.as_text().filter(|name| !name.starts_with('$'))?;
                map.insert(name.to_owned(), to_json(value)?);
            }
            Value::Object(map)
        }
        _ => return None,
    })
}

fn from_json(json: &Value) -> Option<Cbor> {
    Some(match json {
        Value::Null => Cbor::Null,
        Value::Bool(yes) => Cbor::Bool(*yes),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (_, Some(number)) => number.into(),
            _ => Cbor::Float(number.as_f64()?),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(from_json).collect::<Option<_>>()?),
        Value::Object(map) => match (map.get(BYTES), map.get(TAG)) {
            (Some(text), _) => {
                let text = text.as_str()?;
                Cbor::Bytes(STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec()))
            }
            (_, Some(tag)) => {
                let [tag, value] = tag.as_array()?.as_slice() else { return None };
                Cbor::Tag(tag.as_u64()?, from_json(value)?.into())
            }
            _ => {
                let member = |(name, value): (&String, &Value)| {
                    Some((Cbor::Text(name.clone()), from_json(value)?))
                };
                Cbor::Map(map.iter().map(member).collect::<Option<_>>()?)
            }
        },
    })
}

fn write(cbor: &Cbor, style: Style, bytes: &mut Vec<u8>) -> Option<()> {
    let length = |length: usize| (!style.indefinite).then_some(length);
    let header = match cbor {
        Cbor::Null => Header::Simple(simple::NULL),
        Cbor::Bool(false) => Header::Simple(simple::FALSE),
        Cbor::Bool(true) => Header::Simple(simple::TRUE),
        Cbor::Integer(number) => match u64::try_from(i128::from(*number)) {
            Ok(number) => Header::Positive(number),
            Err(_) => Header::Negative(u64::try_from(-1 - i128::from(*number)).ok()?),
        },
        Cbor::Float(number) if style.doubles => {
            bytes.push(0xFB);
            bytes.extend_from_slice(&number.to_be_bytes());
            return Some(());
        }
        Cbor::Float(number) => Header::Float(*number),
        Cbor::Text(text) => Header::Text(Some(text.len())),
        Cbor::Bytes(binary) => Header::Bytes(Some(binary.len())),
        Cbor::Tag(tag, _) => Header::Tag(*tag),
        Cbor::Array(items) => Header::Array(length(items.len())),
        Cbor::Map(members) => Header::Map(length(members.len())),
        _ => return None,
    };
    push(header, bytes)?;
    match cbor {
        Cbor::Text(text) => bytes.extend_from_slice(text.as_bytes()),
        Cbor::Bytes(binary) => bytes.extend_from_slice(binary),
        Cbor::Tag(_, value) => write(value, style, bytes)?,
        Cbor::Array(items) => items.iter().try_for_each(|item| write(item, style, bytes))?,
        Cbor::Map(members) => {
            for (name, value) in members {
                write(name, style, bytes)?;
                write(value, style, bytes)?;
            }
        }
        _ => return Some(()),
    }
    let is_marked = style.indefinite && matches!(cbor, Cbor::Array(_) | Cbor::Map(_));
    if is_marked { push(Header::Break, bytes) } else { Some(()) }
}

fn push(header: Header, bytes: &mut Vec<u8>) -> Option<()> {
    Encoder::from(bytes).push(header).ok()
}
