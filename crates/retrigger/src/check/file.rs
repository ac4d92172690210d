//! Check files: JSON Lines, a JSON array, or YAML.

use serde_json::Value;
use serde_saphyr::{Spanned, from_multiple_with_options};

use super::Case;

/// A check file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A place in the file is not what it should be.
    #[error("{line}:{column}: {message}")]
    At {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// The file holds no case.
    #[error(
        "1:1: no case in the file; a case is an object with `id`, `request`, `policies` and `expect`"
    )]
    Empty,
}

/// Reads all cases of a file's text. YAML is read where `yaml` is set, JSON otherwise.
///
/// # Errors
///
/// The first place at which the file is not what it should be; in YAML, of a case that is not, the
/// place where it starts.
pub fn read_cases(text: &str, yaml: bool) -> Result<Vec<Case>, CheckError> {
    let cases = if yaml {
        from_yaml(text)?
    } else if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| json_error(&error, 0))?
    } else {
        from_lines(text)?
    };
    if cases.is_empty() { Err(CheckError::Empty) } else { Ok(cases) }
}

/// One case a line. Blank lines are passed over.
fn from_lines(text: &str) -> Result<Vec<Case>, CheckError> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(index, line)| serde_json::from_str(line).map_err(|error| json_error(&error, index)))
        .collect()
}

/// A list of cases, or one document a case.
fn from_yaml(text: &str) -> Result<Vec<Case>, CheckError> {
    let documents: Vec<Value> = documents(text)?;
    if documents.iter().all(Value::is_array) {
        let lists: Vec<Vec<Spanned<Value>>> = self::documents(text)?;
        lists.iter().flatten().map(from_yaml_value).collect()
    } else {
        let cases: Vec<Spanned<Value>> = self::documents(text)?;
        cases.iter().map(from_yaml_value).collect()
    }
}

/// The documents of a YAML text. `yes` and `no` are words: only `true` and `false` are Booleans.
fn documents<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>, CheckError> {
    let options = serde_saphyr::options! { strict_booleans: true };
    from_multiple_with_options(text, options).map_err(|error| {
        let place = error.location();
        let message = error.without_snippet().to_string();
        CheckError::At {
            line: place.map_or(1, |place| place.line()),
            column: place.map_or(1, |place| place.column()),
            message: message.lines().next().unwrap_or_default().to_owned(),
        }
    })
}

/// Policies are kept as JSON text, which only the reader of JSON hands out.
fn from_yaml_value(value: &Spanned<Value>) -> Result<Case, CheckError> {
    serde_json::from_str(&value.value.to_string()).map_err(|error| {
        let id = value.value.get("id").and_then(Value::as_str);
        let name = id.map(|id| format!("case `{id}`: ")).unwrap_or_default();
        CheckError::At {
            line: value.referenced.line(),
            column: value.referenced.column(),
            message: format!("{name}{}", without_place(&error)),
        }
    })
}

fn json_error(error: &serde_json::Error, lines_before: usize) -> CheckError {
    CheckError::At {
        line: (error.line() + lines_before) as u64,
        column: error.column() as u64,
        message: without_place(error),
    }
}

/// `serde_json` ends its messages in the place, which is said elsewhere.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
