//! `retrigger record runtime`: recordings of what a function gets from its Runtime API.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    net::SocketAddr,
    num::NonZeroU64,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::ExitStatus,
};

use retrigger::{
    record::{NewRecording, Recorder},
    recording::{FUNCTION_FILE, Redactor},
    runtime::{Capture, Counts, Observations, Observed, Proxy},
};
#[cfg(feature = "aws")]
use retrigger_collect::S3Prefix;
use rustix::process::{Pid, kill_process};
use tokio::{
    process::{Child, Command},
    task::spawn_blocking,
};

use crate::{
    exit::{self, Failure, Outcome},
    output::Output,
    signals::Signals,
};

/// What it is called among extensions.
const EXTENSION: &str = "retrigger";

/// The variable by which a function finds its Runtime API.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Record what a function gets from its Runtime API, and what it answers
///
/// Stands between the function and the Runtime API that `AWS_LAMBDA_RUNTIME_API` names, and passes
/// on everything as it comes. With COMMAND it starts the function itself, with that variable set to
/// its own address, ends when the function ends and with the same exit code. Without, it listens
/// until it is interrupted. The function never waits for a recording: what cannot be kept is
/// counted.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The function's program and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// The function folder to record into
    #[arg(long, short, default_value = ".", value_name = "FOLDER")]
    function: PathBuf,
    /// Write recordings to standard output instead, each as a line that `retrigger record import`
    /// reads, also out of the function's log
    #[arg(long)]
    stdout: bool,
    #[command(flatten)]
    anonymize: crate::anonymize::AnonymizeArgs,
    /// Put each recording into S3 instead, below a prefix, as an object that `retrigger record
    /// import` reads
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "s3://BUCKET/PREFIX", conflicts_with = "stdout")]
    s3: Option<String>,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    connection: crate::connection::ConnectionArgs,
    /// Run as an extension of Lambda's, from its file in `/opt/extensions`, until Lambda shuts down;
    /// the function starts with `AWS_LAMBDA_EXEC_WRAPPER` naming a script that sets
    /// `AWS_LAMBDA_RUNTIME_API` to where this listens
    #[arg(long, conflicts_with = "command")]
    extension: bool,
    /// The Runtime API to pass on to [default: what `AWS_LAMBDA_RUNTIME_API` says]
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Option<String>,
    /// Where to listen [default: any free port with COMMAND, else 127.0.0.1:9009]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Record one invocation in so many, such as `1/100`
    #[arg(long, value_name = "1/N", default_value = "1/1", value_parser = one_in)]
    sample: NonZeroU64,
    /// The most bytes of an event, and of an answer, that are recorded
    #[arg(long, value_name = "BYTES", default_value_t = Capture::default().max_bytes)]
    max_event_bytes: usize,
    /// The most bytes of events and answers that are kept at a time, until they are written; what
    /// does not fit is counted as lost. The default has room for one of the largest events
    #[arg(long, value_name = "BYTES", default_value_t = Capture::default().max_waiting_bytes)]
    max_waiting_bytes: usize,
}

const EXAMPLES: &str = "Examples:
  retrigger record runtime --function recordings/demo -- node index.js
  retrigger record runtime --function /tmp/demo --sample 1/100 -- ./bootstrap";

/// `1/N`
fn one_in(text: &str) -> Result<NonZeroU64, String> {
    let number = text.strip_prefix("1/").and_then(|number| number.parse().ok());
    number.ok_or_else(|| "a sample is one invocation in so many, such as `1/100`".to_owned())
}

/// Records until the function ends or the command is interrupted. Exit code 2 where an invocation
/// could not be recorded, else the function's.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    output.finish()?;
    let upstream = args.upstream.clone().or_else(|| std::env::var(RUNTIME_API).ok());
    let Some(upstream) = upstream else {
        return Err(Failure::new(format!(
            "there is no Runtime API to pass on to: set {RUNTIME_API}, or name it with `--upstream`"
        )));
    };
    // One thread passes everything on: with more, each keeps memory of its own for large events.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let sink = Sink::open(args, &runtime)?;
    runtime.block_on(record(args, sink, upstream))
}

async fn record(args: &Args, sink: Sink, upstream: String) -> Result<Outcome, Failure> {
    let mut signals = Signals::listen()?;
    let port = if args.command.is_empty() { 9009 } else { 0 };
    let listen = args.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)));
    let capture = Capture {
        one_in: args.sample.get(),
        max_bytes: args.max_event_bytes,
        max_waiting_bytes: args.max_waiting_bytes,
    };
    let (mut proxy, observations) = Proxy::start(listen, upstream, capture)
        .await
        .map_err(|error| Failure::new(format!("{listen}: cannot listen there: {error}")))?;
    let address = proxy.address();
    say(&format!("recording at {address}; set {RUNTIME_API} to it"));
    // Writing may block, and no invocation waits for it.
    let writing = tokio::spawn(write(sink, observations));
    if !args.command.is_empty()
        && let Err(error) = proxy.ask_for_shutdown_time(EXTENSION).await
    {
        say(&format!("what comes last may be lost: no extension can be registered: {error}"));
    }
    let ended = until_over(args, &proxy, &mut signals).await;
    // Whatever has ended it, what was observed is written.
    proxy.finish();
    let failed = writing.await.map_err(|error| Failure::new(error.to_string()))?;
    say(&words(proxy.counts(), failed));
    Ok(match ended? {
        Some(status) if !status.success() => Outcome::Of(code_of(status)),
        _ if failed > 0 => Outcome::Invalid,
        _ => Outcome::AsExpected,
    })
}

