//! The recordings of `recordings/lambda-demo` are retrigger's own: each is recorded again, from its
//! event and what is known of it, its handler runs, and what comes of it is accepted. That leaves
//! every file as it is. With `RETRIGGER_RE_RECORD` set they are written (`just re-record`).

use std::{
    fs,
    path::{Path, PathBuf},
};

use retrigger::{
    record::{NewRecording, Recorder},
    recording::Recording,
};

use crate::support::{copy, retrigger};

const DEMO: &str = "recordings/lambda-demo";

/// An event as it comes, with its secrets, and what is known of it.
fn observed(name: &str, recording: Recording) -> NewRecording {
    let event = String::from_utf8(recording.event).unwrap();
    NewRecording {
        event: event.replace("<access-key:1>", "ASIAIOSFODNN7EXAMPLE"),
        name: Some(name.to_owned()),
        snapshot: recording.manifest.snapshot,
        trigger: recording.manifest.trigger,
        invocation: recording.manifest.invocation,
        expected: None,
    }
}

/// The names of the recordings.
fn names() -> Vec<String> {
    let entries = fs::read_dir(DEMO).unwrap().map(|entry| entry.unwrap());
    let recordings = entries.filter(|entry| entry.path().join("recording.toml").is_file());
    let mut names: Vec<String> =
        recordings.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Records all of them into a copy of the function folder.
fn re_recorded(root: &Path) -> PathBuf {
    let function = root.join("lambda-demo");
    fs::create_dir(&function).unwrap();
    fs::copy(Path::new(DEMO).join("function.toml"), function.join("function.toml")).unwrap();
    for part in ["handler", "snapshot", "snapshots"] {
        copy(&Path::new(DEMO).join(part), &function.join(part));
    }
    let mut recorder = Recorder::open(&function).unwrap();
    for name in names() {
        let recording = Recording::load(Path::new(DEMO).join(&name)).unwrap();
        recorder.record(observed(&name, recording)).unwrap();
    }
    let accepted = retrigger(["accept", "--yes", function.to_str().unwrap()]);
    assert_eq!(accepted.code, 0, "{}{}", accepted.stdout, accepted.stderr);
    function
}

#[test]
fn recording_the_demo_again_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let made = re_recorded(root.path());
    let is_to_write = std::env::var_os("RETRIGGER_RE_RECORD").is_some();
    let mut different = Vec::new();
    for name in names() {
        for file in ["recording.toml", "event.json", "expected.json"] {
            let kept = Path::new(DEMO).join(&name).join(file);
            let text = fs::read_to_string(made.join(&name).join(file)).unwrap();
            if is_to_write {
                fs::write(kept, text).unwrap();
            } else if fs::read_to_string(kept).ok() != Some(text) {
                different.push(format!("{name}/{file}"));
            }
        }
    }
    assert!(different.is_empty(), "other than committed: {}", different.join(", "));
}
