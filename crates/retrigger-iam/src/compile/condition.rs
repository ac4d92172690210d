//! Conditions with their operands read beforehand.

use std::cmp::Ordering;

use base64::{Engine, engine::general_purpose::STANDARD};
use ipnet::IpNet;
use rust_decimal::Decimal;

use super::{
    key::Key,
    resource::ArnOperand,
    text::{Substituted, TextMatcher, same},
};
use crate::{
    arn::Arn,
    context::{ValueRef, Values},
    operator::{ComparisonKind, Operator, SetQualifier},
    policy::{self, ConditionValue},
    request_ref::ContextRef,
    truth::Truth,
    unsettled, value,
};

/// One key under one operator.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: Key,
    set: Option<SetQualifier>,
    if_exists: bool,
    negated: bool,
    test: Test,
}

/// What one value of the request is held against.
#[derive(Clone, Debug)]
enum Test {
    /// An operator that does not exist.
    Never,
    Null {
        absent: bool,
        present: bool,
    },
    /// Texts without wildcards and variables, sorted.
    OneOf(Box<[Box<str>]>),
    Text(Box<[TextMatcher]>),
    IgnoreCase(Box<[Substituted]>),
    Bool(Box<[Substituted]>),
    Number(Holds, Box<[Option<Decimal>]>),
    Date(Holds, Box<[Option<Decimal>]>),
    Binary(Box<[Box<str>]>),
    Address(Box<[Option<IpNet>]>),
    Arn(Box<[Option<ArnOperand>]>),
}

/// Which order of value and operand an operator asks for.
type Holds = fn(Ordering) -> bool;

impl Condition {
    pub(super) fn new(condition: &policy::Condition) -> Self {
        let Operator { set, comparison, if_exists } = condition.operator;
        Self {
            key: Key::new(&condition.key.value),
            set,
            if_exists,
            negated: comparison.negated,
            test: Test::new(comparison.kind, &condition.values),
        }
    }

    /// How much work it is: the cheapest are looked at first.
    pub(super) fn cost(&self) -> usize {
        match &self.test {
            Test::Never | Test::Null { .. } => 0,
            Test::OneOf(_) | Test::Binary(_) => 1,
            Test::Bool(_) => 2,
            Test::Text(texts) => 2 + texts.len(),
            Test::IgnoreCase(texts) => 3 + texts.len(),
            Test::Arn(arns) => 3 + arns.len(),
            Test::Number(..) | Test::Address(_) => 8,
            Test::Date(..) => 10,
        }
    }

    /// Whether the request's context satisfies it.
    #[inline]
    pub(super) fn holds(&self, context: &ContextRef<'_>) -> Truth {
        let value = context.look_up(&self.key);
        match (value, self.set, &self.test) {
            (ValueRef::Single(value), None, Test::OneOf(texts)) => {
                Comparison { negated: self.negated }.over_one(is_one_of(texts, value))
            }
            _ => self.holds_for(value, context),
        }
    }

    fn holds_for(&self, value: ValueRef<'_>, context: &ContextRef<'_>) -> Truth {
        if let Test::Never = self.test {
            return Truth::No;
        }
        if let Test::Null { absent, present } = self.test {
            return null_holds(absent, present, value);
        }
        match (value, self.set) {
            (ValueRef::Unknown, _) => Truth::Maybe,
            (ValueRef::Absent, None) => (self.if_exists || self.negated).into(),
            (ValueRef::Absent, Some(SetQualifier::ForAllValues)) => Truth::Yes,
            (ValueRef::Absent, Some(SetQualifier::ForAnyValue)) => self.if_exists.into(),
            (ValueRef::Single(value), None) => self.satisfies(value, context),
            (ValueRef::Multi(_), None) => {
                unsettled::plain_operator_holds_on_multivalued_key().into()
            }
            (ValueRef::Single(value), Some(set)) => {
                self.set_satisfies(set, Values::Borrowed(&[value]), context)
            }
            (ValueRef::Multi(values), Some(set)) => self.set_satisfies(set, values, context),
        }
    }

