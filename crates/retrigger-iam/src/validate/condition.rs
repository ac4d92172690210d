//! Conditions: values that their operator cannot compare, and keys that no request has.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators".

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Checker, Clause, date::is_date, quoted};
use crate::{
    finding::Code, operator::ComparisonKind as Kind, policy::Condition, source::Text, value,
};

/// What an operator compares, where not any text will do.
struct Expected {
    is_one: fn(&str) -> bool,
    what: &'static str,
    example: &'static str,
}

fn expected(kind: Kind) -> Option<Expected> {
    let (is_one, what, example): (fn(&str) -> bool, _, _) = match kind {
        Kind::NumericEquals
        | Kind::NumericLessThan
        | Kind::NumericLessThanEquals
        | Kind::NumericGreaterThan
        | Kind::NumericGreaterThanEquals => (|text| value::number(text).is_some(), "number", "10"),
        Kind::DateEquals
        | Kind::DateLessThan
        | Kind::DateLessThanEquals
        | Kind::DateGreaterThan
        | Kind::DateGreaterThanEquals => (is_date, "date", "2026-03-02T09:00:00Z"),
        Kind::Bool | Kind::Null => (is_boolean, "Boolean", "true"),
        Kind::IpAddress => {
            (|text| value::address_range(text).is_some(), "address or CIDR range", "203.0.113.0/24")
        }
        Kind::BinaryEquals => (|text| BASE64_STANDARD.decode(text).is_ok(), "base64 text", "AAEC"),
        _ => return None,
    };
    Some(Expected { is_one, what, example })
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

impl Checker<'_> {
    pub(super) fn conditions(&mut self, clause: Clause<'_>) {
        for condition in &clause.statement.conditions {
            self.condition_key(&condition.key);
            self.condition_values(condition);
            self.condition_arns(condition);
            self.wildcards_taken_literally(condition);
        }
    }

    fn condition_key(&mut self, key: &Text) {
        let is_key = key.value.split_once(':').is_some_and(|(service, name)| {
            !service.is_empty() && !name.is_empty() && !service.contains(char::is_whitespace)
        });
        if is_key {
            return;
        }
        let message =
            format!("condition key {} names no service and is in no request", quoted(key));
        self.warning(Code::MalformedConditionKey, key.span, message)
            .help("a key is service:name, such as \"aws:SourceArn\"");
    }

    /// Of dates IAM refuses what it cannot read; everything else is stored and never matches.
    fn condition_values(&mut self, condition: &Condition) {
        let kind = condition.operator.comparison.kind;
        let Some(Expected { is_one, what, example }) = expected(kind) else { return };
        let operator = &condition.operator_text;
        for Text { value, span } in condition.values.iter().map(|value| &value.text) {
            if is_one(value) || value.contains("${") {
                continue;
            }
            let shown = quoted(&Text::new(value.as_str(), *span));
            let message = format!("{shown} is no {what}, which `{operator}` compares");
            let finding = if what == "date" {
                self.iam_error(Code::ValueMismatch, *span, message)
            } else {
                self.warning(Code::ValueMismatch, *span, message)
            };
            finding.help(format!("write it as in \"{example}\""));
        }
    }

    fn wildcards_taken_literally(&mut self, condition: &Condition) {
        let kind = condition.operator.comparison.kind;
        if !matches!(kind, Kind::StringEquals | Kind::StringEqualsIgnoreCase) {
            return;
        }
        let operator = &condition.operator_text.value;
        for value in &condition.values {
            let text = &value.text;
            let plain = text.value.replace("${*}", "").replace("${?}", "");
            if !plain.contains(['*', '?']) {
                continue;
            }
            let message = format!("`{operator}` takes the wildcard in {} literally", quoted(text));
            let like = operator.replace("EqualsIgnoreCase", "Like").replace("Equals", "Like");
            self.warning(Code::LiteralWildcard, text.span, message)
                .help(format!("did you mean \"{like}\""));
        }
    }
}
