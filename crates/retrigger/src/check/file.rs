//! Check files: JSON Lines, a JSON array, or YAML.

use super::Case;

/// A check file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A place in a JSON file is not what it should be.
    #[error("{line}:{column}: {message}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A YAML file is not what it should be; the message names the place.
    #[error("{0}")]
    Yaml(String),
    /// The file holds no case.
    #[error(
        "no case in the file; each case is an object with `id`, `request`, `policies`, `expect`"
    )]
    Empty,
}

/// Reads all cases of a file's text. YAML is read where `yaml` is set, JSON otherwise.
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
    let yaml_error = |error: serde_saphyr::Error| CheckError::Yaml(error.to_string());
    let documents: Vec<serde_json::Value> =
        serde_saphyr::from_multiple(text).map_err(yaml_error)?;
    let mut cases = Vec::new();
    for document in documents {
        let items = match document {
            serde_json::Value::Array(items) => items,
            single => vec![single],
        };
        for item in items {
            // The documents are kept as JSON text, which only the JSON reader hands out.
            let number = cases.len() + 1;
            let case = serde_json::from_str(&item.to_string()).map_err(|error| {
                CheckError::Yaml(format!("case {number}: {}", without_place(&error)))
            })?;
            cases.push(case);
        }
    }
    Ok(cases)
}

fn json_error(error: &serde_json::Error, lines_before: usize) -> CheckError {
    CheckError::Json {
        line: error.line() + lines_before,
        column: error.column(),
        message: without_place(error),
    }
}

/// `serde_json` ends its messages in the place, which is said elsewhere.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
