//! One statement: its effect, and what it covers.

use jsonc_parser::ast::{Object, Value};

use crate::{
    finding::{Code, Finding, did_you_mean},
    parse::{
        Parser,
        json::{name_span, span_of},
    },
    pattern::{Pattern, Syntax},
    policy::{
        ActionElement, ActionPattern, ArnPattern, Effect, ResourceElement, ResourcePattern,
        Statement, Version,
    },
    source::Text,
};

const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl Parser {
    pub(super) fn statement(&mut self, value: &Value<'_>, version: Version) -> Option<Statement> {
        let object = self.object(value, "statement")?;
        self.check_keys(object, "statement", &ELEMENTS);
        let sid = object.get("Sid").and_then(|sid| self.text(&sid.value, "Sid"));
        let effect = self.effect(object);
        let principal = self.either(object, "Principal", "NotPrincipal");
        let principal = principal.and_then(|(negated, value)| self.principal(value, negated));
        let action = self.either(object, "Action", "NotAction");
        let action = action.map(|(negated, value)| self.action(value, negated));
        let resource = self.either(object, "Resource", "NotResource");
        let resource = resource.map(|(negated, value)| self.resource(value, negated, version));
        let conditions = match object.get("Condition") {
            Some(condition) => self.conditions(&condition.value, version),
            None => Vec::new(),
        };
        let span = span_of(value);
        Some(Statement { span, sid, effect, principal, action, resource, conditions })
    }

    /// The effect; where it is missing or unknown, and the document thereby broken, `Deny`, which
    /// validation has the least to say about.
    fn effect(&mut self, object: &Object<'_>) -> Effect {
        let Some(property) = object.get("Effect") else {
            self.missing(object, "statement has no `Effect`");
            return Effect::Deny;
        };
        let Some(text) = self.text(&property.value, "Effect") else { return Effect::Deny };
        match text.value.as_str() {
            "Allow" => return Effect::Allow,
            "Deny" => return Effect::Deny,
            _ => {}
        }
        let help = did_you_mean(&text.value, ["Allow", "Deny"])
            .unwrap_or_else(|| "an Effect is \"Allow\" or \"Deny\"".to_owned());
        let message = format!("unknown Effect `{text}`");
        self.fail(Finding::error(Code::UnknownEffect, text.span, message).with_help(help));
        Effect::Deny
    }

    /// The one of an element and its negation that is there, and whether it is the negation.
    fn either<'o, 'a>(
        &mut self,
        object: &'o Object<'a>,
        plain: &str,
        negation: &str,
    ) -> Option<(bool, &'o Value<'a>)> {
        match (object.get(plain), object.get(negation)) {
            (Some(_), Some(second)) => {
                let message = format!("`{plain}` and `{negation}` exclude each other");
                let span = name_span(second);
                self.fail(Finding::error(Code::ConflictingElements, span, message));
                None
            }
            (Some(property), None) => Some((false, &property.value)),
            (None, Some(property)) => Some((true, &property.value)),
            (None, None) => None,
        }
    }

    fn action(&mut self, value: &Value<'_>, negated: bool) -> ActionElement {
        let what = if negated { "NotAction" } else { "Action" };
        let pattern = |text: Text| {
            let pattern = Pattern::parse(&text.value.to_ascii_lowercase(), Syntax::WILDCARDS);
            ActionPattern { text, pattern }
        };
        let patterns = self.texts(value, what).into_iter().map(pattern).collect();
        ActionElement { negated, span: span_of(value), patterns }
    }

    fn resource(&mut self, value: &Value<'_>, negated: bool, version: Version) -> ResourceElement {
        let what = if negated { "NotResource" } else { "Resource" };
        let texts = match value {
            Value::Array(list) => {
                list.elements.iter().filter_map(|item| self.resource_text(item, what)).collect()
            }
            single => self.texts(single, what),
        };
        let patterns = texts.into_iter().map(|text| resource_pattern(text, version)).collect();
        ResourceElement { negated, span: span_of(value), patterns }
    }

    /// AWS accepts a `null` in a list of resources, which then names nothing.
    fn resource_text(&mut self, value: &Value<'_>, what: &str) -> Option<Text> {
        if !matches!(value, Value::NullKeyword(_)) {
            return self.text(value, what);
        }
        let message = format!("`null` in {what} names nothing");
        self.findings.push(Finding::warning(Code::WrongType, span_of(value), message));
        None
    }
}

pub(crate) fn resource_pattern(text: Text, version: Version) -> ResourcePattern {
    let resource = Syntax { wildcards: true, variables: version.has_variables() };
    ResourcePattern {
        whole: Pattern::parse_resource(&text.value, resource),
        parts: ArnPattern::parse(&text.value, Syntax::WILDCARDS, resource),
        text,
    }
}
