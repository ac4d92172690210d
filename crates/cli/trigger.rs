//! `retrigger trigger`: the triggers of a snapshot, added, listed and removed as AWS does.

mod add;
mod denied;
mod list;
mod remove;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use retrigger::{
    reporter::finding_snippet,
    triggers::{Triggers, TriggersError},
};

use crate::{
    exit::{Failure, Outcome},
    output::Output,
};

/// Add, list and remove the triggers of a snapshot, as AWS does
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Add(Box<add::Args>),
    List(list::Args),
    Remove(remove::Args),
}

/// Which snapshot of which function.
#[derive(clap::Args)]
struct Place {
    /// The function folder, or one of its snapshots
    #[arg(long, short, default_value = ".", value_name = "FOLDER")]
    function: PathBuf,
    /// The snapshot [default: `snapshot` of the function folder]
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
}

impl Place {
    fn open(&self) -> Result<Triggers, Failure> {
        Triggers::open(&self.function, self.snapshot.as_deref()).map_err(|error| failure(&error))
    }
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Add(args) => add::run(args, output),
        Command::List(args) => list::run(args, output),
        Command::Remove(args) => remove::run(args, output),
    }
}

/// A file as people name it.
fn shown(file: &Path) -> impl std::fmt::Display {
    file.strip_prefix(".").unwrap_or(file).display()
}

/// Why nothing was done, with the places in files where there are any.
pub(crate) fn failure(error: &TriggersError) -> Failure {
    let mut message = error.to_string();
    if let TriggersError::Document(invalid) = error {
        let look = Output::look_of_stderr();
        for finding in &invalid.findings {
            message = format!("{message}\n{}", finding_snippet(finding, look));
        }
    }
    match error.help() {
        Some(help) => Failure::new(format!("{message}\n  help: {help}")),
        None => Failure::new(message),
    }
}
