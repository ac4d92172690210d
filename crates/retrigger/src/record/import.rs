//! Events from files: payloads, JSON Lines, test events, logs; and what CloudTrail says of
//! invocations.

mod literal;
mod logs;
mod trail;

use std::{
    fmt, fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use retrigger_recording::{Expected, Invocation};
use retrigger_trigger::recognise;
use serde_json::{Value, value::RawValue};

pub use trail::InvocationFacts;

use logs::{Entry, LogEvents, entries_of, entry_of};

use super::line;

/// The most that is read of one file, in bytes, also of one that is compressed.
pub const MAX_IMPORT_BYTES: u64 = 256 * 1024 * 1024;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Import {
    /// The events, in the order of the file.
    pub events: Vec<FoundEvent>,
    /// What CloudTrail says of invocations.
    pub facts: Vec<InvocationFacts>,
    /// Events of which a log shows only part, each with what it shows in place of the rest, such
    /// as `[Object]`.
    pub shortened: Vec<(Place, String)>,
}

/// An event that was found in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundEvent {
    /// The payload: JSON, as it stands in the file where it is JSON there.
    pub json: String,
    /// Where it was found.
    pub place: Place,
    /// Its name, for a test event that has one.
    pub name: Option<String>,
    /// What the file says of the invocation: a log when and under which request id it was logged.
    pub invocation: Invocation,
    /// What a replay must show, where a recorder wrote the function's answer down.
    pub expected: Option<Expected>,
}

impl FoundEvent {
    pub(super) fn new(json: String, place: Place) -> Self {
        Self { json, place, name: None, invocation: Invocation::default(), expected: None }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All of it.
    Whole,
    /// A line, counted from one.
    Line(usize),
    /// An entry of a list, counted from one.
    Entry(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::Entry(entry) => write!(f, ", entry {entry}"),
        }
    }
}

/// Why nothing can be imported from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be read.
    #[error("{}: cannot read it: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than is read.
    #[error("{}: more than the {MAX_IMPORT_BYTES} bytes that are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is no text.
    #[error("{}: byte {offset} is not UTF-8; logs and events are text, plain or in gzip", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The byte, counted from 0.
        offset: usize,
    },
    /// It seems to be JSON, and is not.
    #[error("{}:{}:{}: not JSON: {error}", path.display(), error.line(), error.column())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        error: serde_json::Error,
    },
    /// No event is in it.
    #[error(
        "{}: no event of a known trigger is in it; an event that a trigger is not known by goes \
         into a file of its own",
        path.display()
    )]
    NothingFound {
        /// The file.
        path: PathBuf,
    },
    /// The events in it were printed in part.
    #[error(
        "{}{place}: the log shows only part of an event, and `{instead}` in place of the rest; let \
         the handler log `JSON.stringify(event)`",
        path.display()
    )]
    Shortened {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// What stands in place of the rest.
        instead: String,
    },
}

