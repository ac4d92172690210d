//! What can be wrong with files, each problem with its place and its remedy.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{snapshot::Unread, source::Place};

/// Why a file or folder could not be read or written.
///
/// Prints as `FILE:LINE:COLUMN: what; advice`. Line and column count from 1, columns in
/// characters; they are left out where the whole file or folder is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    file: PathBuf,
    place: Option<Place>,
    problem: Box<Problem>,
}

impl Error {
    pub(crate) fn new(file: impl Into<PathBuf>, problem: Problem) -> Self {
        Self { file: file.into(), place: None, problem: Box::new(problem) }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn io(file: &Path, doing: &'static str, error: &io::Error) -> Self {
        let problem = match error.kind() {
            io::ErrorKind::NotFound if doing == READ => Problem::Missing { advice: None },
            _ => Problem::Io { doing, reason: describe_io(error) },
        };
        Self::new(file, problem)
    }

    /// The file, or folder, that the problem is about.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where in the file, or `None` where the whole of it is meant.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What to do about it, where that is known.
    pub fn advice(&self) -> Option<String> {
        self.problem.advice()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
        }
        write!(f, ": {}", self.problem)?;
        self.advice().map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

impl std::error::Error for Error {}

pub(crate) const READ: &str = "read";
pub(crate) const WRITE: &str = "write";

/// The operating system's own words, without its error number.
fn describe_io(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

/// The kinds of problem. Each prints as what is wrong, without its place; what to do about it is
/// [`Problem::advice`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no such file or folder.
    #[error("there is no such file or folder")]
    Missing {
        /// Where it comes from, or how to name another.
        advice: Option<String>,
    },
    /// The operating system refused.
    #[error("cannot {doing} it: {reason}")]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// The operating system's words.
        reason: String,
    },
    /// A file without a byte.
    #[error("the file is empty")]
    Empty,
    /// A device, pipe or folder where a file must be.
    #[error("it is not a regular file")]
    NotAFile,
    /// A file larger than its kind ever is. It was not read.
    #[error("the file has {size} bytes, more than the {limit} that {kind} may have")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The most that is read, in bytes.
        limit: u64,
        /// What the file is, such as `an event`.
        kind: &'static str,
    },
    /// Bytes that are not UTF-8.
    #[error("byte {offset} is not UTF-8")]
    NotUtf8 {
        /// The offset of the first such byte, from 0.
        offset: usize,
        /// The file starts as UTF-16 does.
        utf16: bool,
    },
    /// Text that is no JSON, or no TOML.
    #[error("not valid {language}: {reason}")]
    Syntax {
        /// `JSON` or `TOML`.
        language: &'static str,
        /// What was expected there.
        reason: String,
    },
    /// Brackets nested deeper than is read.
    #[error("brackets are nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest level that is read.
        limit: usize,
    },
    /// A key that the format does not have.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// A key or keys that may have been meant.
        candidates: Vec<String>,
    },
    /// A value that the format does not have there.
    #[error("{reason}")]
    Value {
        /// What is wrong with it.
        reason: String,
        /// What to write instead.
        advice: Option<String>,
    },
    /// The file does not say which version of its format it has.
    #[error("`format` is missing")]
    NoFormat {
        /// The version that is current.
        current: u32,
    },
    /// A newer retrigger wrote the file.
    #[error("written by a newer retrigger: format {found}, this one reads up to {supported}")]
    Newer {
        /// The version that the file has.
        found: i64,
        /// The newest that can be read.
        supported: u32,
    },
    /// A path that leads out of the folder it must stay in.
    #[error("`{path}` leaves the folder `{}`", root.display())]
    Leaves {
        /// The path as written.
        path: String,
        /// The folder.
        root: PathBuf,
    },
    /// A snapshot that extends itself, if by way of others.
    #[error("the snapshot extends itself: {chain}")]
    Cycle {
        /// The folders in order, joined by arrows.
        chain: String,
    },
    /// The snapshot does not hold what a replay asks of it.
    #[error("the snapshot has no {what} `{name}`")]
    NotInSnapshot {
        /// `function`, `role` or `managed policy`.
        what: &'static str,
        /// The one that was asked for.
        name: String,
        /// How to add it, and what there is instead.
        advice: String,
    },
    /// The snapshot does not hold what a replay asks of it, because it could not be read.
    #[error("{} of `{of}` could not be read when the snapshot was taken: {reason}", what.name())]
    NotRead {
        /// What it is.
        what: Unread,
        /// The ARN of what it belongs to, or the account.
        of: String,
        /// AWS's error code and message.
        reason: String,
    },
    /// No recording at the path given.
    #[error("no recording found")]
    NothingFound,
    /// Text that must not reach the disk.
    #[error("{pointer} holds what the redaction rule `{rule}` removes")]
    Leak {
        /// Where in the file: a JSON pointer in backticks, or `the text`.
        pointer: String,
        /// The rule that found it.
        rule: String,
    },
}

impl Problem {
    pub(crate) fn value(reason: impl Into<String>) -> Self {
        Self::Value { reason: reason.into(), advice: None }
    }

    pub(crate) fn value_with_advice(reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Value { reason: reason.into(), advice: Some(advice.into()) }
    }

    /// What to do about it, where that is known.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Missing { advice } | Self::Value { advice, .. } => advice.clone(),
            Self::NotInSnapshot { advice, .. } => Some(advice.clone()),
            Self::NoFormat { current } => {
                Some(format!("add it at the start, with the value {current}"))
            }
            Self::UnknownKey { candidates, .. } => did_you_mean(candidates),
            Self::NotUtf8 { utf16: true, .. } => {
                Some("it looks like UTF-16; save it as UTF-8".into())
            }
            _ => self.fixed_advice().map(str::to_owned),
        }
    }

    fn fixed_advice(&self) -> Option<&'static str> {
        match self {
            Self::Empty => Some("restore it, or remove it where it is optional"),
            Self::TooLarge { .. } => Some("is it the file you meant?"),
            Self::NotUtf8 { .. } => Some("save it as UTF-8"),
            Self::Newer { .. } => Some("update retrigger with `cargo install retrigger-cli`"),
            Self::Leaves { .. } => Some("name a path within it, and no link that leads out"),
            Self::Cycle { .. } => Some("remove one of the `extends`"),
            Self::NotRead { .. } => Some(
                "take the snapshot again as someone who may read it (`retrigger snapshot \
                 --print-policy`), or add it by hand and remove this entry",
            ),
            Self::NothingFound => Some(
                "a recording is a folder with `recording.toml`, below a folder with `function.toml`",
            ),
            Self::Leak { .. } => Some("redact the recording before saving it; nothing was written"),
            _ => None,
        }
    }
}

/// The one candidate as a question, or several as a list.
fn did_you_mean(candidates: &[String]) -> Option<String> {
    let quoted: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        many => Some(format!("known are {}", many.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_prints_place_then_problem_then_advice() {
        let problem =
            Problem::UnknownKey { key: "timout".into(), candidates: vec!["timeout".into()] };
        let error = Error::new("demo/function.toml", problem).at(Place { line: 3, column: 1 });
        assert_eq!(
            error.to_string(),
            "demo/function.toml:3:1: unknown key `timout`; did you mean `timeout`?"
        );
    }

    #[test]
    fn the_systems_words_lose_their_number() {
        let denied = io::Error::from_raw_os_error(13);
        let error = Error::io(Path::new("x"), WRITE, &denied);
        assert_eq!(error.to_string(), "x: cannot write it: permission denied");
    }
}
