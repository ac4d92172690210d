//! Which of many texts a text starts with.

use std::ops::Range;

use hashbrown::HashTable;

use super::number;

/// A set of texts that finds those with which a text starts.
///
/// A tree whose edges are eight bytes, found by their hash; where none goes on, one binary search
/// among the texts that end within the next eight bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    nodes: Vec<Node>,
    /// By their hash, see `hash_of`.
    edges: HashTable<Edge>,
    /// The bytes of each end, filled up with zeros, as a number that orders as bytes do.
    chunks: Vec<u64>,
    ends: Vec<End>,
    root: Level,
}

/// Eight bytes that texts have in common.
#[derive(Clone, Copy, Debug)]
struct Edge {
    chunk: u64,
    from: LevelId,
    to: Level,
}

/// The last bytes of a text, fewer than eight.
#[derive(Clone, Copy, Debug)]
struct End {
    node: NodeId,
    /// How many bytes there are, at least one.
    length: u8,
    /// How many bits of the eight bytes do not count.
    shift: u8,
    /// The longest other end of the level with which this one starts.
    shorter: Option<u32>,
}

/// Where texts go on that start the same.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    id: LevelId,
    /// The longest text of the set that ends here or on the way here.
    longest: Option<NodeId>,
    /// The texts that end within the next eight bytes, side by side.
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LevelId(u32);

/// A level that is to be made of some of the texts, which have the bytes before `offset` in
/// common.
#[derive(Clone, Debug)]
struct Pending {
    id: LevelId,
    /// The edge that leads there.
    edge: Option<(LevelId, u64)>,
    longest: Option<NodeId>,
    texts: Range<usize>,
    offset: usize,
}

/// A text of the set.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The longest other text that this one starts with.
    parent: Option<NodeId>,
    /// Behind the last text that starts with this one.
    end: u32,
}

/// A text of the set: its place in the order of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(std::num::NonZeroU32);

impl NodeId {
    pub(super) fn new(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(std::num::NonZeroU32::new);
        Self(number.expect("fewer texts than bytes in four gigabytes"))
    }

    #[inline]
    pub(super) fn index(self) -> usize {
        self.number() as usize
    }

    #[inline]
    pub(super) fn number(self) -> u32 {
        self.0.get() - 1
    }
}

impl Prefixes {
    /// Of texts in ascending order, none twice.
    pub(super) fn new(sorted: &[&[u8]]) -> Self {
        let mut set = Self::default();
        set.nodes.reserve_exact(sorted.len());
        let mut open: Vec<usize> = Vec::new();
        for (at, text) in sorted.iter().enumerate() {
            while let Some(last) = open.pop_if(|last| !text.starts_with(sorted[*last])) {
                set.nodes[last].end = number(at);
            }
            let parent = open.last().map(|parent| NodeId::new(*parent));
            set.nodes.push(Node { parent, end: number(sorted.len()) });
            open.push(at);
        }
        // Levels that are still to be made, without recursion: a text may be long.
        let whole = Pending {
            id: LevelId(0),
            edge: None,
            longest: None,
            texts: 0..sorted.len(),
            offset: 0,
        };
        let mut pending = vec![whole];
        let mut levels = 1;
        while let Some(next) = pending.pop() {
            let edge = next.edge;
            let level = set.add_level(sorted, next, &mut levels, &mut pending);
            match edge {
                Some((from, chunk)) => {
                    let hash = |edge: &Edge| hash_of(edge.from, edge.chunk);
                    let edge = Edge { chunk, from, to: level };
                    set.edges.insert_unique(hash(&edge), edge, hash);
                }
                None => set.root = level,
            }
        }
        set.edges.shrink_to_fit(|edge| hash_of(edge.from, edge.chunk));
        set.chunks.shrink_to_fit();
        set.ends.shrink_to_fit();
        set
    }

    /// Adds the ends of a level, and what goes on from it to what is still to be made.
    fn add_level(
        &mut self,
        sorted: &[&[u8]],
        Pending { id, mut longest, texts, offset, .. }: Pending,
        levels: &mut u32,
        pending: &mut Vec<Pending>,
    ) -> Level {
        let start = self.ends.len();
        let rest_of = |at: usize| &sorted[at][offset..];
        let mut open: Vec<usize> = Vec::new();
        let mut next = texts.start;
        while next < texts.end {
            let first = next;
            let (chunk, length) = chunk_of(rest_of(first));
            while open.pop_if(|end| !self.fits(*end, chunk, length)).is_some() {}
            if rest_of(first).is_empty() {
                longest = Some(NodeId::new(first));
                next += 1;
            } else if length == 8 {
                while next < texts.end && chunk_of(rest_of(next)) == (chunk, length) {
                    next += 1;
                }
                let longest = open.last().map_or(longest, |end| Some(self.ends[*end].node));
                pending.push(Pending {
                    id: LevelId(*levels),
                    edge: Some((id, chunk)),
                    longest,
                    texts: first..next,
                    offset: offset + 8,
                });
                *levels += 1;
            } else {
                let shorter = open.last().map(|end| number(*end));
                open.push(self.ends.len());
                let length = length.to_le_bytes()[0];
                self.chunks.push(chunk);
                let node = NodeId::new(first);
                self.ends.push(End { node, length, shift: 64 - 8 * length, shorter });
                next += 1;
            }
        }
        Level { id, longest, start: number(start), end: number(self.ends.len()) }
    }