impl Import {
    /// Reads a file, plain or in gzip:
    ///
    /// | file | gives |
    /// |---|---|
    /// | JSON: a payload, as SAM's and the console's test events are | the event, byte for byte |
    /// | test events that are shared (their `EventBridge` schema) | an event for each example |
    /// | JSON Lines | an event for each line |
    /// | what `aws logs filter-log-events` or `get-log-events` print | the events that were logged |
    /// | an export of `CloudWatch` Logs, or a log as `aws logs tail` and `sam logs` print it | the same |
    /// | `CloudTrail` records | what they say of invocations |
    ///
    /// In a log an event is recognised by its trigger. It may have been logged as JSON, as Node's
    /// `console.log(event)` prints it, as Python's `print(event)` does, or in a JSON log.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no text, or nothing is in it.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ImportError> {
        let path = path.as_ref();
        let text = read_text(path)?;
        let found = Self::of_text(&text)
            .map_err(|error| ImportError::Json { path: path.to_owned(), error })?;
        if !found.events.is_empty() || !found.facts.is_empty() {
            return Ok(found);
        }
        let path = path.to_owned();
        match found.shortened.into_iter().next() {
            Some((place, instead)) => Err(ImportError::Shortened { path, place, instead }),
            None => Err(ImportError::NothingFound { path }),
        }
    }

    /// Fails where the text can only have been meant to be one JSON text.
    fn of_text(text: &str) -> Result<Self, serde_json::Error> {
        let error = match serde_json::from_str::<Value>(text) {
            Ok(value) => return Ok(Self::of_json(text, &value)),
            Err(error) => error,
        };
        if let Some(found) = Self::of_lines(text) {
            return Ok(found);
        }
        let found = Self::of_entries(&entries_of(text));
        let is_bare = text.trim_start().starts_with(['{', '[']);
        if is_bare && found.events.is_empty() && found.shortened.is_empty() {
            return Err(error);
        }
        Ok(found)
    }

    fn of_json(text: &str, value: &Value) -> Self {
        let list = |key: &str| value.get(key).and_then(Value::as_array);
        if let Some(records) = list("Records").or_else(|| value.as_array())
            && !records.is_empty()
            && records.iter().all(trail::is_record)
        {
            return Self {
                facts: records.iter().filter_map(trail::facts).collect(),
                ..Self::default()
            };
        }
        if let Some(records) = list("events").or_else(|| value.as_array())
            && let Some(entries) = records.iter().map(entry_of).collect::<Option<Vec<_>>>()
            && !entries.is_empty()
        {
            return Self::of_entries(&entries);
        }
        if value.get("openapi").is_some()
            && let Some(examples) = value.pointer("/components/examples").and_then(Value::as_object)
        {
            let events = examples.iter().zip(1..).filter_map(|((name, example), number)| {
                let json = example.get("value")?.to_string();
                let event = FoundEvent::new(json, Place::Entry(number));
                Some(FoundEvent { name: Some(name.clone()), ..event })
            });
            return Self { events: events.collect(), ..Self::default() };
        }
        let event = line::read(value);
        let event = event.unwrap_or_else(|| FoundEvent::new(text.to_owned(), Place::Whole));
        Self { events: vec![event], ..Self::default() }
    }

    /// JSON Lines; `None` where some line is no JSON.
    fn of_lines(text: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut logged = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let raw: &RawValue = serde_json::from_str(line).ok()?;
            let value: Value = serde_json::from_str(raw.get()).ok()?;
            if trail::is_record(&value) {
                found.facts.extend(trail::facts(&value));
            } else if let Some(entry) = entry_of(&value) {
                logged.push(Entry { line: Some(number), ..entry });
            } else if let Some(event) = line::read(&value) {
                found.events.push(FoundEvent { place: Place::Line(number), ..event });
            } else if recognise(&value).is_none() && is_of_log(&value) {
                let message = line.to_owned();
                logged.push(Entry { message, line: Some(number), ..Entry::default() });
            } else {
                found.events.push(FoundEvent::new(raw.get().to_owned(), Place::Line(number)));
            }
        }
        let of_logs = Self::of_entries(&logged);
        found.events.extend(of_logs.events);
        found.shortened = of_logs.shortened;
        Some(found)
    }

    fn of_entries(entries: &[Entry]) -> Self {
        let LogEvents { events, shortened } = LogEvents::read(entries);
        Self { events, shortened, ..Self::default() }
    }
}

/// Whether a value is a line of a JSON log, of the handler or of Lambda itself.
fn is_of_log(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    (has("message") && (has("level") || has("timestamp"))) || (has("time") && has("record"))
}

fn read_text(path: &Path) -> Result<String, ImportError> {
    let failed = |source| ImportError::Io { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_IMPORT_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        let decoder = MultiGzDecoder::new(bytes.as_slice());
        decoder.take(MAX_IMPORT_BYTES + 1).read_to_end(&mut plain).map_err(failed)?;
        bytes = plain;
    }
    if bytes.len() as u64 > MAX_IMPORT_BYTES {
        return Err(ImportError::TooLarge { path: path.to_owned() });
    }
    let text = String::from_utf8(bytes).map_err(|error| ImportError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests;
