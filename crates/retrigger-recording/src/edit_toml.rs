//! Adding to a TOML text, with all that is there left as it is written.

use serde::Serialize;
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

/// The text with these items, each of which serializes as a table, at the end of the list `key`
/// at its top.
pub(crate) fn with_items(
    text: &str,
    key: &str,
    items: &[impl Serialize],
) -> Result<String, String> {
    if items.is_empty() {
        return Ok(text.to_owned());
    }
    let mut document: DocumentMut = text.parse().map_err(|_| "it is not valid TOML".to_owned())?;
    let empty = || Item::ArrayOfTables(ArrayOfTables::new());
    let list = document.entry(key).or_insert_with(empty);
    for item in items {
        let table = table_of(item)?;
        match list {
            Item::ArrayOfTables(tables) => tables.push(table),
            // A list on one line goes on on that line.
            Item::Value(Value::Array(values)) => values.push(inline(table)),
            _ => return Err(format!("`{key}` is not a list")),
        }
    }
    Ok(document.to_string())
}

fn table_of(item: &impl Serialize) -> Result<Table, String> {
    let table = toml::Table::try_from(item).map_err(|error| error.to_string())?;
    let parsed: DocumentMut =
        toml::to_string(&table).unwrap_or_default().parse().map_err(|_| "bad item".to_owned())?;
    let mut table = parsed.as_table().clone();
    table.set_position(None);
    table.decor_mut().set_prefix("\n");
    Ok(table)
}

fn inline(table: Table) -> InlineTable {
    table.into_inline_table()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{NoiseRule, Varies};

    #[rstest]
    #[case(
        "format = 1  # first\n",
        "format = 1  # first\n\n[[noise]]\npath = \"/a\"\nvaries = \"id\"\n"
    )]
    #[case(
        "format=1\n\n[[noise]] # mine\npath='/x'\nvaries='any'\n\n[trigger]\nkind = 's3'\n",
        "format=1\n\n[[noise]] # mine\npath='/x'\nvaries='any'\n\n[[noise]]\npath = \"/a\"\nvaries = \"id\"\n\n[trigger]\nkind = 's3'\n"
    )]
    #[case(
        "format = 1\nnoise = [{ path = \"/x\", varies = \"any\" }]\n",
        "format = 1\nnoise = [{ path = \"/x\", varies = \"any\" }, { path = \"/a\", varies = \"id\" }]\n"
    )]
    #[case(
        "format = 1\n[[redactions]]\nfile = \"event.json\"\npointer = \"/b\"\nrule = \"cookie\"\n",
        "format = 1\n[[redactions]]\nfile = \"event.json\"\npointer = \"/b\"\nrule = \"cookie\"\n\n[[noise]]\npath = \"/a\"\nvaries = \"id\"\n"
    )]
    fn all_that_is_there_stays(#[case] text: &str, #[case] expected: &str) {
        let rule = NoiseRule { path: "/a".parse().unwrap(), varies: Varies::Id };
        assert_eq!(with_items(text, "noise", &[rule]).unwrap(), expected);
    }

    #[test]
    fn nothing_to_add_changes_nothing() {
        assert_eq!(with_items("a=1", "noise", &[] as &[NoiseRule]).unwrap(), "a=1");
    }
}
