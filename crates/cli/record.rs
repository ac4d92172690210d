//! `retrigger record`: makes recordings.

mod import;
#[cfg(feature = "aws")]
mod poll;
pub(crate) mod runtime;

use std::path::Path;

use clap::Subcommand;
use retrigger::{record::Recorder, recording::FUNCTION_FILE};

use crate::{
    exit::{Failure, Outcome},
    output::Output,
};

/// Make recordings of real events
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(Box<import::Args>),
    #[cfg(feature = "aws")]
    Poll(Box<poll::Args>),
    Runtime(Box<runtime::Args>),
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Import(args) => import::run(args, output),
        #[cfg(feature = "aws")]
        Command::Poll(args) => poll::run(args, output),
        Command::Runtime(args) => runtime::run(args, output),
    }
}

/// Opens a function folder to record into.
fn open(function: &Path) -> Result<Recorder, Failure> {
    Recorder::open(function).map_err(|error| {
        let is_there = function.join(FUNCTION_FILE).exists();
        let help =
            "\n  help: name the function's folder with `--function`; it has a `function.toml`";
        Failure::new(format!("{error}{}", if is_there { "" } else { help }))
    })
}
