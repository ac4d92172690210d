//! The recordings of this repository, all of them: they load, their snapshots load, and writing
//! them gives the same bytes.

use std::path::{Path, PathBuf};

use retrigger_recording::{
    EXPECTED_FILE, FunctionFolder, Outcome, Recording, RecordingPath, Redactor, Snapshot, discover,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recordings")
}

fn recordings() -> Vec<RecordingPath> {
    discover(&[root()]).unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_recording_loads_with_function_and_snapshot() {
    let recordings = recordings();
    assert!(recordings.len() >= 30, "only {} recordings found", recordings.len());
    for found in recordings {
        let function = FunctionFolder::load(&found.function).unwrap();
        assert!(function.code_path().is_dir(), "{} has no code", found.name);
        let recording = Recording::load(&found.folder).unwrap();
        let snapshot = recording.snapshot(&function, &found.folder).unwrap();
        let name = function.function().arn.name();
        let configuration = snapshot.function(name).unwrap().configuration.clone().unwrap();
        let role = snapshot.role(&configuration.role).unwrap();
        assert!(role.trust.is_some(), "{}: the role has no trust policy", found.name);
        assert!(recording.expected.unwrap().outcome.is_some(), "{} expects nothing", found.name);
    }
}

#[test]
fn saving_what_was_loaded_gives_the_same_bytes() {
    for found in recordings() {
        let recording = Recording::load(&found.folder).unwrap();
        let copy = tempfile::tempdir().unwrap();
        recording.save(copy.path(), &Redactor::default()).unwrap();
        for entry in std::fs::read_dir(copy.path()).unwrap() {
            let name = entry.unwrap().file_name();
            let (written, original) = (copy.path().join(&name), found.folder.join(&name));
            assert_eq!(read(&written), read(&original), "{}", original.display());
        }
        assert_eq!(Recording::load(copy.path()).unwrap(), recording, "{}", found.name);
    }
}

#[test]
fn every_snapshot_is_used_or_the_default_one() {
    let used: Vec<PathBuf> = recordings()
        .iter()
        .map(|found| {
            let function = FunctionFolder::load(&found.function).unwrap();
            let recording = Recording::load(&found.folder).unwrap();
            recording.snapshot_path(&function, &found.folder).unwrap()
        })
        .collect();
    for found in recordings() {
        let Ok(snapshots) = std::fs::read_dir(found.function.join("snapshots")) else { continue };
        for snapshot in snapshots {
            let path = snapshot.unwrap().path();
            assert!(used.contains(&path), "{} is replayed by no recording", path.display());
        }
    }
}

#[test]
fn diagnostics_point_into_files_that_exist() {
    for found in recordings() {
        let recording = Recording::load(&found.folder).unwrap();
        let diagnostics = recording.expected.and_then(|expected| expected.diagnostics);
        for diagnostic in diagnostics.unwrap_or_default() {
            let text = read(&found.function.join(&diagnostic.file));
            let line = text.lines().nth(diagnostic.line - 1).unwrap();
            assert!(line.chars().count() >= diagnostic.column, "{}", found.name);
        }
    }
}

#[test]
fn the_policy_in_capitals_is_located_by_its_own_offset() {
    let function = FunctionFolder::load(root().join("invalid")).unwrap();
    let snapshot = Snapshot::load(root().join("invalid/snapshots/effect-in-capitals"), &function);
    let snapshot = snapshot.unwrap();
    let policy = snapshot.function("lambdaDemo").unwrap().policy(None).unwrap();
    let place = policy.locate(policy.text().find("\"ALLOW\"").unwrap());
    let expected = Recording::load(root().join("invalid/effect-in-capitals")).unwrap().expected;
    let expected = expected.unwrap();
    assert_eq!(expected.outcome, Some(Outcome::NotLoaded));
    let [diagnostic] = expected.diagnostics.as_deref().unwrap() else { panic!("one diagnostic") };
    assert_eq!((place.line, place.column), (diagnostic.line, diagnostic.column));
}

#[test]
fn the_policy_as_aws_prints_it_leads_back_to_its_escaped_text() {
    let function = FunctionFolder::load(root().join("lambda-demo")).unwrap();
    let snapshot = Snapshot::load(root().join("lambda-demo/snapshot"), &function).unwrap();
    let policy = snapshot.function("lambdaDemo").unwrap().policy(None).unwrap();
    let start = policy.text().find("\"alb-my-targets\"").unwrap();
    let outer = policy.outer_span(start..start + "\"alb-my-targets\"".len());
    assert_eq!(policy.file_text().get(outer), Some(r#"\"alb-my-targets\""#));
}

#[test]
fn readmes_name_the_command_and_the_list_names_every_recording() {
    let list = read(&root().join("README.md"));
    for found in recordings() {
        let readme = read(&found.folder.join("README.md"));
        assert!(readme.contains(&format!("replay recordings/{}\n", found.name)), "{}", found.name);
        assert!(list.contains(&format!("]({})", found.name)), "README.md lacks {}", found.name);
    }
}

#[test]
fn every_expectation_ends_with_a_line_break() {
    for found in recordings() {
        let text = read(&found.folder.join(EXPECTED_FILE));
        assert!(text.ends_with("}\n"), "{}", found.name);
    }
}
