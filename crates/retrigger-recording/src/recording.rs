//! A recording: one trigger event, and all that was observed with it.

mod listed;

use std::{
    borrow::Cow,
    fmt, mem,
    path::{Path, PathBuf},
};

use listed::{calls_of, note_in_call};

use crate::{
    atomic::{sync_folder, write_atomically},
    calls::{BodyFile, Call},
    edit_json, edit_toml,
    error::{Error, Problem, WRITE},
    expected::Expected,
    function::FunctionFolder,
    manifest::{Manifest, Redaction},
    noise::NoiseRule,
    parse, paths,
    redact::Redactor,
    snapshot::Snapshot,
    source::{CALLS, DOCUMENT, EVENT, Kind, Source},
    strict,
};

/// The file that makes a folder a recording.
pub const RECORDING_FILE: &str = "recording.toml";
/// The payload, byte for byte.
pub const EVENT_FILE: &str = "event.json";
/// The handler's AWS calls. Without it there were none.
pub const CALLS_FILE: &str = "calls.jsonl";
/// What a replay must show. Without it nothing is compared.
pub const EXPECTED_FILE: &str = "expected.json";

/// The most secrets that are replaced in one recording, and places of each file: each takes memory,
/// and a line of the manifest.
const MAX_SECRETS: usize = 10_000;

/// The snapshot of a recording that names none.
const DEFAULT_SNAPSHOT: &str = "snapshot";

/// One trigger event, and all that was observed with it: a folder with `recording.toml`,
/// `event.json`, and where there is something to say `calls.jsonl`, with large bodies in `calls/`, and
/// `expected.json`. Other files, such as a `README.md`, are ignored.
#[derive(Clone, PartialEq)]
pub struct Recording {
    /// The payload, byte for byte: JSON.
    pub event: Vec<u8>,
    /// What is known of it besides.
    pub manifest: Manifest,
    /// The AWS calls that the handler made.
    pub calls: Vec<Call>,
    /// What a replay must show; `None` where nothing is compared.
    pub expected: Option<Expected>,
}

/// Shows no content: it may hold what must not be shown.
impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording(event of {} bytes, {} calls)", self.event.len(), self.calls.len())
    }
}

/// A file of a recording and its bytes; `None` where it must not exist.
type File<'r> = (&'static str, Option<Cow<'r, [u8]>>);

