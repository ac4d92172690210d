//! The `retrigger` command: parses its arguments, hands over to a subcommand, and returns its exit
//! code.

mod accept;
mod anonymize;
mod bench;
mod check;
mod classify;
mod connection;
mod coverage;
mod derive;
mod exit;
mod explain;
mod input;
mod lint;
mod output;
mod policy;
mod record;
mod replay;
mod scan;
mod serve;
mod signals;
mod snapshot;
mod trigger;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{exit::Outcome, output::Output};

/// Replay what triggered your Lambda, under the permissions it really had.
#[derive(Parser)]
#[command(version, about, max_term_width = 100, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Replay(replay::Args),
    Record(record::Args),
    Serve(Box<serve::Args>),
    Snapshot(Box<snapshot::Args>),
    Derive(derive::Args),
    Accept(accept::Args),
    Coverage(coverage::Args),
    Policy(policy::Args),
    Check(check::Args),
    Explain(Box<explain::Args>),
    Classify(classify::Args),
    Trigger(trigger::Args),
    Lint(lint::Args),
    Scan(scan::Args),
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::stdout();
    let outcome = match cli.command {
        Command::Replay(args) => replay::run(&args, &mut output),
        Command::Record(args) => record::run(&args, &mut output),
        Command::Serve(args) => serve::run(&args, &mut output),
        Command::Snapshot(args) => snapshot::run(&args, &mut output),
        Command::Derive(args) => derive::run(&args, &mut output),
        Command::Accept(args) => accept::run(&args, &mut output),
        Command::Coverage(args) => coverage::run(&args, &mut output),
        Command::Policy(args) => policy::run(&args, &mut output),
        Command::Check(args) => check::run(&args, &mut output),
        Command::Explain(args) => explain::run(&args, &mut output),
        Command::Classify(args) => classify::run(&args, &mut output),
        Command::Trigger(args) => trigger::run(&args, &mut output),
        Command::Lint(args) => lint::run(&args, &mut output),
        Command::Scan(args) => scan::run(&args, &mut output),
        Command::Bench(args) => bench::run(&args, &mut output),
    };
    exit::code(outcome.and_then(|outcome| {
        output.finish()?;
        Ok::<Outcome, exit::Failure>(outcome)
    }))
}
