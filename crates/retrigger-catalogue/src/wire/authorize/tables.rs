//! Tables of DynamoDB.

use std::collections::BTreeMap;

use serde_json::Value;

use super::items::{self, Item};
use super::{Asked, Authorization, Resource};

/// Amazon DynamoDB Developer Guide, "DynamoDB API permissions: Actions, resources, and conditions
/// reference"; "IAM security policies with PartiQL for DynamoDB".
pub(super) fn authorizations(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let table = |name: &str| match name {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => asked.arn("dynamodb", &format!("table/{name}")),
    };
    let on = |action: &str, name: &str| asked.on(&format!("dynamodb:{action}"), table(name));
    match asked.operation.as_str() {
        operation @ ("GetItem" | "PutItem" | "UpdateItem" | "DeleteItem") => {
            let kind = operation.trim_end_matches("Item");
            let item = Item { kind, members: asked.parameters };
            Some(vec![with_items(on(operation, asked.text("TableName")?), &[item])])
        }
        operation @ ("BatchGetItem" | "BatchWriteItem") => {
            let tables = asked.parameters.get("RequestItems")?.as_object()?;
            let one = |(name, asked): (&String, &Value)| {
                with_items(on(operation, name), &of_batch(asked))
            };
            Some(tables.iter().map(one).collect())
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let all = asked.parameters.get("TransactItems")?.as_array()?;
            let mut parts: BTreeMap<(&str, &str), Vec<Item<'_>>> = BTreeMap::new();
            for (kind, members) in all.iter().filter_map(Value::as_object).flatten() {
                let Some(name) = members.get("TableName").and_then(Value::as_str) else { continue };
                parts.entry((name, kind)).or_default().push(Item { kind, members });
            }
            let one = |((name, kind), items): (_, Vec<_>)| {
                with_items(on(&format!("{kind}Item"), name), &items)
            };
            Some(parts.into_iter().map(one).collect())
        }
        "ExecuteStatement" => Some(vec![statement(asked, asked.text("Statement")?, &table)]),
        "BatchExecuteStatement" | "ExecuteTransaction" => {
            let member = if asked.operation == "ExecuteTransaction" {
                "TransactStatements"
            } else {
                "Statements"
            };
            let all = asked.parameters.get(member)?.as_array()?;
            let texts = all.iter().filter_map(|each| each.get("Statement")?.as_str());
            Some(texts.map(|text| statement(asked, text, &table)).collect())
        }
        "Query" | "Scan" => {
            let name = table(asked.text("TableName")?);
            let index = asked.text("IndexName").map(|index| format!("{name}/index/{index}"));
            let made = asked.on(&format!("dynamodb:{}", asked.operation), index.unwrap_or(name));
            let item = Item { kind: &asked.operation, members: asked.parameters };
            Some(vec![with_items(made, &[item])])
        }
        "RestoreTableToPointInTime" | "RestoreTableFromBackup" => {
            let named = ["SourceTableName", "SourceTableArn", "BackupArn", "TargetTableName"];
            let mut told: Vec<_> = named.iter().filter_map(|name| asked.text(name)).collect();
            told.dedup();
            Some(told.into_iter().map(|name| on(&asked.operation, name)).collect())
        }
        "ImportTable" => {
            let made = asked.parameters.get("TableCreationParameters")?;
            Some(vec![on("ImportTable", made.get("TableName")?.as_str()?)])
        }
        _ => None,
    }
}

/// With the context keys of what is done to a table.
fn with_items(mut made: Authorization, items: &[Item<'_>]) -> Authorization {
    let (context, unknown) = items::of(items);
    made.context.extend(context);
    made.unknown.extend(unknown);
    made
}

/// What a batch does to one table.
fn of_batch(asked: &Value) -> Vec<Item<'_>> {
    let Some(writes) = asked.as_array() else { return vec![Item { kind: "Get", members: asked }] };
    let writes = writes.iter().filter_map(Value::as_object).flatten();
    writes.map(|(kind, members)| Item { kind: kind.trim_end_matches("Request"), members }).collect()
}

/// The action by the statement's first word, the table by the name after `FROM`, `INTO` or
/// `UPDATE`.
fn statement(asked: &Asked<'_>, text: &str, table: &dyn Fn(&str) -> String) -> Authorization {
    let words: Vec<&str> = text.split_whitespace().take(1000).collect();
    let kind = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let action = match kind.as_str() {
        "INSERT" => "dynamodb:PartiQLInsert",
        "UPDATE" => "dynamodb:PartiQLUpdate",
        "DELETE" => "dynamodb:PartiQLDelete",
        _ => "dynamodb:PartiQLSelect",
    };
    let mark = match kind.as_str() {
        "INSERT" => "INTO",
        "UPDATE" => "UPDATE",
        _ => "FROM",
    };
    let at = words.iter().position(|word| word.eq_ignore_ascii_case(mark));
    let resource = match at.and_then(|at| words.get(at + 1)) {
        None => {
            let unresolved = vec!["TableName".to_owned()];
            Resource { arn: table("${TableName}"), unresolved }
        }
        Some(name) => {
            let name = name.trim_matches(['"', ';', ')', '(']);
            let mut parts = name.split('.').map(|part| part.trim_matches('"'));
            let name = table(parts.next().unwrap_or_default());
            let index = parts.next().filter(|_| action == "dynamodb:PartiQLSelect");
            Resource::told(index.map_or(name.clone(), |index| format!("{name}/index/{index}")))
        }
    };
    let mut made = asked.with(action, vec![resource]);
    // What a statement touches is not read.
    let keys = ["dynamodb:Attributes", "dynamodb:LeadingKeys", "dynamodb:FullTableScan"];
    made.unknown.extend(keys.map(str::to_owned));
    made
}
