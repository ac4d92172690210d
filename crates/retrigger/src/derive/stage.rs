//! Replaying cases before anything of them is written where people look.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use retrigger_recording::{FUNCTION_FILE, FunctionFolder, write_atomically};
use retrigger_runtime::{Context, HandlerError};

use super::{case::DerivedCase, error::DeriveError, scene::Scene, snapshot::DerivedSnapshot};
use crate::{
    Replay,
    event::{Event, RecordingFinished, Status},
    reporter::Reporter,
};

/// Replays every case from files of its own, with a handler that answers `null`: each must show
/// the decisions that it expects.
pub(super) fn verify(scene: &Scene, cases: &[DerivedCase]) -> Result<(), DeriveError> {
    let stage = tempfile::tempdir().map_err(DeriveError::io("the temporary folder"))?;
    let root = stage.path().join("stage");
    copy_function(scene, &root)?;
    for case in cases {
        write_snapshot(&root, case.snapshot.as_ref())?;
        case.recording.save(root.join(&case.name), &scene.folder.redactor())?;
    }
    let function = scene.folder.function().arn.name();
    let mut seen = Finished(Vec::new());
    let null = |_, _: Context| async { Ok::<_, HandlerError>(bytes::Bytes::from_static(b"null")) };
    Replay::new([&root]).in_process(function, null).jobs(1).run(&mut seen)?;
    match seen.0.into_iter().find(|finished| finished.status != Status::Passed) {
        None => Ok(()),
        Some(finished) => Err(disagrees(&finished)),
    }
}

/// Writes a derived snapshot below a function folder.
pub(super) fn write_snapshot(
    root: &Path,
    snapshot: Option<&DerivedSnapshot>,
) -> Result<(), DeriveError> {
    for (path, text) in snapshot.into_iter().flat_map(|snapshot| snapshot.paths(root)) {
        make_parent(&path)?;
        write_atomically(&path, text.as_bytes())?;
    }
    Ok(())
}

pub(super) fn make_parent(path: &Path) -> Result<(), DeriveError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(DeriveError::io(parent))
}

impl DerivedSnapshot {
    /// Its files with their paths below a function folder.
    pub(super) fn paths(&self, root: &Path) -> impl Iterator<Item = (PathBuf, &String)> {
        let folder = root.join(&self.folder);
        self.files.iter().map(move |(name, text)| (folder.join(name), text))
    }
}

/// `function.toml`, and the snapshot with all it extends.
fn copy_function(scene: &Scene, root: &Path) -> Result<(), DeriveError> {
    let from = scene.folder.path();
    copy(&from.join(FUNCTION_FILE), &root.join(FUNCTION_FILE))?;
    for folder in scene.snapshot.folders() {
        let below = folder.strip_prefix(from).unwrap_or(folder);
        copy(folder, &root.join(below))?;
    }
    // The stage must be read as the function folder is.
    FunctionFolder::load(root)?;
    Ok(())
}

/// Copies a file, or a folder with all in it; a link is copied as what it leads to.
fn copy(from: &Path, to: &Path) -> Result<(), DeriveError> {
    if !from.is_dir() {
        make_parent(to)?;
        return fs::copy(from, to).map(|_| ()).map_err(DeriveError::io(from));
    }
    let entries = fs::read_dir(from).map_err(DeriveError::io(from))?;
    for entry in entries {
        let entry = entry.map_err(DeriveError::io(from))?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Keeps how each recording ended.
struct Finished(Vec<RecordingFinished>);

impl Reporter for Finished {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::RecordingFinished(finished) = event {
            self.0.push((**finished).clone());
        }
        Ok(())
    }
}

fn disagrees(finished: &RecordingFinished) -> DeriveError {
    let difference = finished.differences.first().map(|difference| {
        format!(
            "{}: {} where {} was derived",
            difference.what, difference.actual, difference.expected
        )
    });
    DeriveError::Disagrees {
        case: finished.recording.name.clone(),
        difference: difference.unwrap_or_else(|| "it cannot be loaded".to_owned()),
    }
}
