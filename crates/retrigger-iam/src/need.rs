//! What would have to be true for a request to be allowed.

use std::fmt;

use serde::Serialize;

use crate::explain::{Element, Miss, PolicyType, StatementReport};

/// One thing that would have to be otherwise for a request to be allowed. A request is allowed
/// once all of its needs are met.
///
/// Prints as a sentence: `an identity-based policy must allow it: statement 2 of … would, if …`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Need {
    /// The kind of policy.
    pub policy_type: PolicyType,
    /// For organization policies, the level from the root (0) to the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<usize>,
    /// What the kind of policy has to do.
    pub change: Change,
}

/// What has to change in a kind of policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A statement has to allow the request. The nearest one that does not, with what would make
    /// it do so; `None` where no statement allows the action at all.
    Allow(Option<Nearest>),
    /// This statement, which denies, must not apply.
    NotDeny(Nearest),
}

/// A statement, with what would make it apply.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearest {
    /// The name of its policy.
    pub policy: String,
    /// Its `Sid` in backticks, or its number from 1.
    pub statement: String,
    /// What would have to hold, in words; empty for a statement that applies.
    pub conditions: Vec<String>,
}

impl Nearest {
    pub(crate) fn new(report: &StatementReport) -> Self {
        let unknown = report.hangs_on.iter().map(|key| format!("`{key}` were known to fit"));
        Self {
            policy: report.policy.clone(),
            statement: report.label(),
            conditions: report.misses.iter().map(remedy).chain(unknown).collect(),
        }
    }

    fn name(&self) -> String {
        if self.policy.is_empty() {
            return format!("statement {}", self.statement);
        }
        format!("statement {} of {}", self.statement, self.policy)
    }
}

/// What would have to hold instead of a miss.
fn remedy(miss: &Miss) -> String {
    const MANY: usize = 3;
    let actual = miss.actual.iter().flatten().map(|value| format!("`{value}`"));
    let actual = actual.collect::<Vec<_>>().join(", ");
    let mut listed: Vec<String> =
        miss.listed.iter().take(MANY).map(|text| format!("`{text}`")).collect();
    if miss.listed.len() > MANY {
        listed.push(format!("{} more", miss.listed.len() - MANY));
    }
    let listed = listed.join(", ");
    match (miss.element, &miss.operator, &miss.key) {
        (Element::Condition, Some(operator), Some(key)) => match miss.actual {
            Some(_) => format!("{key} satisfied {operator} with {listed}, not {actual}"),
            None => format!("the request carried {key} and it satisfied {operator} with {listed}"),
        },
        (Element::NotPrincipal | Element::NotAction | Element::NotResource, ..) => {
            format!("its {} did not list {listed}", miss.element)
        }
        _ => format!("its {} listed {actual}", miss.element),
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level.map(|level| format!(" of level {level}")).unwrap_or_default();
        let noun = self.policy_type.noun();
        match &self.change {
            Change::NotDeny(statement) => {
                write!(f, "{}, {} {noun}{level}, must not deny", statement.name(), article(noun))
            }
            Change::Allow(nearest) => {
                write!(f, "{} {noun}{level} must allow", article(noun))?;
                match nearest {
                    Some(nearest) => {
                        let conditions = nearest.conditions.join(", and ");
                        write!(f, ": {} would, if {conditions}", nearest.name())
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