    fn set_satisfies(
        &self,
        set: SetQualifier,
        values: Values<'_>,
        context: &ContextRef<'_>,
    ) -> Truth {
        let is_null = unsettled::is_null_data_set(values.iter());
        let outcomes = values.iter().map(|value| self.satisfies(value, context));
        match set {
            SetQualifier::ForAllValues if is_null => Truth::Yes,
            SetQualifier::ForAllValues => Truth::all(outcomes),
            SetQualifier::ForAnyValue if is_null => Truth::No,
            SetQualifier::ForAnyValue => Truth::any(outcomes),
        }
    }

    /// Whether one value of the request matches one operand or, negated, differs from all.
    #[inline]
    fn satisfies(&self, value: &str, context: &ContextRef<'_>) -> Truth {
        let comparison = Comparison { negated: self.negated };
        match &self.test {
            Test::Never | Test::Null { .. } => Truth::No,
            Test::OneOf(texts) => comparison.over_one(is_one_of(texts, value)),
            Test::Text(texts) => comparison.over(texts, |text| Some(text.fits(value, context))),
            Test::IgnoreCase(texts) => comparison.over(texts, |text| {
                Some(text.is_known(context).map_or(Truth::No, |known| {
                    let listed = text.texts(context).flat_map(str::chars);
                    known.and(|| value::equal_ignoring_case(listed, value.chars()))
                }))
            }),
            Test::Bool(texts) => comparison.over(texts, |text| {
                Some(text.is_known(context).map_or(Truth::No, |known| {
                    known.and(|| text.is_ignoring_case(unsettled::bool_text(value), context))
                }))
            }),
            Test::Number(holds, operands) => {
                comparison.over_ordered(*holds, operands, || value::number(value))
            }
            Test::Date(holds, operands) => {
                comparison.over_ordered(*holds, operands, || value::date(value))
            }
            Test::Binary(texts) => comparison.over(texts, |text| Some(same(text, value).into())),
            Test::Address(ranges) => match value::address(value) {
                Some(address) => comparison.over(ranges, |range| {
                    range.as_ref().map(|range| range.contains(&address).into())
                }),
                None => comparison.over_nothing_comparable(ranges.len()),
            },
            // Under a negated operator it matters whether the value is an ARN at all.
            Test::Arn(arns) if self.negated && Arn::parse(value).is_none() => {
                comparison.over_nothing_comparable(arns.len())
            }
            Test::Arn(arns) => comparison
                .over(arns, |listed| listed.as_ref().map(|listed| listed.fits(value, context))),
        }
    }
}

impl Truth {
    /// For a text whose variables are known or not: what the comparison says where they are.
    fn and(self, matches: impl FnOnce() -> bool) -> Self {
        if self == Self::Yes { matches().into() } else { self }
    }
}

/// How the outcomes over all operands are taken together.
#[derive(Clone, Copy)]
struct Comparison {
    negated: bool,
}

impl Comparison {
    /// `fits` says how the value stands to an operand: `None` where the two cannot be compared,
    /// so that neither the operator nor its negation holds.
    #[inline]
    fn over<T>(self, operands: &[T], fits: impl Fn(&T) -> Option<Truth>) -> Truth {
        if self.negated {
            let outcomes = operands.iter().map(fits);
            return Truth::all(outcomes.map(|fits| fits.map_or(Truth::No, |fits| !fits)));
        }
        let mut any = Truth::No;
        for operand in operands {
            any = any.max(fits(operand).unwrap_or(Truth::No));
            if any == Truth::Yes {
                break;
            }
        }
        any
    }

    fn over_one(self, is_listed: bool) -> Truth {
        (is_listed != self.negated).into()
    }

    /// The value is not of the operator's type.
    fn over_nothing_comparable(self, operands: usize) -> Truth {
        (self.negated && operands == 0).into()
    }

    fn over_ordered(
        self,
        holds: Holds,
        operands: &[Option<Decimal>],
        value: impl FnOnce() -> Option<Decimal>,
    ) -> Truth {
        match value() {
            Some(value) => self.over(operands, |operand| {
                operand.as_ref().map(|operand| holds(value.cmp(operand)).into())
            }),
            None => self.over_nothing_comparable(operands.len()),
        }
    }
}

