//! Many strings looked for at once, in little more memory than they have themselves: an event may
//! hold a secret in every second word.

use std::ops::Range;

/// The fewest bytes of a needle.
pub(super) const MIN_NEEDLE: usize = 6;

/// The most bits of the filter: 128 KiB.
const MAX_FILTER_BITS: usize = 1 << 20;

/// Strings that are looked for, each with what it stands for.
pub(super) struct Needles<T> {
    /// In order of their bytes; each once.
    needles: Vec<Needle<T>>,
    /// By the hash of first bytes, whether a needle may start with them.
    filter: Vec<u64>,
}

struct Needle<T> {
    text: Box<str>,
    stands_for: T,
    /// Of those needles that this one starts with, the longest, and how many there are.
    start: Option<usize>,
    starts: usize,
    /// A shorter one of them, far enough away that any is reached in few steps: with `start` a
    /// skew-binary jump pointer (Myers, "An applicative random-access stack").
    far: Option<usize>,
}

impl<T> Needles<T> {
    /// Of these strings; of the same string the first. Those that are too short are left out.
    pub(super) fn new(strings: impl IntoIterator<Item = (String, T)>) -> Self {
        let strings = strings.into_iter().filter(|(text, _)| text.len() >= MIN_NEEDLE);
        let mut needles: Vec<_> = strings.map(|(text, of)| Needle::new(text, of)).collect();
        needles.sort_by(|one, other| one.text.cmp(&other.text));
        needles.dedup_by(|later, first| later.text == first.text);
        needles.shrink_to_fit();
        let bits = (needles.len() * 16).next_power_of_two().clamp(64, MAX_FILTER_BITS);
        let mut all = Self { needles, filter: vec![0; bits / 64] };
        for index in 0..all.needles.len() {
            all.link(index);
        }
        all
    }

    /// Notes what a needle starts with; for those before it that is known.
    fn link(&mut self, index: usize) {
        let Some(bit) = first_bytes(self.text(index).as_bytes()).map(|key| self.bit(key)) else {
            return;
        };
        if let Some(word) = self.filter.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
        // The one before starts with all that this one starts with, or is it.
        let before = index.checked_sub(1);
        let start = before.and_then(|before| {
            let common = common(self.text(before).as_bytes(), self.text(index).as_bytes());
            self.within(before, common)
        });
        let (far, further) = (self.far(start), self.far(self.far(start)));
        let is_even =
            self.starts(start) - self.starts(far) == self.starts(far) - self.starts(further);
        let far = if is_even { further } else { start };
        let starts = self.starts(start);
        if let Some(needle) = self.needles.get_mut(index) {
            (needle.start, needle.starts, needle.far) = (start, starts, far);
        }
    }

    fn far(&self, index: Option<usize>) -> Option<usize> {
        self.needles.get(index?)?.far
    }

    /// How many a needle starts with, itself included; none where there is no needle.
    fn starts(&self, index: Option<usize>) -> usize {
        index.and_then(|index| self.needles.get(index)).map_or(0, |needle| needle.starts + 1)
    }

    /// The needles in a text: of those that overlap the one that starts first, or else the longest.
    pub(super) fn find<'n>(
        &'n self,
        text: &'n str,
    ) -> impl Iterator<Item = (Range<usize>, &'n T)> + 'n {
        let mut at = 0;
        std::iter::from_fn(move || {
            while let Some(key) = first_bytes(text.as_bytes().get(at..)?) {
                if self.may_start(key)
                    && let Some(needle) = self.longest(text.as_bytes().get(at..)?)
                {
                    let range = at..at + needle.text.len();
                    at = range.end;
                    return Some((range, &needle.stands_for));
                }
                at += 1;
            }
            None
        })
    }

    /// The longest needle that a text starts with.
    fn longest(&self, text: &[u8]) -> Option<&Needle<T>> {
        let after = self.needles.partition_point(|needle| needle.text.as_bytes() <= text);
        // A needle that the text starts with is this one, or this one starts with it: what comes
        // between the two in order starts with it.
        let last = after.checked_sub(1)?;
        let common = common(self.text(last).as_bytes(), text);
        self.within(last, common).and_then(|index| self.needles.get(index))
    }

    /// The longest of a needle and those that it starts with that has no more bytes than this.
    fn within(&self, index: usize, length: usize) -> Option<usize> {
        let mut index = index;
        while self.text(index).len() > length {
            let Needle { start, far, .. } = self.needles.get(index)?;
            let is_too_long = |far: &usize| self.text(*far).len() > length;
            index = far.filter(is_too_long).or(*start)?;
        }
        Some(index)
    }

    fn text(&self, index: usize) -> &str {
        self.needles.get(index).map_or("", |needle| &needle.text)
    }

    fn may_start(&self, key: u64) -> bool {
        let bit = self.bit(key);
        self.filter.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    /// The bit of the filter for these first bytes.
    fn bit(&self, key: u64) -> usize {
        // Fibonacci hashing: the upper bits depend on all of them.
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44;
        usize::try_from(hash).unwrap_or_default() & (self.filter.len() * 64 - 1)
    }
}

impl<T> Needle<T> {
    fn new(text: String, stands_for: T) -> Self {
        Self { text: text.into(), stands_for, start: None, starts: 0, far: None }
    }
}

/// As many bytes as every needle has.
fn first_bytes(text: &[u8]) -> Option<u64> {
    let bytes: &[u8; MIN_NEEDLE] = text.first_chunk()?;
    Some(bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)))
}

fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasick, MatchKind};
    use proptest::prelude::*;

    use super::*;

    /// Which needles are where, as an automaton finds them.
    fn by_automaton(needles: &[String], text: &str) -> Vec<(Range<usize>, usize)> {
        let kind = MatchKind::LeftmostLongest;
        let automaton = AhoCorasick::builder().match_kind(kind).build(needles).unwrap();
        automaton.find_iter(text).map(|found| (found.range(), found.pattern().as_usize())).collect()
    }

    fn found(needles: &[String], text: &str) -> Vec<(Range<usize>, usize)> {
        let numbered = needles.iter().cloned().zip(0..);
        Needles::new(numbered).find(text).map(|(range, number)| (range, *number)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn they_are_found_as_by_an_automaton(
            needles in prop::collection::vec("[aé]{4,12}[ab]{0,6}", 0..40),
            text in "[abé]{0,200}",
        ) {
            let needles: Vec<String> =
                needles.into_iter().filter(|needle| needle.len() >= MIN_NEEDLE).collect();
            prop_assert_eq!(found(&needles, &text), by_automaton(&needles, &text));
        }
    }

    #[test]
    fn a_thousand_needles_that_start_with_each_other_are_found_at_once() {
        let needles: Vec<String> = (6..1500).map(|length| "a".repeat(length)).collect();
        let text = format!("{}b", "a".repeat(7)).repeat(100_000);
        assert_eq!(found(&needles, &text).len(), 100_000);
        let reached = Needles::new(needles.iter().cloned().zip(0..));
        assert_eq!(reached.within(1493, 7), Some(1));
    }
}
