//! What is wrong with a document, each problem with its place and its remedy.

use std::{fmt, str::FromStr};

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
        self.describe_at(Location::of(text, self.span.start))
    }

    /// The same where the place is known.
    pub(crate) fn describe_at(&self, place: Location) -> String {
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
    /// An element that this kind of policy must not have.
    ForbiddenElement,
    /// A value that this kind of policy must not have.
    ForbiddenValue,
    /// An element that lists nothing.
    EmptyElement,
    /// A `Version` under which this kind of policy is not stored.
    OutdatedVersion,
    /// A `Sid` with characters that IAM refuses.
    InvalidSid,
    /// A `Sid` that two statements have.
    DuplicateSid,
    /// An action that is no `service:Name`.
    MalformedAction,
    /// A principal that can be nobody.
    InvalidPrincipal,
    /// `NotPrincipal` in a statement that allows.
    AllowNotPrincipal,
    /// A condition key that is no `service:name`.
    MalformedConditionKey,
    /// A condition value that its operator cannot compare.
    ValueMismatch,
    /// A wildcard under an operator that takes it literally.
    LiteralWildcard,
    /// A policy variable that is not well formed.
    MalformedVariable,
    /// A policy variable where none is replaced.
    MisplacedVariable,
    /// A document larger than AWS stores.
    QuotaExceeded,
    /// A character that IAM does not store.
    UnsupportedCharacter,
    /// An action of a service that does not exist.
    UnknownService,
    /// An action that its service does not have.
    UnknownAction,
    /// A condition key that does not exist, or that no action of the statement knows.
    UnknownConditionKey,
    /// An action none of whose resources is listed.
    UnfitResource,
    /// An action without resources of its own, under a resource other than `*`.
    NoResourceLevel,
    /// An operator that cannot compare the values of its key.
    KeyTypeMismatch,
    /// `ForAllValues` or `ForAnyValue` at a key of one value, or neither at one of many.
    QualifierMismatch,
}

/// A word that is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no code of a finding; {help}")]
pub struct UnknownCode {
    word: String,
    help: String,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 34] = [
        Self::JsonSyntax,
        Self::DocumentTooLarge,
        Self::DuplicateKey,
        Self::UnknownElement,
        Self::WrongType,
        Self::MissingElement,
        Self::ConflictingElements,
        Self::UnknownEffect,
        Self::UnknownVersion,
        Self::UnknownOperator,
        Self::MalformedArn,
        Self::ForbiddenElement,
        Self::ForbiddenValue,
        Self::EmptyElement,
        Self::OutdatedVersion,
        Self::InvalidSid,
        Self::DuplicateSid,
        Self::MalformedAction,
        Self::InvalidPrincipal,
        Self::AllowNotPrincipal,
        Self::MalformedConditionKey,
        Self::ValueMismatch,
        Self::LiteralWildcard,
        Self::MalformedVariable,
        Self::MisplacedVariable,
        Self::QuotaExceeded,
        Self::UnsupportedCharacter,
        Self::UnknownService,
        Self::UnknownAction,
        Self::UnknownConditionKey,
        Self::UnfitResource,
        Self::NoResourceLevel,
        Self::KeyTypeMismatch,
        Self::QualifierMismatch,
    ];

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
            Self::ForbiddenElement => "forbidden-element",
            Self::ForbiddenValue => "forbidden-value",
            Self::EmptyElement => "empty-element",
            Self::OutdatedVersion => "outdated-version",
            Self::InvalidSid => "invalid-sid",
            Self::DuplicateSid => "duplicate-sid",
            Self::MalformedAction => "malformed-action",
            Self::InvalidPrincipal => "invalid-principal",
            Self::AllowNotPrincipal => "allow-not-principal",
            Self::MalformedConditionKey => "malformed-condition-key",
            Self::ValueMismatch => "value-mismatch",
            Self::LiteralWildcard => "literal-wildcard",
            Self::MalformedVariable => "malformed-variable",
            Self::MisplacedVariable => "misplaced-variable",
            Self::QuotaExceeded => "quota-exceeded",
            Self::UnsupportedCharacter => "unsupported-character",
            Self::UnknownService => "unknown-service",
            Self::UnknownAction => "unknown-action",
            Self::UnknownConditionKey => "unknown-condition-key",
            Self::UnfitResource => "unfit-resource",
            Self::NoResourceLevel => "no-resource-level",
            Self::KeyTypeMismatch => "key-type-mismatch",
            Self::QualifierMismatch => "qualifier-mismatch",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = Self::ALL.into_iter().find(|code| code.as_str() == text);
        code.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            let help = did_you_mean(text, names)
                .unwrap_or_else(|| format!("the codes are {}", names.join(", ")));
            UnknownCode { word: text.to_owned(), help }
        })
    }
}

/// The candidate nearest to `word`, where one is near enough to be what was meant.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    candidates
        .into_iter()
        .filter(|candidate| length.abs_diff(candidate.len()) <= candidate.len() / 3)
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
