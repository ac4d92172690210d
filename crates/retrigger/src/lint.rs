//! Linting: all that is wrong with the policy documents of a file.
//!
//! ```no_run
//! use std::path::Path;
//! use retrigger::lint::lint_file;
//!
//! let file = lint_file(Path::new("policy.json"), None).unwrap();
//! for finding in file.findings() {
//!     println!("{}: {}", finding.code, finding.found.message);
//! }
//! ```

use std::{path::Path, sync::Arc};

use retrigger_iam::{Code, Linted, PolicyKind, Severity, lint_with};
use retrigger_recording::{DocumentRole, Error, PolicyDocument, StoredDocument};
use serde::Serialize;

use crate::{documents::locate, event::FileFinding, known::Known};

/// The elements by one of which a JSON object shows that it is meant for a policy.
const ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];

/// What is wrong with the documents of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the findings say what is wrong"]
pub struct LintedFile {
    /// Each policy document, in the order of the file.
    pub documents: Vec<LintedDocument>,
}

/// What is wrong with one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintedDocument {
    /// What the document is called where its file names it, such as
    /// ``trust policy of role `demo` ``; else `policy`.
    pub name: String,
    /// The kind of policy that it was checked as.
    pub kind: Option<PolicyKind>,
    /// Whether the kind was guessed from the document's elements.
    pub kind_was_guessed: bool,
    /// Every problem, in the order of the document.
    pub findings: Vec<LintFinding>,
}

/// A problem with its place in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFinding {
    /// What kind of problem it is.
    pub code: Code,
    /// What is wrong, and where.
    pub found: FileFinding,
}

/// How many files and documents were looked at, and how much is wrong with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LintTotals {
    /// Files with policy documents.
    pub files: usize,
    /// Policy documents.
    pub documents: usize,
    /// Problems for which AWS refuses the document.
    pub errors: usize,
    /// Problems with what AWS accepts.
    pub warnings: usize,
}

impl LintedFile {
    /// Every problem of every document.
    pub fn findings(&self) -> impl Iterator<Item = &LintFinding> {
        self.documents.iter().flat_map(|document| &document.findings)
    }
}

impl LintTotals {
    /// Counts a file.
    pub fn add(&mut self, file: &LintedFile) {
        self.files += 1;
        self.documents += file.documents.len();
        for finding in file.findings() {
            match finding.found.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
            }
        }
    }
}

/// Lints one policy document with all that is known of AWS's services, actions and condition keys.
///
/// ```
/// let text = r#"{"Version": "2012-10-17", "Statement": {
///   "Effect": "Allow", "Action": "s3:GetObjct", "Resource": "*"}}"#;
/// let linted = retrigger::lint::lint_text(text, None);
/// assert_eq!(linted.findings[0].help.as_deref(), Some("did you mean \"s3:GetObject\""));
/// ```
pub fn lint_text(text: &str, kind: Option<PolicyKind>) -> Linted {
    lint_with(text, kind, &Known)
}

/// Lints every policy document of a file: of a policy by itself, of what `aws lambda get-policy`
/// prints, of `account-authorization-details.json` or of `organization.json`.
///
/// In the latter two the place of a document says its kind; otherwise `kind` does, or a guess.
///
/// # Errors
///
/// When the file cannot be read.
pub fn lint_file(path: &Path, kind: Option<PolicyKind>) -> Result<LintedFile, Error> {
    Ok(lint_all(&PolicyDocument::all_in(path)?, kind))
}

/// [`lint_file`] for bytes that were read already; `path` is what messages call them.
///
/// # Errors
///
/// When the bytes are not UTF-8, or a listing around the documents is malformed.
pub fn lint_bytes(
    path: &Path,
    bytes: Vec<u8>,
    kind: Option<PolicyKind>,
) -> Result<LintedFile, Error> {
    Ok(lint_all(&PolicyDocument::all_in_bytes(path, bytes)?, kind))
}

/// [`lint_file`] for a file that was come upon rather than named: `None` where it is JSON and
/// plainly no policy, such as an event.
///
/// # Errors
///
/// When the file cannot be read.
pub fn lint_found_file(path: &Path, kind: Option<PolicyKind>) -> Result<Option<LintedFile>, Error> {
    let documents = PolicyDocument::all_in(path)?;
    let is_other =
        |stored: &StoredDocument| stored.role.is_none() && !may_be_policy(stored.document.text());
    Ok((!documents.iter().any(is_other)).then(|| lint_all(&documents, kind)))
}

/// Whether a text is broken JSON, or an object with `Statement`, however it is spelt, or with
/// nothing but elements of a policy.
fn may_be_policy(text: &str) -> bool {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return true };
    let Some(object) = value.as_object() else { return false };
    let is_statement = |key: &str| key.to_ascii_lowercase().starts_with("statement");
    let is_element = |key: &String| ELEMENTS.contains(&key.as_str());
    object.keys().any(|key| is_statement(key))
        || !object.is_empty() && object.keys().all(is_element)
}

fn lint_all(documents: &[StoredDocument], kind: Option<PolicyKind>) -> LintedFile {
    let text: Option<Arc<str>> = documents.first().map(|one| one.document.file_text().into());
    let text = text.unwrap_or_default();
    LintedFile {
        documents: documents.iter().map(|stored| lint_document(stored, kind, &text)).collect(),
    }
}

fn lint_document(
    stored: &StoredDocument,
    kind: Option<PolicyKind>,
    text: &Arc<str>,
) -> LintedDocument {
    let StoredDocument { document, role } = stored;
    let kind = match role {
        None => kind,
        Some(DocumentRole::Resource) => kind.or(Some(PolicyKind::Resource)),
        Some(DocumentRole::Trust) => Some(PolicyKind::Trust),
        Some(DocumentRole::Inline) => Some(PolicyKind::Identity),
        Some(DocumentRole::Managed) => Some(PolicyKind::Managed),
        Some(DocumentRole::Scp) => Some(PolicyKind::Scp),
        Some(DocumentRole::Rcp) => Some(PolicyKind::Rcp),
    };
    let Linted { kind, kind_was_guessed, findings } = lint_text(document.text(), kind);
    let findings = findings
        .iter()
        .map(|finding| LintFinding { code: finding.code, found: locate(finding, document, text) });
    LintedDocument {
        name: document.name().to_owned(),
        kind,
        kind_was_guessed,
        findings: findings.collect(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"Version": "2012-10-17"}"#, true)]
    #[case(r#"{"Version": "2012-10-17", "Statements": []}"#, true)]
    #[case(r#"{"statement": []}"#, true)]
    #[case("{", true)]
    #[case(r#"{"Records": []}"#, false)]
    #[case("{}", false)]
    #[case("[]", false)]
    #[case(r#"{"Version": "$LATEST", "Role": "arn:r"}"#, false)]
    fn a_file_that_is_plainly_no_policy_is_told_apart(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(may_be_policy(text), expected);
    }
}
