//! Places in files, with enough of the file to show them.

use std::{fmt, ops::Range, path::PathBuf, sync::Arc};

use serde::Serialize;

/// A place in a file: for programs as file, line and column, for people with the text to
/// underline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as found from the folder of the run.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The whole text of the file.
    #[serde(skip)]
    pub text: Arc<str>,
    /// The bytes of `text` that are meant.
    #[serde(skip)]
    pub span: Range<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl Place {
    /// A file as a whole, without its text.
    pub fn whole(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), line: 1, column: 1, text: "".into(), span: 0..0 }
    }
}