    /// The longest text of the set with which `text` starts.
    #[inline]
    pub(super) fn longest(&self, text: &[u8]) -> Option<NodeId> {
        let (mut level, mut rest) = (&self.root, text);
        while let Some((chunk, after)) = rest.split_first_chunk() {
            let chunk = u64::from_be_bytes(*chunk);
            let is_it = |edge: &Edge| edge.chunk == chunk && edge.from == level.id;
            let Some(edge) = self.edges.find(hash_of(level.id, chunk), is_it) else { break };
            level = &edge.to;
            rest = after;
        }
        self.longest_end(level, rest).or(level.longest)
    }

    /// The longest end of a level with which `text` starts.
    #[inline]
    fn longest_end(&self, level: &Level, text: &[u8]) -> Option<NodeId> {
        let (chunk, length) = chunk_of(text);
        let chunks = &self.chunks[level.start as usize..level.end as usize];
        // Of the ends that fit, all but the last one before this place are starts of that one.
        let mut next =
            chunks.partition_point(|one| *one <= chunk).checked_sub(1)? + level.start as usize;
        while !self.fits(next, chunk, length) {
            next = self.ends[next].shorter? as usize;
        }
        Some(self.ends[next].node)
    }

    /// Whether an end is the start of a chunk of so many bytes.
    #[inline]
    fn fits(&self, end: usize, chunk: u64, length: usize) -> bool {
        let differing = self.chunks[end] ^ chunk;
        let end = &self.ends[end];
        differing >> end.shift == 0 && usize::from(end.length) <= length
    }

    /// The longest other text with which this one starts.
    #[inline]
    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id.index()].parent
    }

    /// Behind the last text that starts with this one.
    pub(super) fn end(&self, id: NodeId) -> u32 {
        self.nodes[id.index()].end
    }
}

#[inline]
fn hash_of(level: LevelId, chunk: u64) -> u64 {
    let hash = (chunk ^ u64::from(level.0).rotate_left(40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 32
}

/// The first eight bytes, filled up with zeros, and how many there are.
#[inline]
fn chunk_of(text: &[u8]) -> (u64, usize) {
    if let Some(chunk) = text.first_chunk::<8>() {
        (u64::from_be_bytes(*chunk), 8)
    } else {
        let mut chunk = [0; 8];
        chunk[..text.len()].copy_from_slice(text);
        (u64::from_be_bytes(chunk), text.len())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// All texts of the set with which `text` starts, the longest first.
    fn found(set: &[&str], text: &str) -> Vec<String> {
        let sorted: Vec<&[u8]> = set.iter().map(|text| text.as_bytes()).collect();
        let prefixes = Prefixes::new(&sorted);
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
    #[case(&["ab\0", "ab\0\0c"], "ab", &[])]
    #[case(&["b"], "a", &[])]
    #[case(&["aaaaaaaaa", "aaaaaaaaab", "aaaaaaaaac"], "aaaaaaaaabz", &["aaaaaaaaab", "aaaaaaaaa"])]
    #[case(&["aaaaaaaa"], "aaaaaaaa", &["aaaaaaaa"])]
    #[case(&["aaaaaaaa", "aaaaaaaab"], "aaaaaaaa", &["aaaaaaaa"])]
    #[case(&["a", "aaaaaaaab"], "aaaaaaaac", &["a"])]
    #[case(&["aaaa", "aaaaaaaa1", "aaaaaaaa2"], "aaaaaaaa0", &["aaaa"])]
    #[case(&["aaaaaaaacccccccc1", "bbbbbbbbcccccccc2"], "bbbbbbbbcccccccc2x", &["bbbbbbbbcccccccc2"])]
    #[case(&["aaaaaaaacccccccc1", "bbbbbbbbcccccccc2"], "aaaaaaaacccccccc1x", &["aaaaaaaacccccccc1"])]
    #[case(&["aaaaaaaacccccccc1", "bbbbbbbbcccccccc2"], "bbbbbbbbcccccccc1", &[])]
    fn every_start_is_found(#[case] set: &[&str], #[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(found(set, text), expected);
    }

    #[test]
    fn the_texts_that_start_so_end_where_others_begin() {
        let set = Prefixes::new(&[b"a", b"ab", b"abc", b"b", b"ba"]);
        let ends: Vec<u32> = (0..5).map(|at| set.end(NodeId::new(at))).collect();
        assert_eq!(ends, [3, 3, 3, 5, 5]);
    }
}
