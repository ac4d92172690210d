//! `Condition`: operators, keys and values.

use jsonc_parser::ast::{Object, ObjectProp, Value};

use crate::{
    finding::{Code, Finding, Severity},
    operator::{ComparisonKind, Operator},
    parse::{
        Parser,
        json::{name_span, one_or_many, span_of},
        shortened,
    },
    pattern::{Pattern, Syntax},
    policy::{ArnPattern, Condition, ConditionValue, Version},
    source::{Span, Text},
};

impl Parser {
    pub(super) fn conditions(&mut self, value: &Value<'_>, version: Version) -> Vec<Condition> {
        let Some(object) = self.object(value, "Condition") else { return Vec::new() };
        self.check_duplicates(object);
        let mut conditions = Vec::new();
        for property in &object.properties {
            let operator = self.operator(property);
            let operator_text = Text::new(shortened(property.name.as_str()), name_span(property));
            let what = format!("`{operator_text}`");
            let Some(keys) = self.object(&property.value, &what) else { continue };
            self.check_condition_keys(keys);
            for key in &keys.properties {
                conditions.push(self.condition(operator, &operator_text, key, version));
            }
        }
        conditions
    }

    fn operator(&mut self, property: &ObjectProp<'_>) -> Operator {
        let name = property.name.as_str();
        Operator::parse(name).unwrap_or_else(|| {
            let message = format!("unknown condition operator `{name}`");
            let finding = Finding::error(Code::UnknownOperator, name_span(property), message);
            let finding = if is_empty_object(&property.value) {
                // IAM stores a document whose unknown operator compares nothing.
                Finding { severity: Severity::Warning, ..finding }
            } else {
                finding
            };
            self.findings.push(match Operator::nearest(name) {
                Some(nearest) => finding.with_help(format!("did you mean \"{nearest}\"")),
                None => finding,
            });
            Operator::unknown()
        })
    }

    /// Key names are compared without regard to case, so the same key under two spellings stands
    /// twice.
    fn check_condition_keys(&mut self, keys: &Object<'_>) {
        let mut seen = std::collections::HashSet::new();
        for property in &keys.properties {
            let name = property.name.as_str();
            if !seen.insert(name.to_ascii_lowercase()) {
                let message = format!("condition key `{name}` stands twice under one operator");
                let span = name_span(property);
                self.fail(Finding::error(Code::DuplicateKey, span, message));
            }
        }
    }

    fn condition(
        &mut self,
        operator: Operator,
        operator_text: &Text,
        property: &ObjectProp<'_>,
        version: Version,
    ) -> Condition {
        let key = Text::new(property.name.as_str(), name_span(property));
        let texts: Vec<Text> = one_or_many(&property.value)
            .iter()
            .filter_map(|value| self.condition_text(value, &key))
            .collect();
        let kind = operator.comparison.kind;
        Condition {
            operator,
            operator_text: operator_text.clone(),
            span: Span::new(key.span.start, span_of(&property.value).end),
            key,
            values: texts.into_iter().map(|text| condition_value(text, kind, version)).collect(),
        }
    }

    /// Numbers and Booleans may stand unquoted.
    fn condition_text(&mut self, value: &Value<'_>, key: &Text) -> Option<Text> {
        let span = span_of(value);
        match value {
            Value::StringLit(text) => Some(Text::new(text.value.as_ref(), span)),
            Value::NumberLit(number) => Some(Text::new(number.value, span)),
            Value::BooleanLit(boolean) => Some(Text::new(boolean.value.to_string(), span)),
            _ => {
                self.wrong_type(
                    value,
                    &format!("value of `{}`", shortened(&key.value)),
                    "a string",
                );
                None
            }
        }
    }
}

fn is_empty_object(value: &Value<'_>) -> bool {
    value.as_object().is_some_and(|object| object.properties.is_empty())
}

fn condition_value(text: Text, kind: ComparisonKind, version: Version) -> ConditionValue {
    let syntax = Syntax {
        wildcards: kind.has_wildcards(),
        variables: kind.has_variables() && version.has_variables(),
    };
    let is_arn = kind == ComparisonKind::ArnLike;
    ConditionValue {
        pattern: Pattern::parse(&text.value, syntax),
        arn: ArnPattern::parse(&text.value, syntax, syntax).filter(|_| is_arn),
        text,
    }
}
