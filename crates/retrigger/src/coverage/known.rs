//! The statements that there are, and which recordings exercise them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use retrigger_iam::{Policy, Statement};

use super::{ActionCoverage, AskedByRecording, PolicyCoverage, StatementCoverage, mutants};
use crate::{documents::Documents, event::RecordingId};

/// A document: its file and its name. A file can hold many, and snapshots can share a file.
type Key = (PathBuf, String);

/// Policy documents, each with what exercises it.
#[derive(Default)]
pub(super) struct KnownPolicies {
    by_key: BTreeMap<Key, Known>,
}

pub(super) struct Known {
    pub(super) policy: Policy,
    /// The recordings that it bears on, by number.
    pub(super) recordings: Vec<usize>,
    /// For each statement, the recordings with a request that it applies to.
    exercised_by: Vec<BTreeSet<usize>>,
    /// For each statement, the actions of these requests.
    actions: Vec<BTreeSet<String>>,
    documents: Documents,
}

impl KnownPolicies {
    /// Adds the documents of a recording, and what it exercises of them.
    pub(super) fn add(&mut self, number: usize, recording: &AskedByRecording) {
        for (document, policy) in recording.documents.iter() {
            let key = (document.file().to_owned(), policy.name.clone());
            let known = self.by_key.entry(key).or_insert_with(|| Known {
                policy: policy.clone(),
                recordings: Vec::new(),
                exercised_by: vec![BTreeSet::new(); policy.statements.len()],
                actions: vec![BTreeSet::new(); policy.statements.len()],
                documents: recording.documents.clone(),
            });
            known.recordings.push(number);
        }
        for (asked, explanation) in &recording.asked {
            for report in explanation.statements().filter(|report| report.applies()) {
                let Some(document) = recording.documents.document(&report.policy) else { continue };
                let key = (document.file().to_owned(), report.policy.clone());
                let Some(known) = self.by_key.get_mut(&key) else { continue };
                if let Some(by) = known.exercised_by.get_mut(report.index) {
                    by.insert(number);
                }
                if let Some(actions) = known.actions.get_mut(report.index) {
                    actions.insert(asked.request.action.clone());
                }
            }
        }
    }

    /// What is exercised, with who notices which change.
    pub(super) fn report(&self, recordings: &[AskedByRecording]) -> Vec<PolicyCoverage> {
        let policies = self.by_key.iter().map(|((file, name), known)| PolicyCoverage {
            policy: name.clone(),
            file: file.clone(),
            statements: known.statements(recordings),
        });
        policies.collect()
    }
}

impl Known {
    fn statements(&self, recordings: &[AskedByRecording]) -> Vec<StatementCoverage> {
        let statements = self.policy.statements.iter().enumerate();
        statements.filter_map(|(index, one)| self.statement(index, one, recordings)).collect()
    }

    fn statement(
        &self,
        index: usize,
        statement: &Statement,
        recordings: &[AskedByRecording],
    ) -> Option<StatementCoverage> {
        let sid =
            statement.sid.as_ref().map(|sid| sid.value.as_str()).filter(|sid| !sid.is_empty());
        Some(StatementCoverage {
            policy: self.policy.name.clone(),
            label: sid.map_or_else(|| (index + 1).to_string(), |sid| format!("`{sid}`")),
            effect: statement.effect,
            place: self.documents.place(&self.policy.name, statement.span)?,
            exercised_by: names(self.exercised_by.get(index)?.iter().copied(), recordings),
            actions: self.actions(index, statement),
            mutants: mutants::of(self, statement, recordings),
        })
    }

    fn actions(&self, index: usize, statement: &Statement) -> Vec<ActionCoverage> {
        let Some(element) = statement.action.as_ref().filter(|element| !element.negated) else {
            return Vec::new();
        };
        let asked = self.actions.get(index);
        let patterns = element.patterns.iter().filter_map(|pattern| {
            let covers = |action: &String| pattern.covers(action);
            Some(ActionCoverage {
                pattern: pattern.text.value.clone(),
                place: self.place(pattern.text.span)?,
                is_exercised: asked.is_some_and(|asked| asked.iter().any(covers)),
            })
        });
        patterns.collect()
    }

    pub(super) fn place(&self, span: retrigger_iam::Span) -> Option<crate::Place> {
        self.documents.place(&self.policy.name, span)
    }
}

pub(super) fn names(
    numbers: impl Iterator<Item = usize>,
    recordings: &[AskedByRecording],
) -> Vec<RecordingId> {
    let name = |number: usize| recordings.get(number).map(|one| one.recording.clone());
    numbers.filter_map(name).collect()
}
