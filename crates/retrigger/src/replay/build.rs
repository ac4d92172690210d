//! Building a function's code before it runs.

use std::{
    fmt,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cargo_metadata::Message;
use retrigger_recording::{Build, CargoBuild, FunctionFolder};

/// How much of a failed build's output is shown, in lines from its end.
const SHOWN_LINES: usize = 40;

/// Why a function could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuildError {
    message: String,
    help: Option<String>,
}

impl BuildError {
    pub(crate) fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Builds the function as its `function.toml` says; gives the executable that `cargo` made.
pub(crate) fn build(folder: &FunctionFolder) -> Result<Option<PathBuf>, BuildError> {
    match &folder.function().build {
        None => Ok(None),
        Some(Build::Command(command)) => run(command, &folder.code_path()).map(|()| None),
        Some(Build::Cargo(cargo)) => run_cargo(cargo, &folder.code_path()).map(Some),
    }
}

fn run(command: &[String], folder: &Path) -> Result<(), BuildError> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| cannot_start(program, folder, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let shown = [output.stdout, output.stderr].concat();
    Err(failed(&command.join(" "), &String::from_utf8_lossy(&shown)))
}

/// `cargo` names the executable in its JSON messages, wherever the target folder is.
fn run_cargo(cargo: &CargoBuild, folder: &Path) -> Result<PathBuf, BuildError> {
    let CargoBuild { package, bin, profile } = cargo;
    let arguments = ["build", "--package", package, "--bin", bin, "--profile", profile];
    let shown = format!("cargo {}", arguments.join(" "));
    let mut child = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start("cargo", folder, &error))?;
    let stderr = child.stderr.take();
    let diagnostics = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
        read.map(|_| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    });
    let executable = child.stdout.take().and_then(|stdout| executable(stdout, bin));
    let succeeded = child.wait().is_ok_and(|status| status.success());
    let diagnostics = diagnostics.join().unwrap_or_default();
    match executable {
        Some(path) if succeeded => Ok(path),
        _ => Err(failed(&shown, &diagnostics)),
    }
}

fn executable(messages: impl Read, bin: &str) -> Option<PathBuf> {
    let messages = Message::parse_stream(BufReader::new(messages));
    let mut found = None;
    for message in messages.map_while(Result::ok) {
        if let Message::CompilerArtifact(artifact) = message
            && artifact.target.is_bin()
            && artifact.target.name == bin
        {
            found = artifact.executable.map(Into::into).or(found);
        }
    }
    found
}

fn cannot_start(program: &str, folder: &Path, error: &std::io::Error) -> BuildError {
    let folder = folder.display();
    BuildError {
        message: format!("`{program}` cannot be started in `{folder}` to build: {error}"),
        help: Some("install it, or change `[build]` of `function.toml`".to_owned()),
    }
}

fn failed(command: &str, output: &str) -> BuildError {
    let lines: Vec<&str> = output.lines().collect();
    let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    BuildError { message: format!("`{command}` failed"), help: Some(shown) }
}
