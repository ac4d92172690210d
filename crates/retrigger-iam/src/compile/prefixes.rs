//! Which of many texts a text starts with.

use super::number;

/// A set of texts that finds those with which a text starts.
///
/// A tree whose edges are eight bytes: on each level one binary search over numbers, and what is
/// found knows the shorter texts that it starts with itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    /// The eight bytes of each cell, filled up with zeros, as a number that orders as bytes do.
    chunks: Vec<u64>,
    cells: Vec<Cell>,
    nodes: Vec<Node>,
    root: Level,
    /// The empty text.
    empty: Option<NodeId>,
}

/// Eight bytes of texts, or the last ones of one text.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// How many bytes count, at least one.
    length: u8,
    /// How many bits do not.
    shift: u8,
    /// The longest text of the set that ends here, or on the way here.
    longest: Option<NodeId>,
    /// The longest other cell of the level with which this one starts.
    shorter: Option<u32>,
    /// What goes on from here.
    deeper: Level,
}

/// Cells, or texts, that lie side by side.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    start: u32,
    end: u32,
}

/// A level that is to be made of some of the texts, which have the bytes before `offset` in
/// common.
#[derive(Clone, Copy, Debug)]
struct Pending {
    above: Option<usize>,
    texts: Level,
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
        let has_empty = sorted.first().is_some_and(|text| text.is_empty());
        set.empty = has_empty.then(|| NodeId::new(0));
        let whole = Level { start: u32::from(has_empty), end: number(sorted.len()) };
        let mut pending = vec![Pending { above: None, texts: whole, offset: 0 }];
        while let Some(next) = pending.pop() {
            let level = set.add_level(sorted, next, &mut pending);
            match next.above {
                Some(cell) => set.cells[cell].deeper = level,
                None => set.root = level,
            }
        }
        set.chunks.shrink_to_fit();
        set.cells.shrink_to_fit();
        set
    }

    /// Adds a level.
    fn add_level(
        &mut self,
        sorted: &[&[u8]],
        Pending { above, texts, offset }: Pending,
        pending: &mut Vec<Pending>,
    ) -> Level {
        let start = self.cells.len();
        let inherited = above.map_or(self.empty, |cell| self.cells[cell].longest);
        let chunk_at = |at: u32| chunk_of(&sorted[at as usize][offset..]);
        let mut open: Vec<usize> = Vec::new();
        let mut next = texts.start;
        while next < texts.end {
            let (chunk, length) = chunk_at(next);
            let first = next;
            while next < texts.end && chunk_at(next) == (chunk, length) {
                next += 1;
            }
            while open.pop_if(|cell| !self.fits(*cell, chunk, length)).is_some() {}
            let shorter = open.last().copied();
            let ends_here = sorted[first as usize].len() == offset + length;
            let longest = if ends_here {
                Some(NodeId::new(first as usize))
            } else {
                shorter.map_or(inherited, |shorter| self.cells[shorter].longest)
            };
            let deeper = Level { start: first + u32::from(ends_here), end: next };
            let cell = self.cells.len();
            if deeper.start < deeper.end {
                pending.push(Pending { above: Some(cell), texts: deeper, offset: offset + 8 });
            }
            open.push(cell);
            self.chunks.push(chunk);
            let length = u8::try_from(length).unwrap_or_default();
            self.cells.push(Cell {
                length,
                shift: 64 - 8 * length,
                longest,
                shorter: shorter.map(number),
                deeper: Level::default(),
            });
        }
        Level { start: number(start), end: number(self.cells.len()) }
    }

    /// The longest text of the set with which `text` starts.
    #[inline]
    pub(super) fn longest(&self, text: &[u8]) -> Option<NodeId> {
        let (mut level, mut rest, mut longest) = (self.root, text, self.empty);
        while level.start < level.end {
            let (chunk, length) = chunk_of(rest);
            let chunks = &self.chunks[level.start as usize..level.end as usize];
            let after = level.start as usize + chunks.partition_point(|one| *one <= chunk);
            // Of the cells that fit, all but the last one before `after` are starts of that one.
            let mut cell = (after > level.start as usize).then(|| after - 1);
            while let Some(at) = cell
                && !self.fits(at, chunk, length)
            {
                cell = self.cells[at].shorter.map(|shorter| shorter as usize);
            }
            let Some(cell) = cell.map(|at| &self.cells[at]) else { break };
            longest = cell.longest;
            level = cell.deeper;
            rest = rest.get(8..).unwrap_or_default();
        }
        longest
    }

    /// Whether a cell is the start of a chunk of so many bytes.
    #[inline]
    fn fits(&self, cell: usize, chunk: u64, length: usize) -> bool {
        let differing = self.chunks[cell] ^ chunk;
        let cell = &self.cells[cell];
        differing >> cell.shift == 0 && usize::from(cell.length) <= length
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