impl Recording {
    /// Reads the recording in `folder`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with one of its files: missing, empty, too large, not UTF-8,
    /// not JSON or TOML, written by a newer retrigger, linked from outside the folder.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let manifest = Manifest::parse(&source(folder, RECORDING_FILE, DOCUMENT)?)?;
        let event = source(folder, EVENT_FILE, EVENT)?;
        parse::json::<serde::de::IgnoredAny>(&event)?;
        Ok(Self {
            event: event.text.into_bytes(),
            manifest,
            calls: optional(folder, CALLS_FILE, CALLS)?
                .map_or(Ok(Vec::new()), |source| calls_of(folder, &source))?,
            expected: optional(folder, EXPECTED_FILE, DOCUMENT)?
                .map(|source| Expected::parse(&source))
                .transpose()?,
        })
    }

    /// The folder of the snapshot to replay under. `folder` is the recording's own, where an error
    /// is placed.
    ///
    /// # Errors
    ///
    /// When the path leaves the function folder.
    pub fn snapshot_path(
        &self,
        function: &FunctionFolder,
        folder: &Path,
    ) -> Result<PathBuf, Error> {
        let name = self.manifest.snapshot.as_deref().unwrap_or(DEFAULT_SNAPSHOT);
        paths::confined(function.path(), function.path(), name)
            .map_err(|problem| Error::new(folder.join(RECORDING_FILE), problem))
    }

    /// Reads the snapshot to replay under. `folder` is the recording's own, where an error is
    /// placed.
    ///
    /// # Errors
    ///
    /// When the path leaves the function folder, or the snapshot cannot be read.
    pub fn snapshot(&self, function: &FunctionFolder, folder: &Path) -> Result<Snapshot, Error> {
        Snapshot::load(self.snapshot_path(function, folder)?, function)
    }

    /// Replaces every secret by a token, wherever in the recording it stands, and notes each place in
    /// the manifest. The same secret has the same token in all files; what is redacted already
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// When the event cannot be searched: it is not JSON, not UTF-8, nested too deep, or has more than
    /// ten thousand secrets. The recording is of no use then.
    pub fn redact(&mut self, redactor: &Redactor) -> Result<(), Error> {
        self.check_event(Path::new(EVENT_FILE))?;
        let mut texts = self.texts_besides_event()?;
        if let Some(expected) = &self.expected {
            let text = serde_json::to_string(expected);
            texts.push(text.map_err(cannot_be_redacted(EXPECTED_FILE))?.into());
        }
        // It is replaced where it stands: it may be large.
        let event = String::from_utf8(mem::take(&mut self.event));
        let event =
            event.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        texts.insert(0, event.into());
        let leaks = redactor.redact_at_most(MAX_SECRETS, &mut texts).ok_or_else(|| {
            let reason = format!("it has more than {MAX_SECRETS} secrets to replace");
            Error::new(EVENT_FILE, Problem::value(reason))
        })?;
        let texts: Vec<String> = texts.into_iter().map(Cow::into_owned).collect();
        let mut redacted = texts.into_iter().zip(leaks);
        let mut found = Vec::new();
        if let Some((event, leaks)) = redacted.next() {
            self.event = event.into_bytes();
            note(&mut found, EVENT_FILE, None, leaks);
        }
        for ((line, call), (text, leaks)) in (2..).zip(&mut self.calls).zip(redacted.by_ref()) {
            if leaks.is_empty() {
                continue;
            }
            *call = serde_json::from_str(&text).map_err(cannot_be_redacted(CALLS_FILE))?;
            note_in_call(&mut found, call, line, leaks);
        }
        if let Some((manifest, leaks)) = redacted.next().filter(|(_, leaks)| !leaks.is_empty()) {
            let manifest = Manifest::from_json(&manifest);
            self.manifest = manifest.map_err(cannot_be_redacted(RECORDING_FILE))?;
            note(&mut found, RECORDING_FILE, None, leaks);
        }
        let last = redacted.next().filter(|(_, leaks)| !leaks.is_empty());
        if let (Some(expected), Some((text, leaks))) = (&mut self.expected, last) {
            *expected = serde_json::from_str(&text).map_err(cannot_be_redacted(EXPECTED_FILE))?;
            note(&mut found, EXPECTED_FILE, None, leaks);
        }
        // A body that is another now is in another file.
        let bodies: Vec<BodyFile> = self.calls.iter().filter_map(BodyFile::of).collect();
        let is_there =
            |file: &str| !file.starts_with("calls/") || bodies.iter().any(|body| body.name == file);
        self.manifest.redactions.retain(|redaction| is_there(&redaction.file));
        self.manifest.redactions.extend(found);
        self.manifest.redactions.sort();
        self.manifest.redactions.dedup();
        Ok(())
    }

    /// What it says, as JSON texts: the event, each call, the manifest; not what is expected.
    pub(crate) fn texts(&self) -> Result<Vec<Cow<'_, str>>, Error> {
        let mut texts = self.texts_besides_event()?;
        texts.insert(0, String::from_utf8_lossy(&self.event));
        Ok(texts)
    }

    fn texts_besides_event<'t>(&self) -> Result<Vec<Cow<'t, str>>, Error> {
        let mut texts = Vec::new();
        for call in &self.calls {
            let text = serde_json::to_string(call).map_err(cannot_be_redacted(CALLS_FILE))?;
            texts.push(text.into());
        }
        let manifest = self.manifest.to_json().map_err(cannot_be_redacted(RECORDING_FILE))?;
        texts.push(manifest.into());
        Ok(texts)
    }

    /// Writes the recording into `folder`, which is made where it is missing. Each file is written
    /// whole or not at all; one that says the same already is left alone, with its comments and
    /// spacing; `calls.jsonl`, the bodies in `calls/` and `expected.json` that the recording no
    /// longer has are removed.
    ///
    /// # Errors
    ///
    /// When a file still holds a secret or the event cannot be searched for one (nothing is written
    /// then), or a file cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>, redactor: &Redactor) -> Result<(), Error> {
        let folder = folder.as_ref();
        let files = self.files(folder)?;
        self.check_event(&folder.join(EVENT_FILE))?;
        for (name, bytes) in &files {
            check_leaks(&folder.join(name), bytes.as_deref().unwrap_or_default(), redactor)?;
        }
        self.check_bodies(folder, redactor)?;
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, WRITE, &error))?;
        for (name, bytes) in files {
            if name == CALLS_FILE {
                self.save_calls(folder, bytes.as_deref())?;
                continue;
            }
            let path = folder.join(name);
            match bytes {
                Some(bytes) if !self.is_saved(folder, name, &bytes) => {
                    write_atomically(&path, &bytes)?;
                }
                None if path.exists() => {
                    std::fs::remove_file(&path).map_err(|error| Error::io(&path, WRITE, &error))?;
                }
                _ => {}
            }
        }
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        sync_folder(above.unwrap_or(Path::new(".")))
            .map_err(|error| Error::io(folder, WRITE, &error))
    }

    /// Writes `expected.json` of the recording in `folder` and nothing else. Of a file that is there
    /// only what must change is changed: order of keys, spacing and spelling stay.
    ///
    /// # Errors
    ///
    /// When it holds a secret (nothing is written then), or cannot be written.
    pub fn save_expected(
        folder: impl AsRef<Path>,
        expected: &Expected,
        redactor: &Redactor,
    ) -> Result<(), Error> {
        let path = folder.as_ref().join(EXPECTED_FILE);
        let failed = |problem| Error::new(&path, problem);
        let saved = optional(folder.as_ref(), EXPECTED_FILE, DOCUMENT).ok().flatten();
        let wanted = expected.to_value().map_err(failed)?;
        let edited = saved.and_then(|source| edit_json::edited(&source.text, &wanted));
        let text = edited.map_or_else(|| expected.to_text(), Ok).map_err(failed)?;
        check_leaks(&path, text.as_bytes(), redactor)?;
        write_atomically(&path, text.as_bytes())
    }

    /// Adds rules to `[[noise]]` and to `[[redactions]]` of `recording.toml` in `folder`, each once.
    /// All that is there stays as it is written.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written.
    pub fn add_to_manifest(
        folder: impl AsRef<Path>,
        noise: &[NoiseRule],
        redactions: &[Redaction],
    ) -> Result<(), Error> {
        let folder = folder.as_ref();
        let source = source(folder, RECORDING_FILE, DOCUMENT)?;
        let manifest = Manifest::parse(&source)?;
        let noise: Vec<_> = noise.iter().filter(|rule| !manifest.noise.contains(rule)).collect();
        let known = &manifest.redactions;
        let redactions: Vec<_> = redactions.iter().filter(|one| !known.contains(one)).collect();
        if noise.is_empty() && redactions.is_empty() {
            return Ok(());
        }
        let text = edit_toml::with_items(&source.text, "noise", &noise)
            .and_then(|text| edit_toml::with_items(&text, "redactions", &redactions))
            .map_err(|reason| source.error_in_all(Problem::value(reason)))?;
        write_atomically(&source.path, text.as_bytes())
    }

    /// Refuses an event in which a secret could be overlooked.
    fn check_event(&self, path: &Path) -> Result<(), Error> {
        let is_searchable = |text: &str| {
            strict::is_json(text) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
        };
        if std::str::from_utf8(&self.event).is_ok_and(is_searchable) {
            return Ok(());
        }
        let event = Source::from_bytes(path, self.event.clone())?;
        parse::json::<serde::de::IgnoredAny>(&event)?;
        let reason = "it cannot be searched for secrets: a string has half a surrogate pair";
        Err(event.error_in_all(Problem::value(reason)))
    }

    /// Its files in the order in which they are written, the one that makes it a recording last.
    fn files(&self, folder: &Path) -> Result<Vec<File<'_>>, Error> {
        let in_file = |name: &'static str| move |problem| Error::new(folder.join(name), problem);
        let expected = self.expected.as_ref().map(Expected::to_text).transpose();
        let expected = expected.map_err(in_file(EXPECTED_FILE))?;
        let manifest = self.manifest.to_text().map_err(in_file(RECORDING_FILE))?;
        let bytes = |text: String| Cow::Owned(text.into_bytes());
        // Last what makes the folder a recording: one that was not finished is none.
        Ok(vec![
            (EVENT_FILE, Some(Cow::Borrowed(&*self.event))),
            (CALLS_FILE, self.list(folder)?.map(Cow::Owned)),
            (EXPECTED_FILE, expected.map(bytes)),
            (RECORDING_FILE, Some(bytes(manifest))),
        ])
    }

    /// Whether a file on disk says the same already, if in other words.
    fn is_saved(&self, folder: &Path, name: &str, bytes: &[u8]) -> bool {
        let same = match name {
            RECORDING_FILE => source(folder, name, DOCUMENT)
                .and_then(|source| Manifest::parse(&source))
                .map(|manifest| manifest == self.manifest),
            CALLS_FILE => source(folder, name, CALLS)
                .and_then(|source| calls_of(folder, &source))
                .map(|calls| calls == self.calls),
            EXPECTED_FILE => source(folder, name, DOCUMENT)
                .and_then(|source| Expected::parse(&source))
                .map(|saved| self.expected.as_ref().is_some_and(|expected| saved.says(expected))),
            _ => source(folder, name, EVENT).map(|source| source.text.as_bytes() == bytes),
        };
        same.unwrap_or(false)
    }
}

