//! Writing cases: all of a recording's, or none where something is in the way.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use retrigger_recording::{RECORDING_FILE, Recording, write_atomically};
use serde::Serialize;

use super::{Derived, case::DerivedCase, error::DeriveError, readme::readme, stage};

/// What stands beside a recording for people.
const README: &str = "README.md";

/// What became of a case's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Written {
    /// It was not there.
    New,
    /// It was there and says the same.
    Unchanged,
    /// It was there and said something else.
    Replaced,
}

impl Derived {
    /// The folder of a case below `into`, the function folder's `derived` by default.
    ///
    /// # Errors
    ///
    /// When `into` is not within the function folder.
    pub fn folder(&self, case: &DerivedCase, into: Option<&Path>) -> Result<PathBuf, DeriveError> {
        let function = self.scene.folder.path();
        let into = into.map_or_else(|| function.join("derived"), Path::to_owned);
        let folder = into.join(&self.scene.name).join(&case.name);
        if is_within(&folder, function) {
            return Ok(folder);
        }
        Err(DeriveError::Outside { into, function: function.to_owned() })
    }

    /// Writes every case into its [`folder`](Self::folder), and the snapshots of cases whose
    /// policies differ into `snapshots/derived-…` of the function folder. What is there and says
    /// the same is left alone; what says something else is replaced only with `replace`, and only
    /// where it was derived from the same recording.
    ///
    /// # Errors
    ///
    /// When something is in the way (nothing is written then), or a file cannot be written.
    pub fn write(&self, into: Option<&Path>, replace: bool) -> Result<Vec<Written>, DeriveError> {
        let mut plan = Vec::new();
        for case in &self.cases {
            let folder = self.folder(case, into)?;
            let written = self.standing(case, &folder, replace)?;
            plan.push((case, folder, written));
        }
        for (case, folder, written) in &plan {
            if *written != Written::Unchanged {
                self.write_case(case, folder)?;
            }
        }
        Ok(plan.into_iter().map(|(_, _, written)| written).collect())
    }

    fn write_case(&self, case: &DerivedCase, folder: &Path) -> Result<(), DeriveError> {
        stage::write_snapshot(self.scene.folder.path(), case.snapshot.as_ref())?;
        let readme_path = folder.join(README);
        stage::make_parent(&readme_path)?;
        write_atomically(&readme_path, self.readme(case, folder).as_bytes())?;
        // What makes it a recording comes last.
        Ok(case.recording.save(folder, &self.scene.folder.redactor())?)
    }

    /// The case's `README.md`, which names it as a replay does.
    fn readme(&self, case: &DerivedCase, folder: &Path) -> String {
        let function = absolute(self.scene.folder.path());
        let above = function.parent().unwrap_or(&function).to_owned();
        let folder = absolute(folder);
        let name = folder.strip_prefix(above).unwrap_or(&folder);
        let name = name.components().map(|part| part.as_os_str().to_string_lossy());
        readme(case, &self.scene.name, &name.collect::<Vec<_>>().join("/"))
    }

    /// What is in a case's place, or why it cannot be written there.
    fn standing(
        &self,
        case: &DerivedCase,
        folder: &Path,
        replace: bool,
    ) -> Result<Written, DeriveError> {
        let has_recording = folder.join(RECORDING_FILE).exists();
        let there = has_recording.then(|| Recording::load(folder));
        let from = &self.scene.name;
        if let Some(Ok(there)) = &there
            && there.manifest.derived_from.as_ref() != Some(from)
        {
            return Err(DeriveError::NotOurs { path: folder.to_owned(), from: from.clone() });
        }
        let is_same = matches!(&there, Some(Ok(there)) if says_same(there, &case.recording));
        let mut different = Vec::new();
        if there.is_some() && !is_same {
            different.push(folder.to_owned());
        }
        let mut missing = there.is_none();
        let snapshot = case.snapshot.iter().flat_map(|one| one.paths(self.scene.folder.path()));
        let readme = self.readme(case, folder);
        for (path, text) in snapshot.chain([(folder.join(README), &readme)]) {
            match fs::read(&path) {
                Ok(bytes) if bytes == text.as_bytes() => {}
                Ok(_) => different.push(path),
                Err(_) => missing = true,
            }
        }
        match different.into_iter().next() {
            Some(path) if !replace => Err(DeriveError::Exists { path }),
            Some(_) => Ok(Written::Replaced),
            None if missing => Ok(Written::New),
            None => Ok(Written::Unchanged),
        }
    }
}

/// Whether both say the same, whichever format they were read from.
fn says_same(one: &Recording, other: &Recording) -> bool {
    let bare = |recording: &Recording| Recording { expected: None, ..recording.clone() };
    let same = match (&one.expected, &other.expected) {
        (Some(one), Some(other)) => one.says(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    same && bare(one) == bare(other)
}

/// Whether a path, which need not exist, lies within an existing folder, links followed.
fn is_within(path: &Path, folder: &Path) -> bool {
    let path = absolute(path);
    let existing = path.ancestors().find(|above| above.exists());
    let Some(existing) = existing else { return false };
    let rest = path.strip_prefix(existing).unwrap_or(&path);
    match (existing.canonicalize(), folder.canonicalize()) {
        (Ok(existing), Ok(folder)) => {
            let whole = existing.join(rest);
            whole.starts_with(&folder) && whole != folder
        }
        _ => false,
    }
}

/// The path from the root, with its dots resolved by name.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}
