//! The condition keys of a request, each with its value, or marked unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    compile::{Key, same},
    fold,
};

/// The condition keys of a request.
///
/// Key names are compared without regard to case (IAM User Guide, "IAM JSON policy elements:
/// Condition"); the spelling given last is kept for display.
///
/// A key that is not there is **absent**: the request does not carry it, and IAM has rules for
/// that. A key of which nobody knows whether the request carries it, or with which value, is
/// **unknown**, and a decision that hangs on it is
/// [`Undecided`](crate::Decision::Undecided).
///
/// ```
/// # use retrigger_iam::{Context, ContextValue};
/// let mut context = Context::default();
/// context.insert("aws:SourceIp", "192.0.2.1");
/// context.insert_unknown("aws:SourceVpc");
/// assert_eq!(context.get("AWS:sourceip").and_then(ContextValue::as_single), Some("192.0.2.1"));
/// assert!(context.get("aws:SourceVpc").is_none() && context.is_unknown("aws:SourceVpc"));
/// assert!(!context.is_unknown("aws:PrincipalOrgID"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The hashes of the keys in ascending order, so that one is found without folding case.
    hashes: Vec<u64>,
    /// In the same order.
    entries: Vec<Entry>,
    slots: Slots,
    unknown: usize,
}

/// Where keys stand, by some bits of their hashes: what most look-ups need.
//
// PERF: with some twenty keys a look-up takes ten instructions where halving takes fifty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slots([u8; Self::COUNT]);

impl Slots {
    const COUNT: usize = 128;
    /// No key stands there.
    const EMPTY: u8 = 0x7f;
    /// Several do, of which this is one; or there are keys that stand nowhere.
    const SHARED: u8 = 0x80;

    fn of(hashes: &[u64]) -> Self {
        let mut slots = Self::default();
        for (hash, at) in hashes.iter().zip(0..Self::EMPTY) {
            let slot = &mut slots.0[Self::slot(*hash)];
            *slot = if *slot == Self::EMPTY { at } else { at | Self::SHARED };
        }
        if hashes.len() > usize::from(Self::EMPTY) {
            slots.0.iter_mut().for_each(|slot| *slot |= Self::SHARED);
        }
        slots
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a few bits of the hash are wanted")]
    fn slot(hash: u64) -> usize {
        usize::from(hash as u8) % Self::COUNT
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self([Self::EMPTY; Self::COUNT])
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    /// The same in lower case.
    lower: Box<str>,
    /// `None` where it is unknown.
    value: Option<ContextValue>,
}

impl Entry {
    #[inline]
    fn value_ref(&self) -> ValueRef<'_> {
        match &self.value {
            Some(ContextValue::Single(value)) => ValueRef::Single(value),
            Some(ContextValue::Multi(values)) => ValueRef::Multi(Values::Owned(values)),
            None => ValueRef::Unknown,
        }
    }
}

impl Context {
    /// Sets a key, replacing a value it had under any spelling.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<ContextValue>) {
        self.put(key.into(), Some(value.into()));
    }

    /// Marks a key as unknown, under any spelling.
    pub fn insert_unknown(&mut self, key: impl Into<String>) {
        self.put(key.into(), None);
    }

    /// Sets a single-valued key in the memory it already has: a request that is filled again and
    /// again allocates nothing for keys that it had before.
    pub fn set(&mut self, key: &str, value: &str) {
        match self.find(fold::hash(key), key) {
            Ok(at) => match &mut self.entries[at].value {
                Some(ContextValue::Single(text)) => {
                    text.clear();
                    text.push_str(value);
                }
                other => {
                    self.unknown -= usize::from(other.is_none());
                    *other = Some(value.into());
                }
            },
            Err(_) => self.insert(key, value),
        }
    }

    /// Takes a key away, so that it is absent.
    pub fn remove(&mut self, key: &str) {
        if let Ok(at) = self.find(fold::hash(key), key) {
            self.hashes.remove(at);
            self.slots = Slots::of(&self.hashes);
            let Entry { value, .. } = self.entries.remove(at);
            self.unknown -= usize::from(value.is_none());
        }
    }

    fn put(&mut self, key: String, value: Option<ContextValue>) {
        let hash = fold::hash(&key);
        let is_unknown = usize::from(value.is_none());
        match self.find(hash, &key) {
            Ok(at) => {
                let entry = &mut self.entries[at];
                self.unknown -= usize::from(entry.value.is_none());
                entry.key = key;
                entry.value = value;
            }
            Err(at) => {
                self.hashes.insert(at, hash);
                self.slots = Slots::of(&self.hashes);
                let lower = key.to_ascii_lowercase().into();
                self.entries.insert(at, Entry { key, lower, value });
            }
        }
        self.unknown += is_unknown;
    }

