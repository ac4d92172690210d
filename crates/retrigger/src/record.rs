//! Making recordings: of events that were found in files, or that a recorder saw.
//!
//! ```text
//! Import::read ─▶ FoundEvent ─┐
//!                             ├▶ NewRecording ─▶ Recorder::record ─▶ a folder with a recording
//! a recorder ─────────────────┘
//! ```
//!
//! Secrets are replaced before anything is written, see [`Redactor`]. What is not known of the
//! trigger stays open: [`Recorded::classification`] says what it is.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let function = folder.path();
//! # std::fs::write(function.join("function.toml"), "format = 1\nruntime = \"nodejs20.x\"\n\
//! #   arn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\nhandler = \"i.h\"\n").unwrap();
//! # let log = function.join("log.txt");
//! # std::fs::write(&log, r#"{"Records": [{"eventSource": "aws:sqs", "messageId": "1",
//! #   "eventSourceARN": "arn:aws:sqs:us-east-1:841860927337:orders", "body": "1"}]}"#).unwrap();
//! use retrigger::record::{Import, NewRecording, Recorder};
//!
//! let mut recorder = Recorder::open(function).unwrap();
//! for found in Import::read(log).unwrap().events {
//!     let recorded = recorder.record(NewRecording::from(found)).unwrap();
//!     assert_eq!(recorded.folder, function.join("sqs"));
//! }
//! ```

mod import;
mod line;
mod observed;

use std::{
    collections::HashMap,
    fs,
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
};

use retrigger_iam::{Arn, Principal};
use retrigger_recording::{
    Anonymize, Error, Expected, Fact, FunctionFolder, Invocation, Manifest, Recording, Redactor,
    Time, TriggerFacts, discover,
};
use retrigger_trigger::{Classification, Surroundings, outline};

use crate::replay::{Undecidable, declared};

#[cfg(feature = "serve")]
pub(crate) use observed::same_in_every_run;

pub use import::{FoundEvent, Import, ImportError, InvocationFacts, MAX_IMPORT_BYTES, Place};

/// What a recording of an unknown trigger is called.
const UNKNOWN_TRIGGER: &str = "event";

/// An event that is to be recorded, with what is known of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewRecording {
    /// The payload: JSON.
    pub event: String,
    /// What the recording is called; after its trigger by default. Where there is a recording of
    /// this name, a number is added.
    pub name: Option<String>,
    /// The snapshot to replay under, `snapshot` by default.
    pub snapshot: Option<String>,
    /// What is known of the trigger besides the payload.
    pub trigger: TriggerFacts,
    /// What is known of the invocation.
    pub invocation: Invocation,
    /// What a replay must show, where the function's answer was seen.
    pub expected: Option<Expected>,
}

impl From<FoundEvent> for NewRecording {
    fn from(found: FoundEvent) -> Self {
        let FoundEvent { json, name, invocation, expected, .. } = found;
        Self { event: json, name, invocation, expected, ..Self::default() }
    }
}

impl NewRecording {
    /// The recording with all its secrets, and its name.
    fn into_recording(self) -> (Recording, Option<String>) {
        let Self { event, name, snapshot, trigger, invocation, expected } = self;
        let manifest = Manifest { snapshot, trigger, invocation, ..Manifest::default() };
        let event = event.into_bytes();
        (Recording { event, manifest, calls: Vec::new(), expected }, name)
    }

    /// Adds what `CloudTrail` says of this invocation, which is the one with the same request id.
    /// What is known already stays.
    pub fn add_facts(&mut self, facts: &InvocationFacts) {
        if self.invocation.request_id.as_ref() != Some(&facts.request_id) {
            return;
        }
        let declared = |value: &Option<String>| value.clone().map(Fact::declared);
        let principal = facts.principal.as_ref().map(Principal::to_string);
        let Self { trigger, invocation, .. } = self;
        trigger.source_arn = trigger.source_arn.take().or_else(|| declared(&facts.source_arn));
        trigger.source_account =
            trigger.source_account.take().or_else(|| declared(&facts.source_account));
        trigger.principal = trigger.principal.take().or_else(|| declared(&principal));
        invocation.qualifier = invocation.qualifier.take().or_else(|| facts.qualifier.clone());
        // It is asked for before anything is logged.
        invocation.time = facts.time.clone().or_else(|| invocation.time.take());
    }
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The recording's folder.
    pub folder: PathBuf,
    /// Whether a recording that says the same was there already; nothing was written then.
    pub was_there: bool,
    /// What is known of the trigger; `None` where it has to be declared.
    pub classification: Option<Classification>,
    /// How many secrets were replaced.
    pub redactions: usize,
}

/// Why an event was not recorded. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The event is no JSON, or a file cannot be read or written.
    #[error(transparent)]
    Recording(#[from] Error),
    /// A folder cannot be made.
    #[error("{}: cannot make it: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is declared of the trigger cannot be so.
    #[error("{0}")]
    Declared(String),
}

impl From<Undecidable> for RecordError {
    fn from(undecidable: Undecidable) -> Self {
        match undecidable {
            // What to do about it names a file that is not written yet.
            Undecidable::Other { message, .. } => Self::Declared(message),
            other => Self::Declared(other.to_string()),
        }
    }
}

