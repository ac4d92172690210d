//! `retrigger record poll`: recordings of what a queue or stream holds.

use std::{
    io::{BufWriter, Write},
    path::PathBuf,
    time::Duration,
};

use retrigger::{
    poll::{Poll, PollError, Polled},
    reporter::{Detail, Human, JsonLines, Reporter, clause_snippets},
};
use retrigger_collect::{Connection, DynamodbStream, KinesisStream, SqsQueue};
use serde_json::json;

use crate::{
    connection::{self, ConnectionArgs},
    exit::{Failure, Outcome},
    output::{Format, Output, counted},
    signals::Signals,
};

/// Poll a queue or stream as an event source mapping does, and record every batch
///
/// The mapping is the one that the snapshot has of the source: its batch size and window, filter
/// criteria, function response types and error handling. Where the execution role may not poll,
/// nothing is read. The function really runs; messages that it is done with, or that the filter
/// criteria keep from it, are deleted once their batch is recorded. The others come again after the
/// queue's visibility timeout.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The queue of SQS to poll
    #[arg(long, value_name = "URL", required_unless_present = "stream_arn")]
    queue_url: Option<String>,
    /// The stream to poll: of Kinesis, or of a DynamoDB table
    #[arg(long, value_name = "ARN", conflicts_with = "queue_url")]
    stream_arn: Option<String>,
    /// The function folder to record into
    #[arg(long, short, default_value = ".", value_name = "FOLDER")]
    function: PathBuf,
    /// The snapshot, taken from the function folder [default: `snapshot`]
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// End after so many batches
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    batches: Option<u64>,
    /// End once the source has nothing more to give
    #[arg(long)]
    until_empty: bool,
    /// How often to retry a batch of a stream that the mapping retries until it expires
    #[arg(long, value_name = "N", default_value_t = 2)]
    retries: u32,
    #[command(flatten)]
    anonymize: crate::anonymize::AnonymizeArgs,
    /// Run what was built before
    #[arg(long)]
    no_build: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Show every decision
    #[arg(long, short)]
    verbose: bool,
    /// How to print what happens
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger record poll --queue-url https://sqs.us-east-1.amazonaws.com/841860927337/orders \\
    --function recordings/orders --batches 1
  retrigger record poll --queue-url http://127.0.0.1:5000/123456789012/orders \\
    --endpoint-url http://127.0.0.1:5000 --until-empty

Ctrl-C or SIGTERM lets the batch that runs come to its end; a second one does not wait.";

/// Polls. Exit code 1 where items come again or are given up, or the role may not poll.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    output.finish()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let polled = runtime.block_on(poll(args));
    runtime.shutdown_timeout(Duration::from_secs(2));
    match polled {
        Ok(Some(polled)) => {
            print(args, &polled, output)?;
            let is_clean = polled.again + polled.given_up + polled.left == 0;
            Ok(if is_clean { Outcome::AsExpected } else { Outcome::Different })
        }
        Ok(None) => Ok(Outcome::Invalid),
        Err(Ended::Poll(PollError::Denied { denied })) => {
            writeln!(output, "nothing is read from the source:")?;
            let decision = &denied.explanation.decision;
            output.item(&format!("{}: {decision}", denied.request.action))?;
            output.item(denied.message.as_deref().unwrap_or("a condition key is not known"))?;
            write!(output, "{}", clause_snippets(&denied.clauses, Output::look()))?;
            Ok(Outcome::Different)
        }
        Err(Ended::Poll(error)) => {
            let help = error.help().map(|help| format!("\n  help: {help}")).unwrap_or_default();
            Err(Failure::new(format!("{error}{help}")))
        }
        Err(Ended::Failure(failure)) => Err(failure),
    }
}

enum Ended {
    Poll(PollError),
    Failure(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// `None` after a second signal.
async fn poll(args: &Args) -> Result<Option<Polled>, Ended> {
    let mut signals = Signals::listen()?;
    let connection = args.connection.open().await?;
    let (first, interrupted) = tokio::sync::oneshot::channel::<()>();
    let listening = async move {
        signals.next().await;
        let _ = first.send(());
        signals.next().await;
    };
    let shutdown = async {
        let _ = interrupted.await;
    };
    tokio::select! {
        polled = source(args, &connection, shutdown) => polled.map(Some),
        () = listening => Ok(None),
    }
}

async fn source(
    args: &Args,
    connection: &Connection,
    shutdown: impl Future<Output = ()>,
) -> Result<Polled, Ended> {
    let poll = args.poll();
    let mut reporter = args.reporter();
    let polled = match (&args.queue_url, &args.stream_arn) {
        (Some(url), _) => {
            let queue = SqsQueue::open(connection, url).await;
            let mut queue = queue.map_err(|error| connection::failure(&error))?;
            poll.queue(&mut queue, &mut *reporter, shutdown).await
        }
        (None, Some(arn)) => match arn.split(':').nth(2) {
            Some("kinesis") => {
                let mut stream = KinesisStream::new(connection, arn);
                poll.stream(&mut stream, &mut *reporter, shutdown).await
            }
            Some("dynamodb") => {
                let mut stream = DynamodbStream::new(connection, arn);
                poll.stream(&mut stream, &mut *reporter, shutdown).await
            }
            _ => {
                let text = format!("`{arn}` is the ARN of no stream of Kinesis or DynamoDB");
                return Err(Failure::new(text).into());
            }
        },
        (None, None) => return Err(Failure::new("name a queue or a stream").into()),
    };
    polled.map_err(Ended::Poll)
}

impl Args {
    fn poll(&self) -> Poll {
        let mut poll = Poll::new(&self.function)
            .until_empty(self.until_empty)
            .retries(self.retries)
            .anonymize(&self.anonymize.anonymize)
            .build(!self.no_build);
        if let Some(snapshot) = &self.snapshot {
            poll = poll.snapshot(snapshot);
        }
        if let Some(batches) = self.batches {
            poll = poll.batches(batches);
        }
        poll
    }

    fn reporter(&self) -> Box<dyn Reporter> {
        let stdout = BufWriter::new(anstream::stdout());
        let detail = if self.verbose { Detail::All } else { Detail::Failures };
        match self.format {
            Format::Human => Box::new(Human::new(stdout, Output::look(), detail)),
            Format::Json => Box::new(JsonLines::new(stdout)),
        }
    }
}

fn print(args: &Args, polled: &Polled, output: &mut Output) -> Result<(), Failure> {
    if args.format == Format::Json {
        let Polled { batches, items, done, again, given_up, filtered_out, left, .. } = polled;
        output.json(&json!({
            "event": "polled", "batches": batches, "items": items, "done": done, "again": again,
            "given_up": given_up, "filtered_out": filtered_out, "left": left,
        }))?;
        return Ok(());
    }
    let batches = counted(polled.batches, "batch");
    let items = counted(polled.items, "item");
    let mut parts = vec![format!("{batches} recorded, {items}: {} done", polled.done)];
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    };
    add(polled.again, "to come again");
    add(polled.given_up, "given up");
    add(polled.filtered_out, "kept from the function by the filter criteria");
    output.wrapped(&parts.join(", "))?;
    if polled.left > 0 {
        output.wrapped(
            "a batch was left that the mapping retries until its records expire; `--retries` says \
             how often to do so here",
        )?;
    }
    Ok(())
}
