//! Whether a condition holds. Source: IAM User Guide, "IAM JSON policy elements: Condition
//! operators", "Conditions with multiple context keys or values", "Set operators for multivalued
//! context keys".

use std::cmp::Ordering;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    arn::Arn,
    context::{Context, ContextValue},
    operator::{ComparisonKind, Operator, SetQualifier},
    policy::{Condition, ConditionValue},
    truth::Truth,
    unsettled, value,
};

/// Whether the request's context satisfies the condition.
pub(super) fn holds(condition: &Condition, context: &Context) -> Truth {
    let key = condition.key.value.as_str();
    let Operator { set, comparison, if_exists } = condition.operator;
    match comparison.kind {
        ComparisonKind::Unknown => return Truth::No,
        _ if context.is_unknown(key) => return Truth::Maybe,
        ComparisonKind::Null => return null_holds(condition, context.get(key)).into(),
        _ => {}
    }
    match (set, context.get(key)) {
        (None, None) => (if_exists || is_negated(condition)).into(),
        (None, Some(ContextValue::Single(value))) => satisfies(condition, value, context),
        (None, Some(ContextValue::Multi(_))) => {
            unsettled::plain_operator_holds_on_multivalued_key().into()
        }
        (Some(SetQualifier::ForAllValues), None) => Truth::Yes,
        (Some(SetQualifier::ForAnyValue), None) => if_exists.into(),
        (Some(set), Some(value)) => set_satisfies(set, condition, value.values(), context),
    }
}

/// The condition keys whose being unknown can keep the condition from being decided.
pub(super) fn hangs_on<'c>(
    condition: &'c Condition,
    context: &'c Context,
) -> impl Iterator<Item = &'c str> {
    let key = Some(condition.key.value.as_str()).filter(|key| context.is_unknown(key));
    let variables = condition.values.iter().flat_map(|listed| listed.pattern.hangs_on(context));
    key.into_iter().chain(variables)
}

/// Whether all values of the request, or one of them, satisfy the comparison. Over no value at
/// all the one is true and the other false.
fn set_satisfies(
    set: SetQualifier,
    condition: &Condition,
    values: &[String],
    context: &Context,
) -> Truth {
    let is_null = unsettled::is_null_data_set(values.iter().map(String::as_str));
    let outcomes = values.iter().map(|value| satisfies(condition, value, context));
    match set {
        SetQualifier::ForAllValues if is_null => Truth::Yes,
        SetQualifier::ForAllValues => Truth::all(outcomes),
        SetQualifier::ForAnyValue if is_null => Truth::No,
        SetQualifier::ForAnyValue => Truth::any(outcomes),
    }
}

/// Whether one value of the request satisfies the comparison: it matches one of the listed
/// values, or under a negated operator differs from all of them.
fn satisfies(condition: &Condition, value: &str, context: &Context) -> Truth {
    let kind = condition.operator.comparison.kind;
    let outcomes = condition.values.iter().map(|listed| compare(kind, listed, value, context));
    if is_negated(condition) {
        Truth::all(outcomes.map(Outcome::differs))
    } else {
        Truth::any(outcomes.map(Outcome::matches))
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
    /// The listed value has a variable whose value is unknown.
    Unknown,
}

impl Outcome {
    fn matches(self) -> Truth {
        match self {
            Self::Matches => Truth::Yes,
            Self::Unknown => Truth::Maybe,
            Self::Differs | Self::NotComparable => Truth::No,
        }
    }

    fn differs(self) -> Truth {
        match self {
            Self::Differs => Truth::Yes,
            Self::Unknown => Truth::Maybe,
            Self::Matches | Self::NotComparable => Truth::No,
        }
    }
}

impl From<Truth> for Outcome {
    fn from(matches: Truth) -> Self {
        match matches {
            Truth::No => Self::Differs,
            Truth::Maybe => Self::Unknown,
            Truth::Yes => Self::Matches,
        }
    }
}

impl From<bool> for Outcome {
    fn from(matches: bool) -> Self {
        Truth::from(matches).into()
    }
}

impl<T: Into<Self>> From<Option<T>> for Outcome {
    fn from(matches: Option<T>) -> Self {
        matches.map_or(Self::NotComparable, Into::into)
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
        K::StringEquals | K::StringLike => listed.pattern.fits(value, context).into(),
        K::StringEqualsIgnoreCase => substituted(listed, context, |listed| {
            value::equal_ignoring_case(listed.chars(), value.chars())
        }),
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
        K::Bool => substituted(listed, context, |listed| {
            listed.eq_ignore_ascii_case(unsettled::bool_text(value))
        }),
        K::BinaryEquals => binary_equals(text, value).into(),
        K::IpAddress => in_range(text, value).into(),
        K::ArnLike => arn_matches(listed, value, context).into(),
        K::Null | K::Unknown => Outcome::NotComparable,
    }
}

/// Compares with the listed value once its variables are replaced; one without a value leaves
/// nothing that could match.
fn substituted(
    listed: &ConditionValue,
    context: &Context,
    matches: impl FnOnce(&str) -> bool,
) -> Outcome {
    match listed.pattern.substitute(context) {
        None => Outcome::Differs,
        Some(_) if listed.pattern.hangs_on(context).next().is_some() => Outcome::Unknown,
        Some(text) => matches(&text).into(),
    }
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

/// Both sides are base64 of the bytes to compare.
fn binary_equals(listed: &str, value: &str) -> Option<bool> {
    Some(STANDARD.decode(value).ok()? == STANDARD.decode(listed).ok()?)
}

/// Addresses of the two families never match each other.
fn in_range(listed: &str, value: &str) -> Option<bool> {
    Some(value::address_range(listed)?.contains(&value::address(value)?))
}

fn arn_matches(listed: &ConditionValue, value: &str, context: &Context) -> Option<Truth> {
    let actual = Arn::parse(value)?;
    Some(listed.arn.as_ref()?.fits(&actual, context))
}

/// `"true"`: the key is absent or has no value; `"false"`: it is there. An empty string counts
/// as no value.
fn null_holds(condition: &Condition, value: Option<&ContextValue>) -> bool {
    let is_null = value.is_none_or(|value| unsettled::is_null_data_set(value.iter()));
    condition.values.iter().any(|listed| {
        let wanted = listed.text.value.as_str();
        (wanted.eq_ignore_ascii_case("true") && is_null)
            || (wanted.eq_ignore_ascii_case("false") && !is_null)
    })
}
