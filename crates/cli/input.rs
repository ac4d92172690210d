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
    let bytes = fs::read(path).map_err(failure)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Failure::new(format!("{place}: byte {offset} is not UTF-8; save it as UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
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
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        let walk = WalkBuilder::new(path).standard_filters(false).build();
        for entry in walk {
            let entry = entry.map_err(|error| Failure::new(error.to_string()))?;
            if entry.path().is_file()
                && entry.path().extension().is_some_and(|end| end == extension)
            {
                files.push(entry.into_path());
            }
        }
        files[before..].sort();
        if files.len() == before {
            let message = format!("{}: no `.{extension}` file below it", path.display());
            return Err(Failure::new(message));
        }
    }
    Ok(files)
}