/// Waits until there is nothing more to record; gives how the function ended, if it was started.
async fn until_over(
    args: &Args,
    proxy: &Proxy,
    signals: &mut Signals,
) -> Result<Option<ExitStatus>, Failure> {
    if let Some(child) = start(args, proxy.address())? {
        return until_ended(child, signals).await.map(Some);
    }
    if !args.extension {
        signals.next().await;
        return Ok(None);
    }
    let name = extension_name();
    tokio::select! {
        ended = proxy.until_shutdown(&name) => ended
            .map(|()| None)
            .map_err(|error| Failure::new(format!("extension `{name}`: {error}"))),
        _ = signals.next() => Ok(None),
    }
}

/// An external extension is called as its file: Lambda refuses another name.
fn extension_name() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    let name = program.as_ref().and_then(|path| path.file_name());
    name.map_or_else(|| EXTENSION.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// As a shell says it: 128 and the signal, where a signal ended it.
fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Where recordings go.
enum Sink {
    /// Into a function folder.
    Folder(Box<Recorder>),
    /// To standard output.
    Stdout(Redactor),
    /// Below a prefix of S3.
    #[cfg(feature = "aws")]
    S3(Box<(S3Prefix, Redactor)>),
}

impl Sink {
    #[cfg_attr(not(feature = "aws"), expect(unused_variables, reason = "S3 alone is asynchronous"))]
    fn open(args: &Args, runtime: &tokio::runtime::Runtime) -> Result<Self, Failure> {
        #[cfg(feature = "aws")]
        if let Some(uri) = &args.s3 {
            let connection = runtime.block_on(args.connection.open())?;
            let prefix = S3Prefix::new(&connection, uri);
            let prefix = prefix.map_err(|error| crate::connection::failure(&error))?;
            return Ok(Self::S3(Box::new((prefix, redactor(args)?))));
        }
        if args.stdout {
            return redactor(args).map(Self::Stdout);
        }
        let recorder = super::open(&args.function)?.anonymize(&args.anonymize.anonymize);
        Ok(Self::Folder(Box::new(recorder)))
    }

    /// Writes a recording; says where it is, if it is somewhere, or why it is not written. It
    /// blocks.
    fn write(&mut self, observed: Observed) -> Result<Option<String>, String> {
        #[cfg(feature = "aws")]
        let name = format!("{}.json", observed.request_id);
        let new = NewRecording::of_observed(observed).ok_or("its event is not UTF-8")?;
        match self {
            Self::Folder(recorder) => recorder
                .record(new)
                .map(|made| Some(made.folder.display().to_string()))
                .map_err(|error| error.to_string()),
            Self::Stdout(redactor) => {
                let line = new.to_line(redactor).map_err(|error| error.to_string())? + "\n";
                // In one piece, as the function writes there too.
                let mut stdout = io::stdout().lock();
                let written = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
                written.map(|()| None).map_err(|error| error.to_string())
            }
            #[cfg(feature = "aws")]
            Self::S3(sink) => {
                let (prefix, redactor) = &**sink;
                let line = new.to_line(redactor).map_err(|error| error.to_string())?;
                let put = tokio::runtime::Handle::current().block_on(prefix.put(&name, line));
                put.map(Some).map_err(|error| error.to_string())
            }
        }
    }
}

/// The rules of the function folder, where there is one, or else those that always hold.
fn redactor(args: &Args) -> Result<Redactor, Failure> {
    let kinds = &args.anonymize.anonymize;
    if !args.function.join(FUNCTION_FILE).exists() {
        return Ok(Redactor::default().anonymize(kinds));
    }
    Ok(super::open(&args.function)?.anonymize(kinds).function().redactor())
}

/// Writes recordings as they come; how many could not be written.
async fn write(mut sink: Sink, mut observations: Observations) -> u64 {
    let mut failed = 0;
    while let Some(observed) = observations.next().await {
        let written = spawn_blocking(move || {
            let request_id = observed.request_id.clone();
            let written = sink.write(observed);
            (sink, request_id, written)
        });
        let Ok((back, request_id, written)) = written.await else { return failed + 1 };
        sink = back;
        match written {
            Ok(Some(place)) => say(&format!("recorded  {place}")),
            Ok(None) => {}
            Err(error) => {
                failed += 1;
                exit::report(&Failure::new(format!("invocation {request_id}: {error}")));
            }
        }
    }
    failed
}

/// Starts the function, where there is one to start.
fn start(args: &Args, address: SocketAddr) -> Result<Option<Child>, Failure> {
    let [program, arguments @ ..] = &*args.command else { return Ok(None) };
    let child = Command::new(program)
        .args(arguments)
        .env(RUNTIME_API, address.to_string())
        .kill_on_drop(true)
        .spawn();
    child.map(Some).map_err(|error| Failure::new(format!("{program}: cannot start it: {error}")))
}

/// Waits for the function's end. A signal that is meant to end this command is handed on to it.
async fn until_ended(mut child: Child, signals: &mut Signals) -> Result<ExitStatus, Failure> {
    let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    loop {
        tokio::select! {
            ended = child.wait() => return ended.map_err(|error| {
                Failure::new(format!("cannot wait for the function: {error}"))
            }),
            signal = signals.next() => {
                // It has ended already where this fails.
                let _ = id.map(|id| kill_process(id, signal));
            }
        }
    }
}

/// One line on stderr, as stdout is the function's own.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "retrigger: {line}");
}

/// What became of all invocations.
fn words(counts: Counts, failed: u64) -> String {
    let Counts { observed, left_out, too_large, lost } = counts;
    let mut text = format!("{} recorded", observed - failed.min(observed));
    for (count, what) in [
        (failed, "could not be written"),
        (left_out, "left out by --sample"),
        (too_large, "larger than --max-event-bytes"),
        (lost, "lost, as too much waited"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text
}
