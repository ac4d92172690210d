//! Text files: read within limits, and located in lines and columns.

use std::{
    fmt,
    fs::File,
    io::Read,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem, READ};

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// Where byte `offset` of `text` is. An offset past the end is the place after the last
    /// character; one inside a character is that character's place.
    ///
    /// ```
    /// # use retrigger_recording::Place;
    /// assert_eq!(Place::of("{\n  \"é\": 1}", 7), Place { line: 2, column: 5 });
    /// ```
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = before.split(|byte| *byte == b'\n').count();
        let in_line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let starts = in_line.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        let inside = offset < text.len() && !text.is_char_boundary(offset);
        Self { line, column: starts + usize::from(!inside) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A kind of file: what messages call it, and the most bytes it may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) limit: u64,
}

const MIB: u64 = 1024 * 1024;

/// Settings, expectations and policies. AWS's own policies end at tens of kilobytes; a listing of
/// a whole account's policies is megabytes.
pub(crate) const DOCUMENT: Kind = Kind { name: "a document", limit: 16 * MIB };

/// An event. Lambda accepts 6 MiB and some headroom in a synchronous invocation (AWS Lambda
/// Developer Guide, "Lambda quotas").
pub(crate) const EVENT: Kind = Kind { name: "an event", limit: 6 * MIB + 1024 };

/// The recorded calls of one invocation, with their answers.
pub(crate) const CALLS: Kind = Kind { name: "a list of calls", limit: 64 * MIB };

/// The body of an answer to a call, in a file of its own.
pub(crate) const BODY: Kind = Kind { name: "the body of an answer", limit: 64 * MIB };

/// How deep brackets may be nested in any file: as deep as JSON values are read here.
pub(crate) const MAX_DEPTH: usize = 127;

/// Reads a file of at most the limit of its kind, without reading more than that.
pub(crate) fn read_bytes(path: &Path, kind: Kind) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::io(path, READ, &error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::new(path, Problem::NotAFile));
    }
    let too_large =
        |size| Error::new(path, Problem::TooLarge { size, limit: kind.limit, kind: kind.name });
    if metadata.len() > kind.limit {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(kind.limit + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    match bytes.len() as u64 {
        0 => Err(Error::new(path, Problem::Empty)),
        size if size > kind.limit => Err(too_large(size)),
        _ => Ok(bytes),
    }
}

/// A text file that has been read.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.path.display(), self.text.len())
    }
}

impl Source {
    /// Reads a file that must be UTF-8.
    pub(crate) fn read(path: &Path, kind: Kind) -> Result<Self, Error> {
        Self::from_bytes(path, read_bytes(path, kind)?)
    }

    /// Bytes that were read from `path` and must be UTF-8.
    pub(crate) fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, Error> {
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
        Ok(Self { path: path.to_owned(), text })
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        Place::of(&self.text, offset)
    }

    /// An error at byte `offset`.
    pub(crate) fn error(&self, offset: usize, problem: Problem) -> Error {
        Error::new(&self.path, problem).at(self.place(offset))
    }

    /// An error about the whole file.
    pub(crate) fn error_in_all(&self, problem: Problem) -> Error {
        Error::new(&self.path, problem)
    }

    /// Refuses brackets nested deeper than [`MAX_DEPTH`], which no parser would survive or accept.
    pub(crate) fn check_depth(&self) -> Result<(), Error> {
        match too_deep(&self.text) {
            Some(offset) => Err(self.error(offset, Problem::TooDeep { limit: MAX_DEPTH })),
            None => Ok(()),
        }
    }

    /// The offset of a slice that was borrowed from this text.
    pub(crate) fn span_of(&self, slice: &str) -> Range<usize> {
        let start = (slice.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        start..start + slice.len()
    }
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Error {
    let offset = error.utf8_error().valid_up_to();
    let utf16 = matches!(error.as_bytes(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
    let valid = error.as_bytes().get(..offset).unwrap_or_default();
    let place = Place::of(&String::from_utf8_lossy(valid), offset);
    Error::new(path, Problem::NotUtf8 { offset, utf16 }).at(place)
}

/// The offset of the first bracket that is too deep, brackets in strings not counted.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    deeper_than(text, MAX_DEPTH)
}

/// The offset of the first bracket in more than so many others.
pub(crate) fn deeper_than(text: &str, limit: usize) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return Some(offset);
        }
    }
    None
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
    fn places_count_lines_and_characters(
        #[case] text: &str,
        #[case] offset: usize,
        #[case] line: usize,
        #[case] column: usize,
    ) {
        assert_eq!(Place::of(text, offset), Place { line, column });
    }

    fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[rstest]
    #[case(b"", "the file is empty")]
    #[case(b"{\n  \"a\": \"\xff\"}", ":2:9: byte 10 is not UTF-8")]
    #[case(b"\xff\xfe{\0", "it looks like UTF-16")]
    fn unreadable_text_is_located(#[case] bytes: &[u8], #[case] message: &str) {
        let (_folder, path) = written(bytes);
        let error = Source::read(&path, DOCUMENT).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn a_large_file_is_refused_by_its_size_alone() {
        let (_folder, path) = written(b"{}");
        File::options().write(true).open(&path).unwrap().set_len(50 * MIB).unwrap();
        let error = Source::read(&path, DOCUMENT).unwrap_err();
        assert_eq!(
            error.problem(),
            &Problem::TooLarge { size: 50 * MIB, limit: 16 * MIB, kind: "a document" }
        );
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_bytes(folder.path(), EVENT).unwrap_err();
        assert_eq!(error.problem(), &Problem::NotAFile);
    }

    #[test]
    fn the_depth_limit_is_that_of_the_json_reader() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(too_deep(&nested(MAX_DEPTH)), None);
        assert!(serde_json::from_str::<serde_json::Value>(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(too_deep(&nested(MAX_DEPTH + 1)), Some(MAX_DEPTH));
        assert!(serde_json::from_str::<serde_json::Value>(&nested(MAX_DEPTH + 1)).is_err());
        assert_eq!(too_deep(&format!("\"{}\"", "[".repeat(200))), None);
    }
}
