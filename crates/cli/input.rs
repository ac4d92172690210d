//! Reading the files that a command names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ignore::WalkBuilder;
use retrigger::check::{self, Case};

use crate::exit::Failure;

/// The most that is read of one file, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The whole text of a file, without a byte order mark.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read_bytes(path)?).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Failure::new(format!("{}: byte {offset} is not UTF-8; save it as UTF-8", path.display()))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// All bytes of a file.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let place = path.display();
    let failure = |error: std::io::Error| Failure::new(format!("{place}: cannot read it: {error}"));
    let metadata = fs::metadata(path).map_err(failure)?;
    if metadata.is_dir() {
        return Err(Failure::new(format!("{place}: it is a folder; name a file")));
    }
    if metadata.len() > MAX_BYTES {
        let size = metadata.len();
        let message = format!("{place}: {size} bytes are more than the {MAX_BYTES} that are read");
        return Err(Failure::new(message));
    }
    fs::read(path).map_err(failure)
}

/// The cases of a check file: YAML by its ending, else JSON.
pub(crate) fn read_cases(file: &Path) -> Result<Vec<Case>, Failure> {
    let text = read_text(file)?;
    check::read_cases(&text, is_yaml(file))
        .map_err(|error| Failure::new(format!("{}:{error}", file.display())))
}

/// Whether a file says by its ending that it is YAML.
pub(crate) fn is_yaml(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

/// The files named, and below the folders named every file that ends in `.extension`, in order.
pub(crate) fn files_below(paths: &[PathBuf], extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        files.extend(below(path, |file| file.extension().is_some_and(|end| end == extension))?);
        if files.len() == before {
            let message = format!("{}: no `.{extension}` file below it", path.display());
            return Err(Failure::new(message));
        }
    }
    Ok(files)
}

/// The files named, and below the folders named every file, in order; those of git aside.
pub(crate) fn all_files_below(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(below(path, |_| true)?);
    }
    Ok(files)
}

/// The file `path`, or the files below the folder that are `wanted`, in order.
fn below(path: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut walk = WalkBuilder::new(path);
    walk.standard_filters(false).filter_entry(|entry| entry.file_name() != ".git");
    for entry in walk.build() {
        let entry = entry.map_err(|error| Failure::new(error.to_string()))?;
        if entry.path().is_file() && wanted(entry.path()) {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}