    /// Where a key is, or else belongs.
    #[inline]
    fn find(&self, hash: u64, key: &str) -> Result<usize, usize> {
        let mut at = self.hashes.partition_point(|one| *one < hash);
        while self.hashes.get(at) == Some(&hash) {
            if self.entries[at].key.eq_ignore_ascii_case(key) {
                return Ok(at);
            }
            at += 1;
        }
        Err(at)
    }

    /// The value of a key under any spelling, or `None` where the request does not carry it, or
    /// where it is unknown.
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        self.find(fold::hash(key), key).ok().and_then(|at| self.entries[at].value.as_ref())
    }

    /// What is said of a key whose hash is known.
    #[inline]
    pub(crate) fn look_up(&self, key: &Key) -> ValueRef<'_> {
        let slot = self.slots.0[Slots::slot(key.hash)];
        match self.entries.get(usize::from(slot & !Slots::SHARED)) {
            Some(entry) if same(&entry.lower, &key.name) => entry.value_ref(),
            _ if slot & Slots::SHARED == 0 => ValueRef::Absent,
            _ => self.search(key),
        }
    }

    /// What is said of a key that is not in its slot.
    #[cold]
    fn search(&self, key: &Key) -> ValueRef<'_> {
        match self.find(key.hash, &key.name) {
            Ok(at) => self.entries[at].value_ref(),
            Err(_) => ValueRef::Absent,
        }
    }

    /// Whether a key is marked as unknown.
    pub fn is_unknown(&self, key: &str) -> bool {
        self.unknown > 0
            && self.find(fold::hash(key), key).is_ok_and(|at| self.entries[at].value.is_none())
    }

    /// All keys with a value in alphabetical order, as spelled, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.sorted().filter_map(|entry| Some((entry.key.as_str(), entry.value.as_ref()?)))
    }

    /// All unknown keys in alphabetical order, as spelled.
    pub fn unknown_keys(&self) -> impl Iterator<Item = &str> {
        self.sorted().filter(|entry| entry.value.is_none()).map(|entry| entry.key.as_str())
    }

    fn sorted(&self) -> impl Iterator<Item = &Entry> {
        let mut sorted: Vec<&Entry> = self.entries.iter().collect();
        sorted.sort_unstable_by(|left, right| left.lower.cmp(&right.lower));
        sorted.into_iter()
    }

    /// Whether nothing is said of any condition key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<K: Into<String>, V: Into<ContextValue>> FromIterator<(K, V)> for Context {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut context = Self::default();
        for (key, value) in iter {
            context.insert(key, value);
        }
        context
    }
}

impl Serialize for Context {
    /// A map of the keys with a value. Unknown keys stand in a list of their own, beside it.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, ContextValue>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The value of a condition key: one string, or several where the key is multivalued (even if it
/// has one value or none in this request). In JSON a string, or an array of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// A single-valued key.
    Single(String),
    /// A multivalued key.
    Multi(Vec<String>),
}

impl ContextValue {
    /// The value or values, in order.
    pub fn values(&self) -> &[String] {
        match self {
            Self::Single(value) => std::slice::from_ref(value),
            Self::Multi(values) => values,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.values().iter().map(String::as_str)
    }

    /// The value of a single-valued key.
    pub fn as_single(&self) -> Option<&str> {
        match self {
            Self::Single(value) => Some(value),
            Self::Multi(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for ContextValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = ContextValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a condition key's value in quotes, or a list of such values")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(ContextValue::Single(value.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut values: A,
            ) -> Result<Self::Value, A::Error> {
                let mut multi = Vec::new();
                while let Some(value) = values.next_element()? {
                    multi.push(value);
                }
                Ok(ContextValue::Multi(multi))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl From<&str> for ContextValue {
    fn from(value: &str) -> Self {
        Self::Single(value.to_owned())
    }
}

impl From<String> for ContextValue {
    fn from(value: String) -> Self {
        Self::Single(value)
    }
}

impl From<Vec<String>> for ContextValue {
    fn from(values: Vec<String>) -> Self {
        Self::Multi(values)
    }
}

/// What a request says of a condition key, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// The request does not carry the key.
    Absent,
    /// Whether it carries the key, or with which value, is not known.
    Unknown,
    /// A single-valued key.
    Single(&'a str),
    /// A multivalued key.
    Multi(Values<'a>),
}

/// The values of a multivalued key, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    /// From a [`ContextValue`].
    Owned(&'a [String]),
    /// From anywhere.
    Borrowed(&'a [&'a str]),
}

impl<'a> Values<'a> {
    /// The values, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let (owned, borrowed) = match self {
            Self::Owned(values) => (values, &[] as &[&str]),
            Self::Borrowed(values) => (&[] as &[String], values),
        };
        owned.iter().map(String::as_str).chain(borrowed.iter().copied())
    }
}
