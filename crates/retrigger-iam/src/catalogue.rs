//! What validation asks about services, where somebody knows.

use crate::operator::ComparisonKind;

/// What is known of AWS's services, actions and condition keys.
///
/// This crate knows none of them: [`lint_with`](crate::lint_with) is given who does. Names are
/// compared without regard to case.
pub trait Catalogue {
    /// Whether actions of this prefix, such as `s3`, exist; `None` where there is no such service.
    fn service(&self, prefix: &str) -> Option<ServiceFacts>;

    /// Whether the service has the action, given without its prefix.
    fn has_action(&self, prefix: &str, name: &str) -> bool;

    /// The names of the service's actions.
    fn actions(&self, prefix: &str) -> Vec<String>;

    /// The ARN patterns of the resources that the action is authorized on, with `${…}` for what
    /// varies; none where it is authorized on `*` only. `None` where nothing is known of it.
    fn resource_arns(&self, prefix: &str, name: &str) -> Option<Vec<String>>;

    /// What is known of a condition key; `None` where there is no such key.
    fn condition_key(&self, name: &str) -> Option<KeyFacts>;

    /// Whether requests for the action may carry the key of its service.
    fn takes_key(&self, prefix: &str, name: &str, key: &str) -> bool;

    /// The service, action (`service:Name`) or condition key nearest to a misspelt one.
    fn nearest(&self, what: Named<'_>) -> Option<String>;
}

/// What a misspelt name should name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'n> {
    /// The prefix of a service.
    Service(&'n str),
    /// The prefix of a service that exists, and the name of an action.
    Action(&'n str, &'n str),
    /// A condition key.
    ConditionKey(&'n str),
}

/// What is known of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Whether its actions are listed: those of a closed service are not.
    pub lists_actions: bool,
}

/// What is known of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// What its values are.
    pub value_type: ValueType,
    /// Whether a request may carry several.
    pub is_multi_valued: bool,
    /// Whether requests to any service may carry it.
    pub is_global: bool,
}

/// What the values of a condition key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A date.
    Date,
    /// An address or a range.
    IpAddress,
    /// A date as a number of seconds.
    DateOrNumeric,
}

impl ValueType {
    /// What messages call it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Arn => "an ARN",
            Self::Bool => "a Boolean",
            Self::Numeric => "a number",
            Self::Date | Self::DateOrNumeric => "a date",
            Self::IpAddress => "an address",
        }
    }

    /// An operator that compares it.
    pub(crate) fn operator(self) -> &'static str {
        match self {
            Self::String => "StringEquals",
            Self::Arn => "ArnLike",
            Self::Bool => "Bool",
            Self::Numeric => "NumericEquals",
            Self::Date | Self::DateOrNumeric => "DateGreaterThan",
            Self::IpAddress => "IpAddress",
        }
    }

    /// Whether an operator can compare it. Text operators compare ARNs and Booleans as
    /// text, and a tag or another text may hold an ARN.
    pub(crate) fn fits(self, kind: ComparisonKind) -> bool {
        use ComparisonKind as Kind;
        match kind {
            Kind::Null | Kind::Unknown | Kind::BinaryEquals => true,
            Kind::StringEquals | Kind::StringEqualsIgnoreCase | Kind::StringLike => {
                matches!(self, Self::String | Self::Arn | Self::Bool)
            }
            Kind::ArnLike => matches!(self, Self::String | Self::Arn),
            Kind::Bool => self == Self::Bool,
            Kind::IpAddress => self == Self::IpAddress,
            Kind::NumericEquals
            | Kind::NumericLessThan
            | Kind::NumericLessThanEquals
            | Kind::NumericGreaterThan
            | Kind::NumericGreaterThanEquals => {
                matches!(self, Self::Numeric | Self::DateOrNumeric)
            }
            Kind::DateEquals
            | Kind::DateLessThan
            | Kind::DateLessThanEquals
            | Kind::DateGreaterThan
            | Kind::DateGreaterThanEquals => matches!(self, Self::Date | Self::DateOrNumeric),
        }
    }
}
