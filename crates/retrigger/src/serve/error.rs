//! Why nothing is served, and how errors of the snapshot look to a caller.

use std::{io, path::PathBuf};

use retrigger_recording::Error;
use retrigger_serve::ApiError;

use crate::{
    replay::Undecidable,
    triggers::{Refusal, TriggersError},
};

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// There is no function folder.
    #[error("{}: no function folder there or below; it is one with a `function.toml`", .0.display())]
    NoFunction(PathBuf),
    /// A folder cannot be read.
    #[error(transparent)]
    File(#[from] Error),
    /// A snapshot is not such as decisions can be made under.
    #[error(transparent)]
    Snapshot(#[from] TriggersError),
    /// Two functions have one name.
    #[error("function `{name}` is both in {} and in {}; serve one of them", folders[0].display(), folders[1].display())]
    SameName {
        /// The name.
        name: String,
        /// The two folders.
        folders: Box<[PathBuf; 2]>,
    },
    /// A function cannot be built.
    #[error("{message}")]
    Build {
        /// What failed.
        message: String,
        /// The end of its output.
        help: Option<String>,
    },
    /// A front door that leads to no function that is served.
    #[error("{0}")]
    DoorWithoutFunction(String),
    /// No principal that could call.
    #[error(
        "`{0}` cannot call: expected the ARN of a user, a role, a session of a role, or a root \
         user, such as `arn:aws:iam::841860927337:user/alice`"
    )]
    NoCaller(String),
    /// The folder for recordings is not within the function folder.
    #[error(
        "recordings cannot be written to `{0}`: expected a folder within the function folder, such \
         as `recorded`"
    )]
    RecordingFolder(String),
    /// Recordings name the snapshot that they are replayed under by its path within the folder.
    #[error("{}: the snapshot lies outside of the function folder, so that no recording can name it", .0.display())]
    SnapshotOutside(PathBuf),
    /// The port cannot be listened on.
    #[error("cannot listen on 127.0.0.1:{port}: {}; another port, or 0 for a free one", words(.source))]
    Listen {
        /// The port.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// A mistake in this program.
    #[error("internal error: {0}")]
    Internal(String),
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is taken".to_owned(),
        io::ErrorKind::PermissionDenied => "not permitted".to_owned(),
        _ => error.to_string(),
    }
}

impl From<Undecidable> for ServeError {
    fn from(why: Undecidable) -> Self {
        Self::Snapshot(why.into())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}

impl From<TriggersError> for ApiError {
    /// What AWS would refuse has AWS's words. A file that cannot be read is no fault of the caller.
    fn from(error: TriggersError) -> Self {
        match error {
            TriggersError::Refused(refusal) => refusal.into(),
            TriggersError::Denied(denial) => denial.refusal.into(),
            TriggersError::Other { message, .. } => {
                Self::new("InvalidParameterValueException", message)
            }
            TriggersError::Document(invalid) => Undecidable::Document(invalid).into(),
            TriggersError::File(_) | TriggersError::Unwritable(_) => {
                Self::service(error.to_string())
            }
        }
    }
}

impl From<Undecidable> for ApiError {
    fn from(why: Undecidable) -> Self {
        Self::service(why.to_string())
    }
}
