//! Indexes by hash, read where they lie; `generate/index.py` writes them.
//!
//! The low bits of a hash tell a bucket of some six entries, which stand side by side; of each there
//! is one byte of its own hash, so that a name that is not there is seldom compared with another.

use crate::sixteen::{equal_bytes, sixteen};

/// The entries of one section of the data.
#[derive(Clone, Copy)]
pub(crate) struct Index {
    starts: &'static [u8],
    /// One of each entry, and what follows them.
    marks: &'static [u8],
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Eight bytes at a time, bit 5 of each set, by which letters lose their case.
pub(crate) fn hash(state: u64, text: &[u8]) -> u64 {
    let (whole, rest) = text.as_chunks::<8>();
    let whole = whole.iter().map(|chunk| u64::from_le_bytes(*chunk));
    let state = whole.fold(state, mixed);
    if rest.is_empty() { state } else { mixed(state, some(rest)) }
}

fn mixed(state: u64, bytes: u64) -> u64 {
    let state = (state ^ (bytes | 0x2020_2020_2020_2020)).wrapping_mul(FACTOR);
    state ^ state >> 32
}

/// Fewer than eight bytes, the first of them the lowest.
fn some(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Where a hash starts that is made under a number.
pub(crate) fn seed(number: usize) -> u64 {
    (number as u64 + 1).wrapping_mul(FACTOR)
}

impl Index {
    /// Of `count` entries, with which the bytes begin.
    pub(crate) fn new(count: usize, bytes: &'static [u8]) -> Self {
        let (starts, marks) = bytes.split_at_checked(Self::starts_len(count)).unwrap_or_default();
        Self { starts, marks }
    }

    /// How many bytes an index of `count` entries has.
    pub(crate) const fn len(count: usize) -> usize {
        Self::starts_len(count) + count
    }

    const fn starts_len(count: usize) -> usize {
        2 * ((count / 8).next_power_of_two() + 1)
    }

    /// What `look` makes of the first of the entries that may have this hash that it takes.
    pub(crate) fn find<T>(self, hash: u64, look: impl Fn(usize) -> Option<T>) -> Option<T> {
        let low = (self.starts.len() / 2).saturating_sub(2);
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits count")]
        let (bucket, mark) = (hash as usize & low, (hash >> 24) as u8);
        let (mut from, end) = (self.start(bucket), self.start(bucket + 1));
        while from < end {
            let mut equal = equal_bytes(sixteen(self.marks, from), mark, end - from);
            if let Some(found) = equal.find_map(|place| look(from + place)) {
                return Some(found);
            }
            from += 16;
        }
        None
    }

    fn start(self, bucket: usize) -> usize {
        match self.starts.get(2 * bucket..2 * bucket + 2) {
            Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
            _ => 0,
        }
    }
}
