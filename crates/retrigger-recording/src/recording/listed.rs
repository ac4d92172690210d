//! The calls of a recording: a list, and large bodies beside it.

use std::path::Path;

use super::{CALLS_FILE, Recording, cannot_be_redacted, check_leaks, note};
use crate::{
    atomic::write_atomically,
    calls::{self, BodyFile, Call, CallKey},
    error::{Error, Problem, WRITE},
    manifest::Redaction,
    redact::{Leak, Redactor},
    source::Source,
};

/// The most bytes of the bodies in files of their own.
const MAX_HELD: usize = 256 * 1024 * 1024;

impl Recording {
    /// Removes calls from `calls.jsonl` of the recording in `folder`, with their bodies, and nothing
    /// else. The other calls stay in their order.
    ///
    /// # Errors
    ///
    /// When the recording cannot be read, a call that stays holds a secret (nothing is written
    /// then), or a file cannot be written.
    pub fn remove_calls(
        folder: impl AsRef<Path>,
        keys: &[CallKey],
        redactor: &Redactor,
    ) -> Result<(), Error> {
        let folder = folder.as_ref();
        let mut recording = Self::load(folder)?;
        recording.calls.retain(|call| !keys.contains(&call.key));
        let list = recording.list(folder)?;
        check_leaks(&folder.join(CALLS_FILE), list.as_deref().unwrap_or_default(), redactor)?;
        recording.check_bodies(folder, redactor)?;
        recording.save_calls(folder, list.as_deref())
    }

    /// The bytes of `calls.jsonl`; `None` where there is no call.
    pub(super) fn list(&self, folder: &Path) -> Result<Option<Vec<u8>>, Error> {
        let list = (!self.calls.is_empty()).then(|| calls::to_text(&self.calls)).transpose();
        let list = list.map_err(|problem| Error::new(folder.join(CALLS_FILE), problem))?;
        Ok(list.map(String::into_bytes))
    }

    /// First the bodies that the list names, then the list, and what it names no more is removed: at
    /// any moment every file that it names is there.
    pub(super) fn save_calls(&self, folder: &Path, list: Option<&[u8]>) -> Result<(), Error> {
        let path = folder.join(CALLS_FILE);
        if list.is_some_and(|list| self.is_saved(folder, CALLS_FILE, list)) {
            return Ok(());
        }
        let bodies: Vec<BodyFile> = self.calls.iter().filter_map(BodyFile::of).collect();
        if !bodies.is_empty() {
            let folder = folder.join(calls::BODIES);
            std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, WRITE, &error))?;
        }
        for BodyFile { name, bytes, .. } in &bodies {
            write_atomically(&folder.join(name), bytes)?;
        }
        match list {
            Some(list) => write_atomically(&path, list)?,
            None if path.exists() => {
                std::fs::remove_file(&path).map_err(|error| Error::io(&path, WRITE, &error))?;
            }
            None => {}
        }
        calls::remove_orphans(folder, &bodies.iter().map(|body| body.name.as_str()).collect())
    }

    /// Refuses bodies in files of their own that hold a secret, found as redaction finds it: in the
    /// call that they belong to.
    pub(super) fn check_bodies(&self, folder: &Path, redactor: &Redactor) -> Result<(), Error> {
        for call in &self.calls {
            if let Some(file) = BodyFile::of(call) {
                let text = serde_json::to_string(call).map_err(cannot_be_redacted(CALLS_FILE))?;
                check_leaks(&folder.join(file.name), text.as_bytes(), redactor)?;
            }
        }
        Ok(())
    }
}

/// The calls of a list, with the bodies that it names.
pub(super) fn calls_of(folder: &Path, list: &Source) -> Result<Vec<Call>, Error> {
    let mut held = 0;
    calls::parse(list, |name| {
        let body = BodyFile::read(folder, name)?;
        held += body.as_bytes().len();
        if held > MAX_HELD {
            let reason = format!("the bodies named so far have more than {MAX_HELD} bytes");
            return Err(Problem::value(reason));
        }
        Ok(body)
    })
}

/// Notes what was replaced in a call, and in the file of its body where it has one.
pub(super) fn note_in_call(found: &mut Vec<Redaction>, call: &Call, line: usize, leaks: Vec<Leak>) {
    let file = BodyFile::of(call);
    let (mut in_list, mut in_body) = (Vec::new(), Vec::new());
    for leak in leaks {
        match file.as_ref().and_then(|file| leak.pointer.strip_prefix(file.pointer)) {
            Some(pointer) => in_body.push(Leak { pointer: pointer.to_owned(), ..leak }),
            None => in_list.push(leak),
        }
    }
    note(found, CALLS_FILE, Some(line), in_list);
    note(found, &file.map(|file| file.name).unwrap_or_default(), None, in_body);
}
