//! Large bodies, each in a file of its own.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Component, Path, PathBuf},
};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Body, Call, MAX_INLINE, Written};
use crate::{
    error::{Error, Problem, WRITE},
    paths,
    source::{self, BODY, Source},
};

/// The folder of a recording in which large bodies stand.
pub(crate) const BODIES: &str = "calls";

/// How the names of files end whose content is a body in one of its JSON forms.
const FORM: &str = ".form.json";

/// A body that stands in a file of its own.
pub(crate) struct BodyFile {
    /// From the folder of the recording, with `/`.
    pub(crate) name: String,
    /// What stands in it.
    pub(crate) bytes: Bytes,
    /// Where this stands in the call, as a JSON pointer.
    pub(crate) pointer: &'static str,
}

impl BodyFile {
    /// The file of a call's answer; `None` where it needs none. It is named by its content, so that
    /// no file ever changes while a list of calls names it.
    pub(crate) fn of(call: &Call) -> Option<Self> {
        let body = &call.response.body;
        if body.as_bytes().len() <= MAX_INLINE {
            return None;
        }
        let (bytes, pointer, end) = match body.text() {
            Some(text) => (body.to_bytes(), "/response/body/text", end_of(text)),
            None => match readable(body) {
                Some(form) => (form.into(), "/response/body", FORM),
                None => (body.to_bytes(), "/response/body/base64", ".bin"),
            },
        };
        let is_allowed = |c: &char| c.is_ascii_alphanumeric();
        let operation: String = call.key.operation.chars().filter(is_allowed).take(60).collect();
        let mut name = format!("{BODIES}/{operation}-");
        for byte in Sha256::digest(&bytes).iter().take(6) {
            // Writing into memory does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        Some(Self { name: name + end, bytes, pointer })
    }

    /// Reads the body that a recording in `folder` names.
    pub(crate) fn read(folder: &Path, name: &str) -> Result<Body, Problem> {
        let path = path_of(folder, name)?;
        let unreadable = |error: Error| match error.problem() {
            Problem::Missing { .. } => Problem::value_with_advice(
                format!("the file `{name}` is not there"),
                "restore it, or record the call again",
            ),
            problem => Problem::value(format!("the file `{name}` cannot be read: {problem}")),
        };
        let bytes = source::read_bytes(&path, BODY).map_err(unreadable)?;
        if !name.ends_with(FORM) {
            return Ok(Body::from_bytes(bytes));
        }
        let source = Source::from_bytes(&path, bytes).map_err(unreadable)?;
        let form: Written = crate::parse::json(&source).map_err(unreadable)?;
        let wrong = |reason: &str| Problem::value(format!("the file `{name}`: {reason}"));
        form.body().map_err(wrong)?.map_err(|_| wrong("it names another file"))
    }
}

/// The JSON of CBOR that is readable, unless it is too large to be read back.
fn readable(body: &Body) -> Option<String> {
    let form = Written::of(body);
    let is_readable = !matches!(form, Written::Base64(_));
    let text = is_readable.then(|| serde_json::to_string_pretty(&form).ok()).flatten()?;
    Some(text).filter(|text| text.len() as u64 <= BODY.limit)
}

/// A file of the folder [`BODIES`], and of no other.
fn path_of(folder: &Path, name: &str) -> Result<PathBuf, Problem> {
    let parts: Vec<Component<'_>> = Path::new(name).components().collect();
    let is_own = matches!(
        parts.as_slice(),
        [Component::Normal(folder), Component::Normal(_)] if *folder == BODIES
    );
    if !is_own {
        return Err(Problem::value_with_advice(
            format!("`{name}` is no file of the folder `{BODIES}`"),
            format!("name one in it, such as `{BODIES}/GetObject-0123456789ab.txt`"),
        ));
    }
    paths::confined(folder, folder, name)
}

fn end_of(text: &str) -> &'static str {
    let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    match text.trim_start().chars().next() {
        Some('{' | '[') if is_json() => ".json",
        Some('<') => ".xml",
        _ => ".txt",
    }
}

/// Removes the files of bodies that no call has any more, and nothing else.
pub(crate) fn remove_orphans(folder: &Path, kept: &BTreeSet<&str>) -> Result<(), Error> {
    let bodies = folder.join(BODIES);
    let Ok(entries) = std::fs::read_dir(&bodies) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
        if kept.contains(format!("{BODIES}/{name}").as_str()) {
            continue;
        }
        let path = entry.path();
        std::fs::remove_file(&path).map_err(|error| Error::io(&path, WRITE, &error))?;
    }
    // It fails where other files are left in it.
    let _ = std::fs::remove_dir(&bodies);
    Ok(())
}

/// Such as `GetObject-0123456789ab.txt`.
fn is_ours(name: &str) -> bool {
    let (operation, rest) = name.split_once('-').unwrap_or_default();
    let (digest, end) = rest.split_at_checked(12).unwrap_or_default();
    operation.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
        && [".txt", ".json", ".xml", ".bin", FORM].contains(&end)
}
