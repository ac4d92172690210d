//! Recordings below folders.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::{
    error::{Error, Problem, READ},
    function::FUNCTION_FILE,
    paths::slashed,
    recording::RECORDING_FILE,
};

/// Where a recording is, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordingPath {
    /// The recording's folder.
    pub folder: PathBuf,
    /// The function folder above it.
    pub function: PathBuf,
    /// `FUNCTION-FOLDER/RECORDING`, such as `lambda-demo/alb-get-root`.
    pub name: String,
}

/// Finds the recordings at `paths`, sorted, each once. A path may be a folder with recordings
/// somewhere below it, a recording's folder, or a file in one. Symbolic links below a path are not
/// followed; hidden folders, `node_modules` and `target` are not entered.
///
/// # Errors
///
/// When a path does not exist, holds no recording, or has one without a function folder above it.
pub fn discover<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<RecordingPath>, Error> {
    let mut found = BTreeSet::new();
    for path in paths {
        let path = path.as_ref();
        let recordings = recordings_at(path)?;
        if recordings.is_empty() {
            return Err(Error::new(path, Problem::NothingFound));
        }
        for folder in recordings {
            found.insert(RecordingPath::of(folder)?);
        }
    }
    Ok(found.into_iter().collect())
}

impl RecordingPath {
    fn of(folder: PathBuf) -> Result<Self, Error> {
        let absolute = std::path::absolute(&folder).map_err(|e| Error::io(&folder, READ, &e))?;
        let depth =
            absolute.ancestors().skip(1).position(|above| above.join(FUNCTION_FILE).is_file());
        let Some(depth) = depth else {
            let problem = Problem::Missing {
                advice: Some(format!("a recording lies below a folder with `{FUNCTION_FILE}`")),
            };
            return Err(Error::new(folder.join("..").join(FUNCTION_FILE), problem));
        };
        // As the user named it where the function folder is within that, absolute otherwise.
        let function = match folder.ancestors().nth(depth + 1) {
            Some(above) if !above.as_os_str().is_empty() => above.to_owned(),
            _ => absolute.ancestors().nth(depth + 1).unwrap_or(&absolute).to_owned(),
        };
        let above = absolute.ancestors().nth(depth + 2).unwrap_or(Path::new(""));
        let name = slashed(absolute.strip_prefix(above).unwrap_or(&absolute));
        Ok(Self { folder, function, name })
    }
}

/// The recordings at one path.
fn recordings_at(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::io(path, READ, &error))?;
    let folder = match path.parent() {
        Some(parent) if metadata.is_file() && parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) if metadata.is_file() => parent,
        _ => path,
    };
    if metadata.is_file() {
        let is_recording = folder.join(RECORDING_FILE).is_file();
        return Ok(if is_recording { vec![folder.to_owned()] } else { Vec::new() });
    }
    let mut recordings = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_entered) {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        if entry.file_type().is_file() && entry.file_name() == RECORDING_FILE {
            recordings.extend(entry.path().parent().map(Path::to_owned));
        }
    }
    Ok(recordings)
}

fn is_entered(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_skipped = name.starts_with('.') || name == "node_modules" || name == "target";
    entry.depth() == 0 || !(entry.file_type().is_dir() && is_skipped)
}

fn unreadable(folder: &Path, error: &walkdir::Error) -> Error {
    let path = error.path().unwrap_or(folder);
    error.io_error().map_or_else(
        || Error::new(path, Problem::value("a symbolic link leads back to a folder above it")),
        |error| Error::io(path, READ, error),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `demo` with two recordings, and folders that are not entered.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let files = [
            "demo/function.toml",
            "demo/b/recording.toml",
            "demo/a/deep/recording.toml",
            "demo/a/deep/event.json",
            "demo/node_modules/x/recording.toml",
            "demo/.git/recording.toml",
            "empty/README.md",
            "lost/recording.toml",
        ];
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        root
    }

    fn names(paths: &[PathBuf]) -> Vec<String> {
        discover(paths).unwrap().into_iter().map(|found| found.name).collect()
    }

    #[test]
    fn a_tree_a_folder_and_a_file_name_recordings() {
        let root = tree();
        let demo = root.path().join("demo");
        assert_eq!(names(std::slice::from_ref(&demo)), ["demo/a/deep", "demo/b"]);
        assert_eq!(names(&[demo.join("b")]), ["demo/b"]);
        assert_eq!(names(&[demo.join("a/deep/event.json")]), ["demo/a/deep"]);
        assert_eq!(names(&[demo.join("b"), demo.clone()]), ["demo/a/deep", "demo/b"]);
        assert_eq!(discover(&[demo.join("a")]).unwrap()[0].function, demo);
    }

    #[test]
    fn nothing_found_is_an_error_with_advice() {
        let root = tree();
        let message = |path: &str| discover(&[root.path().join(path)]).unwrap_err().to_string();
        assert!(message("empty").contains("no recording found; a recording is a folder with"));
        assert!(message("none").contains("there is no such file or folder"));
        assert!(message("lost").contains("below a folder with `function.toml`"));
        assert!(message("demo/function.toml").contains("no recording found"));
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends() {
        let root = tree();
        let demo = root.path().join("demo");
        std::os::unix::fs::symlink(&demo, demo.join("a/loop")).unwrap();
        assert_eq!(names(&[demo]), ["demo/a/deep", "demo/b"]);
    }
}
