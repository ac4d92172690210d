//! `retrigger record`: makes recordings.

mod import;
mod runtime;

use clap::Subcommand;

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
    Runtime(Box<runtime::Args>),
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Import(args) => import::run(args, output),
        Command::Runtime(args) => runtime::run(args, output),
    }
}
