//! A documented page for every code, under fixed headings.
//!
//! Each example is a document that gets a finding of its code, each `instead` one that does not;
//! a test checks that.

mod document;
mod kind;
mod known;
mod text;

use std::fmt;

use serde::Serialize;

use crate::{finding::Code, kind::PolicyKind};

/// What there is to know about one kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The kind of problem.
    pub code: Code,
    /// What it means: what was found, and when it is an error.
    pub meaning: &'static str,
    /// Why it matters.
    pub reason: &'static str,
    /// The kind of policy that the examples are; `None` where it makes no difference.
    pub kind: Option<PolicyKind>,
    /// A document that has the problem.
    pub example: &'static str,
    /// The same document without it.
    pub instead: &'static str,
}

impl Code {
    /// The page about this kind of problem.
    ///
    /// ```
    /// # use retrigger_iam::Code;
    /// let page = Code::UnknownEffect.page().to_string();
    /// assert!(page.starts_with("unknown-effect\n\nWhat it means\n"));
    /// ```
    pub fn page(self) -> &'static Page {
        match self {
            Self::JsonSyntax => &document::JSON_SYNTAX,
            Self::DocumentTooLarge => &document::DOCUMENT_TOO_LARGE,
            Self::DuplicateKey => &document::DUPLICATE_KEY,
            Self::UnknownElement => &document::UNKNOWN_ELEMENT,
            Self::WrongType => &document::WRONG_TYPE,
            Self::MissingElement => &document::MISSING_ELEMENT,
            Self::ConflictingElements => &document::CONFLICTING_ELEMENTS,
            Self::UnknownEffect => &document::UNKNOWN_EFFECT,
            Self::UnknownVersion => &document::UNKNOWN_VERSION,
            Self::EmptyElement => &document::EMPTY_ELEMENT,
            Self::ForbiddenElement => &kind::FORBIDDEN_ELEMENT,
            Self::ForbiddenValue => &kind::FORBIDDEN_VALUE,
            Self::OutdatedVersion => &kind::OUTDATED_VERSION,
            Self::InvalidSid => &kind::INVALID_SID,
            Self::DuplicateSid => &kind::DUPLICATE_SID,
            Self::InvalidPrincipal => &kind::INVALID_PRINCIPAL,
            Self::AllowNotPrincipal => &kind::ALLOW_NOT_PRINCIPAL,
            Self::QuotaExceeded => &kind::QUOTA_EXCEEDED,
            Self::UnsupportedCharacter => &kind::UNSUPPORTED_CHARACTER,
            Self::MalformedArn => &text::MALFORMED_ARN,
            Self::MalformedAction => &text::MALFORMED_ACTION,
            Self::UnknownOperator => &text::UNKNOWN_OPERATOR,
            Self::MalformedConditionKey => &text::MALFORMED_CONDITION_KEY,
            Self::ValueMismatch => &text::VALUE_MISMATCH,
            Self::LiteralWildcard => &text::LITERAL_WILDCARD,
            Self::MalformedVariable => &text::MALFORMED_VARIABLE,
            Self::MisplacedVariable => &text::MISPLACED_VARIABLE,
            Self::UnknownService => &known::UNKNOWN_SERVICE,
            Self::UnknownAction => &known::UNKNOWN_ACTION,
            Self::UnknownConditionKey => &known::UNKNOWN_CONDITION_KEY,
            Self::UnfitResource => &known::UNFIT_RESOURCE,
            Self::NoResourceLevel => &known::NO_RESOURCE_LEVEL,
            Self::KeyTypeMismatch => &known::KEY_TYPE_MISMATCH,
            Self::QualifierMismatch => &known::QUALIFIER_MISMATCH,
        }
    }
}

impl fmt::Display for Page {
    /// The page as text of at most 80 columns, ending in a line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, meaning, reason, kind, example, instead } = self;
        let kind = kind.map_or(String::new(), |kind| format!(" ({})", kind.noun()));
        writeln!(f, "{code}\n\nWhat it means\n{}", indented(meaning))?;
        writeln!(f, "\nWhy it matters\n{}", indented(reason))?;
        writeln!(f, "\nExample{kind}\n{}", indented(example))?;
        writeln!(f, "\nInstead\n{}", indented(instead))
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{few::Few, lint, lint_with};

    #[test]
    fn every_page_has_an_example_that_has_its_problem_and_one_that_has_not() {
        for code in Code::ALL {
            let page = code.page();
            assert_eq!(page.code, code);
            // The few names of the test's catalogue are those of the pages about names.
            let lint = |text: &str| {
                if code >= Code::UnknownService {
                    lint_with(text, page.kind, &Few)
                } else {
                    lint(text, page.kind)
                }
            };
            let has_it = |text: &str| lint(text).findings.iter().any(|f| f.code == code);
            // Documents that are too large are too large for a page.
            let is_about_size = matches!(code, Code::DocumentTooLarge | Code::QuotaExceeded);
            assert!(is_about_size || has_it(page.example), "{code}: the example lacks it");
            let linted = lint(page.instead);
            assert!(linted.findings.is_empty(), "{code}: {:?}", linted.findings);
        }
    }

    #[test]
    fn pages_fit_into_80_columns() {
        for code in Code::ALL {
            let page = code.page().to_string();
            let longest = page.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(80), "{code}: {longest:?}");
        }
    }

    #[test]
    fn codes_are_read_by_their_names() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
        let error = "unknown-efect".parse::<Code>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`unknown-efect` is no code of a finding; did you mean \"unknown-effect\""
        );
    }
}
