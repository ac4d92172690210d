//! Recording that is killed at any moment: what was reported as recorded is there, and what is not
//! whole is no recording.

#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::Instant,
};

use retrigger::recording::{RECORDING_FILE, Recording, discover};
use serde_json::{Value, json};

use crate::support::{command, retrigger};

/// How many times recording is killed, all threads together.
const KILLS: usize = 1000;
const THREADS: usize = 4;

/// How many events a run has.
const EVENTS: usize = 12;

/// The event of a number: some short, some of a few kilobytes, as one JSON text each.
fn event(number: usize) -> String {
    let text = "x".repeat((number % 4) * 3_000);
    json!({"number": number, "text": text, "password": format!("hunter-{number}")}).to_string()
}

/// A function folder that can be recorded into.
fn function(at: &Path) {
    fs::create_dir_all(at).unwrap();
    let toml = "format = 1\nruntime = \"nodejs20.x\"\nhandler = \"index.handler\"\n\
                arn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\n";
    fs::write(at.join("function.toml"), toml).unwrap();
}

fn start(function: &Path, events: &Path) -> Child {
    let mut command = command();
    command.args(["record", "import", "--format", "json", "--function"]).arg(function).arg(events);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// When a run is killed: by what it has done, not by the clock, as other work may slow it down.
struct Moment {
    /// Once that many recordings are reported.
    reported: usize,
    /// And this part of the time that those took has passed again.
    later: f64,
}

/// Kills a run at a moment; the folders that it has reported, in order.
fn killed_at(mut child: Child, moment: &Moment) -> Vec<PathBuf> {
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let started = Instant::now();
    let mut folders: Vec<PathBuf> =
        (0..moment.reported).map_while(|_| reported(&mut reader)).collect();
    let each = started.elapsed() / u32::try_from(folders.len() + 1).unwrap();
    thread::sleep(each.mul_f64(moment.later));
    // On Unix that is SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    folders.extend(std::iter::from_fn(|| reported(&mut reader)));
    folders
}

/// The next folder that is reported. A line that has no end was not reported.
fn reported(reader: &mut impl BufRead) -> Option<PathBuf> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|_| line.ends_with('\n'))?;
    let said: Value = serde_json::from_str(&line).expect("a line of JSON");
    Some(PathBuf::from(said["recording"].as_str().unwrap()))
}

/// The number of a recording's event, all of which is there but the secret in it.
#[track_caller]
fn number_of(recording: &Recording) -> usize {
    let found: Value = serde_json::from_slice(&recording.event).expect("a whole event");
    let number = usize::try_from(found["number"].as_u64().unwrap()).unwrap();
    let mut expected: Value = serde_json::from_str(&event(number)).unwrap();
    expected["password"] = found["password"].clone();
    assert_eq!(found, expected);
    assert_ne!(found["password"], format!("hunter-{number}"), "a secret reached the disk");
    assert!(!recording.manifest.redactions.is_empty(), "the manifest is not of this event");
    number
}

/// Checks a folder that was recorded into until the kill. How many folders were not whole.
fn check(function: &Path, reported: &[PathBuf]) -> usize {
    for (number, folder) in reported.iter().enumerate() {
        let recording = Recording::load(folder).expect("what was reported is whole");
        assert_eq!(number_of(&recording), number);
    }
    let found = discover(&[function]).unwrap_or_default();
    for path in &found {
        number_of(&Recording::load(&path.folder).expect("what is found is whole"));
    }
    let folders = fs::read_dir(function).unwrap().map(|entry| entry.unwrap().path());
    let unfinished: Vec<PathBuf> =
        folders.filter(|path| path.is_dir() && !path.join(RECORDING_FILE).exists()).collect();
    for folder in &unfinished {
        Recording::load(folder).expect_err("what is not whole is no recording");
    }
    unfinished.len()
}

/// One thread's share: how many recordings were reported, and how many folders were not whole.
fn share(root: &Path, events: &Path, seed: u64) -> (usize, usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut reported, mut unfinished) = (0, 0);
    for round in 0..KILLS / THREADS {
        let function_folder = root.join(format!("{seed}-{round}"));
        function(&function_folder);
        let moment = Moment { reported: random.usize(0..EVENTS), later: random.f64() };
        let folders = killed_at(start(&function_folder, events), &moment);
        reported += folders.len();
        unfinished += check(&function_folder, &folders);
        if round == 0 {
            completes(&function_folder, events);
        }
        fs::remove_dir_all(&function_folder).unwrap();
    }
    (reported, unfinished)
}

/// What was killed can be done again: then each event is there once.
fn completes(function: &Path, events: &Path) {
    let arguments = ["record", "import", "--function"].map(std::ffi::OsStr::new);
    let ran = retrigger(arguments.into_iter().chain([function.as_os_str(), events.as_os_str()]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found = discover(&[function]).unwrap();
    let mut numbers: Vec<usize> =
        found.iter().map(|path| number_of(&Recording::load(&path.folder).unwrap())).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn a_kill_loses_nothing_that_was_reported_and_leaves_nothing_half_read() {
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("events.jsonl");
    let lines: Vec<String> = (0..EVENTS).map(event).collect();
    fs::write(&events, lines.join("\n")).unwrap();
    let (reported, unfinished) = thread::scope(|scope| {
        let (root, events) = (folder.path(), &events);
        let shares: Vec<_> = (0..THREADS as u64)
            .map(|seed| scope.spawn(move || share(root, events, seed)))
            .collect();
        let shares = shares.into_iter().map(|share| share.join().unwrap());
        shares.fold((0, 0), |all, share| (all.0 + share.0, all.1 + share.1))
    });
    // The kills came while recordings were written, and some in the middle of one.
    assert!(reported > KILLS, "{reported} reported");
    assert!(unfinished > 0, "no kill of {KILLS} came within a recording");
}
