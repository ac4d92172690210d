//! Why no cases can be derived, or not written.

use std::{io, path::PathBuf};

use crate::replay::{ReplayError, Undecidable};

/// Why no cases can be derived, or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// A file of the recording or its snapshot cannot be read, or one not written.
    #[error(transparent)]
    Recording(#[from] retrigger_recording::Error),
    /// The recording is denied itself.
    #[error("{name}: {reason}; cases are derived from recordings that are allowed")]
    NotAllowed {
        /// The recording's name.
        name: String,
        /// The action and its decision.
        reason: String,
    },
    /// The recording was derived from another.
    #[error("{name}: it is derived from `{from}`; name that one")]
    IsDerived {
        /// The recording's name.
        name: String,
        /// What it was derived from.
        from: String,
    },
    /// The recording cannot be decided, so nothing can be said of its neighbours.
    #[error("{name}: {message}")]
    Undecidable {
        /// The recording's name.
        name: String,
        /// Why, and what to do about it.
        message: String,
    },
    /// A folder to write to lies outside of the function folder.
    #[error(
        "{}: a recording lies below the folder of its function; name a folder in {}",
        into.display(),
        function.display()
    )]
    Outside {
        /// The folder that was named.
        into: PathBuf,
        /// The function folder.
        function: PathBuf,
    },
    /// A file that would be written is there already and says something else. Nothing was written.
    #[error("{}: it is there already and differs; `--force` replaces it", path.display())]
    Exists {
        /// The first such file.
        path: PathBuf,
    },
    /// A recording that was not derived from the same one is where a case would be written.
    /// Nothing was written.
    #[error("{}: it is not derived from `{from}`, and is not replaced; move it away", path.display())]
    NotOurs {
        /// The folder of that recording.
        path: PathBuf,
        /// What the case is derived from.
        from: String,
    },
    /// A case does not replay as it must: a defect of retrigger. Nothing was written.
    #[error(
        "{case} does not replay as derived: {difference}; this is a defect of retrigger, please report it"
    )]
    Disagrees {
        /// The case.
        case: String,
        /// The first difference.
        difference: String,
    },
    /// The cases cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The operating system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's words.
        error: io::Error,
    },
}

impl DeriveError {
    pub(super) fn undecidable(name: &str, why: Undecidable) -> Self {
        let message = match why {
            Undecidable::File(error) => return error.into(),
            other => other.to_string(),
        };
        Self::Undecidable { name: name.to_owned(), message }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }
}
