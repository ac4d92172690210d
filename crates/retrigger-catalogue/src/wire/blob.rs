//! The sections of `data/wire.bin` and the numbers in them; `generate/wire.py` says what they are.
//! A number that leads out of the data is read as 0.

use super::text::Text;
use crate::index::{Index, hash};

static BLOB: &[u8] = include_bytes!("../../data/wire.bin");

/// A section: where it starts, and how many entries it has.
#[derive(Clone, Copy)]
pub(super) struct Section {
    start: usize,
    pub(super) count: usize,
}

pub(super) const WORDS: Section = section(0);
pub(super) const LITERALS: Section = section(1);
pub(super) const NAMES: Section = section(2);
pub(super) const MEMBERS: Section = section(3);
pub(super) const SERVICES: Section = section(4);
pub(super) const TARGETS: Section = section(5);
const LITERALS_BY_TEXT: Section = section(6);

/// In the order of the header.
const fn section(number: usize) -> Section {
    Section { start: header(4 + 8 * number), count: header(8 + 8 * number) }
}

/// A number of the header, read when this is compiled.
const fn header(at: usize) -> usize {
    const HEAD: &[u8] = include_bytes!("../../data/wire.bin");
    u32::from_le_bytes([HEAD[at], HEAD[at + 1], HEAD[at + 2], HEAD[at + 3]]) as usize
}

impl Section {
    /// Reads on from a place in the section.
    pub(super) fn reader(self, at: usize) -> Reader {
        Reader { at: self.start + at }
    }

    /// The bytes of an entry of a table.
    pub(super) fn entry(self, number: usize) -> &'static [u8] {
        if number >= self.count {
            return &[];
        }
        let base = self.start + (self.count + 1) * 2;
        let at = self.start + number * 2;
        let (from, to) = (little_endian(at, 2), little_endian(at + 2, 2));
        BLOB.get(base + from..base + to).unwrap_or_default()
    }
}

fn little_endian(at: usize, width: usize) -> usize {
    let bytes = BLOB.get(at..at + width).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// A place in the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reader {
    at: usize,
}

impl Reader {
    pub(super) fn skip(self, bytes: usize) -> Self {
        Self { at: self.at + bytes }
    }

    pub(super) fn u8(&mut self) -> u8 {
        let byte = BLOB.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    pub(super) fn u16(&mut self) -> usize {
        self.at += 2;
        little_endian(self.at - 2, 2)
    }

    pub(super) fn u32(&mut self) -> usize {
        self.at += 4;
        little_endian(self.at - 4, 4)
    }

    pub(super) fn number(&mut self) -> usize {
        match self.u8() {
            255 => self.u16(),
            first @ 192.. => 192 + usize::from(first - 192) * 256 + usize::from(self.u8()),
            first => usize::from(first),
        }
    }

    pub(super) fn bytes(&mut self) -> &'static [u8] {
        let length = usize::from(self.u8());
        self.at += length;
        BLOB.get(self.at - length..self.at).unwrap_or_default()
    }

    pub(super) fn text(&mut self) -> &'static str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

/// The number of a path segment or query name, if any operation has it.
pub(super) fn literal(text: &str) -> Option<usize> {
    let bytes = BLOB.get(LITERALS_BY_TEXT.start..).unwrap_or_default();
    let index = Index::new(LITERALS_BY_TEXT.count, bytes);
    index.find(hash(0, text.as_bytes()), |number| {
        (Text::of_literal(number) == *text).then_some(number)
    })
}
