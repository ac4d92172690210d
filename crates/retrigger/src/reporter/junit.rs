//! The run as a `JUnit` report: one suite a function, one case a recording.

use std::{collections::BTreeMap, io, mem};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{
    event::{Decided, Event, FileFinding, HandlerRan, RecordingFinished, Status},
    reporter::Reporter,
};

/// Writes the report when the run is done.
#[derive(Debug)]
pub struct JUnit<W> {
    writer: W,
    suites: BTreeMap<String, TestSuite>,
    current: Current,
}

/// What the recording under way has shown.
#[derive(Debug, Default)]
struct Current {
    findings: Vec<FileFinding>,
    denials: Vec<String>,
    logs: Vec<String>,
}

impl<W: io::Write> JUnit<W> {
    /// Reports to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, suites: BTreeMap::new(), current: Current::default() }
    }

    fn finish_recording(&mut self, finished: &RecordingFinished) {
        let current = mem::take(&mut self.current);
        let mut case = TestCase::new(finished.recording.name.as_str(), status(finished, &current));
        case.set_classname(finished.recording.function.as_str());
        case.set_time(finished.duration);
        if !current.logs.is_empty() {
            case.set_system_out(current.logs.join("\n"));
        }
        let function = &finished.recording.function;
        let suite = self.suites.entry(function.clone());
        suite.or_insert_with(|| TestSuite::new(function.as_str())).add_test_case(case);
    }
}

fn status(finished: &RecordingFinished, current: &Current) -> TestCaseStatus {
    let kind = match finished.status {
        Status::Passed | Status::New => return TestCaseStatus::success(),
        Status::Failed => NonSuccessKind::Failure,
        Status::Invalid => NonSuccessKind::Error,
    };
    let differences = finished.differences.iter().map(|difference| {
        let (what, expected, actual) = (&difference.what, &difference.expected, &difference.actual);
        format!("{what}\n  expected: {expected}\n  actual:   {actual}")
    });
    let findings = current.findings.iter().map(describe);
    let lines: Vec<String> =
        differences.chain(findings).chain(current.denials.iter().cloned()).collect();
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(lines.first().cloned().unwrap_or_default());
    status.set_description(lines.join("\n"));
    status
}

fn describe(finding: &FileFinding) -> String {
    let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{place}{}{help}", finding.message)
}

impl<W: io::Write + Send> Reporter for JUnit<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Found { finding } | Event::Stale { finding } => {
                self.current.findings.push(finding.clone());
            }
            Event::Decided(decided) => {
                let Decided { message, clauses, .. } = decided.as_ref();
                self.current.denials.extend(message.clone());
                let misses = clauses.iter().filter_map(|clause| {
                    let miss = clause.miss.as_ref()?;
                    Some(format!("{}: {miss}", clause.title))
                });
                self.current.denials.extend(misses);
            }
            Event::HandlerRan(HandlerRan { logs, .. }) => self.current.logs.clone_from(logs),
            Event::RecordingFinished(finished) => self.finish_recording(finished),
            Event::RunFinished { duration, .. } => {
                let mut report = Report::new("retrigger");
                report.set_time(*duration);
                report.add_test_suites(mem::take(&mut self.suites).into_values());
                report.serialize(&mut self.writer).map_err(io::Error::other)?;
                self.writer.flush()?;
            }
            _ => {}
        }
        Ok(())
    }
}
