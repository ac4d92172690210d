//! The condition operators and what can stand around their names.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for
//! multivalued context keys".

use serde::Serialize;

/// A condition operator with its set qualifier and `IfExists` suffix:
/// `ForAnyValue:StringLikeIfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`.
    pub set: Option<SetQualifier>,
    /// The comparison.
    pub comparison: Comparison,
    /// `…IfExists`: true where the request does not carry the key.
    pub if_exists: bool,
}

/// How the values of a multivalued key are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SetQualifier {
    /// Every value of the request must satisfy the comparison.
    ForAllValues,
    /// One value of the request must satisfy the comparison.
    ForAnyValue,
}

/// A comparison, negated or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Comparison {
    /// What is compared.
    pub kind: ComparisonKind,
    /// A `…Not…` operator: the request's value must satisfy the kind for no listed value.
    pub negated: bool,
}

/// What a comparison compares, without its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ComparisonKind {
    /// `StringEquals`.
    StringEquals,
    /// `StringEqualsIgnoreCase`.
    StringEqualsIgnoreCase,
    /// `StringLike`.
    StringLike,
    /// `NumericEquals`.
    NumericEquals,
    /// `NumericLessThan`.
    NumericLessThan,
    /// `NumericLessThanEquals`.
    NumericLessThanEquals,
    /// `NumericGreaterThan`.
    NumericGreaterThan,
    /// `NumericGreaterThanEquals`.
    NumericGreaterThanEquals,
    /// `DateEquals`.
    DateEquals,
    /// `DateLessThan`.
    DateLessThan,
    /// `DateLessThanEquals`.
    DateLessThanEquals,
    /// `DateGreaterThan`.
    DateGreaterThan,
    /// `DateGreaterThanEquals`.
    DateGreaterThanEquals,
    /// `Bool`.
    Bool,
    /// `BinaryEquals`.
    BinaryEquals,
    /// `IpAddress`.
    IpAddress,
    /// `ArnEquals` and `ArnLike`, which are one operator under two names.
    ArnLike,
    /// `Null`.
    Null,
    /// A name that is no operator. AWS refuses such a document; where one is evaluated all the
    /// same, it never holds.
    Unknown,
}

/// Every documented operator name without set qualifier and `IfExists`.
const NAMES: [(&str, ComparisonKind, bool); 27] = {
    use ComparisonKind as K;
    [
        ("StringEquals", K::StringEquals, false),
        ("StringNotEquals", K::StringEquals, true),
        ("StringEqualsIgnoreCase", K::StringEqualsIgnoreCase, false),
        ("StringNotEqualsIgnoreCase", K::StringEqualsIgnoreCase, true),
        ("StringLike", K::StringLike, false),
        ("StringNotLike", K::StringLike, true),
        ("NumericEquals", K::NumericEquals, false),
        ("NumericNotEquals", K::NumericEquals, true),
        ("NumericLessThan", K::NumericLessThan, false),
        ("NumericLessThanEquals", K::NumericLessThanEquals, false),
        ("NumericGreaterThan", K::NumericGreaterThan, false),
        ("NumericGreaterThanEquals", K::NumericGreaterThanEquals, false),
        ("DateEquals", K::DateEquals, false),
        ("DateNotEquals", K::DateEquals, true),
        ("DateLessThan", K::DateLessThan, false),
        ("DateLessThanEquals", K::DateLessThanEquals, false),
        ("DateGreaterThan", K::DateGreaterThan, false),
        ("DateGreaterThanEquals", K::DateGreaterThanEquals, false),
        ("Bool", K::Bool, false),
        ("BinaryEquals", K::BinaryEquals, false),
        ("IpAddress", K::IpAddress, false),
        ("NotIpAddress", K::IpAddress, true),
        ("ArnEquals", K::ArnLike, false),
        ("ArnLike", K::ArnLike, false),
        ("ArnNotEquals", K::ArnLike, true),
        ("ArnNotLike", K::ArnLike, true),
        ("Null", K::Null, false),
    ]
};

impl Operator {
    /// Reads an operator by its documented spelling. `Null` takes no `IfExists`.
    ///
    /// ```
    /// # use retrigger_iam::{Operator, SetQualifier};
    /// let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
    /// assert_eq!(operator.set, Some(SetQualifier::ForAnyValue));
    /// assert!(operator.comparison.negated && operator.if_exists);
    /// assert!(Operator::parse("stringlike").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (set, rest) = if let Some(rest) = text.strip_prefix("ForAllValues:") {
            (Some(SetQualifier::ForAllValues), rest)
        } else if let Some(rest) = text.strip_prefix("ForAnyValue:") {
            (Some(SetQualifier::ForAnyValue), rest)
        } else {
            (None, text)
        };
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (_, kind, negated) = NAMES.into_iter().find(|(known, ..)| *known == name)?;
        if kind == ComparisonKind::Null && if_exists {
            return None;
        }
        Some(Self { set, comparison: Comparison { kind, negated }, if_exists })
    }

    /// The operator that a misspelt name stands for: it never holds.
    pub(crate) fn unknown() -> Self {
        let comparison = Comparison { kind: ComparisonKind::Unknown, negated: false };
        Self { set: None, comparison, if_exists: false }
    }

    /// The documented spelling nearest to `text`, qualifier and suffix kept, where one is near
    /// enough to be what was meant.
    pub(crate) fn nearest(text: &str) -> Option<String> {
        let (set, rest) = match text.split_once(':') {
            Some((set, rest)) => {
                (crate::finding::nearest(set, ["ForAllValues", "ForAnyValue"])?, rest)
            }
            None => ("", text),
        };
        let lower = rest.to_ascii_lowercase();
        let (rest, suffix) = match lower.strip_suffix("ifexists") {
            Some(name) => (&rest[..name.len()], "IfExists"),
            None => (rest, ""),
        };
        let name = crate::finding::nearest(rest, NAMES.map(|(name, ..)| name))?;
        let colon = if set.is_empty() { "" } else { ":" };
        Some(format!("{set}{colon}{name}{suffix}"))
    }
}

impl ComparisonKind {
    /// Whether `*` and `?` are wildcards in its values.
    pub(crate) fn has_wildcards(self) -> bool {
        matches!(self, Self::StringLike | Self::ArnLike)
    }

    /// Whether policy variables are replaced in its values. The page on variables lists string
    /// and ARN operators; the page on operators adds `Bool`.
    pub(crate) fn has_variables(self) -> bool {
        matches!(
            self,
            Self::StringEquals
                | Self::StringEqualsIgnoreCase
                | Self::StringLike
                | Self::ArnLike
                | Self::Bool
        )
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("stringequals", Some("StringEquals"))]
    #[case("StringLikes", Some("StringLike"))]
    #[case("ForAnyValues:StringLikeIfexists", Some("ForAnyValue:StringLikeIfExists"))]
    #[case("IpAdress", Some("IpAddress"))]
    #[case("Banana", None)]
    fn nearest_operator_is_suggested(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(Operator::nearest(text).as_deref(), expected);
    }

    #[test]
    fn null_takes_no_if_exists() {
        assert!(Operator::parse("NullIfExists").is_none());
        assert!(Operator::parse("ForAllValues:Null").is_some());
    }
}
