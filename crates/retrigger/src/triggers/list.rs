//! The triggers that there are.

use std::path::{Path, PathBuf};

use retrigger_recording::{FunctionArn, FunctionSnapshot};
use serde::Serialize;
use serde_json::Value;

use super::TriggersError;
use crate::documents::Documents;

/// A trigger of a snapshot. In JSON, with its kind as `kind`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ListedTrigger {
    /// A statement of a policy of the function.
    Statement(Statement),
    /// An event source mapping.
    EventSourceMapping {
        /// The file it stands in, or would be changed in.
        file: PathBuf,
        /// The mapping, as AWS lists it.
        mapping: Value,
    },
}

/// A statement of a policy of the function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// The ARN of the function, version or alias.
    pub function: String,
    /// The version or alias.
    pub qualifier: Option<String>,
    /// Its id.
    pub sid: Option<String>,
    /// The file it stands in.
    pub file: PathBuf,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The whole of it.
    pub statement: Value,
}

/// The statements of all policies of a function.
pub(super) fn statements(
    function: &FunctionSnapshot,
    arn: &FunctionArn,
) -> Result<Vec<ListedTrigger>, TriggersError> {
    let mut listed = Vec::new();
    for (qualifier, document) in function.policies() {
        let (policy, _) = Documents::default().load(document).map_err(TriggersError::Document)?;
        let place = |statement: &retrigger_iam::Statement| {
            let span = statement.span;
            let text = document.text().get(span.start..span.end)?;
            Some(ListedTrigger::Statement(Statement {
                function: arn.qualified(qualifier),
                qualifier: qualifier.map(str::to_owned),
                sid: statement.sid.as_ref().map(|sid| sid.value.clone()),
                file: document.file().to_owned(),
                line: document.locate(span.start).line,
                statement: serde_json::from_str(text).ok()?,
            }))
        };
        listed.extend(policy.statements.iter().filter_map(place));
    }
    Ok(listed)
}

/// Event source mappings as they are listed.
pub(super) fn mappings(mappings: &[Value], file: &Path) -> Vec<ListedTrigger> {
    let one = |mapping: &Value| ListedTrigger::EventSourceMapping {
        file: file.to_owned(),
        mapping: mapping.clone(),
    };
    mappings.iter().map(one).collect()
}
