//! `retrigger trigger list`.

use std::io::{self, Write};

use retrigger::triggers::{ListedTrigger, Statement};
use serde_json::Value;

use super::{Place, failure};
use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// List the triggers of a snapshot: statements of the function's policies, event source mappings
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Only those of this version or alias
    #[arg(long, value_name = "QUALIFIER")]
    qualifier: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Lists the triggers.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let triggers = args.place.open()?;
    let mut listed = triggers.list().map_err(|error| failure(&error))?;
    if let Some(qualifier) = &args.qualifier {
        let arn = triggers.function_arn().qualified(Some(qualifier));
        listed.retain(|listed| function(listed) == Some(&arn));
    }
    match args.format {
        Format::Json => listed.iter().try_for_each(|listed| output.json(listed))?,
        Format::Human => print(&listed, triggers.function_arn().name(), output)?,
    }
    Ok(Outcome::AsExpected)
}

/// The function, version or alias that is invoked.
fn function(listed: &ListedTrigger) -> Option<&str> {
    match listed {
        ListedTrigger::Statement(statement) => Some(&statement.function),
        ListedTrigger::EventSourceMapping { mapping, .. } => mapping["FunctionArn"].as_str(),
        _ => None,
    }
}

fn print(listed: &[ListedTrigger], name: &str, output: &mut Output) -> io::Result<()> {
    if listed.is_empty() {
        return writeln!(output, "`{name}` has no triggers");
    }
    let mut last = None;
    for listed in listed {
        let function = function(listed);
        if last != Some(function) {
            let gap = if last.is_some() { "\n" } else { "" };
            writeln!(output, "{gap}{}", function.unwrap_or(name))?;
            last = Some(function);
        }
        match listed {
            ListedTrigger::Statement(statement) => print_statement(statement, output)?,
            ListedTrigger::EventSourceMapping { mapping, .. } => print_mapping(mapping, output)?,
            _ => {}
        }
    }
    Ok(())
}

fn print_statement(listed: &Statement, output: &mut Output) -> io::Result<()> {
    let Statement { sid, statement, .. } = listed;
    writeln!(output, "  {}", sid.as_deref().unwrap_or("(a statement without an id)"))?;
    let verb = if statement["Effect"] == "Deny" { "denies" } else { "allows" };
    field(output, verb, &words(&statement["Action"]))?;
    let principal =
        if statement.get("NotPrincipal").is_some() { "NotPrincipal" } else { "Principal" };
    let to = if principal == "Principal" { "to" } else { "not to" };
    field(output, to, &principals(&statement[principal]))?;
    let Some(condition) = statement["Condition"].as_object() else { return Ok(()) };
    for (operator, keys) in condition {
        for (key, value) in keys.as_object().into_iter().flatten() {
            print_condition(&format!("{key} {operator}"), &words(value), output)?;
        }
    }
    Ok(())
}

/// On one line where it fits.
fn print_condition(test: &str, value: &str, output: &mut Output) -> io::Result<()> {
    let indent = 12;
    if indent + test.len() + 1 + value.len() <= Output::look().width {
        return field(output, "where", &format!("{test} {value}"));
    }
    field(output, "where", test)?;
    writeln!(output, "{:indent$}{value}", "")
}

fn field(output: &mut Output, name: &str, value: &str) -> io::Result<()> {
    writeln!(output, "    {name:<7} {value}")
}

/// A value or several, joined by commas.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// `*`, or the members of the element by kind.
fn principals(value: &Value) -> String {
    match value {
        Value::Object(kinds) => kinds.values().map(words).collect::<Vec<_>>().join(", "),
        other => words(other),
    }
}

/// The source, and every setting that has a value.
fn print_mapping(mapping: &Value, output: &mut Output) -> io::Result<()> {
    let uuid = mapping["UUID"].as_str().unwrap_or("(without a UUID)");
    let state = mapping["State"].as_str().unwrap_or("state unknown");
    writeln!(output, "  {uuid}  {state}")?;
    let source = mapping.get("EventSourceArn").or(mapping.get("SelfManagedEventSource"));
    field(output, "polls", &source.map_or("an unnamed source".to_owned(), words))?;
    let skipped = [
        "UUID",
        "State",
        "EventSourceArn",
        "FunctionArn",
        "SelfManagedEventSource",
        "EventSourceMappingArn",
        "LastModified",
        "StateTransitionReason",
        "LastProcessingResult",
    ];
    let settings = mapping.as_object().into_iter().flatten();
    for (key, value) in settings.filter(|(key, _)| !skipped.contains(&key.as_str())) {
        if !is_empty(value) {
            writeln!(output, "    {key}: {}", words(value))?;
        }
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
        _ => false,
    }
}