/// Makes recordings of one function's events.
#[derive(Debug)]
pub struct Recorder {
    folder: FunctionFolder,
    redactor: Redactor,
    /// The folders of the recordings that there are, by [`Hashes`] of what each is of: recordings
    /// may be many and large.
    known: HashMap<[u64; 2], PathBuf>,
    hashes: Hashes,
}

/// Tells recordings apart by their event and request id. With two hashes of random keys no two are
/// ever taken for each other.
#[derive(Debug, Default)]
struct Hashes([RandomState; 2]);

impl Hashes {
    fn of(&self, recording: &Recording) -> [u64; 2] {
        let Recording { event, manifest, .. } = recording;
        self.0.each_ref().map(|keys| keys.hash_one((event, &manifest.invocation.request_id)))
    }
}

impl Recorder {
    /// For the function whose `function.toml` is in this folder.
    ///
    /// # Errors
    ///
    /// When `function.toml` is missing or broken.
    pub fn open(function: impl AsRef<Path>) -> Result<Self, RecordError> {
        let folder = FunctionFolder::load(function)?;
        let redactor = folder.redactor();
        // Without a recording yet, none is found; a broken one is not this one's concern.
        let paths = discover(&[folder.path()]).unwrap_or_default();
        let (mut known, hashes) = (HashMap::new(), Hashes::default());
        for path in paths {
            if let Ok(recording) = Recording::load(&path.folder) {
                known.entry(hashes.of(&recording)).or_insert(path.folder);
            }
        }
        Ok(Self { folder, redactor, known, hashes })
    }

    /// Replaces these too, besides what `function.toml` asks for. The snapshot keeps its own: where
    /// account ids are replaced, what the policies say of the account no longer fits the event.
    #[must_use]
    pub fn anonymize(self, kinds: &[Anonymize]) -> Self {
        let folder = self.folder.anonymize(kinds);
        Self { redactor: folder.redactor(), folder, ..self }
    }

    /// The function.
    pub fn function(&self) -> &FunctionFolder {
        &self.folder
    }

    /// Writes an event into a folder of its own below the function's, with its secrets replaced.
    /// One that is there already, the same event of the same invocation, is left as it is.
    ///
    /// # Errors
    ///
    /// When the event is no JSON or what is declared of it cannot be so, or it cannot be written.
    pub fn record(&mut self, new: NewRecording) -> Result<Recorded, RecordError> {
        let (mut recording, name) = new.into_recording();
        recording.redact(&self.redactor)?;
        let classification = self.classify(&recording)?;
        let redactions = recording.manifest.redactions.len();
        let hashes = self.hashes.of(&recording);
        if let Some(folder) = self.known.get(&hashes).cloned() {
            return Ok(Recorded { folder, was_there: true, classification, redactions });
        }
        let name = name.map(|name| as_folder_name(&name)).filter(|name| !name.is_empty());
        let of_trigger = || classification.as_ref().map(|found| found.trigger.to_string());
        let name = name.or_else(of_trigger).unwrap_or_else(|| UNKNOWN_TRIGGER.to_owned());
        let folder = self.claim(&name)?;
        recording.save(&folder, &self.redactor)?;
        self.known.insert(hashes, folder.clone());
        Ok(Recorded { folder, was_there: false, classification, redactions })
    }

    fn classify(&self, recording: &Recording) -> Result<Option<Classification>, RecordError> {
        // The event was found to be JSON when it was redacted.
        let text = std::str::from_utf8(&recording.event).unwrap_or_default();
        let Ok(payload) = outline(text) else { return Ok(None) };
        let arn = self.folder.function().arn.to_string();
        let declared = declared(&recording.manifest)?;
        Ok(Classification::resolve(&payload, &Surroundings::of_function(&arn), declared))
    }

    /// Makes the first free folder of this name.
    fn claim(&self, name: &str) -> Result<PathBuf, RecordError> {
        let mut number = 1;
        loop {
            let numbered = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
            let path = self.folder.path().join(numbered);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(RecordError::Folder { path, source }),
            }
        }
    }
}

/// A name as a folder can have it: letters, digits, `-`, `_` and `.`, others as `-`.
fn as_folder_name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    plain.trim_matches(['-', '.']).to_owned()
}

/// A snapshot as the recordings of a function name it: not at all where it is the one by default.
pub(crate) fn snapshot_name(snapshot: &Path, function: &Path) -> Option<String> {
    let below = snapshot.strip_prefix(function).ok()?;
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let path = parts.join("/");
    (path != "snapshot" && !path.is_empty()).then_some(path)
}

/// A time as recordings have it: Lambda knows no more than milliseconds.
pub(crate) fn to_the_millisecond(timestamp: jiff::Timestamp) -> Option<Time> {
    format!("{timestamp:.3}").parse().ok()
}

/// `NAME:QUALIFIER`, or an ARN with one.
fn qualifier(name: &str) -> Option<String> {
    let rest = match Arn::parse(name) {
        Some(arn) => arn.resource.strip_prefix("function:")?,
        None => name,
    };
    rest.split_once(':').map(|(_, qualifier)| qualifier.to_owned())
}

#[cfg(test)]
mod tests;
