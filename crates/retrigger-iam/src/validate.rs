//! From a document that can be read to all that is wrong with it where it is attached.
//!
//! The parser says what has no meaning at all; here are the checks of what has one: elements that
//! a kind of policy forbids or demands, and texts that match nothing. One family of checks a file.
//! Action names, resource types and condition keys are looked up where a catalogue is given.

mod action;
mod arn;
mod condition;
mod date;
mod element;
mod known;
mod principal;
mod sid;
mod size;
mod variable;

use jsonc_parser::ast::Object;

use crate::{
    catalogue::Catalogue,
    finding::{Code, Finding, Severity},
    kind::PolicyKind,
    parse::{self, Read, json},
    policy::{Policy, Statement},
    source::{Span, Text},
};

pub(crate) use arn::useless_arns;

/// What [`lint`] finds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the findings say what is wrong"]
pub struct Linted {
    /// The kind of policy that the document was checked as; `None` where none was given and the
    /// document gives nothing to guess by.
    pub kind: Option<PolicyKind>,
    /// Whether the kind was guessed ([`PolicyKind::guess`]).
    pub kind_was_guessed: bool,
    /// Every problem, in the order of the document.
    pub findings: Vec<Finding>,
}

impl Linted {
    /// Whether AWS would refuse the document.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Says all that is wrong with a document as a policy of some kind.
///
/// What AWS refuses is an error; what it accepts although it cannot do what its author meant is a
/// warning. Without a `kind` it is guessed. A guess makes no errors: what only that kind forbids
/// is then a warning, and errors are what no kind may have.
///
/// ```
/// # use retrigger_iam::{Code, PolicyKind, lint};
/// let text = r#"{"Version": "2012-10-17", "Statement": {
///   "Effect": "allow", "Action": "s3GetObject", "Resource": "arn:aws:s3::bucket"}}"#;
/// let linted = lint(text, Some(PolicyKind::Identity));
/// let codes: Vec<Code> = linted.findings.iter().map(|finding| finding.code).collect();
/// assert_eq!(codes, [Code::UnknownEffect, Code::MalformedAction, Code::MalformedArn]);
/// assert!(linted.has_errors());
/// ```
pub fn lint(text: &str, kind: Option<PolicyKind>) -> Linted {
    lint_by(text, kind, None)
}

/// [`lint`], and what the catalogue knows of the document's names: services, actions and condition
/// keys that do not exist, and those that do not go together. All of these are warnings, for AWS
/// stores such documents.
pub fn lint_with(text: &str, kind: Option<PolicyKind>, catalogue: &dyn Catalogue) -> Linted {
    lint_by(text, kind, Some(catalogue))
}

fn lint_by(text: &str, kind: Option<PolicyKind>, catalogue: Option<&dyn Catalogue>) -> Linted {
    let Read { document, policy, mut findings, .. } = parse::read(text);
    let guess = match (&document, &policy, kind) {
        (Some(object), Some(policy), None) => guess(object, policy),
        _ => None,
    };
    if let (Some(object), Some(policy)) = (&document, &policy) {
        let mut checker = Checker::new(text, kind, guess, &findings);
        checker.catalogue = catalogue;
        checker.check(object, policy);
        findings.extend(checker.findings);
    }
    findings.sort_by_key(|finding| finding.span);
    Linted { kind: kind.or(guess), kind_was_guessed: guess.is_some(), findings }
}

/// [`PolicyKind::guess`], where a principal that could not be understood counts as one.
fn guess(object: &Object<'_>, policy: &Policy) -> Option<PolicyKind> {
    let names_principals = |statement: &&Object<'_>| {
        statement.get("Principal").or(statement.get("NotPrincipal")).is_some()
    };
    match PolicyKind::guess(policy) {
        Some(PolicyKind::Identity) if statements(object).any(|one| names_principals(&one)) => {
            Some(PolicyKind::Resource)
        }
        guess => guess,
    }
}

/// The objects in `Statement`.
fn statements<'d, 't>(object: &'d Object<'t>) -> impl Iterator<Item = &'d Object<'t>> {
    let property = object.get("Statement");
    let values = property.map(|property| json::one_or_many(&property.value)).unwrap_or_default();
    values.iter().filter_map(|value| value.as_object())
}

