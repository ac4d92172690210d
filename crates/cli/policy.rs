//! `retrigger policy`: what recordings say of the policies they need.

mod generate;
mod unused;

use clap::Subcommand;

use crate::{
    exit::{Failure, Outcome},
    output::Output,
};

/// Make the least policy that recordings need, or find what no recording uses
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Args),
    Unused(unused::Args),
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Generate(args) => generate::run(args, output),
        Command::Unused(args) => unused::run(args, output),
    }
}
