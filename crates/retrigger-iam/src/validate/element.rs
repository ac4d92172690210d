//! Elements that a kind of policy forbids or demands, and elements that are empty.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements reference"; AWS Organizations User Guide,
//! "RCP syntax"; Amazon VPC guide, "Control access to VPC endpoints using endpoint policies".

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::{Checker, Clause, first_byte};
use crate::{
    finding::Code,
    kind::PolicyKind::{
        self, Boundary, Endpoint, Identity, Managed, Rcp, Resource, Scp, Session, Trust,
    },
    parse::json::{name_span, span_of},
    policy::Effect,
};

const WITHOUT_PRINCIPAL: [PolicyKind; 5] = [Identity, Managed, Boundary, Session, Scp];

impl Checker<'_> {
    /// Managed policies and RCPs are stored under the current version only.
    pub(super) fn version(&mut self, object: &Object<'_>) {
        if !self.is(&[Managed, Boundary, Rcp]) {
            return;
        }
        let noun = self.noun();
        let (span, message) = match object.get("Version") {
            None => (first_byte(object), format!("{noun} must say its `Version`")),
            Some(property) if is_older(&property.value) => {
                let message = format!("{noun} cannot have the Version `2008-10-17`");
                (span_of(&property.value), message)
            }
            Some(_) => return,
        };
        self.kind_error(Code::OutdatedVersion, span, message)
            .help("write \"Version\": \"2012-10-17\"");
    }

    pub(super) fn statement_list(&mut self, object: &Object<'_>) {
        let Some(property) = object.get("Statement") else { return };
        let Value::Array(list) = &property.value else { return };
        if list.elements.is_empty() {
            let message = "`Statement` is empty".to_owned();
            self.iam_error(Code::EmptyElement, span_of(&property.value), message)
                .help("a policy has at least one statement");
        }
    }

    pub(super) fn elements(&mut self, clause: Clause<'_>) {
        self.principal_element(clause);
        self.action_element(clause);
        self.resource_element(clause);
        if self.is(&[Rcp]) && clause.statement.effect == Effect::Allow {
            let span = clause.object.get("Effect").map(|property| span_of(&property.value));
            let message = "Effect `Allow` in a resource control policy".to_owned();
            self.kind_error(Code::ForbiddenValue, span.unwrap_or_default(), message)
                .help("a resource control policy only denies: write \"Deny\"");
        }
        if let Some(property) = clause.object.get("Condition") {
            self.empty_conditions(property);
        }
    }

    fn principal_element(&mut self, clause: Clause<'_>) {
        if self.is(&WITHOUT_PRINCIPAL) {
            self.forbid(
                clause,
                &["Principal", "NotPrincipal"],
                "applies to what it is attached to: remove the element",
            );
            return;
        }
        if self.is(&[Trust, Rcp, Endpoint]) {
            self.forbid(clause, &["NotPrincipal"], "names those it applies to: use `Principal`");
        }
        if clause.has("Principal") || clause.has("NotPrincipal") {
            return;
        }
        let span = first_byte(clause.object);
        let message = "statement has no `Principal`".to_owned();
        if self.is(&[Trust, Rcp, Endpoint]) {
            let help = match self.kind {
                Some(Trust) => {
                    "name who may assume the role: \"Principal\": {\"Service\": \"lambda.amazonaws.com\"}"
                }
                _ => "write \"Principal\": \"*\"",
            };
            self.kind_error(Code::MissingElement, span, message).help(help);
        } else if self.is(&[Resource]) {
            self.warning(Code::MissingElement, span, format!("{message} and applies to nobody"))
                .help("name who is meant: \"Principal\": {\"AWS\": \"111122223333\"}");
        }
    }

    fn action_element(&mut self, clause: Clause<'_>) {
        if self.is(&[Rcp]) {
            self.forbid(clause, &["NotAction"], "lists its actions: use `Action`");
        }
        let Some(action) = &clause.statement.action else {
            if !clause.has("Action") && !clause.has("NotAction") {
                self.missing(clause, "Action");
            }
            return;
        };
        if action.patterns.is_empty() && !self.is_wrong(action.span) {
            let name = if action.negated { "NotAction" } else { "Action" };
            let message = format!("`{name}` is empty");
            self.iam_error(Code::EmptyElement, action.span, message)
                .help("list at least one action");
        }
    }

    fn resource_element(&mut self, clause: Clause<'_>) {
        if self.is(&[Trust]) {
            self.forbid(
                clause,
                &["Resource", "NotResource"],
                "is about its own role: remove the element",
            );
            return;
        }
        let Some(resource) = &clause.statement.resource else {
            // Some services' policies have no resource, the one they are attached to being meant.
            if !clause.has("Resource")
                && !clause.has("NotResource")
                && !self.is(&[Resource])
                && self.kind.is_some()
            {
                self.missing(clause, "Resource");
            }
            return;
        };
        if resource.patterns.is_empty() && !self.is_wrong(resource.span) {
            let name = if resource.negated { "NotResource" } else { "Resource" };
            let message = format!("`{name}` is empty");
            self.iam_error(Code::EmptyElement, resource.span, message)
                .help("list at least one ARN, or write \"*\"");
        }
    }

    /// An operator without keys and a key without values compare nothing.
    fn empty_conditions(&mut self, property: &ObjectProp<'_>) {
        let Some(operators) = property.value.as_object() else { return };
        for operator in &operators.properties {
            let Some(keys) = operator.value.as_object() else { continue };
            if keys.properties.is_empty() {
                let message = format!("`{}` compares no key", operator.name.as_str());
                self.warning(Code::EmptyElement, name_span(operator), message)
                    .help("add a key with its values, or remove the operator");
            }
            for key in &keys.properties {
                let Value::Array(values) = &key.value else { continue };
                if values.elements.is_empty() {
                    let message = format!("condition key `{}` has no value", key.name.as_str());
                    self.warning(Code::EmptyElement, span_of(&key.value), message)
                        .help("add a value; to ask whether the key is there at all, use `Null`");
                }
            }
        }
    }

    fn missing(&mut self, clause: Clause<'_>, element: &str) {
        let span = first_byte(clause.object);
        let message = format!("statement has no `{element}`");
        let help = format!("add `{element}` or `Not{element}`");
        if self.kind.is_some() {
            self.kind_error(Code::MissingElement, span, message).help(help);
        } else {
            self.warning(Code::MissingElement, span, format!("{message} and applies to nothing"))
                .help(help);
        }
    }

    fn forbid(&mut self, clause: Clause<'_>, elements: &[&str], why: &str) {
        for element in elements.iter().filter(|element| clause.has(element)) {
            let noun = self.noun();
            let message = format!("`{element}` in {noun}");
            self.kind_error(Code::ForbiddenElement, clause.name_of(element), message)
                .help(format!("{noun} {why}"));
        }
    }
}

fn is_older(version: &Value<'_>) -> bool {
    version.as_string_lit().is_some_and(|text| text.value == "2008-10-17")
}
