//! What an execution role lacks for polling.

use std::io::{self, Write};

use retrigger::{event::Clause, reporter::clause_snippets, triggers::PollDenial};
use serde_json::json;

use crate::output::{Format, Output};

/// How many clauses are shown.
const MAX_CLAUSES: usize = 3;

/// AWS's error, the actions that are denied, and what to add.
pub(super) fn print(denial: &PollDenial, format: Format, output: &mut Output) -> io::Result<()> {
    let PollDenial { refusal, role, denied, missing, obstacles } = denial;
    if format == Format::Json {
        return output.json(&json!({
            "error": {"code": refusal.code, "message": refusal.message},
            "role": role, "denied": denied, "missing": missing, "obstacles": obstacles,
        }));
    }
    output.wrapped(&refusal.to_string())?;
    writeln!(output, "\nthe execution role {role}\nmay not:")?;
    for decided in denied {
        let (action, resource) = (&decided.request.action, &decided.request.resource);
        writeln!(output, "  {action} on {resource}")?;
    }
    if !missing.is_empty() {
        writeln!(output, "\nadd to an identity policy of the role:")?;
        let policy = json!({"Version": "2012-10-17", "Statement": missing});
        writeln!(output, "{policy:#}")?;
    }
    if !obstacles.is_empty() {
        let nouns: Vec<&str> = obstacles.iter().map(|kind| kind.noun()).collect();
        let also = if missing.is_empty() { "" } else { " too" };
        writeln!(output)?;
        output.wrapped(&format!("in the way{also}: {}", nouns.join(", ")))?;
    }
    let mut clauses: Vec<Clause> = Vec::new();
    for clause in denied.iter().flat_map(|decided| &decided.clauses) {
        if !clauses.contains(clause) {
            clauses.push(clause.clone());
        }
    }
    clauses.truncate(MAX_CLAUSES);
    if !clauses.is_empty() {
        writeln!(output, "\n{}", clause_snippets(&clauses, Output::look()))?;
    }
    Ok(())
}
