//! The program of the layer: `retrigger record runtime`, and no other command.
//!
//! It runs beside a function, in the function's memory, where each page of a program that holds
//! something used counts: without the other commands it is a fraction of the size.

#![expect(dead_code, reason = "the other commands are not called here")]

mod anonymize;
mod connection;
mod exit;
mod output;
mod record;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;

/// Record what a function gets from its Runtime API.
#[derive(Parser)]
#[command(name = "retrigger", version, max_term_width = 100, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// As `retrigger` has it, so that either program can be in the layer.
#[derive(Subcommand)]
enum Command {
    /// Make recordings of real events
    #[command(subcommand)]
    Record(Record),
}

#[derive(Subcommand)]
enum Record {
    Runtime(Box<record::runtime::Args>),
}

fn main() -> ExitCode {
    let Command::Record(Record::Runtime(args)) = Cli::parse().command;
    exit::code(record::runtime::run(&args, &mut Output::stdout()))
}
