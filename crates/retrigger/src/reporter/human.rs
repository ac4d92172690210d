//! For people: a line a recording, details under what differs, a summary.

use std::{
    fmt,
    io::{self, Write},
    mem,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use retrigger_recording::{CallKey, Step};
use retrigger_trigger::BatchOutcome;

use crate::{
    event::{
        CallAnswer, Called, Clause, Decided, Event, HandlerRan, RecordingFinished, Status, Totals,
    },
    reporter::{
        Reporter, batch,
        difference::{cut, difference_text},
        snippet::{Look, clause_snippets, finding_snippet},
    },
};

/// Under which recordings to show details.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Those that failed or cannot be replayed.
    #[default]
    Failures,
    /// All.
    All,
}

/// What stands before details, under the name of their recording.
const INDENT: &str = "       ";

/// How many lines of a stack trace are shown.
const TRACE_LINES: usize = 6;

/// How many log lines of a failed recording are shown, from its end.
const LOG_LINES: usize = 20;

/// Writes for people.
#[derive(Debug)]
pub struct Human<W> {
    writer: W,
    look: Look,
    detail: Detail,
    function: Option<String>,
    current: Vec<Event>,
}

impl<W: Write> Human<W> {
    /// Reports to `writer`.
    pub fn new(writer: W, look: Look, detail: Detail) -> Self {
        Self { writer, look, detail, function: None, current: Vec::new() }
    }

    fn finish_recording(&mut self, finished: &RecordingFinished) -> io::Result<()> {
        let events = mem::take(&mut self.current);
        let function = &finished.recording.function;
        if self.function.as_ref() != Some(function) {
            writeln!(self.writer, "{function}")?;
            self.function = Some(function.clone());
        }
        let word = self.status_word(finished.status);
        let name = &finished.recording.name;
        let what = phrase(finished, &events);
        let room = self.look.width.saturating_sub("  ERR  ".len() + name.len().max(28) + 1);
        let what = if finished.status == Status::Invalid { start(&what, room) } else { what };
        writeln!(self.writer, "  {word} {name:<28} {what}")?;
        let differs = matches!(finished.status, Status::Failed | Status::Invalid);
        if self.detail == Detail::All || differs {
            self.details(finished, &events)?;
        } else {
            self.stale(&events)?;
        }
        self.writer.flush()
    }

    fn details(&mut self, finished: &RecordingFinished, events: &[Event]) -> io::Result<()> {
        for difference in &finished.differences {
            self.block(&difference_text(difference, self.inner()))?;
        }
        for event in events {
            match event {
                Event::Found { finding } | Event::Stale { finding } => {
                    self.block(&finding_snippet(finding, self.inner()))?;
                }
                Event::Decided(decided) => self.decided(decided)?,
                Event::Called(called) => self.called(called)?,
                Event::HandlerRan(ran) => self.handler(ran, finished.status)?,
                Event::Settled { batch } => self.batch(batch)?,
                _ => {}
            }
        }
        writeln!(self.writer)
    }

    /// What no longer applies is said of a recording that passes, too.
    fn stale(&mut self, events: &[Event]) -> io::Result<()> {
        for event in events {
            if let Event::Stale { finding } = event {
                self.block(&finding_snippet(finding, self.inner()))?;
            }
        }
        Ok(())
    }

    /// A decision that allows is shown where everything is.
    fn decided(&mut self, decided: &Decided) -> io::Result<()> {
        let Decided { step, request, explanation, message, clauses } = decided;
        let decision = explanation.decision;
        if decision.is_allowed() && self.detail != Detail::All {
            return Ok(());
        }
        self.line(format_args!("{} {decision}: {}", step_word(*step), request.action))?;
        self.line(format_args!("  on {}", request.resource))?;
        self.line(format_args!("  by {}", request.principal))?;
        if let Some(message) = message {
            self.wrapped(&format!("AWS says: {message}"))?;
        }
        for key in explanation.hangs_on.iter().filter(|_| *step == Step::Call) {
            // A shell would replace a part of the resource's ARN.
            let quote = if key.starts_with('$') { "'" } else { "" };
            let text =
                format!("nothing shows `{key}`: say it with `--assume {quote}{key}=VALUE{quote}`");
            self.wrapped(&text)?;
        }
        if decision.is_allowed() {
            return clauses.iter().try_for_each(|clause| self.deciding(clause));
        }
        self.block(&clause_snippets(clauses, self.inner()))
    }

