//! Exit codes, and the last words of a command that could not run.

use std::{io, process::ExitCode};

use anstyle::{AnsiColor, Style};

/// What the end of `retrigger --help` says of exit codes.
pub(crate) const HELP: &str = "Exit codes:
  0  all is as expected
  1  a difference, a denial, or a finding of severity error
  2  it could not run: usage, or input that cannot be read or is invalid";

/// How a command that ran has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    AsExpected,
    /// Exit code 1.
    Different,
    /// Exit code 2, with all there is to say already said.
    Invalid,
    /// The exit code of a program that was run for the user.
    Of(u8),
}

/// Why a command could not run. Exit code 2.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What is wrong, with its place and its remedy.
    Message(String),
    /// The reader of the output went away, as `head` does. Not worth a word.
    OutputClosed,
}

impl Failure {
    /// A failure to say in these words.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

impl From<io::Error> for Failure {
    /// Only output is written through `io::Error`; input has messages of its own.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Message(format!("cannot write the output: {error}")),
        }
    }
}

/// Says what went wrong on stderr, and turns the outcome into the exit code.
pub(crate) fn code(outcome: Result<Outcome, Failure>) -> ExitCode {
    match outcome {
        Ok(Outcome::AsExpected) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Ok(Outcome::Different) => ExitCode::from(1),
        Ok(Outcome::Invalid) => ExitCode::from(2),
        Ok(Outcome::Of(code)) => ExitCode::from(code),
        Err(failure @ Failure::Message(_)) => {
            report(&failure);
            ExitCode::from(2)
        }
    }
}

/// Says on stderr what went wrong, where the command goes on with the rest.
pub(crate) fn report(failure: &Failure) {
    if let Failure::Message(message) = failure {
        say("error", AnsiColor::Red, message);
    }
}

/// Says on stderr what to know of a result that is there all the same.
pub(crate) fn warn(message: &str) {
    say("warning", AnsiColor::Yellow, message);
}

fn say(word: &str, color: AnsiColor, message: &str) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    anstream::eprintln!("{style}{word}{style:#}: {message}");
}
