//! What is wrong with a document, each problem with its place and its remedy.

use std::fmt;

use serde::Serialize;

use crate::source::{Location, Span};

/// One problem of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of problem it is; stable, for filters and documentation.
    pub code: Code,
    /// Whether the document can be used all the same.
    pub severity: Severity,
    /// Where in the document.
    pub span: Span,
    /// What is wrong: a lowercase fragment that names the user's own words.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

impl Finding {
    pub(crate) fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span, message: message.into(), help: None }
    }

    pub(crate) fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `line:column: message (help)`, the place found in `text`, the document's own text.
    pub fn describe(&self, text: &str) -> String {
        let place = Location::of(text, self.span.start);
        match &self.help {
            Some(help) => format!("{place}: {}; {help}", self.message),
            None => format!("{place}: {}", self.message),
        }
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// AWS accepts it, but it cannot do what its author meant.
    Warning,
    /// AWS refuses the document.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// The kinds of problem. Printed and serialized in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The text is not JSON.
    JsonSyntax,
    /// The document is larger than any policy AWS stores.
    DocumentTooLarge,
    /// A key stands twice in one object.
    DuplicateKey,
    /// A key that is no element of the policy language.
    UnknownElement,
    /// A value of the wrong JSON type.
    WrongType,
    /// An element that must be there is not.
    MissingElement,
    /// Two elements that exclude each other.
    ConflictingElements,
    /// An `Effect` other than `Allow` and `Deny`.
    UnknownEffect,
    /// A `Version` other than the two that exist.
    UnknownVersion,
    /// A condition operator that does not exist.
    UnknownOperator,
    /// A resource or condition value that should be an ARN and is not.
    MalformedArn,
}

impl Code {
    /// The code in kebab case, such as `unknown-effect`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonSyntax => "json-syntax",
            Self::DocumentTooLarge => "document-too-large",
            Self::DuplicateKey => "duplicate-key",
            Self::UnknownElement => "unknown-element",
            Self::WrongType => "wrong-type",
            Self::MissingElement => "missing-element",
            Self::ConflictingElements => "conflicting-elements",
            Self::UnknownEffect => "unknown-effect",
            Self::UnknownVersion => "unknown-version",
            Self::UnknownOperator => "unknown-operator",
            Self::MalformedArn => "malformed-arn",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The candidate nearest to `word`, where one is near enough to be what was meant.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean "X"`, where a candidate is near enough.
pub(crate) fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean \"{candidate}\""))
}
