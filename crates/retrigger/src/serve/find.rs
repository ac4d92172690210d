//! Function folders at and below paths.

use std::path::{Path, PathBuf};

use retrigger_recording::{FUNCTION_FILE, SNAPSHOT_FILE};
use walkdir::{DirEntry, WalkDir};

use super::ServeError;

/// How far below a path function folders are looked for.
const MAX_DEPTH: usize = 6;

/// The function folders and snapshots named, and the function folders below other folders, in
/// order. Hidden folders, `node_modules` and `target` are not entered.
pub(super) fn function_folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ServeError> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        if is_one(path) {
            found.push(path.clone());
        } else {
            let walk = WalkDir::new(path).max_depth(MAX_DEPTH).sort_by_file_name();
            let entries = walk.into_iter().filter_entry(is_entered).filter_map(Result::ok);
            let folders = entries.map(DirEntry::into_path);
            found.extend(folders.filter(|path| path.join(FUNCTION_FILE).is_file()));
        }
        if found.len() == before {
            return Err(ServeError::NoFunction(path.clone()));
        }
    }
    Ok(found)
}

fn is_one(path: &Path) -> bool {
    path.join(FUNCTION_FILE).is_file() || path.join(SNAPSHOT_FILE).is_file()
}

fn is_entered(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0
        || (entry.file_type().is_dir()
            && !name.starts_with('.')
            && name != "node_modules"
            && name != "target")
}
