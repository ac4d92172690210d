//! Policy documents of files, parsed, with the way back from a clause to its place.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use retrigger_iam::{Decision, Explanation, Finding, Policy, PolicyType, Span, StatementReport};
use retrigger_recording::PolicyDocument;

use crate::{
    event::{Clause, FileFinding},
    place::Place,
};

/// How many clauses are shown for one decision.
const MAX_CLAUSES: usize = 3;

/// Policy documents by name, each parsed once.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    by_name: BTreeMap<String, Loaded>,
    /// The texts of the files that hold them: a listing of an account holds many.
    files: BTreeMap<PathBuf, Arc<str>>,
}

/// A document with what it says.
#[derive(Clone, Debug)]
struct Loaded {
    document: PolicyDocument,
    file_text: Arc<str>,
    policy: Policy,
    warnings: Vec<FileFinding>,
}

/// A document that AWS would refuse: what is wrong with it, each problem with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDocument {
    /// All problems, in the order of the document.
    pub findings: Vec<FileFinding>,
}

impl Documents {
    /// Parses a document and keeps it by its name; gives the policy and warnings about it. One that
    /// was loaded before is not parsed again.
    pub fn load(
        &mut self,
        document: &PolicyDocument,
    ) -> Result<(Policy, Vec<FileFinding>), InvalidDocument> {
        let known = self.by_name.get(document.name());
        let is_known = |loaded: &&Loaded| {
            loaded.document.text() == document.text() && loaded.document.file() == document.file()
        };
        if let Some(loaded) = known.filter(is_known) {
            return Ok((loaded.policy.clone(), loaded.warnings.clone()));
        }
        let file_text = self.file_text(document);
        let parsed = Policy::parse(document.text());
        let findings = parsed.findings.iter().map(|finding| locate(finding, document, &file_text));
        let warnings: Vec<FileFinding> = findings.collect();
        let is_error = |found: &FileFinding| found.severity == retrigger_iam::Severity::Error;
        match parsed.policy {
            Some(policy) if !warnings.iter().any(is_error) => {
                let mut policy = policy.named(document.name());
                policy.arn = document.arn().map(str::to_owned);
                let document = document.clone();
                let answer = (policy.clone(), warnings.clone());
                let loaded = Loaded { document, file_text, policy, warnings };
                self.by_name.insert(answer.0.name.clone(), loaded);
                Ok(answer)
            }
            _ => Err(InvalidDocument { findings: warnings }),
        }
    }

    fn file_text(&mut self, document: &PolicyDocument) -> Arc<str> {
        let known = self.files.entry(document.file().to_owned());
        Arc::clone(known.or_insert_with(|| document.file_text().into()))
    }

    /// The clauses to look at for a decision: those that decided or, where nothing applied, the
    /// nearest that missed.
    pub fn clauses(&self, explanation: &Explanation) -> Vec<Clause> {
        if explanation.decision == Decision::ImplicitlyDenied {
            let misses = explanation.nearest_misses();
            return misses
                .iter()
                .take(MAX_CLAUSES)
                .flat_map(|report| self.missed(report))
                .collect();
        }
        explanation.deciding().take(MAX_CLAUSES).map(|report| self.decided(report)).collect()
    }

    fn decided(&self, report: &StatementReport) -> Clause {
        let verb = match report.effect {
            retrigger_iam::Effect::Allow => "allows",
            retrigger_iam::Effect::Deny => "denies",
        };
        Clause {
            title: format!("statement {} of {} {verb}", report.label(), report.policy),
            miss: None,
            place: self.place(&report.policy, report.span),
        }
    }

    fn missed(&self, report: &StatementReport) -> Vec<Clause> {
        let clause = |miss: &retrigger_iam::Miss| Clause {
            title: format!(
                "statement {} of {} misses {}",
                report.label(),
                report.policy,
                miss.clause()
            ),
            miss: Some(miss.found()),
            place: self.place(&report.policy, miss.span),
        };
        report.misses.iter().map(clause).collect()
    }

    /// All that were loaded, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&PolicyDocument, &Policy)> {
        self.by_name.values().map(|loaded| (&loaded.document, &loaded.policy))
    }

    /// The document of this name; `None` for one that was never loaded.
    pub fn document(&self, name: &str) -> Option<&PolicyDocument> {
        self.by_name.get(name).map(|loaded| &loaded.document)
    }

    /// Where a span of the named document is; `None` for a name that was never loaded.
    pub fn place(&self, name: &str, span: Span) -> Option<Place> {
        let loaded = self.by_name.get(name)?;
        Some(place(&loaded.document, &loaded.file_text, span))
    }
}

/// What to say where a kind of policy that had to allow is not there at all.
pub fn absence(explanation: &Explanation) -> Option<PolicyType> {
    let denial = explanation.denial.as_ref().filter(|denial| !denial.explicit)?;
    let absent = !explanation.checks.iter().any(|check| check.policy_type == denial.policy_type);
    absent.then_some(denial.policy_type)
}

pub(crate) fn locate(finding: &Finding, document: &PolicyDocument, text: &Arc<str>) -> FileFinding {
    FileFinding {
        severity: finding.severity,
        place: Some(place(document, text, finding.span)),
        message: finding.message.clone(),
        help: finding.help.clone(),
    }
}

pub(crate) fn place(document: &PolicyDocument, text: &Arc<str>, span: Span) -> Place {
    let start = document.locate(span.start);
    Place {
        file: document.file().to_owned(),
        line: start.line,
        column: start.column,
        text: Arc::clone(text),
        span: document.outer_span(span.into()),
    }
}
