//! What a value can be held against. Source: EventBridge User Guide, "Comparison operators for use
//! in event patterns in Amazon EventBridge".

use std::{cmp::Ordering, net::IpAddr};

use serde_json::{Map, Value};

/// One test of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// The value itself: text, a number, `true`, `false` or `null`.
    Equals(Value),
    EqualsIgnoringCase(String),
    Prefix(Text),
    Suffix(Text),
    Wildcard(Vec<String>),
    Numeric(Vec<(Ordered, f64)>),
    /// An address within these bits.
    Cidr(IpAddr, u32),
    Present,
    Absent,
    /// None of these.
    AnythingBut(Vec<Self>),
}

/// A text, compared with or without case.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Text {
    Exact(String),
    IgnoringCase(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordered {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

const KNOWN: &str = "known are `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `numeric`, \
                     `cidr`, `exists` and `anything-but`";

/// Reads one element of a list of values.
pub(super) fn read(value: &Value) -> Result<Test, String> {
    match value {
        Value::Object(members) => operator(members),
        Value::Array(_) => Err("a list within a list matches nothing".to_owned()),
        plain => Ok(Test::Equals(plain.clone())),
    }
}

fn operator(members: &Map<String, Value>) -> Result<Test, String> {
    let mut pairs = members.iter();
    let (Some((name, value)), None) = (pairs.next(), pairs.next()) else {
        return Err(format!("a comparison is an object with one member: {KNOWN}"));
    };
    match name.as_str() {
        "prefix" => text(value, name).map(Test::Prefix),
        "suffix" => text(value, name).map(Test::Suffix),
        "equals-ignore-case" => {
            string(value, name).map(|text| Test::EqualsIgnoringCase(fold(&text)))
        }
        "wildcard" => wildcard(value),
        "numeric" => numeric(value).map(Test::Numeric),
        "cidr" => cidr(value),
        "exists" => match value {
            Value::Bool(true) => Ok(Test::Present),
            Value::Bool(false) => Ok(Test::Absent),
            _ => Err("`exists` takes `true` or `false`".to_owned()),
        },
        "anything-but" => anything_but(value).map(Test::AnythingBut),
        other => Err(format!("`{other}` is no comparison: {KNOWN}")),
    }
}

fn string(value: &Value, name: &str) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("`{name}` takes a string"))
}

/// A string, or `{"equals-ignore-case": "…"}`.
fn text(value: &Value, name: &str) -> Result<Text, String> {
    match value.get("equals-ignore-case") {
        Some(inner) => string(inner, name).map(|text| Text::IgnoringCase(fold(&text))),
        None => string(value, name).map(Text::Exact),
    }
}

/// The texts between the stars; `\*` is a star and `\\` a backslash.
fn wildcard(value: &Value) -> Result<Test, String> {
    let pattern = string(value, "wildcard")?;
    let mut parts = vec![String::new()];
    let mut after_star = false;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let plain = match letter {
            '*' if after_star => return Err("`wildcard` has two `*` in a row".to_owned()),
            '*' => None,
            '\\' => match letters.next() {
                Some(escaped @ ('*' | '\\')) => Some(escaped),
                _ => return Err("`wildcard` has a `\\` before neither `*` nor `\\`".to_owned()),
            },
            other => Some(other),
        };
        after_star = plain.is_none();
        match (plain, parts.last_mut()) {
            (Some(letter), Some(part)) => part.push(letter),
            _ => parts.push(String::new()),
        }
    }
    Ok(Test::Wildcard(parts))
}

fn numeric(value: &Value) -> Result<Vec<(Ordered, f64)>, String> {
    let expected =
        "`numeric` takes comparisons and numbers by turns, such as `[\">\", 0, \"<=\", 5]`";
    let parts = value.as_array().map_or(&[][..], Vec::as_slice);
    let pair = |pair: &[Value]| {
        let [operator, number] = pair else { return None };
        let ordered = match operator.as_str()? {
            "=" => Ordered::Equal,
            "<" => Ordered::Less,
            "<=" => Ordered::AtMost,
            ">" => Ordered::Greater,
            ">=" => Ordered::AtLeast,
            _ => return None,
        };
        Some((ordered, number.as_f64()?))
    };
    let pairs: Option<Vec<_>> = parts.chunks(2).map(pair).collect();
    pairs.filter(|pairs| !pairs.is_empty()).ok_or_else(|| expected.to_owned())
}

