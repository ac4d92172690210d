//! Condition keys.

use super::{
    Text,
    blob::{KEYS, KEYS_BY_NAME},
};
use crate::index::hash;

const SIZE: usize = 4;

/// A condition key, such as `s3:prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConditionKey {
    at: usize,
}

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A date in ISO 8601.
    Date,
    /// An address or a range of them.
    IpAddress,
    /// A date as a number of seconds: `aws:EpochTime`.
    DateOrNumeric,
}

/// The key of this name. A name with a variable part, such as `aws:RequestTag/team`, is found as
/// `aws:RequestTag/${TagKey}`.
///
/// ```
/// # use retrigger_catalogue::facts::{KeyType, condition_key};
/// let key = condition_key("aws:requesttag/team").unwrap();
/// assert!(key.name() == "aws:RequestTag/${TagKey}");
/// assert!(condition_key("aws:TagKeys").unwrap().is_multi_valued());
/// assert_eq!(condition_key("s3:max-keys").unwrap().key_type(), KeyType::Numeric);
/// ```
// PERF: see `benches/catalogue.rs`.
pub fn condition_key(name: &str) -> Option<ConditionKey> {
    let exact = indexed(name.as_bytes(), |key| key.name().eq_ignore_case(name));
    exact.or_else(|| template(name))
}

/// A key that is indexed under a name, or under what begins it.
fn indexed(name: &[u8], is_meant: impl Fn(ConditionKey) -> bool) -> Option<ConditionKey> {
    KEYS_BY_NAME.find(hash(0, name), |number| {
        let key = ConditionKey::new(number);
        is_meant(key).then_some(key)
    })
}

/// The key with a variable part that fits best: of those of the longest beginning, the longest.
fn template(name: &str) -> Option<ConditionKey> {
    let beginning = name.as_bytes().get(..LONGEST_HEAD).unwrap_or(name.as_bytes());
    let ends = beginning.iter().enumerate().rev().filter(|(_, byte)| is_head_end(**byte));
    ends.filter_map(|(end, _)| beginning.get(..=end)).find_map(|head| {
        let is_of = |key: &ConditionKey| key.name().starts_with_ignore_case(head);
        let first = indexed(head, |key| key.is_template() && is_of(&key))?;
        let alike = std::iter::once(first).chain(first.next().take_while(is_of));
        let length = |key: ConditionKey| key.name().pieces().map(str::len).sum::<usize>();
        let fitting = alike.filter(|key| key.fits(head, name));
        fitting.reduce(|one, other| if length(other) > length(one) { other } else { one })
    })
}

/// What stands before the variable part of a name ends so, and is not longer.
const LONGEST_HEAD: usize = 64;

fn is_head_end(byte: u8) -> bool {
    matches!(byte, b'/' | b':' | b'.' | b'-')
}

/// Every condition key that a service lists and the global ones, by name.
pub fn condition_keys() -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
    (0..KEYS.count).map(ConditionKey::new)
}

/// The keys that requests to any service may carry. Source: IAM User Guide, "AWS global condition
/// context keys".
pub fn global_keys() -> impl Iterator<Item = ConditionKey> + Clone {
    condition_keys().filter(|key| key.is_global())
}

/// Whether `name` is `template` with each variable, `${…}` or `<…>`, replaced by some text.
fn fits(template: &str, name: &str) -> bool {
    let Some(open) = template.find("${").or_else(|| template.find('<')) else {
        return template.eq_ignore_ascii_case(name);
    };
    let (head, rest) = template.split_at(open);
    let Some(close) = rest.find(['}', '>']) else { return false };
    let tail = &rest[close + 1..];
    let Some((start, value)) = name.split_at_checked(head.len()) else { return false };
    if !start.eq_ignore_ascii_case(head) {
        return false;
    }
    if tail.is_empty() {
        return !value.is_empty();
    }
    let ends = value.char_indices().skip(1).map(|(at, _)| at);
    ends.into_iter().any(|end| fits(tail, &value[end..]))
}

impl ConditionKey {
    pub(super) fn new(number: usize) -> Self {
        Self { at: SIZE * number }
    }

    /// The keys after it.
    fn next(self) -> impl Iterator<Item = Self> {
        (self.at / SIZE + 1..KEYS.count).map(Self::new)
    }

    /// Whether `name` is this with each variable replaced by some text, where it begins with what
    /// stands before the first.
    fn fits(self, head: &[u8], name: &str) -> bool {
        let is_open_end = self.flags() & 0x10 != 0;
        self.is_template()
            && name.len() > head.len()
            && (is_open_end || fits(&self.name().to_string(), name))
    }

    fn flags(self) -> u8 {
        KEYS.byte(self.at + 3)
    }

    /// The name; a variable part is written as AWS writes it, `${TagKey}` or `<key>`.
    pub fn name(self) -> Text {
        Text::new(KEYS.u24(self.at))
    }

    /// What its values are. Services list a type that now and then is wider than the values.
    pub fn key_type(self) -> KeyType {
        match self.flags() & 0x0f {
            1 => KeyType::Arn,
            2 => KeyType::Bool,
            3 => KeyType::Numeric,
            4 => KeyType::Date,
            5 => KeyType::IpAddress,
            6 => KeyType::DateOrNumeric,
            _ => KeyType::String,
        }
    }

    /// Whether a request may carry several values of it.
    pub fn is_multi_valued(self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// Whether requests to any service may carry it.
    pub fn is_global(self) -> bool {
        self.flags() & 0x40 != 0
    }

    /// Whether its name has a variable part.
    pub fn is_template(self) -> bool {
        self.flags() & 0x20 != 0
    }
}
