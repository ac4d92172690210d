//! A folder takes another's place in one step.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::error::{Error, WRITE};

/// Writes files to a folder beside `folder`, has them checked, and puts them in its place: whoever
/// reads `folder` finds all that was there before, or all that is new. Where a file system cannot
/// exchange two folders, there is a moment in which there is none.
pub(super) fn write_folder(
    folder: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    check: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io(folder, WRITE, &error);
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(failed)?;
    let temporary = temporary(parent).map_err(failed)?;
    write_files(temporary.path(), files).map_err(failed)?;
    check(temporary.path())?;
    put(temporary, folder).map_err(failed)?;
    sync(parent).map_err(failed)
}

/// A new folder, which goes away with its value.
fn temporary(parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".retrigger-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Those of any folder, from which the process's mask takes its part.
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(parent)
}

fn write_files(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    for (name, bytes) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
            std::fs::create_dir_all(parent)?;
            folders.push(parent.to_owned());
        }
        let mut file = File::create_new(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    folders.iter().try_for_each(|folder| sync(folder))
}

/// Moves the new folder to its place; the old one goes away.
fn put(new: tempfile::TempDir, folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        // Whatever is there by now is no empty folder, and the move fails.
        let path = new.keep();
        return std::fs::rename(&path, folder).inspect_err(|_| drop(remove(&path)));
    }
    match exchange(new.path(), folder) {
        Ok(()) => new.close(),
        Err(_) => put_in_two_steps(new, folder),
    }
}

fn put_in_two_steps(new: tempfile::TempDir, folder: &Path) -> io::Result<()> {
    let aside: PathBuf = new.path().with_extension("old");
    std::fs::rename(folder, &aside)?;
    let path = new.keep();
    if let Err(error) = std::fs::rename(&path, folder) {
        std::fs::rename(&aside, folder)?;
        remove(&path)?;
        return Err(error);
    }
    remove(&aside)
}

fn remove(folder: &Path) -> io::Result<()> {
    std::fs::remove_dir_all(folder)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes names survive a power cut; only Unix lets a folder be opened for it.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
