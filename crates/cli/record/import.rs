//! `retrigger record import`: recordings of events that are in files.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use retrigger::{
    record::{FoundEvent, Import, InvocationFacts, NewRecording, Recorded},
    recording::{Fact, TriggerFacts},
    trigger::Classification,
};
use serde::Serialize;

use crate::{
    exit::{self, Failure, Outcome},
    output::{Format, Output},
};

/// Make recordings of events that are in files: payloads, JSON Lines, test events, logs
///
/// A file may be one event, as SAM's and the console's test events are; JSON Lines; shared test
/// events (their EventBridge schema); what `aws logs filter-log-events` prints, an export of
/// CloudWatch Logs, or a log as `aws logs tail` prints it, in which the handler logged its events;
/// and CloudTrail records, which say who invoked. All may be in gzip.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files with events, and with what CloudTrail says of their invocations
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The function folder
    #[arg(long, short, default_value = ".", value_name = "FOLDER")]
    function: PathBuf,
    /// What the recordings are called [default: after their triggers]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    anonymize: crate::anonymize::AnonymizeArgs,
    /// The snapshot to replay them under [default: `snapshot` of the function folder]
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,
    /// What triggered, where the payload does not tell, such as `iot-rule`
    #[arg(long, value_name = "TRIGGER")]
    trigger: Option<String>,
    /// Who invoked, where the payload does not tell: a service or an ARN
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// The ARN of what triggered, where the payload does not tell
    #[arg(long, value_name = "ARN")]
    source_arn: Option<String>,
    /// The account of what triggered, where the payload does not tell
    #[arg(long, value_name = "ACCOUNT")]
    source_account: Option<String>,
    /// The version or alias that was invoked
    #[arg(long)]
    qualifier: Option<String>,
    /// How to print results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Imports every file. Exit code 2 where one cannot be read or an event not be recorded; the
/// others are recorded all the same.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let mut recorder = super::open(&args.function)?.anonymize(&args.anonymize.anonymize);
    let mut outcome = Outcome::AsExpected;
    let mut report = |failure: Failure| {
        exit::report(&failure);
        outcome = Outcome::Invalid;
    };
    let (mut events, mut facts) = (Vec::new(), Vec::new());
    for file in &args.files {
        match Import::read(file) {
            Ok(found) => {
                for (place, instead) in found.shortened {
                    report(Failure::new(format!(
                        "{}{place}: the log shows only part of an event: `{instead}`",
                        file.display()
                    )));
                }
                facts.extend(found.facts);
                events.extend(found.events.into_iter().map(|event| (file.as_path(), event)));
            }
            Err(error) => report(Failure::new(error.to_string())),
        }
    }
    let arn = recorder.function().function().arn.to_string();
    facts.retain(|facts| facts.function.as_ref().is_none_or(|function| *function == arn));
    let (mut new, mut there) = (0, 0);
    for (file, event) in events {
        let place = event.place;
        match recorder.record(args.recording(event, &facts)) {
            Ok(made) => {
                *if made.was_there { &mut there } else { &mut new } += 1;
                print(args.format, output, file, &made)?;
                // What is said to be recorded is, whatever happens then.
                output.finish()?;
            }
            Err(error) => {
                report(Failure::new(format!("{}{place}: {error}", file.display())));
            }
        }
    }
    if args.format == Format::Human {
        end(output, &args.function, (new, there), facts.len())?;
    }
    Ok(outcome)
}

impl Args {
    /// An event with what is declared of it and what CloudTrail says.
    fn recording(&self, event: FoundEvent, facts: &[InvocationFacts]) -> NewRecording {
        let declared = |value: &Option<String>| value.clone().map(Fact::declared);
        let mut new = NewRecording::from(event);
        new.name = self.name.clone().or(new.name);
        new.snapshot.clone_from(&self.snapshot);
        new.trigger = TriggerFacts {
            kind: self.trigger.clone(),
            source_arn: declared(&self.source_arn),
            source_account: declared(&self.source_account),
            principal: declared(&self.principal),
            ..TriggerFacts::default()
        };
        // What the file says stands, unless the command says otherwise.
        new.invocation.qualifier = self.qualifier.clone().or(new.invocation.qualifier);
        for facts in facts {
            new.add_facts(facts);
        }
        new
    }
}

fn print(format: Format, output: &mut Output, file: &Path, recorded: &Recorded) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'l> {
        file: &'l Path,
        recording: &'l Path,
        was_there: bool,
        redactions: usize,
        classification: Option<&'l Classification>,
    }
    let Recorded { folder, was_there, classification, redactions } = recorded;
    if format == Format::Json {
        let classification = classification.as_ref();
        let (was_there, redactions) = (*was_there, *redactions);
        return output.json(&Line {
            file,
            recording: folder,
            was_there,
            redactions,
            classification,
        });
    }
    let word = if *was_there { "there already" } else { "recorded" };
    writeln!(output, "{word}  {}", folder.strip_prefix(".").unwrap_or(folder).display())?;
    let Some(found) = classification else {
        return writeln!(output, "  no known trigger: declare it, with `--trigger`");
    };
    let has_source = found.trigger.source_arn_shape().is_some();
    if has_source && !found.source_arn.is_known() {
        writeln!(output, "  the source ARN is not known: declare it, with `--source-arn`")?;
    }
    for finding in &found.findings {
        writeln!(output, "  {finding}")?;
    }
    match redactions {
        0 => Ok(()),
        1 => writeln!(output, "  1 secret was replaced"),
        many => writeln!(output, "  {many} secrets were replaced"),
    }
}

/// What it comes to, and what comes next.
fn end(
    output: &mut Output,
    function: &Path,
    (new, there): (usize, usize),
    facts: usize,
) -> io::Result<()> {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    write!(output, "\n{new} recording{}", plural(new))?;
    if there > 0 {
        write!(output, ", {there} there already")?;
    }
    if facts > 0 {
        write!(output, "; CloudTrail says who invoked in {facts} invocation{}", plural(facts))?;
    }
    writeln!(output)?;
    if new > 0 {
        let function = function.display();
        writeln!(output, "next: retrigger replay {function}")?;
        writeln!(output, "      retrigger accept {function}    keeps what the handler answers")?;
    }
    Ok(())
}
