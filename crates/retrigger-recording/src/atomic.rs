//! Files are written whole or not at all.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use tempfile::Builder;

use crate::error::{Error, Problem, WRITE};

/// Replaces the content of a file, or makes it, so that whoever reads it finds the old content or
/// the new, whatever fails in between: the bytes go to a temporary file in the same folder, reach
/// the disk, and take the file's name. The folder must exist. An existing file keeps its
/// permissions.
///
/// # Errors
///
/// When the folder is missing, full or not writable; the old file is then as it was.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("expected.json");
/// retrigger_recording::write_atomically(&path, b"{}\n").unwrap();
/// assert_eq!(std::fs::read(&path).unwrap(), b"{}\n");
/// ```
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::new(path, Problem::NotAFile));
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    replace(folder, path, bytes).map_err(|error| Error::io(path, WRITE, &error))
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(".retrigger-").suffix(".tmp");
    match std::fs::metadata(path) {
        Ok(metadata) => builder.permissions(metadata.permissions()),
        Err(_) => ordinary(&mut builder),
    };
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Gives a new file the permissions of any file, from which the process's mask takes its part;
/// temporary files are their owner's alone otherwise.
#[cfg(unix)]
fn ordinary<'b, 'n>(builder: &'b mut Builder<'n, 'n>) -> &'b mut Builder<'n, 'n> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn ordinary<'b, 'n>(builder: &'b mut Builder<'n, 'n>) -> &'b mut Builder<'n, 'n> {
    builder
}

/// Makes new names in a folder survive a power cut; only Unix lets a folder be opened for it.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_missing_folder_is_an_error_with_the_files_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("a");
        let error = write_atomically(&path, b"x").unwrap_err();
        assert_eq!(error.file(), path);
        assert!(error.to_string().contains("cannot write it: no such file"), "{error}");
    }

    #[test]
    fn a_folder_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_atomically(folder.path(), b"x").unwrap_err();
        assert_eq!(error.problem(), &Problem::NotAFile);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept_and_new_files_are_not_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, b"x").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_ne!(mode(&path) & 0o044, 0);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        write_atomically(&path, b"y").unwrap();
        assert_eq!(mode(&path), 0o640);
    }
}
