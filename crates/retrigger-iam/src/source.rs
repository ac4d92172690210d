//! Places in a document: byte spans, lines and columns.

use std::{fmt, ops::Range};

use serde::Serialize;

/// A run of bytes in the text of a document: `start` inclusive, `end` exclusive.
///
/// One span travels from the parser to the explanation, so that a denial can underline the clause
/// that made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start..span.end
    }
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// Where byte `offset` of `text` is. An offset past the end is the place after the last
    /// character; one inside a character is that character's place.
    ///
    /// ```
    /// # use retrigger_iam::Location;
    /// let place = Location::of("{\n  \"Effect\": 1}", 4);
    /// assert_eq!((place.line, place.column), (2, 3));
    /// ```
    pub fn of(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Self { line, column }
    }
}

/// The places of many bytes of one text, in one walk through it as long as they come in order.
pub(crate) struct Locations<'t> {
    text: &'t str,
    /// The last byte asked for, and its place.
    at: usize,
    place: Location,
}

impl<'t> Locations<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, place: Location { line: 1, column: 1 } }
    }

    /// As [`Location::of`].
    pub(crate) fn of(&mut self, offset: usize) -> Location {
        let offset = self.text.floor_char_boundary(offset);
        if offset < self.at {
            *self = Self::new(self.text);
        }
        let between = &self.text[self.at..offset];
        let step = Location::of(between, between.len());
        let column = if step.line == 1 { self.place.column - 1 + step.column } else { step.column };
        self.place = Location { line: self.place.line - 1 + step.line, column };
        self.at = offset;
        self.place
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A piece of text from a document, with its place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The text, unescaped.
    pub value: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl Text {
    /// `value` as found at `span`.
    pub fn new(value: impl Into<String>, span: Span) -> Self {
        Self { value: value.into(), span }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", 0, 1, 1)]
    #[case("ab\ncd", 4, 2, 2)]
    #[case("ab\n", 3, 2, 1)]
    #[case("é\"x", 3, 1, 3)]
    #[case("é\"x", 1, 1, 1)]
    #[case("ab", 99, 1, 3)]
    fn locations_count_lines_and_characters(
        #[case] text: &str,
        #[case] offset: usize,
        #[case] line: usize,
        #[case] column: usize,
    ) {
        assert_eq!(Location::of(text, offset), Location { line, column });
    }

    #[test]
    fn places_found_on_the_way_are_those_found_one_by_one() {
        let text = "é{\n  \"x\": 1,\n\n \u{1f600}}";
        let mut places = Locations::new(text);
        for offset in (0..=text.len() + 1).chain([3, 0, 9]) {
            assert_eq!(places.of(offset), Location::of(text, offset), "{offset}");
        }
    }
}