fn source(folder: &Path, name: &str, kind: Kind) -> Result<Source, Error> {
    let path = folder.join(name);
    let source = Source::read(&path, kind)?;
    paths::check_link(folder, &path)?;
    Ok(source)
}

fn optional(folder: &Path, name: &str, kind: Kind) -> Result<Option<Source>, Error> {
    match source(folder, name, kind) {
        Err(error) if matches!(error.problem(), Problem::Missing { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// The error of a part whose JSON text cannot be made, or is none any more when it is redacted.
pub(crate) fn cannot_be_redacted(file: &str) -> impl Fn(serde_json::Error) -> Error + Copy + '_ {
    move |error| Error::new(file, Problem::value(format!("cannot be redacted: {error}")))
}

pub(crate) fn note(
    found: &mut Vec<Redaction>,
    file: &str,
    line: Option<usize>,
    leaks: Vec<crate::Leak>,
) {
    found.extend(leaks.into_iter().map(|leak| Redaction {
        file: file.to_owned(),
        line,
        pointer: leak.pointer,
        rule: leak.rule,
    }));
}

/// Refuses bytes that hold a secret.
fn check_leaks(path: &Path, bytes: &[u8], redactor: &Redactor) -> Result<(), Error> {
    redactor.scan(bytes).into_iter().next().map_or(Ok(()), |leak| {
        let pointer =
            if leak.pointer.is_empty() { "the text".into() } else { format!("`{}`", leak.pointer) };
        Err(Error::new(path, Problem::Leak { pointer, rule: leak.rule }))
    })
}

#[cfg(test)]
mod tests;