/// A statement as JSON and as understood.
#[derive(Clone, Copy)]
struct Clause<'d> {
    object: &'d Object<'d>,
    statement: &'d Statement,
}

impl Clause<'_> {
    fn has(&self, element: &str) -> bool {
        self.object.get(element).is_some()
    }

    /// The place of an element's name, or where it is missing, of the statement's first brace.
    fn name_of(&self, element: &str) -> Span {
        let name = self.object.get(element).map(json::name_span);
        name.unwrap_or_else(|| first_byte(self.object))
    }
}

fn first_byte(object: &Object<'_>) -> Span {
    Span::new(object.range.start, object.range.start + 1)
}

/// Collects problems while it checks.
struct Checker<'d> {
    text: &'d str,
    /// Given or guessed.
    kind: Option<PolicyKind>,
    is_guess: bool,
    catalogue: Option<&'d dyn Catalogue>,
    /// Where the grammar is already wrong, in order: nothing more is said of the same place.
    wrong: Vec<Span>,
    findings: Vec<Finding>,
}

impl<'d> Checker<'d> {
    fn new(
        text: &'d str,
        kind: Option<PolicyKind>,
        guess: Option<PolicyKind>,
        grammar: &[Finding],
    ) -> Self {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        let errors = grammar.iter().filter(is_error);
        let mut wrong: Vec<Span> = errors.map(|finding| finding.span).collect();
        wrong.sort_unstable();
        Self {
            text,
            kind: kind.or(guess),
            is_guess: guess.is_some(),
            catalogue: None,
            wrong,
            findings: Vec::new(),
        }
    }

    fn check(&mut self, object: &Object<'_>, policy: &Policy) {
        self.size(policy);
        self.characters();
        self.version(object);
        self.statement_list(object);
        // INVARIANT: the parser makes one statement of every object, in order.
        for (object, statement) in statements(object).zip(&policy.statements) {
            let clause = Clause { object, statement };
            self.elements(clause);
            self.actions(clause);
            self.resources(clause);
            self.principals(clause);
            self.conditions(clause);
            self.variables(clause, policy.version);
            self.known(clause);
        }
        self.sids(policy);
    }

    fn is(&self, kinds: &[PolicyKind]) -> bool {
        self.kind.is_some_and(|kind| kinds.contains(&kind))
    }

    fn is_read_by_iam(&self) -> bool {
        self.kind.is_some_and(PolicyKind::is_read_by_iam)
    }

    /// `an identity policy`, or `a policy` where the kind is not known.
    fn noun(&self) -> &'static str {
        self.kind.map_or("a policy", PolicyKind::noun)
    }

    /// What AWS refuses in every policy.
    fn error(&mut self, code: Code, span: Span, message: String) -> &mut Finding {
        self.push(Finding::error(code, span, message))
    }

    /// What AWS accepts.
    fn warning(&mut self, code: Code, span: Span, message: String) -> &mut Finding {
        self.push(Finding::warning(code, span, message))
    }

    /// What AWS refuses in this kind of policy: an error, unless the kind is guessed.
    fn kind_error(&mut self, code: Code, span: Span, message: String) -> &mut Finding {
        let severity = if self.is_guess { Severity::Warning } else { Severity::Error };
        self.push(Finding { severity, ..Finding::error(code, span, message) })
    }

    /// What IAM refuses, and other services may: an error only where IAM reads the document.
    fn iam_error(&mut self, code: Code, span: Span, message: String) -> &mut Finding {
        if self.is_read_by_iam() {
            self.kind_error(code, span, message)
        } else {
            self.warning(code, span, message)
        }
    }

    fn push(&mut self, finding: Finding) -> &mut Finding {
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Whether the grammar is already wrong at this very place.
    fn is_wrong(&self, span: Span) -> bool {
        let first = self.wrong.partition_point(|wrong| wrong.start < span.start);
        let within = self.wrong[first..].iter().take_while(|wrong| wrong.start < span.end);
        within.map(|wrong| wrong.end).any(|end| end <= span.end)
    }
}

impl Finding {
    fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}

/// The text in backticks, or in words where there is none; cut where it is too long for a message.
fn quoted(text: &Text) -> String {
    match text.value.as_str() {
        "" => "the empty text".to_owned(),
        text => format!("`{}`", parse::shortened(text)),
    }
}

#[cfg(test)]
pub(crate) mod few;
#[cfg(test)]
mod tests;
