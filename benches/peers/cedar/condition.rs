//! Conditions as Cedar expressions, and context values with the types that those compare.
//!
//! A key is an attribute of the context under its name in lower case. Where a policy compares it
//! as something other than text, that value is there too, ready and typed, under the name with a
//! suffix: a time is a number of milliseconds, which is faster to compare than Cedar's `datetime`.

use std::collections::BTreeSet;

use cedar_policy::RestrictedExpression;
use retrigger::iam::{ComparisonKind, Condition, ContextValue, SetQualifier};

use super::text::{self, Reason};

/// The attributes that policies compare, beyond the plain texts.
#[derive(Default)]
pub(crate) struct Keys {
    typed: BTreeSet<(String, Type)>,
}

/// As what a key is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Type {
    Text,
    Bool,
    Address,
    Number,
    Time,
    Set,
}

impl Type {
    fn of(condition: &Condition) -> Result<Self, Reason> {
        use ComparisonKind as K;
        if condition.operator.set.is_some() {
            return Ok(Self::Set);
        }
        Ok(match condition.operator.comparison.kind {
            K::StringEquals | K::StringLike | K::ArnLike | K::Null => Self::Text,
            K::Bool => Self::Bool,
            K::IpAddress => Self::Address,
            K::NumericEquals
            | K::NumericLessThan
            | K::NumericLessThanEquals
            | K::NumericGreaterThan
            | K::NumericGreaterThanEquals => Self::Number,
            K::DateEquals
            | K::DateLessThan
            | K::DateLessThanEquals
            | K::DateGreaterThan
            | K::DateGreaterThanEquals => Self::Time,
            K::StringEqualsIgnoreCase | K::BinaryEquals | K::Unknown => {
                return Err("an operator that has no counterpart");
            }
        })
    }

    /// The name of the attribute.
    fn attribute(self, key: &str) -> String {
        let key = key.to_ascii_lowercase();
        match self {
            Self::Text => key,
            typed => format!("{key}#{typed:?}"),
        }
    }

    /// The value of the attribute, where the request's value is of the type.
    fn value(self, value: &ContextValue) -> Option<RestrictedExpression> {
        let texts = || value.values().iter().cloned().map(RestrictedExpression::new_string);
        let single = value.as_single();
        match self {
            Self::Text => match value {
                ContextValue::Single(text) => Some(RestrictedExpression::new_string(text.clone())),
                ContextValue::Multi(_) => Some(RestrictedExpression::new_set(texts())),
            },
            Self::Set => Some(RestrictedExpression::new_set(texts())),
            Self::Bool => Some(RestrictedExpression::new_bool(single?.parse().ok()?)),
            Self::Address => Some(RestrictedExpression::new_ip(single?)),
            Self::Number => Some(RestrictedExpression::new_long(single?.parse().ok()?)),
            Self::Time => Some(RestrictedExpression::new_long(milliseconds(single?)?)),
        }
    }
}

impl Keys {
    /// The attributes of the context that a key of the request becomes.
    pub(super) fn attributes(
        &self,
        key: &str,
        value: &ContextValue,
    ) -> Vec<(String, RestrictedExpression)> {
        let lower = key.to_ascii_lowercase();
        let known = self.typed.iter().filter(|(known, _)| *known == lower).map(|(_, typed)| *typed);
        let all = std::iter::once(Type::Text).chain(known.filter(|typed| *typed != Type::Text));
        all.filter_map(|typed| Some((typed.attribute(key), typed.value(value)?))).collect()
    }

