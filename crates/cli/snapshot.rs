//! `retrigger snapshot`: takes the policies around a function from AWS's own APIs, and compares
//! snapshots.

mod diff;
#[cfg(feature = "aws")]
mod take;

use std::path::PathBuf;

use clap::Subcommand;

use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// Take a snapshot of the policies around a function, or compare two
///
/// Reads the function's configuration, policies (those of all aliases too), event source mappings
/// and URL; its execution role with inline and attached policies and boundary; the policies of the
/// queues, streams, topics and buckets that trigger it. Nothing is written before all is read, and
/// then all of it at once.
///
/// Over an older snapshot, files that were read take the place of the old ones, and a file goes away
/// of which AWS says that there is nothing. All else stays and is named: other functions' files,
/// policies of resources not asked about, roles added by hand.
///
/// What may not be read is listed in `snapshot.toml`, and a replay that needs it says so.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    take: TakeArgs,
}

#[derive(Subcommand)]
enum Command {
    Diff(diff::Args),
}

/// What to take, from where.
#[derive(clap::Args)]
struct TakeArgs {
    /// The snapshot's folder, or a function folder, whose `snapshot` is meant
    #[arg(value_name = "DIR", default_value = "snapshot")]
    folder: PathBuf,
    /// The function: its name or ARN [default: that of the `function.toml` above the folder]
    #[arg(long, value_name = "NAME|ARN")]
    function: Option<String>,
    /// A version whose policy to read too; may be repeated
    #[arg(long, value_name = "VERSION")]
    qualifier: Vec<String>,
    /// A resource whose policy to read too: a bucket, queue, topic, key, secret, stream, table or
    /// function, or a role with its policies; may be repeated
    #[arg(long, value_name = "ARN")]
    resource: Vec<String>,
    /// Read the organization's SCPs and RCPs, from the root to the account
    #[arg(long)]
    organization: bool,
    /// Read all users, groups, roles and managed policies of the account
    #[arg(long)]
    account: bool,
    #[command(flatten)]
    connection: crate::connection::ConnectionArgs,
    /// How long one attempt of one call may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=900))]
    timeout: u64,
    /// Print the least IAM policy with which all this is read, and read nothing; an earlier snapshot
    /// in the folder makes it narrower
    #[arg(long)]
    print_policy: bool,
    /// How to print what was taken
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger snapshot --function orders --print-policy
  retrigger snapshot --function orders orders/snapshot
  retrigger snapshot orders --resource arn:aws:s3:::order-files --organization
  retrigger snapshot diff orders/snapshot orders/snapshots/yesterday

Exit code 1: it was taken, and something could not be read.";

/// Runs the subcommand, or takes a snapshot.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    match &args.command {
        Some(Command::Diff(args)) => diff::run(args, output),
        None => take(&args.take, output),
    }
}

#[cfg(feature = "aws")]
fn take(args: &TakeArgs, output: &mut Output) -> Result<Outcome, Failure> {
    take::run(args, output)
}

#[cfg(not(feature = "aws"))]
fn take(_: &TakeArgs, _: &mut Output) -> Result<Outcome, Failure> {
    Err(Failure::new(
        "this retrigger was built without AWS's SDK\n  help: build it with the feature `aws`",
    ))
}