fn cidr(value: &Value) -> Result<Test, String> {
    let text = string(value, "cidr")?;
    let parsed = text.split_once('/').and_then(|(address, bits)| {
        let address: IpAddr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok()?;
        (bits <= width(address)).then_some(Test::Cidr(address, bits))
    });
    parsed.ok_or_else(|| format!("`{text}` is no range of addresses such as `10.0.0.0/24`"))
}

/// A value, a list of values, or one of four comparisons with a string or a list of strings.
fn anything_but(value: &Value) -> Result<Vec<Test>, String> {
    let each = |value: &Value, read: &dyn Fn(&Value) -> Result<Test, String>| match value {
        Value::Array(values) if values.is_empty() => {
            Err("`anything-but` has an empty list".to_owned())
        }
        Value::Array(values) => values.iter().map(read).collect(),
        one => read(one).map(|test| vec![test]),
    };
    let Some(members) = value.as_object() else {
        return each(value, &|value| match value {
            Value::String(_) | Value::Number(_) => Ok(Test::Equals(value.clone())),
            _ => Err("`anything-but` takes strings and numbers".to_owned()),
        });
    };
    match members.iter().next() {
        Some((name, inner))
            if members.len() == 1
                && matches!(
                    name.as_str(),
                    "prefix" | "suffix" | "equals-ignore-case" | "wildcard"
                ) =>
        {
            each(inner, &|value| operator(&Map::from_iter([(name.clone(), value.clone())])))
        }
        _ => Err("`anything-but` takes strings, numbers, or one of `prefix`, `suffix`, \
                  `equals-ignore-case` and `wildcard`"
            .to_owned()),
    }
}

impl Test {
    /// Whether a value without members fits.
    pub(super) fn fits(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => equal(wanted, value),
            Self::EqualsIgnoringCase(wanted) => text.is_some_and(|text| fold(text) == *wanted),
            Self::Prefix(wanted) => text.is_some_and(|text| wanted.starts(text)),
            Self::Suffix(wanted) => text.is_some_and(|text| wanted.ends(text)),
            Self::Wildcard(parts) => text.is_some_and(|text| fits_wildcard(parts, text)),
            Self::Numeric(bounds) => {
                let number = value.as_f64();
                number.is_some_and(|number| bounds.iter().all(|bound| within(number, *bound)))
            }
            Self::Cidr(network, bits) => {
                let address = text.and_then(|text| text.parse().ok());
                address.is_some_and(|address| is_within(address, *network, *bits))
            }
            Self::Present => true,
            Self::Absent => false,
            Self::AnythingBut(tests) => !tests.iter().any(|test| test.fits(value)),
        }
    }
}

impl Text {
    fn starts(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => text.starts_with(wanted),
            Self::IgnoringCase(wanted) => fold(text).starts_with(wanted),
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => text.ends_with(wanted),
            Self::IgnoringCase(wanted) => fold(text).ends_with(wanted),
        }
    }
}

fn equal(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(number)) => {
            wanted == number || wanted.as_f64() == number.as_f64()
        }
        _ => wanted == value,
    }
}

fn within(number: f64, (ordered, bound): (Ordered, f64)) -> bool {
    let Some(ordering) = number.partial_cmp(&bound) else { return false };
    match ordered {
        Ordered::Equal => ordering == Ordering::Equal,
        Ordered::Less => ordering == Ordering::Less,
        Ordered::AtMost => ordering != Ordering::Greater,
        Ordered::Greater => ordering == Ordering::Greater,
        Ordered::AtLeast => ordering != Ordering::Less,
    }
}

/// The first part stands at the start, the last at the end, the others in their order between.
fn fits_wildcard(parts: &[String], text: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some((last, between)) = rest.split_last() else { return text == first };
    let Some(mut text) = text.strip_prefix(first.as_str()) else { return false };
    for part in between {
        let Some((_, after)) = text.split_once(part.as_str()) else { return false };
        text = after;
    }
    text.ends_with(last.as_str())
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let host = width(network) - bits;
    address.is_ipv4() == network.is_ipv4()
        && number(address).checked_shr(host) == number(network).checked_shr(host)
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}
