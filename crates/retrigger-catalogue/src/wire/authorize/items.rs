//! Keys and attributes that requests of DynamoDB touch (Amazon DynamoDB Developer Guide, "Using IAM
//! policy conditions for fine-grained access control").
//!
//! What the table's schema alone tells, such as which of two attributes of a key is the partition
//! key, is unknown; so are attributes that are read without being named, those within others, and
//! what statements of PartiQL touch.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::context::{Context, plain};
use super::expression::{Token, names, tokens};

/// What one request, or one part of a request, does to a table.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    /// `Get`, `Put`, `Update`, `Delete`, `ConditionCheck`, `Query` or `Scan`.
    pub(super) kind: &'a str,
    /// Its members.
    pub(super) members: &'a Value,
}

/// The context keys of all that is done to a table, and those that are not told.
pub(super) fn of(items: &[Item<'_>]) -> (Context, Vec<String>) {
    let (mut context, mut unknown) = (Context::new(), Vec::new());
    let mut put = |key: &str, values: Option<BTreeSet<String>>| match values {
        None => unknown.push(key.to_owned()),
        Some(values) if values.is_empty() => {}
        Some(values) => context.push((key.to_owned(), values.into_iter().collect())),
    };
    put("dynamodb:LeadingKeys", items.iter().map(Item::leading_keys).collect::<Sets>().0);
    put("dynamodb:Attributes", items.iter().map(Item::attributes).collect::<Sets>().0);
    (context, unknown)
}

/// Sets made one, or nothing where one of them is not told.
struct Sets(Option<BTreeSet<String>>);

impl FromIterator<Option<BTreeSet<String>>> for Sets {
    fn from_iter<I: IntoIterator<Item = Option<BTreeSet<String>>>>(sets: I) -> Self {
        let all: Option<Vec<_>> = sets.into_iter().collect();
        Self(all.map(|all| all.into_iter().flatten().collect()))
    }
}

impl Item<'_> {
    fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    fn map(&self, name: &str) -> Option<&Map<String, Value>> {
        self.member(name)?.as_object()
    }

    fn text(&self, name: &str) -> &str {
        self.member(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn keys(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let listed = self.member("Keys").and_then(Value::as_array).into_iter().flatten();
        self.member("Key").into_iter().chain(listed).filter_map(Value::as_object)
    }

    /// The values of the partition key.
    fn leading_keys(&self) -> Option<BTreeSet<String>> {
        match self.kind {
            "Scan" => Some(BTreeSet::new()),
            "Put" => None,
            // The partition key of an index may be another.
            "Query" if self.member("IndexName").is_some() => None,
            "Query" => self.queried_key().map(|key| BTreeSet::from([key])),
            _ => {
                let one = |key: &Map<String, Value>| {
                    let only = key.values().next().filter(|_| key.len() == 1);
                    only.and_then(scalar)
                };
                self.keys().map(one).collect()
            }
        }
    }

    /// The value that a query's partition key must equal. Of two conditions, the one of equality is
    /// it where the other is none.
    fn queried_key(&self) -> Option<String> {
        if let Some(conditions) = self.map("KeyConditions") {
            let is_equal = |condition: &&Value| {
                condition.get("ComparisonOperator").is_some_and(|operator| operator == "EQ")
            };
            let mut equal = conditions.values().filter(is_equal);
            let one = equal.next().filter(|_| equal.next().is_none())?;
            return scalar(one.get("AttributeValueList")?.get(0)?);
        }
        let tokens = tokens(self.text("KeyConditionExpression"));
        let is_named = |token: &Token<'_>| matches!(token, Token::Name(_) | Token::Word(_));
        let mut equal = tokens.windows(3).filter_map(|three| match three {
            [name, Token::Sign('='), Token::Value(value)]
            | [Token::Value(value), Token::Sign('='), name]
                if is_named(name) =>
            {
                Some(*value)
            }
            _ => None,
        });
        let value = equal.next().filter(|_| equal.next().is_none())?;
        scalar(self.map("ExpressionAttributeValues")?.get(value)?)
    }

    /// The names of all attributes that it touches.
    fn attributes(&self) -> Option<BTreeSet<String>> {
        if self.returns_unnamed() {
            return None;
        }
        let mut all: BTreeSet<String> = self.keys().flat_map(Map::keys).cloned().collect();
        let maps =
            ["Item", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter"];
        let named = maps.iter().filter_map(|name| self.map(name)).flat_map(Map::keys);
        all.extend(named.cloned());
        let listed = self.member("AttributesToGet").and_then(Value::as_array);
        all.extend(listed.into_iter().flatten().filter_map(plain));
        let replaced = self.map("ExpressionAttributeNames");
        for expression in [
            "ProjectionExpression",
            "KeyConditionExpression",
            "FilterExpression",
            "ConditionExpression",
            "UpdateExpression",
        ] {
            for name in names(self.text(expression))? {
                all.insert(match name.strip_prefix('#') {
                    Some(_) => replaced?.get(name)?.as_str()?.to_owned(),
                    None => name.to_owned(),
                });
            }
        }
        Some(all)
    }

    /// Whether attributes are answered that the request does not name.
    fn returns_unnamed(&self) -> bool {
        match self.kind {
            "Get" | "Query" | "Scan" => {
                let is_named = ["ProjectionExpression", "AttributesToGet"]
                    .iter()
                    .any(|name| self.member(name).is_some());
                !is_named && self.text("Select") != "COUNT"
            }
            _ => matches!(self.text("ReturnValues"), "ALL_OLD" | "ALL_NEW"),
        }
    }
}

/// A string or number as DynamoDB writes it: `{"S": "7"}`. The value of binary keys in policies is
/// documented nowhere.
fn scalar(typed: &Value) -> Option<String> {
    plain(typed.get("S").or_else(|| typed.get("N"))?)
}
