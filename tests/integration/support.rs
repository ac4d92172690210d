//! Running the command, and what its output is made comparable by.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What a run of the command left.
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// The command, to be run from the root of the repository.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retrigger"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("CLICOLOR_FORCE");
    command
}

/// Runs the command with these arguments.
#[track_caller]
pub(crate) fn retrigger<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    Ran::of(command().args(arguments))
}

impl Ran {
    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the command runs");
        Self {
            code: status.code().expect("the command ends by itself"),
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr: String::from_utf8(stderr).expect("UTF-8"),
        }
    }

    /// Every line of the output as JSON.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).expect("a line of JSON");
        self.stdout.lines().map(parse).collect()
    }

    /// Both outputs, with durations made equal.
    pub(crate) fn text(&self) -> String {
        let text = format!("{}{}", self.stdout, self.stderr);
        let duration = regex::Regex::new(r"\d+(\.\d+)? m?s\b").expect("a pattern");
        duration.replace_all(&text, "[time]").into_owned()
    }
}

/// The folder with suites that are not part of this repository: beside it, or where
/// `RETRIGGER_SHARED` says. Says loudly that it skips where there is none; in CI, where the
/// folder is expected once `RETRIGGER_SHARED` is set, its absence is a failure.
#[expect(clippy::print_stderr, reason = "a test that is skipped must be heard of")]
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let named = std::env::var_os("RETRIGGER_SHARED").map(PathBuf::from);
    let is_named = named.is_some();
    let path = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let path = path.join(file);
    if path.exists() {
        return Some(path);
    }
    assert!(!is_named, "RETRIGGER_SHARED names a folder without {file}");
    eprintln!("SKIPPED: there is no {} to test against", path.display());
    None
}

/// The place that a variable names, such as a `python3` that has a package. Without it a test says
/// loudly what is skipped, except in CI, where it fails.
pub(crate) fn installed(variable: &str, what: &str) -> Option<PathBuf> {
    let place = std::env::var_os(variable).map(PathBuf::from);
    if place.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "CI must test {what}: install it and set {variable}");
        // Not by eprintln!, whose output a passing test keeps to itself.
        let notice = format!("SKIPPED: {what} is not tested, as {variable} is not set\n");
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    place
}

/// Copies a folder with all in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
