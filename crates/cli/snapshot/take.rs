//! `retrigger snapshot`.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use retrigger::recording::{FUNCTION_FILE, FunctionFolder, Redactor, Snapshot, WrittenSnapshot};
use retrigger_collect::{
    CollectError, Connection, Known, SnapshotRequest, Taken, needed_policy, take,
};
use serde::Serialize;
use serde_json::json;

use super::TakeArgs;
use crate::{
    connection::failure,
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// Takes a snapshot, or prints what is needed for it. Exit code 1 where something could not be
/// read.
pub(super) fn run(args: &TakeArgs, output: &mut Output) -> Result<Outcome, Failure> {
    let place = Place::of(&args.folder)?;
    let request = request(args, &place)?;
    if args.print_policy {
        let known = known(args, &place, &request);
        let policy = needed_policy(&request, &known).map_err(|error| failure(&error))?;
        writeln!(output, "{policy:#}")?;
        return Ok(Outcome::AsExpected);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let mut taken = runtime.block_on(taken(args, &request)).map_err(|error| failure(&error))?;
    taken.notes.extend(place.mismatch(&taken));
    let (account, region) = (taken.snapshot.account.clone(), taken.snapshot.region.clone());
    let written = taken.snapshot.write(&place.snapshot, &place.redactor());
    let written = written.map_err(|error| Failure::new(error.to_string()))?;
    let report = Report { place: &place, account, region, written, notes: taken.notes };
    match args.format {
        Format::Human => report.print(output)?,
        Format::Json => output.json(&report.json())?,
    }
    Ok(if report.written.not_read.is_empty() { Outcome::AsExpected } else { Outcome::Different })
}

/// Where a snapshot is written.
struct Place {
    snapshot: PathBuf,
    /// The function folder above it.
    function: Option<FunctionFolder>,
}

impl Place {
    fn of(folder: &Path) -> Result<Self, Failure> {
        let is_function = folder.join(FUNCTION_FILE).is_file();
        let snapshot = if is_function { folder.join("snapshot") } else { folder.to_owned() };
        // The folder need not be there yet.
        let there = std::path::absolute(&snapshot).unwrap_or_else(|_| snapshot.clone());
        let above = there.ancestors().skip(1).find(|folder| folder.join(FUNCTION_FILE).is_file());
        let function = above.map(FunctionFolder::load).transpose();
        let function = function.map_err(|error| Failure::new(error.to_string()))?;
        Ok(Self { snapshot, function })
    }

    fn redactor(&self) -> Redactor {
        self.function.as_ref().map(FunctionFolder::redactor).unwrap_or_default()
    }

    /// What to say where the snapshot is another function's than that of the folder.
    fn mismatch(&self, taken: &Taken) -> Option<String> {
        let arn = &self.function.as_ref()?.function().arn;
        let name = format!("lambda/{}/", arn.name());
        let snapshot = &taken.snapshot;
        let is_its = snapshot.files.keys().any(|file| file.starts_with(&name))
            && snapshot.account == arn.account()
            && snapshot.region == arn.region();
        (!is_its).then(|| format!("`{FUNCTION_FILE}` above it names another function, `{arn}`"))
    }
}

fn request(args: &TakeArgs, place: &Place) -> Result<SnapshotRequest, Failure> {
    let of_folder = || place.function.as_ref().map(|folder| folder.function().arn.to_string());
    let function = args.function.clone().or_else(of_folder).ok_or_else(|| {
        Failure::new(format!(
            "no function is named, and no `{FUNCTION_FILE}` is above `{}`\n  \
             help: name it with `--function`",
            place.snapshot.display()
        ))
    })?;
    let mut request = SnapshotRequest::of(function);
    request.qualifiers.clone_from(&args.qualifier);
    request.resources.clone_from(&args.resource);
    request.organization = args.organization;
    request.account = args.account;
    Ok(request)
}

/// What an earlier snapshot, or else the arguments, say of what will be read.
fn known(args: &TakeArgs, place: &Place, request: &SnapshotRequest) -> Known {
    let name = request.function.split(":function:").last().unwrap_or(&request.function);
    let name = name.split(':').next().unwrap_or(name);
    let earlier = Snapshot::open(&place.snapshot).ok();
    let mut known = earlier.map(|snapshot| Known::of(&snapshot, name)).unwrap_or_default();
    if args.connection.region.is_some() {
        known.region.clone_from(&args.connection.region);
    }
    known
}

async fn taken(args: &TakeArgs, request: &SnapshotRequest) -> Result<Taken, CollectError> {
    let mut options = args.connection.options();
    options.timeout = Some(Duration::from_secs(args.timeout));
    if let Some(region) =
        request.function.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2))
    {
        options.region.get_or_insert_with(|| region.to_owned());
    }
    let connection = Connection::open(&options).await?;
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    let on_call = |call: &str, of: &str| bar.set_message(format!("{call} {of}"));
    let now = format!("{:.0}", jiff::Timestamp::now()).parse();
    let now = now.map_err(|error: retrigger::recording::ParseTimeError| {
        CollectError::bad_input(error.to_string(), "set the clock")
    })?;
    let taken = take(&connection, request, now, &on_call).await;
    bar.finish_and_clear();
    taken
}

/// What was taken, and what became of each file.
struct Report<'r> {
    place: &'r Place,
    account: String,
    region: String,
    written: WrittenSnapshot,
    notes: Vec<String>,
}

impl Report<'_> {
    fn json(&self) -> impl Serialize {
        let Self { place, account, region, written, notes } = self;
        let redacted = written.redacted.iter().map(
            |(file, leak)| json!({ "file": file, "pointer": leak.pointer, "rule": leak.rule }),
        );
        json!({
            "snapshot": place.snapshot, "account": account, "region": region, "files": written,
            "not_read": written.not_read, "redacted": redacted.collect::<Vec<_>>(), "notes": notes,
        })
    }

    fn print(&self, output: &mut Output) -> io::Result<()> {
        let Self { place, account, region, written, notes } = self;
        let WrittenSnapshot { added, changed, unchanged, removed, kept, not_read, redacted } =
            written;
        let folder = place.snapshot.display();
        writeln!(output, "{folder}: account {account}, {region}")?;
        let lists = [("added", added), ("changed", changed), ("removed", removed), ("kept", kept)];
        for (word, names) in lists {
            for name in names {
                writeln!(output, "  {word:<8} {name}")?;
            }
        }
        if !unchanged.is_empty() {
            let count = unchanged.len();
            writeln!(output, "  {count} file{} unchanged", if count == 1 { "" } else { "s" })?;
        }
        for (file, leak) in redacted {
            let place = if leak.pointer.is_empty() { "the text" } else { &leak.pointer };
            output.wrapped(&format!("replaced a secret ({}) in {file}: {place}", leak.rule))?;
        }
        for one in not_read {
            output.wrapped(&format!("not read: {one}"))?;
        }
        for note in notes {
            output.wrapped(&format!("note: {note}"))?;
        }
        if !not_read.is_empty() {
            output.wrapped(
                "a replay that needs what was not read says so; `retrigger snapshot \
                 --print-policy` prints the permissions that reading it takes",
            )?;
        }
        Ok(())
    }
}
