//! Which of many texts a text starts with.

use crate::fold;

/// A set of texts, kept so that those with which a text starts are found by one binary search.
///
/// The longest of them is, or contains as a start, the last one that is not greater than the
/// text; the others are the ones that it starts with itself, and each text knows the next shorter
/// one.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    /// The first eight bytes of each text, as a number that orders as the bytes do.
    firsts: Vec<u64>,
    nodes: Vec<Node>,
    texts: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    /// The longest other text that this one starts with.
    parent: Option<NodeId>,
}

/// A text of the set: its place in the order of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(std::num::NonZeroU32);

impl NodeId {
    pub(super) fn new(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(std::num::NonZeroU32::new);
        Self(number.expect("fewer texts than bytes in four gigabytes"))
    }

    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Prefixes {
    /// Of texts in ascending order, none twice.
    pub(super) fn new<'t>(sorted: impl Iterator<Item = &'t [u8]>) -> Self {
        let mut set = Self::default();
        for text in sorted {
            let parent = set.longest(text);
            let start = offset(set.texts.len());
            set.texts.extend_from_slice(text);
            set.nodes.push(Node { start, end: offset(set.texts.len()), parent });
            set.firsts.push(first_eight(text));
        }
        set
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn text(&self, node: Node) -> &[u8] {
        &self.texts[node.start as usize..node.end as usize]
    }

    /// The longest text of the set with which `text` starts.
    #[inline]
    pub(super) fn longest(&self, text: &[u8]) -> Option<NodeId> {
        let first = first_eight(text);
        self.longest_of(first, |one| one > text, |one| text.starts_with(one))
    }

    /// The longest text of a set in lower case with which `text` starts but for the case of ASCII
    /// letters.
    #[inline]
    pub(super) fn longest_folded(&self, text: &str) -> Option<NodeId> {
        let lower = || text.bytes().map(|byte| byte.to_ascii_lowercase());
        let first = fold::lower(first_eight(text.as_bytes()));
        self.longest_of(
            first,
            |one| one.iter().copied().gt(lower()),
            |one| fold::starts_with(text.as_bytes(), one),
        )
    }

    #[inline]
    fn longest_of(
        &self,
        first: u64,
        is_greater: impl Fn(&[u8]) -> bool,
        is_start: impl Fn(&[u8]) -> bool,
    ) -> Option<NodeId> {
        let mut after = self.firsts.partition_point(|one| *one <= first);
        // Among those with the same first eight bytes, the last that is not greater.
        while after > 0
            && self.firsts[after - 1] == first
            && is_greater(self.text(self.nodes[after - 1]))
        {
            after -= 1;
        }
        let mut id = NodeId::new(after.checked_sub(1)?);
        loop {
            let node = self.nodes[id.index()];
            if is_start(self.text(node)) {
                return Some(id);
            }
            id = node.parent?;
        }
    }

    /// The longest other text with which this one starts.
    #[inline]
    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id.index()].parent
    }
}

fn offset(length: usize) -> u32 {
    u32::try_from(length).expect("patterns of less than four gigabytes")
}

#[inline]
fn first_eight(text: &[u8]) -> u64 {
    if let Some(chunk) = text.first_chunk::<8>() {
        u64::from_be_bytes(*chunk)
    } else {
        let mut chunk = [0; 8];
        chunk[..text.len()].copy_from_slice(text);
        u64::from_be_bytes(chunk)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// All texts of the set with which `text` starts, the longest first.
    fn found(set: &[&str], text: &str) -> Vec<String> {
        let prefixes = Prefixes::new(set.iter().map(|text| text.as_bytes()));
        let mut next = prefixes.longest(text.as_bytes());
        let mut found = Vec::new();
        while let Some(id) = next {
            found.push(set[id.index()].to_owned());
            next = prefixes.parent(id);
        }
        found
    }

    #[rstest]
    #[case(&[], "a", &[])]
    #[case(&[""], "", &[""])]
    #[case(&["", "a", "ab", "ac"], "abc", &["ab", "a", ""])]
    #[case(&["a", "ab", "abcdefghi", "abcdefghij", "abd"], "abcdefghiz", &["abcdefghi", "ab", "a"])]
    #[case(&["ab", "ab\0", "ab\0\0c"], "ab\0\0", &["ab\0", "ab"])]
    #[case(&["b"], "a", &[])]
    #[case(&["aaaaaaaaa", "aaaaaaaaab", "aaaaaaaaac"], "aaaaaaaaabz", &["aaaaaaaaab", "aaaaaaaaa"])]
    fn every_start_is_found(#[case] set: &[&str], #[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(found(set, text), expected);
        let prefixes = Prefixes::new(set.iter().map(|text| text.as_bytes()));
        let folded = prefixes.longest_folded(&text.to_ascii_uppercase());
        assert_eq!(folded, prefixes.longest(text.as_bytes()));
    }
}