    /// A call that was answered as recorded is shown where everything is.
    fn called(&mut self, called: &Called) -> io::Result<()> {
        let what = match called.answered {
            CallAnswer::Recorded if self.detail != Detail::All => return Ok(()),
            CallAnswer::Recorded => "answered as recorded",
            CallAnswer::Upstream => "answered by the upstream, and recorded",
            CallAnswer::Refused => "refused",
            CallAnswer::Unrecorded => "not recorded",
            CallAnswer::Failed => "not answered by the upstream",
        };
        let CallKey { service, operation, .. } = &called.key;
        let tries = match called.attempts {
            0 | 1 => String::new(),
            attempts => format!(", tried {attempts} times"),
        };
        let status = called.status;
        self.line(format_args!("call {service}:{operation}: {what} (status {status}{tries})"))?;
        if let Some(resource) = &called.key.resource {
            self.line(format_args!("  on {resource}"))?;
        }
        called.why.iter().try_for_each(|why| self.wrapped(why))
    }

    /// A clause that allows, without its text.
    fn deciding(&mut self, clause: &Clause) -> io::Result<()> {
        match &clause.place {
            Some(place) => self.wrapped(&format!("{} ({place})", clause.title)),
            None => self.wrapped(&clause.title),
        }
    }

    fn handler(&mut self, ran: &HandlerRan, status: Status) -> io::Result<()> {
        self.line(format_args!("handler: ran in {}", Milliseconds(ran.duration)))?;
        if let Some(error) = &ran.function_error {
            self.function_error(error)?;
        }
        if status == Status::Failed || self.detail == Detail::All {
            let skipped = ran.logs.len().saturating_sub(LOG_LINES);
            if skipped > 0 {
                self.line(format_args!("  … {skipped} more log lines"))?;
            }
            for line in &ran.logs[skipped..] {
                let line = cut(line, self.look.width.saturating_sub(INDENT.len() + 4));
                self.line(format_args!("  | {line}"))?;
            }
        }
        Ok(())
    }

    /// Type and message; the stack trace line by line.
    fn function_error(&mut self, error: &serde_json::Value) -> io::Result<()> {
        let text = |key: &str| error.get(key).and_then(serde_json::Value::as_str);
        let (Some(kind), Some(message)) = (text("errorType"), text("errorMessage")) else {
            return self.line(format_args!("  function error {error}"));
        };
        self.line(format_args!("  function error {kind}: {message}"))?;
        let trace = error.get("trace").or_else(|| error.get("stackTrace"));
        let trace = trace.and_then(serde_json::Value::as_array).into_iter().flatten();
        let frames = trace.filter_map(serde_json::Value::as_str).flat_map(str::lines);
        for frame in frames.filter(|frame| !frame.contains(message)).take(TRACE_LINES) {
            self.line(format_args!("    {}", frame.trim()))?;
        }
        Ok(())
    }

    fn batch(&mut self, batch: &BatchOutcome) -> io::Result<()> {
        self.line(format_args!("batch: {}", batch.why))?;
        self.block(&batch::details(batch))?;
        batch.warnings.iter().try_for_each(|warning| self.wrapped(&format!("warning: {warning}")))
    }

    /// How details look, which stand indented.
    fn inner(&self) -> Look {
        Look { width: self.look.width.saturating_sub(INDENT.len()), ..self.look }
    }

    /// Writes a sentence in lines that fit, where its words do.
    fn wrapped(&mut self, text: &str) -> io::Result<()> {
        let options = textwrap::Options::new(self.inner().width)
            .initial_indent("  ")
            .subsequent_indent("    ");
        let options = options.break_words(false);
        let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
        let options = options.word_separator(textwrap::WordSeparator::AsciiSpace);
        textwrap::wrap(text, options).iter().try_for_each(|line| self.line(format_args!("{line}")))
    }

    /// Writes lines indented under their recording.
    fn block(&mut self, text: &str) -> io::Result<()> {
        text.lines().try_for_each(|line| self.line(format_args!("{line}")))
    }

    fn line(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.writer, "{INDENT}{text}")
    }

    fn finish_run(&mut self, totals: Totals, duration: Duration) -> io::Result<()> {
        let Totals { passed, failed, new, invalid, not_run } = totals;
        let all = passed + failed + new + invalid + not_run;
        let counts = [
            (passed, "passed", Status::Passed),
            (failed, "failed", Status::Failed),
            (invalid, "cannot be replayed", Status::Invalid),
            (new, "without expectation", Status::New),
            (not_run, "not run", Status::New),
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, what, status)| self.paint(status, &format!("{count} {what}")))
            .collect();
        let noun = if all == 1 { "recording" } else { "recordings" };
        let duration = Milliseconds(duration);
        writeln!(self.writer, "{all} {noun}: {} ({duration})", counts.join(", "))?;
        self.writer.flush()
    }

    fn status_word(&self, status: Status) -> String {
        self.paint(
            status,
            match status {
                Status::Passed => "PASS",
                Status::Failed => "FAIL",
                Status::New => "NEW ",
                Status::Invalid => "ERR ",
            },
        )
    }

    /// The one table of colours.
    fn paint(&self, status: Status, text: &str) -> String {
        if !self.look.color {
            return text.to_owned();
        }
        let color = match status {
            Status::Passed => AnsiColor::Green,
            Status::Failed | Status::Invalid => AnsiColor::Red,
            Status::New => AnsiColor::Cyan,
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        format!("{style}{text}{style:#}")
    }
}

