//! Whether a condition holds. Source: IAM User Guide, "IAM JSON policy elements: Condition
//! operators", "Conditions with multiple context keys or values", "Set operators for multivalued
//! context keys".

use std::cmp::Ordering;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    arn::Arn,
    operator::{ComparisonKind, SetQualifier},
    policy::{ArnPattern, Condition, ConditionValue},
    request::{Context, ContextValue},
    unsettled, value,
};

/// Whether the request's context satisfies the condition.
pub(super) fn holds(condition: &Condition, context: &Context) -> bool {
    let value = context.get(&condition.key.value);
    match condition.operator.comparison.kind {
        ComparisonKind::Null => null_holds(condition, value),
        ComparisonKind::Unknown => false,
        _ => match (condition.operator.set, value) {
            (None, None) => condition.operator.if_exists || is_negated(condition),
            (None, Some(ContextValue::Single(value))) => satisfies(condition, value, context),
            (None, Some(ContextValue::Multi(_))) => {
                unsettled::plain_operator_holds_on_multivalued_key()
            }
            (Some(SetQualifier::ForAllValues), None) => true,
            (Some(SetQualifier::ForAllValues), Some(value)) => {
                let values = value.values();
                unsettled::is_null_data_set(values)
                    || values.iter().all(|value| satisfies(condition, value, context))
            }
            (Some(SetQualifier::ForAnyValue), None) => condition.operator.if_exists,
            (Some(SetQualifier::ForAnyValue), Some(value)) => {
                let values = value.values();
                !unsettled::is_null_data_set(values)
                    && values.iter().any(|value| satisfies(condition, value, context))
            }
        },
    }
}

/// Whether one value of the request satisfies the comparison: it matches one of the listed
/// values, or under a negated operator differs from all of them.
fn satisfies(condition: &Condition, value: &str, context: &Context) -> bool {
    let kind = condition.operator.comparison.kind;
    let mut outcomes = condition.values.iter().map(|listed| compare(kind, listed, value, context));
    if is_negated(condition) {
        outcomes.all(|outcome| outcome == Outcome::Differs)
    } else {
        outcomes.any(|outcome| outcome == Outcome::Matches)
    }
}

fn is_negated(condition: &Condition) -> bool {
    condition.operator.comparison.negated
}

/// How one value of the request stands to one listed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Matches,
    Differs,
    /// One of the two is not of the operator's type: neither the operator nor its negation holds.
    NotComparable,
}

impl From<bool> for Outcome {
    fn from(matches: bool) -> Self {
        if matches { Self::Matches } else { Self::Differs }
    }
}

impl From<Option<bool>> for Outcome {
    fn from(matches: Option<bool>) -> Self {
        matches.map_or(Self::NotComparable, Self::from)
    }
}

fn compare(
    kind: ComparisonKind,
    listed: &ConditionValue,
    value: &str,
    context: &Context,
) -> Outcome {
    use ComparisonKind as K;
    let text = listed.text.value.as_str();
    match kind {
        K::StringEquals | K::StringLike => listed.pattern.matches(value, context).into(),
        K::StringEqualsIgnoreCase => equals_ignoring_case(listed, value, context).into(),
        K::NumericEquals => ordered(value::number, value, text, Ordering::is_eq),
        K::NumericLessThan => ordered(value::number, value, text, Ordering::is_lt),
        K::NumericLessThanEquals => ordered(value::number, value, text, Ordering::is_le),
        K::NumericGreaterThan => ordered(value::number, value, text, Ordering::is_gt),
        K::NumericGreaterThanEquals => ordered(value::number, value, text, Ordering::is_ge),
        K::DateEquals => ordered(value::date, value, text, Ordering::is_eq),
        K::DateLessThan => ordered(value::date, value, text, Ordering::is_lt),
        K::DateLessThanEquals => ordered(value::date, value, text, Ordering::is_le),
        K::DateGreaterThan => ordered(value::date, value, text, Ordering::is_gt),
        K::DateGreaterThanEquals => ordered(value::date, value, text, Ordering::is_ge),
        K::Bool => bool_matches(listed, value, context).into(),
        K::BinaryEquals => binary_equals(text, value).into(),
        K::IpAddress => in_range(text, value).into(),
        K::ArnLike => arn_matches(listed, value, context).into(),
        K::Null | K::Unknown => Outcome::NotComparable,
    }
}

/// Lower case is compared character by character, without Unicode case folding.
fn equals_ignoring_case(listed: &ConditionValue, value: &str, context: &Context) -> bool {
    let listed = listed.pattern.substitute(context);
    listed.is_some_and(|listed| listed.to_lowercase() == value.to_lowercase())
}

/// Compares two texts as values of one ordered type: how does `left` stand to `right`?
fn ordered<T: Ord>(
    parse: impl Fn(&str) -> Option<T>,
    left: &str,
    right: &str,
    holds: impl Fn(Ordering) -> bool,
) -> Outcome {
    let ordering = parse(left).and_then(|left| Some(left.cmp(&parse(right)?)));
    ordering.map(holds).into()
}

fn bool_matches(listed: &ConditionValue, value: &str, context: &Context) -> bool {
    let listed = listed.pattern.substitute(context);
    listed.is_some_and(|listed| unsettled::bool_matches(&listed, value))
}

/// Both sides are base64 of the bytes to compare.
fn binary_equals(listed: &str, value: &str) -> Option<bool> {
    Some(STANDARD.decode(value).ok()? == STANDARD.decode(listed).ok()?)
}

/// Addresses of the two families never match each other.
fn in_range(listed: &str, value: &str) -> Option<bool> {
    Some(value::address_range(listed)?.contains(&value::address(value)?))
}

fn arn_matches(listed: &ConditionValue, value: &str, context: &Context) -> Option<bool> {
    let actual = Arn::parse(value)?;
    let ArnPattern { header, resource } = listed.arn.as_ref()?;
    let parts = ["arn", actual.partition, actual.service, actual.region, actual.account];
    let header = header.iter().zip(parts).all(|(part, text)| part.matches(text, context));
    Some(header && resource.matches(actual.resource, context))
}

/// `"true"`: the key is absent or has no value; `"false"`: it is there. An empty string counts
/// as no value.
fn null_holds(condition: &Condition, value: Option<&ContextValue>) -> bool {
    let is_null = value.is_none_or(|value| unsettled::is_null_data_set(value.values()));
    condition.values.iter().any(|listed| {
        let wanted = listed.text.value.as_str();
        (wanted.eq_ignore_ascii_case("true") && is_null)
            || (wanted.eq_ignore_ascii_case("false") && !is_null)
    })
}
