//! Changing the files of a function in a snapshot: what is inherited is never touched.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    SNAPSHOT_FILE, Snapshot,
    files::{CONFIGURATION_FILE, MAPPINGS_FILE, URL_FILE, policy_file},
};
use crate::{
    atomic::write_atomically,
    error::{Error, READ, WRITE},
    source::{DOCUMENT, Source},
};

/// A file of a function in a snapshot, to be changed there. Where a snapshot that is extended has
/// the file, a change makes a copy in the snapshot that extends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFile {
    path: PathBuf,
    inherited: Option<PathBuf>,
}

impl Snapshot {
    /// `lambda/FUNCTION/policy.json`, or the policy of a version or alias.
    pub fn policy_file(&self, function: &str, qualifier: Option<&str>) -> FunctionFile {
        self.function_file(function, &policy_file(qualifier))
    }

    /// `lambda/FUNCTION/event-source-mappings.json`.
    pub fn mappings_file(&self, function: &str) -> FunctionFile {
        self.function_file(function, MAPPINGS_FILE)
    }

    /// `lambda/FUNCTION/configuration.json`.
    pub fn configuration_file(&self, function: &str) -> FunctionFile {
        self.function_file(function, CONFIGURATION_FILE)
    }

    /// `lambda/FUNCTION/function-url-config.json`.
    pub fn url_file(&self, function: &str) -> FunctionFile {
        self.function_file(function, URL_FILE)
    }

    /// Waits until nobody else changes the snapshot, in this process or another, and keeps them
    /// waiting until the lock is dropped. What is to be changed must be read after that.
    ///
    /// It leaves no file behind: the lock is one of the operating system's on `snapshot.toml`. A
    /// file system without locks has none, and neither has Windows, where a locked file could not
    /// be read.
    ///
    /// # Errors
    ///
    /// When `snapshot.toml` cannot be opened.
    pub fn lock(&self) -> Result<SnapshotLock, Error> {
        Self::lock_folder(&self.path)
    }

    /// The same of a snapshot that is not read yet.
    pub(super) fn lock_folder(folder: &Path) -> Result<SnapshotLock, Error> {
        let path = folder.join(SNAPSHOT_FILE);
        let file = File::open(&path).map_err(|error| Error::io(&path, READ, &error))?;
        if cfg!(unix) {
            // Fails where there are no locks; a single user changes files all the same.
            let _ = file.lock();
        }
        Ok(SnapshotLock { _file: file })
    }

    fn function_file(&self, function: &str, name: &str) -> FunctionFile {
        let within = |folder: &PathBuf| folder.join("lambda").join(function).join(name);
        let inherited = self.folders.iter().skip(1).map(within).find(|path| path.is_file());
        FunctionFile { path: within(&self.path), inherited }
    }
}

/// Keeps everybody else from changing a snapshot until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is released when it is dropped"]
pub struct SnapshotLock {
    _file: File,
}

impl FunctionFile {
    /// Where the snapshot itself has the file, or would have it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text that is in force: the snapshot's own, else what it inherits; `None` where there is
    /// neither.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn text(&self) -> Result<Option<String>, Error> {
        let own = self.path.is_file().then_some(&self.path);
        let Some(path) = own.or(self.inherited.as_ref()) else { return Ok(None) };
        Ok(Some(Source::read(path, DOCUMENT)?.text))
    }

    /// Writes the snapshot's own file.
    ///
    /// # Errors
    ///
    /// When it cannot be written; what was there is then as it was.
    pub fn write(&self, text: &str) -> Result<(), Error> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, WRITE, &error))?;
        }
        write_atomically(&self.path, text.as_bytes())
    }

    /// Removes the file; where the snapshot inherits one, which would come to light again, `empty`
    /// is written over it instead.
    ///
    /// # Errors
    ///
    /// When it cannot be removed or written.
    pub fn remove(&self, empty: &str) -> Result<(), Error> {
        match self.inherited {
            Some(_) => self.write(empty),
            None => std::fs::remove_file(&self.path)
                .map_err(|error| Error::io(&self.path, WRITE, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, inherits: bool) -> FunctionFile {
        let inherited = folder.join("base.json");
        std::fs::write(&inherited, "base").unwrap();
        FunctionFile { path: folder.join("a/b.json"), inherited: inherits.then_some(inherited) }
    }

    #[test]
    fn an_inherited_file_is_covered_and_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path(), true);
        assert_eq!(file.text().unwrap().as_deref(), Some("base"));
        file.write("own").unwrap();
        assert_eq!(file.text().unwrap().as_deref(), Some("own"));
        file.remove("nothing").unwrap();
        assert_eq!(file.text().unwrap().as_deref(), Some("nothing"));
        assert_eq!(std::fs::read_to_string(folder.path().join("base.json")).unwrap(), "base");
    }

    #[test]
    fn a_file_of_the_snapshots_own_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path(), false);
        assert_eq!(file.text(), Ok(None));
        file.write("own").unwrap();
        file.remove("nothing").unwrap();
        assert_eq!(file.text(), Ok(None));
        assert!(!file.path().exists());
    }
}
