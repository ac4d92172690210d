//! The sections of `data/facts.bin` and the numbers in them.

use crate::{index::Index, sixteen::sixteen};

static BLOB: &[u8] = include_bytes!("../../data/facts.bin");

/// A section: where it starts, and how many records it has.
#[derive(Clone, Copy)]
pub(super) struct Section {
    start: usize,
    pub(super) count: usize,
}

/// In the order of the header.
const fn section(number: usize) -> Section {
    Section { start: header(8 + 8 * number), count: header(12 + 8 * number) }
}

/// A number of the header, read when this is compiled.
const fn header(at: usize) -> usize {
    const HEAD: &[u8] = include_bytes!("../../data/facts.bin");
    u32::from_le_bytes([HEAD[at], HEAD[at + 1], HEAD[at + 2], HEAD[at + 3]]) as usize
}

pub(super) const WORDS: Section = section(0);
pub(super) const LETTERS: Section = section(1);
pub(super) const TEXTS: Section = section(2);
pub(super) const LISTS: Section = section(3);
pub(super) const SERVICES: Section = section(4);
pub(super) const ACTIONS: Section = section(5);
pub(super) const SHAPES: Section = section(6);
pub(super) const TYPES: Section = section(7);
pub(super) const KEYS: Section = section(8);
pub(super) const OWNERS: Section = section(9);
pub(super) const SERVICES_BY_PREFIX: Section = section(10);
pub(super) const ACTIONS_BY_NAME: Section = section(11);
pub(super) const KEYS_BY_NAME: Section = section(12);

impl Section {
    #[inline]
    pub(super) fn byte(self, at: usize) -> u8 {
        BLOB.get(self.start + at).copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn u16(self, at: usize) -> usize {
        let at = self.start + at;
        match BLOB.get(at..at + 2) {
            Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn u24(self, at: usize) -> usize {
        self.u16(at) | usize::from(self.byte(at + 2)) << 16
    }

    /// Sixteen bytes, some of which may be of what follows.
    #[inline]
    pub(super) fn sixteen(self, at: usize) -> u128 {
        sixteen(BLOB, self.start + at)
    }

    /// What `look` makes of the first number that it takes, of those to which an index may lead
    /// from a hash.
    #[inline]
    pub(super) fn find<T>(self, hash: u64, look: impl Fn(usize) -> Option<T>) -> Option<T> {
        let end = Index::len(self.count);
        let index = Index::new(self.count, BLOB.get(self.start..).unwrap_or_default());
        index.find(hash, |entry| look(self.u16(end + 2 * entry)))
    }

    /// The bytes from `from` to before `to`; none where there are no such.
    #[inline]
    pub(super) fn bytes(self, from: usize, to: usize) -> &'static [u8] {
        BLOB.get(self.start + from..self.start + to).unwrap_or_default()
    }
}