impl<W: Write + Send> Reporter for Human<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RecordingFinished(finished) => self.finish_recording(finished),
            Event::RunFinished { totals, duration } => self.finish_run(*totals, *duration),
            Event::RunStarted { .. } => Ok(()),
            other => {
                self.current.push(other.clone());
                Ok(())
            }
        }
    }
}

/// What a recording showed, in a few words.
fn phrase(finished: &RecordingFinished, events: &[Event]) -> String {
    let error = events.iter().find_map(|event| match event {
        Event::Found { finding } if finding.severity == retrigger_iam::Severity::Error => {
            Some(finding)
        }
        _ => None,
    });
    if let Some(finding) = error {
        let place = finding.place.as_ref().and_then(|place| place.file.file_name());
        let file = place.map(|name| format!("{}: ", name.to_string_lossy())).unwrap_or_default();
        return format!("{file}{}", finding.message);
    }
    let mut parts: Vec<String> = Vec::new();
    for event in events {
        match event {
            Event::Decided(decided) => parts.extend(denied_phrase(decided)),
            Event::HandlerRan(ran) => parts.push(ran_phrase(ran)),
            Event::Settled { batch } => parts.push(batch::phrase(batch)),
            _ => {}
        }
    }
    parts.extend(calls_phrase(events, CallAnswer::Refused, "refused"));
    // Where one is not answered, the others may not be recorded either.
    let is_failed =
        |event: &Event| matches!(event, Event::Called(it) if it.answered == CallAnswer::Failed);
    if !events.iter().any(is_failed) {
        parts.extend(calls_phrase(events, CallAnswer::Upstream, "recorded"));
    }
    if finished.actual.logs.as_ref().is_some_and(|logs| !logs.delivered) {
        parts.push("logs lost".to_owned());
    }
    match events.iter().map(warnings).sum() {
        0 => {}
        1 => parts.push("1 warning".to_owned()),
        count => parts.push(format!("{count} warnings")),
    }
    parts.join(", ")
}

/// As many words as there is room for: the whole follows.
fn start(text: &str, room: usize) -> String {
    let options = textwrap::Options::new(room.saturating_sub(" …".len())).break_words(false);
    match textwrap::wrap(text, options).as_slice() {
        [first, _, ..] => format!("{first} …"),
        _ => text.to_owned(),
    }
}

/// What a step of a replay asks.
fn step_word(step: Step) -> &'static str {
    match step {
        Step::Invoke => "may the trigger invoke?",
        Step::Poll => "may Lambda poll?",
        Step::AssumeRole => "may Lambda assume the role?",
        Step::Call => "may it call?",
        Step::Log => "may it log?",
        _ => "may it?",
    }
}

fn warnings(event: &Event) -> usize {
    match event {
        Event::Found { .. } => 1,
        Event::Settled { batch } => batch.warnings.len(),
        _ => 0,
    }
}

fn denied_phrase(decided: &Decided) -> Option<String> {
    let Decided { step, request, explanation, .. } = decided;
    match step {
        _ if explanation.decision.is_allowed() => None,
        Step::Log | Step::Call => None,
        _ => Some(format!("{}: {}, handler not run", request.action, explanation.decision)),
    }
}

/// Such as `s3:GetObject refused`, `3 calls refused`.
fn calls_phrase(events: &[Event], answered: CallAnswer, word: &str) -> Option<String> {
    let calls = events.iter().filter_map(|event| match event {
        Event::Called(called) if called.answered == answered => Some(&called.key),
        _ => None,
    });
    match calls.collect::<Vec<_>>()[..] {
        [] => None,
        [CallKey { service, operation, .. }] => Some(format!("{service}:{operation} {word}")),
        ref calls => Some(format!("{} calls {word}", calls.len())),
    }
}

fn ran_phrase(ran: &HandlerRan) -> String {
    let duration = Milliseconds(ran.duration);
    match &ran.function_error {
        Some(error) => {
            let kind = error.get("errorType").and_then(|kind| kind.as_str()).unwrap_or("?");
            format!("function error {kind} after {duration}")
        }
        None => format!("allowed, ran in {duration}"),
    }
}

/// A duration as people read it.
struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_secs_f64() * 1e3;
        match milliseconds {
            ..10.0 => write!(f, "{milliseconds:.1} ms"),
            ..1000.0 => write!(f, "{milliseconds:.0} ms"),
            _ => write!(f, "{:.1} s", milliseconds / 1e3),
        }
    }
}
