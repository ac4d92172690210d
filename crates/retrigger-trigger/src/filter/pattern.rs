//! Event patterns: the language of EventBridge rules, pipes and event source mappings.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::{
    error::PatternError,
    test::{self, Test},
};

/// An event pattern. It matches an event that has all the members it names, each with one of the
/// values listed for it; `$or` holds patterns of which one must match. Source: EventBridge User
/// Guide, "Creating Amazon EventBridge event patterns" and "Comparison operators for use in event
/// patterns in Amazon EventBridge".
///
/// ```
/// # use retrigger_trigger::EventPattern;
/// let pattern: EventPattern =
///     r#"{"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}"#.parse().unwrap();
/// assert!(pattern.matches(&serde_json::json!({"source": "shop", "detail": {"total": 101}})));
/// assert!(!pattern.matches(&serde_json::json!({"source": "shop", "detail": {"total": 100}})));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EventPattern {
    members: Node,
}

/// What the members of an object must be: all of the fields, and one of each list of alternatives.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    fields: Vec<(String, Field)>,
    alternatives: Vec<Vec<Node>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    /// One of these must hold.
    Leaf(Vec<Test>),
    Members(Node),
}

impl FromStr for EventPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let json: Value =
            serde_json::from_str(text).map_err(|error| PatternError::Json(error.to_string()))?;
        Self::from_json(&json)
    }
}

impl EventPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Where it is no object, a value to match stands outside a list, or a comparison is unknown.
    pub fn from_json(json: &Value) -> Result<Self, PatternError> {
        match json {
            Value::Object(members) if !members.is_empty() => {
                Ok(Self { members: Node::read(members, &mut Vec::new())? })
            }
            _ => Err(PatternError::NoObject),
        }
    }

    /// Whether an event fits. An event that is no object has no members.
    pub fn matches(&self, event: &Value) -> bool {
        self.members.matches(Some(event), &[event])
    }

    pub(super) fn matches_members(&self, members: &Map<String, Value>) -> bool {
        self.matches(&Value::Object(members.clone()))
    }

    /// Whether the pattern wants this member to have members, or to be a plain value; `None` where
    /// it does not name it.
    pub(super) fn wants_members_of(&self, name: &str) -> Option<bool> {
        self.members.wants_members_of(name)
    }
}

impl Node {
    fn read(members: &Map<String, Value>, path: &mut Vec<String>) -> Result<Self, PatternError> {
        let mut node = Self::default();
        for (name, value) in members {
            path.push(name.clone());
            match alternatives(name, value) {
                Some(patterns) => {
                    // What stands in `$or` are members of this object.
                    path.pop();
                    let read = |pattern| Self::read(pattern, path);
                    node.alternatives
                        .push(patterns.into_iter().map(read).collect::<Result<_, _>>()?);
                    continue;
                }
                None => node.fields.push((name.clone(), Field::read(value, path)?)),
            }
            path.pop();
        }
        Ok(node)
    }

    /// `one` is the object that is looked at, if there is one; `all` are all values of the event
    /// that stand at this path, of which lists have many.
    fn matches(&self, one: Option<&Value>, all: &[&Value]) -> bool {
        if let Some(Value::Array(elements)) = one {
            // Fields that stand together in a pattern are looked for in one element.
            return elements.iter().any(|element| self.matches(Some(element), all));
        }
        let field = |(name, field): &(String, Field)| {
            let below: Vec<&Value> = all.iter().flat_map(|value| members(value, name)).collect();
            let one = one.and_then(|value| value.get(name));
            match field {
                Field::Members(node) => node.matches(one, &below),
                Field::Leaf(tests) => {
                    let is_absent = !below.iter().any(|value| has_leaf(value));
                    tests.iter().any(|test| leaf_fits(test, one, is_absent))
                }
            }
        };
        self.fields.iter().all(field)
            && self
                .alternatives
                .iter()
                .all(|patterns| patterns.iter().any(|pattern| pattern.matches(one, all)))
    }

    fn wants_members_of(&self, name: &str) -> Option<bool> {
        let own = self.fields.iter().find(|(field, _)| field == name);
        let own = own.map(|(_, field)| matches!(field, Field::Members(_)));
        let mut inner = self.alternatives.iter().flatten();
        own.or_else(|| inner.find_map(|node| node.wants_members_of(name)))
    }
}

impl Field {
    fn read(value: &Value, path: &mut Vec<String>) -> Result<Self, PatternError> {
        let place = |path: &[String]| path.join(".");
        match value {
            Value::Object(members) if members.is_empty() => {
                Err(PatternError::Empty { path: place(path) })
            }
            Value::Array(values) if values.is_empty() => {
                Err(PatternError::Empty { path: place(path) })
            }
            Value::Object(members) => Ok(Self::Members(Node::read(members, path)?)),
            Value::Array(values) => {
                let read = |value| test::read(value);
                let tests = values.iter().map(read).collect::<Result<Vec<_>, _>>();
                let tests =
                    tests.map_err(|reason| PatternError::Test { path: place(path), reason })?;
                Ok(Self::Leaf(tests))
            }
            _ => Err(PatternError::NoList { path: place(path) }),
        }
    }
}

/// The patterns of `$or`: a list of two objects or more. Anything else of that name is a member of
/// the event.
fn alternatives<'a>(name: &str, value: &'a Value) -> Option<Vec<&'a Map<String, Value>>> {
    let values = value.as_array().filter(|values| name == "$or" && values.len() > 1)?;
    values.iter().map(|value| value.as_object().filter(|members| !members.is_empty())).collect()
}

/// The values of a member, in an object or in each object of a list.
fn members<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match value {
        Value::Array(elements) => {
            elements.iter().flat_map(|element| members(element, name)).collect()
        }
        _ => value.get(name).into_iter().collect(),
    }
}

/// A list fits where one of its values does. Only what has no members is a value.
fn leaf_fits(test: &Test, value: Option<&Value>, is_absent: bool) -> bool {
    match (test, value) {
        (Test::Absent, _) => is_absent,
        (_, Some(Value::Array(elements))) => {
            elements.iter().any(|element| leaf_fits(test, Some(element), is_absent))
        }
        (_, None | Some(Value::Object(_))) => false,
        (_, Some(value)) => test.fits(value),
    }
}

fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(has_leaf),
        Value::Object(_) => false,
        _ => true,
    }
}
