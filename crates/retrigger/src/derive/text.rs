//! Changing text by byte ranges.

use std::ops::Range;

/// The text with each range replaced. Ranges lie on character boundaries; one that overlaps the
/// one before it is left alone.
pub(super) fn replaced(text: &str, mut changes: Vec<(Range<usize>, String)>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (range, new) in changes {
        let Some(kept) = text.get(at..range.start) else { continue };
        out.push_str(kept);
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// What to cut out of a list so that the elements `is_cut` names are gone, with the commas that
/// separated them. `elements` are the ranges of all of its elements in order.
pub(super) fn cuts(
    elements: &[Range<usize>],
    is_cut: impl Fn(&Range<usize>) -> bool,
) -> Vec<Range<usize>> {
    let kept = elements.iter().rposition(|element| !is_cut(element));
    let Some(last_kept) = kept else {
        return elements
            .first()
            .zip(elements.last())
            .map(|(a, z)| a.start..z.end)
            .into_iter()
            .collect();
    };
    let within = elements.windows(2).take(last_kept).filter_map(|pair| match pair {
        [element, next] if is_cut(element) => Some(element.start..next.start),
        _ => None,
    });
    let mut cuts: Vec<_> = within.collect();
    if let (Some(kept), Some(last)) = (elements.get(last_kept), elements.last())
        && kept.end < last.end
    {
        cuts.push(kept.end..last.end);
    }
    cuts
}

/// A name for a folder: letters, digits, `-`, `_` and `.` as they are, a hyphen for anything else.
pub(super) fn slug(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().map(|c| if kept(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a", "[bb, ccc]")]
    #[case("bb", "[a, ccc]")]
    #[case("ccc", "[a, bb]")]
    #[case("a ccc", "[bb]")]
    #[case("bb ccc", "[a]")]
    #[case("a bb", "[ccc]")]
    #[case("a bb ccc", "[]")]
    #[case("", "[a, bb, ccc]")]
    fn a_list_stays_a_list(#[case] cut: &str, #[case] wanted: &str) {
        let list = "[a, bb, ccc]";
        let names: Vec<&str> = cut.split(' ').collect();
        let elements = [1..2, 4..6, 8..11];
        let cuts = cuts(&elements, |range| names.contains(&&list[range.clone()]));
        assert_eq!(
            replaced(list, cuts.into_iter().map(|cut| (cut, String::new())).collect()),
            wanted
        );
    }
}