/// `"true"`: the key is absent or has no value; `"false"`: it has one.
fn null_holds(absent: bool, present: bool, value: ValueRef<'_>) -> Truth {
    let is_null = match value {
        ValueRef::Unknown => return Truth::Maybe,
        ValueRef::Absent => true,
        ValueRef::Single(value) => unsettled::is_null_data_set([value].into_iter()),
        ValueRef::Multi(values) => unsettled::is_null_data_set(values.iter()),
    };
    (if is_null { absent } else { present }).into()
}

fn is_one_of(sorted: &[Box<str>], value: &str) -> bool {
    match sorted {
        [] => false,
        [only] => same(only, value),
        few if few.len() <= 8 => few.iter().any(|one| same(one, value)),
        many => many.binary_search_by(|one| (**one).cmp(value)).is_ok(),
    }
}

impl Test {
    fn new(kind: ComparisonKind, values: &[ConditionValue]) -> Self {
        use ComparisonKind as K;
        let texts = || values.iter().map(|listed| listed.text.value.as_str());
        match kind {
            K::Unknown => Self::Never,
            K::Null => Self::Null {
                absent: texts().any(|wanted| wanted.eq_ignore_ascii_case("true")),
                present: texts().any(|wanted| wanted.eq_ignore_ascii_case("false")),
            },
            K::StringEquals | K::StringLike => Self::texts(values),
            K::StringEqualsIgnoreCase => Self::IgnoreCase(substituted(values)),
            K::Bool => Self::Bool(substituted(values)),
            K::NumericEquals => Self::numbers(Ordering::is_eq, values),
            K::NumericLessThan => Self::numbers(Ordering::is_lt, values),
            K::NumericLessThanEquals => Self::numbers(Ordering::is_le, values),
            K::NumericGreaterThan => Self::numbers(Ordering::is_gt, values),
            K::NumericGreaterThanEquals => Self::numbers(Ordering::is_ge, values),
            K::DateEquals => Self::dates(Ordering::is_eq, values),
            K::DateLessThan => Self::dates(Ordering::is_lt, values),
            K::DateLessThanEquals => Self::dates(Ordering::is_le, values),
            K::DateGreaterThan => Self::dates(Ordering::is_gt, values),
            K::DateGreaterThanEquals => Self::dates(Ordering::is_ge, values),
            // Base64 with padding writes the same bytes in one way only, so that texts can be
            // compared once it is known that they are base64.
            K::BinaryEquals => Self::Binary(
                texts().filter(|text| STANDARD.decode(text).is_ok()).map(Into::into).collect(),
            ),
            K::IpAddress => Self::Address(texts().map(value::address_range).collect()),
            K::ArnLike => Self::Arn(
                values.iter().map(|listed| listed.arn.as_ref().map(ArnOperand::new)).collect(),
            ),
        }
    }

    fn texts(values: &[ConditionValue]) -> Self {
        let matchers: Box<[TextMatcher]> =
            values.iter().map(|listed| TextMatcher::new(&listed.pattern)).collect();
        let exact = |matcher: &TextMatcher| match matcher {
            TextMatcher::Exact(text) => Some(text.clone()),
            _ => None,
        };
        match matchers.iter().map(exact).collect::<Option<Vec<_>>>() {
            Some(mut texts) => {
                texts.sort_unstable();
                Self::OneOf(texts.into())
            }
            None => Self::Text(matchers),
        }
    }

    fn numbers(holds: Holds, values: &[ConditionValue]) -> Self {
        let operands = values.iter().map(|listed| value::number(&listed.text.value));
        Self::Number(holds, operands.collect())
    }

    fn dates(holds: Holds, values: &[ConditionValue]) -> Self {
        let operands = values.iter().map(|listed| value::date(&listed.text.value));
        Self::Date(holds, operands.collect())
    }
}

fn substituted(values: &[ConditionValue]) -> Box<[Substituted]> {
    values.iter().map(|listed| Substituted::new(&listed.pattern)).collect()
}
