//! TOML as a person would write it: sections for tables, the tables in them on one line.

use std::fmt::Write as _;

use serde::Serialize;
use toml::{Table, Value};

/// The text of a value that serializes as a table.
pub(crate) fn to_text(value: &impl Serialize) -> Result<String, String> {
    let table = Table::try_from(value).map_err(|error| error.to_string())?;
    let mut text = String::new();
    write_section(&mut text, "", &table);
    Ok(text)
}

/// Adds an item to the list of tables `name` at the end of a text.
pub(crate) fn push_item(
    text: &mut String,
    name: &str,
    item: &impl Serialize,
) -> Result<(), String> {
    let table = Table::try_from(item).map_err(|error| error.to_string())?;
    write_item(text, &quoted_key(name), &table);
    Ok(())
}

fn write_section(text: &mut String, path: &str, table: &Table) {
    let (sections, lines): (Vec<_>, Vec<_>) =
        table.iter().partition(|(_, value)| is_section(path, value));
    if !path.is_empty() && !lines.is_empty() {
        write_heading(text, &format!("[{path}]"));
    }
    for (key, value) in lines {
        let _ = writeln!(text, "{} = {value}", quoted_key(key));
    }
    for (key, value) in sections {
        let below =
            if path.is_empty() { quoted_key(key) } else { format!("{path}.{}", quoted_key(key)) };
        match value {
            Value::Table(table) => write_section(text, &below, table),
            Value::Array(items) => {
                items.iter().filter_map(Value::as_table).for_each(|item| {
                    write_item(text, &below, item);
                });
            }
            _ => {}
        }
    }
}

fn write_item(text: &mut String, path: &str, item: &Table) {
    write_heading(text, &format!("[[{path}]]"));
    for (key, value) in item {
        let _ = writeln!(text, "{} = {value}", quoted_key(key));
    }
}

fn write_heading(text: &mut String, heading: &str) {
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}{heading}");
}

/// At the top, every table and every list of tables; below, tables of nothing but tables.
fn is_section(path: &str, value: &Value) -> bool {
    match value {
        Value::Table(_) if path.is_empty() => true,
        Value::Table(table) => !table.is_empty() && table.values().all(Value::is_table),
        Value::Array(items) => {
            path.is_empty() && !items.is_empty() && items.iter().all(Value::is_table)
        }
        _ => false,
    }
}

fn quoted_key(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !key.is_empty() && key.bytes().all(is_bare) {
        return key.to_owned();
    }
    // A JSON string is a TOML one, but for the delete character.
    serde_json::Value::from(key).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_and_text_is_read_back() {
        let strange = "a\"b\\c\n\t\u{1}é'\u{7f}";
        let mut inner = Table::new();
        inner.insert(strange.into(), Value::String(strange.into()));
        inner.insert(String::new(), Value::Array(vec![]));
        let mut table = Table::new();
        table.insert("format".into(), Value::Integer(1));
        table.insert("a b".into(), Value::Table(inner));
        let text = to_text(&table).unwrap();
        assert_eq!(toml::from_str::<Table>(&text).unwrap(), table, "{text}");
    }
}
