//! Condition keys.

use super::{Text, blob::KEYS};

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
pub fn condition_key(name: &str) -> Option<ConditionKey> {
    let at = first_from(name.as_bytes());
    let exact = ConditionKey::new(at);
    if at < KEYS.count && exact.name().eq_ignore_case(name) {
        return Some(exact);
    }
    // Keys with a variable part start as the name does up to its service's colon.
    let service = &name.as_bytes()[..=name.find(':')?];
    let first = first_from(service);
    let same_service = (first..KEYS.count)
        .map(ConditionKey::new)
        .take_while(|key| starts_with(key.name(), service));
    let mut templates = same_service.filter(|key| key.is_template());
    templates.find(|key| fits(&key.name().to_string(), name))
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

/// The number of the first key that does not come before `name`.
fn first_from(name: &[u8]) -> usize {
    let (mut low, mut high) = (0, KEYS.count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if ConditionKey::new(middle).name().cmp_lower(name).is_lt() {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn starts_with(text: Text, start: &[u8]) -> bool {
    let mut bytes = text.pieces().flat_map(str::bytes);
    start.iter().all(|byte| bytes.next().is_some_and(|mine| mine.eq_ignore_ascii_case(byte)))
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

    /// The name; a variable part is written as AWS writes it, `${TagKey}` or `<key>`.
    pub fn name(self) -> Text {
        Text::new(KEYS.u24(self.at))
    }

    /// What its values are. Services list a type that now and then is wider than the values.
    pub fn key_type(self) -> KeyType {
        match KEYS.byte(self.at + 3) & 0x3f {
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
        KEYS.byte(self.at + 3) & 0x80 != 0
    }

    /// Whether requests to any service may carry it.
    pub fn is_global(self) -> bool {
        KEYS.byte(self.at + 3) & 0x40 != 0
    }

    /// Whether its name has a variable part.
    pub fn is_template(self) -> bool {
        self.name().pieces().any(|piece| piece.contains(['$', '<']))
    }
}
