//! What comes of it, in Markdown.

use std::fmt::Write;

use retrigger::iam::{Decision, Request};

use crate::{
    evaluator::Evaluator,
    measure::{self, Time},
    support::workload::{Case, Workload},
};

/// A workload measured.
pub(crate) struct Row {
    workload: String,
    statements: usize,
    requests: usize,
    timed: usize,
    cells: Vec<Cell>,
}

/// An evaluator measured.
struct Cell {
    evaluator: &'static str,
    lost_statements: Vec<(&'static str, usize)>,
    /// Requests that it cannot be asked, or answers with an error.
    refused: usize,
    /// Requests that it decides otherwise than expected.
    differing: usize,
    /// The first of those requests.
    first_differing: Option<String>,
    time: Time,
}

impl Row {
    /// Holds every decision against what is expected, then times those that all agree on.
    pub(crate) fn measure(workload: &Workload, evaluators: &[Evaluator]) -> Self {
        let expected: Vec<Decision> = workload.cases.iter().map(|case| case.expect).collect();
        let decisions = |evaluator: &Evaluator| -> Vec<Option<Decision>> {
            (0..expected.len()).map(|index| evaluator.decide(index)).collect()
        };
        let decisions: Vec<_> = evaluators.iter().map(decisions).collect();
        for (index, (ours, expected)) in decisions[0].iter().zip(&expected).enumerate() {
            assert_eq!(*ours, Some(*expected), "request {index} of {}", workload.name);
        }
        let is_shared = |index: &usize| {
            decisions.iter().all(|decisions| decisions[*index] == Some(expected[*index]))
        };
        let shared: Vec<usize> = (0..expected.len()).filter(is_shared).collect();
        assert!(!shared.is_empty(), "no request of {} can be asked of all", workload.name);
        let sample = measure::sample(evaluators, &shared);
        let times = measure::rounds(evaluators, &sample);
        let cells = evaluators.iter().zip(&decisions).zip(times);
        let cells = cells
            .map(|((evaluator, decisions), time)| Cell::new(evaluator, decisions, workload, time));
        Self {
            workload: workload.name.clone(),
            statements: workload.statements(),
            requests: expected.len(),
            timed: sample.len(),
            cells: cells.collect(),
        }
    }

    /// The row in one line, for those who wait.
    pub(crate) fn progress(&self) -> String {
        let cell = |cell: &Cell| {
            let Time { fastest, median } = cell.time;
            format!("{} {fastest:.0} ns (median {median:.0})", cell.evaluator)
        };
        let cells: Vec<String> = self.cells.iter().map(cell).collect();
        format!("{}: {}", self.workload, cells.join(", "))
    }
}

impl Cell {
    fn new(
        evaluator: &Evaluator,
        decisions: &[Option<Decision>],
        workload: &Workload,
        time: Time,
    ) -> Self {
        let differing = || {
            let pairs = decisions.iter().zip(&workload.cases);
            pairs.filter_map(|(one, case)| Some(((*one)?, case))).filter(|(d, c)| *d != c.expect)
        };
        let say = |(decision, case): (Decision, &Case)| {
            let Request { action, resource, .. } = &case.request;
            format!("{decision} for {action} on {resource}")
        };
        Self {
            evaluator: evaluator.name,
            lost_statements: evaluator.losses.statements.iter().map(|(k, v)| (*k, *v)).collect(),
            refused: decisions.iter().filter(|decision| decision.is_none()).count(),
            differing: differing().count(),
            first_differing: differing().next().map(say),
            time,
        }
    }

    fn loses(&self) -> bool {
        self.lost() + self.refused + self.differing > 0
    }

    fn lost(&self) -> usize {
        self.lost_statements.iter().map(|(_, count)| count).sum()
    }
}

/// What each translation loses.
pub(crate) fn losses(rows: &[Row]) -> String {
    let mut text = String::from("What the translations lose:\n\n");
    for row in rows {
        for cell in row.cells.iter().filter(|cell| cell.loses()) {
            let (workload, name) = (&row.workload, cell.evaluator);
            let _ = write!(text, "- {workload}, {name}: ");
            let _ = write!(text, "{} of {} statements", cell.lost(), row.statements);
            for (reason, count) in &cell.lost_statements {
                let _ = write!(text, ", {count} for {reason}");
            }
            let _ = write!(text, "; of {} requests {} cannot be asked", row.requests, cell.refused);
            let _ = write!(text, ", {} are decided otherwise", cell.differing);
            if let Some(first) = &cell.first_differing {
                let _ = write!(text, " (the first: {first})");
            }
            let _ = writeln!(text);
        }
    }
    text
}

/// Nanoseconds per decision, and how many times as long as ours that is.
pub(crate) fn times(rows: &[Row]) -> String {
    let mut text = String::from(
        "| workload | statements | requests timed | evaluator | ns per decision | median round | \
         times ours | statements lost | requests lost |\n\
         |---|--:|--:|---|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let Row { workload, statements, requests, timed, cells } = row;
        let ours = cells[0].time.fastest;
        for cell in cells {
            let (Time { fastest, median }, name) = (cell.time, cell.evaluator);
            let (ratio, lost) = (fastest / ours, cell.lost());
            let requests_lost = cell.refused + cell.differing;
            let _ = writeln!(
                text,
                "| {workload} | {statements} | {timed} of {requests} | {name} | {fastest:.0} | \
                 {median:.0} | {ratio:.1} | {lost} | {requests_lost} |"
            );
        }
    }
    text
}
