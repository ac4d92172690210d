//! Action patterns: `service:Name` with wildcards in the name.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Action".

use super::{Checker, Clause, quoted};
use crate::{
    finding::Code,
    kind::PolicyKind::{Rcp, Trust},
    source::Text,
};

impl Checker<'_> {
    pub(super) fn actions(&mut self, clause: Clause<'_>) {
        let Some(action) = &clause.statement.action else { return };
        for pattern in &action.patterns {
            let text = &pattern.text;
            self.action(text);
            self.action_of_kind(text);
        }
    }

    fn action(&mut self, text: &Text) {
        if text.value == "*" {
            return;
        }
        let action = match text.value.as_str() {
            "" => "the empty action".to_owned(),
            _ => format!("action {}", quoted(text)),
        };
        let Some((service, name)) = text.value.split_once(':') else {
            let message = format!("{action} names no service");
            self.error(Code::MalformedAction, text.span, message)
                .help("write service:Action, such as \"s3:GetObject\", or \"*\"");
            return;
        };
        let is_service = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        let is_name =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '?' | '-' | ',' | ' ');
        if name.contains(':') {
            let message = format!("{action} has more than one colon");
            self.error(Code::MalformedAction, text.span, message)
                .help("write service:Action, such as \"s3:GetObject\"");
        } else if service.is_empty() || !service.chars().all(is_service) {
            let message = format!("`{service}` in {action} is no service");
            let help = "a service prefix has letters, digits and hyphens, and no wildcard";
            self.error(Code::MalformedAction, text.span, message).help(help);
        } else if let Some(wrong) = name.chars().find(|c| !is_name(*c)) {
            let message = format!("`{wrong}` in {action} stands in no action's name");
            self.error(Code::MalformedAction, text.span, message).help(
                "an action's name has letters and digits, and may have the wildcards * and ?",
            );
        } else if name.is_empty() || name.contains([' ', ',']) {
            self.useless_action(text, service, name);
        }
    }

    /// AWS stores these and never finds such an action in a request.
    fn useless_action(&mut self, text: &Text, service: &str, name: &str) {
        let message = format!("action {} matches nothing", quoted(text));
        let names: Vec<&str> = name.split([' ', ',']).filter(|name| !name.is_empty()).collect();
        let help = match names.as_slice() {
            [] => format!("name an action, or write \"{service}:*\" for all of them"),
            [one] => format!("write \"{service}:{one}\""),
            _ => "list each action by itself, without blanks".to_owned(),
        };
        self.warning(Code::MalformedAction, text.span, message).help(help);
    }

    fn action_of_kind(&mut self, text: &Text) {
        if self.is(&[Rcp]) && text.value == "*" {
            let message = "action `*` in a resource control policy".to_owned();
            self.kind_error(Code::ForbiddenValue, text.span, message)
                .help("name the service, as in \"s3:*\"");
        }
        let service = text.value.split_once(':').map(|(service, _)| service);
        let is_other = service.is_some_and(|service| !service.eq_ignore_ascii_case("sts"));
        if self.is(&[Trust]) && is_other {
            let message = format!("action {} in a trust policy", quoted(text));
            self.kind_error(Code::ForbiddenValue, text.span, message)
                .help("a trust policy has the actions by which its role is assumed, such as \"sts:AssumeRole\"");
        }
    }
}