    /// The condition as an expression.
    pub(super) fn expression(&mut self, condition: &Condition) -> Result<String, Reason> {
        let key = &condition.key.value;
        let typed = Type::of(condition)?;
        self.typed.insert((key.to_ascii_lowercase(), typed));
        let attribute = text::literal(&typed.attribute(key));
        let (has, value) = (format!("context has {attribute}"), format!("context[{attribute}]"));
        if condition.operator.comparison.kind == ComparisonKind::Null {
            let wants_null = condition.values.iter().all(|one| one.text.value == "true");
            return Ok(if wants_null { format!("!({has})") } else { has });
        }
        let negated = condition.operator.comparison.negated;
        match condition.operator.set {
            Some(_) if negated => Err("a negated set operator"),
            Some(set) => of_set(condition, set, &has, &value),
            None => {
                let matches = text::any(&alternatives(condition, typed, &value)?);
                Ok(match (negated, condition.operator.if_exists) {
                    (false, false) => format!("({has} && {matches})"),
                    (false, true) => format!("(!({has}) || {matches})"),
                    (true, _) => format!("!({has} && {matches})"),
                })
            }
        }
    }
}

/// What may match, one expression for each listed value.
fn alternatives(condition: &Condition, typed: Type, value: &str) -> Result<Vec<String>, Reason> {
    let kind = condition.operator.comparison.kind;
    let listed = condition.values.iter().map(|listed| listed.text.value.as_str());
    let comparison = |listed: &str| match typed {
        Type::Text => of_text(kind, listed, value),
        Type::Bool => Ok(format!("{value} == {}", listed.eq_ignore_ascii_case("true"))),
        Type::Address => Ok(format!("{value}.isInRange(ip({}))", text::literal(listed))),
        Type::Number => {
            let number: i64 = listed.parse().map_err(|_| "a number with a fraction")?;
            Ok(format!("{value} {} {number}", symbol(kind)))
        }
        Type::Time => {
            let time = milliseconds(listed).ok_or("a date in an unusual form")?;
            Ok(format!("{value} {} {time}", symbol(kind)))
        }
        Type::Set => unreachable!("set operators are translated elsewhere"),
    };
    listed.map(comparison).collect()
}

fn of_text(kind: ComparisonKind, listed: &str, value: &str) -> Result<String, Reason> {
    if let Some(key) = text::variable(listed) {
        let attribute = text::literal(&Type::Text.attribute(key));
        return Ok(format!("(context has {attribute} && {value} == context[{attribute}])"));
    }
    match kind {
        ComparisonKind::StringEquals => {
            Ok(format!("{value} == {}", text::literal(text::without_variables(listed)?)))
        }
        _ => text::matches(value, listed),
    }
}

fn of_set(
    condition: &Condition,
    set: SetQualifier,
    has: &str,
    value: &str,
) -> Result<String, Reason> {
    if condition.operator.comparison.kind != ComparisonKind::StringEquals {
        return Err("a set operator with wildcards");
    }
    let listed = condition
        .values
        .iter()
        .map(|listed| Ok(text::literal(text::without_variables(&listed.text.value)?)));
    let listed = listed.collect::<Result<Vec<String>, Reason>>()?.join(", ");
    let or_absent = condition.operator.if_exists || set == SetQualifier::ForAllValues;
    let holds = match set {
        SetQualifier::ForAllValues => format!("[{listed}].containsAll({value})"),
        SetQualifier::ForAnyValue => format!("[{listed}].containsAny({value})"),
    };
    Ok(if or_absent { format!("(!({has}) || {holds})") } else { format!("({has} && {holds})") })
}

fn symbol(kind: ComparisonKind) -> &'static str {
    use ComparisonKind as K;
    match kind {
        K::NumericLessThan | K::DateLessThan => "<",
        K::NumericLessThanEquals | K::DateLessThanEquals => "<=",
        K::NumericGreaterThan | K::DateGreaterThan => ">",
        K::NumericGreaterThanEquals | K::DateGreaterThanEquals => ">=",
        _ => "==",
    }
}

/// A date as milliseconds since 1970.
fn milliseconds(date: &str) -> Option<i64> {
    let date: jiff::Timestamp = date.parse().ok()?;
    Some(date.as_millisecond())
}
