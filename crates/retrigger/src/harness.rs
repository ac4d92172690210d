//! A test harness with one test for each recording, for `cargo test` and `cargo nextest`.
//!
//! In `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! retrigger = { version = "0.1", features = ["harness"] }
//!
//! [[test]]
//! name = "recordings"
//! harness = false
//! ```
//!
//! and `tests/recordings.rs`:
//!
//! ```no_run
//! use retrigger::{Replay, harness};
//!
//! fn main() -> std::process::ExitCode {
//!     harness::main(&Replay::new(["recordings"]))
//! }
//! ```
//!
//! The tests are named as the recordings, `FUNCTION-FOLDER/RECORDING`; all that can be said to the
//! harness of the standard library can be said to this one: a filter, `--exact`, `--skip`,
//! `--list`, `--test-threads`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::replay::Replay;

/// Runs as a test program: one test for each recording that `replay` selects, under its settings.
/// The handler runs in process where [`Replay::handler`] or [`Replay::in_process`] names one, and
/// else as `function.toml` says. A relative path counts from the folder of the package under test.
///
/// Gives the exit code of a test program: 101 where a test fails or no recording is found.
pub fn main(replay: &Replay) -> ExitCode {
    let arguments = Arguments::from_args();
    match trials(&replay.clone().at_package()) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            // There is nobody left to tell where stderr is closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(101)
        }
    }
}

fn trials(replay: &Replay) -> Result<Vec<Trial>, crate::ReplayError> {
    let trial = |recording: retrigger_recording::RecordingPath| {
        let one = replay.clone().only(recording.folder);
        Trial::test(recording.name, move || one.check().map_err(Failed::from))
    };
    Ok(replay.select()?.into_iter().map(trial).collect())
}
