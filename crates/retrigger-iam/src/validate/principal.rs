//! Principals: names that can be nobody.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and the page on `NotPrincipal`.

use super::{Checker, Clause, quoted};
use crate::{
    finding::Code,
    kind::PolicyKind::{Endpoint, Rcp},
    policy::{Effect, PrincipalElement, PrincipalEntry, PrincipalKind},
    principal::Principal,
    source::Text,
};

/// What is wrong with a name, and what to write.
type Fault = (String, String);

impl Checker<'_> {
    pub(super) fn principals(&mut self, clause: Clause<'_>) {
        let Some(element) = &clause.statement.principal else { return };
        if element.entries.is_empty() && !self.is_wrong(element.span) {
            let name = if element.negated { "NotPrincipal" } else { "Principal" };
            self.warning(Code::EmptyElement, element.span, format!("`{name}` names nobody"))
                .help("name who is meant: {\"AWS\": \"111122223333\"}");
        }
        if element.negated && clause.statement.effect == Effect::Allow {
            let message = "`NotPrincipal` with Effect `Allow` lets in everybody else";
            self.warning(Code::AllowNotPrincipal, clause.name_of("NotPrincipal"), message.into())
                .help("list whom to allow under `Principal`");
        }
        for entry in &element.entries {
            self.principal(entry);
        }
        self.only_everybody(element);
    }

    /// RCPs and endpoint policies are about everybody, and narrow that by conditions.
    fn only_everybody(&mut self, element: &PrincipalElement) {
        let other = element.entries.iter().find(|entry| entry.text.value != "*");
        let Some(entry) = other.filter(|_| !element.negated) else { return };
        let help =
            "write \"Principal\": \"*\", and name the caller in a condition on `aws:PrincipalArn`";
        if self.is(&[Rcp]) {
            let message = format!("principal {} in a resource control policy", quoted(&entry.text));
            self.kind_error(Code::ForbiddenValue, entry.text.span, message).help(help);
        } else if self.is(&[Endpoint]) {
            let message =
                format!("principal {} is refused by a gateway endpoint", quoted(&entry.text));
            self.warning(Code::ForbiddenValue, entry.text.span, message).help(help);
        }
    }

    fn principal(&mut self, entry: &PrincipalEntry) {
        let text = &entry.text;
        if text.value == "*" && entry.kind == PrincipalKind::Aws {
            return;
        }
        let fault = match entry.kind {
            _ if text.value.contains(['*', '?']) => Some(wildcard(text)),
            PrincipalKind::Aws => aws(text),
            PrincipalKind::Service => service(text),
            PrincipalKind::Federated => federated(text),
            PrincipalKind::CanonicalUser => canonical_user(text),
        };
        if let Some((message, help)) = fault {
            self.kind_error_or_warning(text, message, help);
        } else if is_unique_id(&text.value) {
            let message =
                format!("{} is the id of a deleted user or role, and matches nobody", quoted(text));
            self.warning(Code::InvalidPrincipal, text.span, message)
                .help("name the user or role that is there by its ARN");
        }
    }

    fn kind_error_or_warning(&mut self, text: &Text, message: String, help: String) {
        let finding = match self.kind {
            Some(_) => self.kind_error(Code::InvalidPrincipal, text.span, message),
            None => self.warning(Code::InvalidPrincipal, text.span, message),
        };
        finding.help(help);
    }
}

fn wildcard(text: &Text) -> Fault {
    let message =
        format!("principal {} has a wildcard, which stands for itself here", quoted(text));
    let help = "write {\"AWS\": \"*\"} with a condition such as `ArnLike` on `aws:PrincipalArn`";
    (message, help.to_owned())
}

fn aws(text: &Text) -> Option<Fault> {
    let value = text.value.as_str();
    let is_account = value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
    if is_account || is_unique_id(value) {
        return None;
    }
    let help = match value.parse() {
        Ok(
            Principal::User(_)
            | Principal::Role(_)
            | Principal::AssumedRole(_)
            | Principal::FederatedUser(_)
            | Principal::Root(_)
            | Principal::CanonicalUser(_),
        ) => return None,
        Ok(Principal::Service(_)) => format!("write {{\"Service\": \"{value}\"}}"),
        Ok(Principal::Federated(_)) => format!("write {{\"Federated\": \"{value}\"}}"),
        _ if value.contains(":group/") => "a group is no principal: name its users or roles".into(),
        _ => "name an account id, or the ARN of a user, role or session".to_owned(),
    };
    Some((format!("{} names no AWS principal", quoted(text)), help))
}

fn service(text: &Text) -> Option<Fault> {
    let value = text.value.as_str();
    if value.contains('.') && !value.contains([':', '/', ' ']) {
        return None;
    }
    let help = match value.parse() {
        Ok(
            Principal::User(_)
            | Principal::Role(_)
            | Principal::Root(_)
            | Principal::AssumedRole(_),
        ) => {
            format!("write {{\"AWS\": \"{value}\"}}")
        }
        _ if !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
            format!("did you mean \"{}.amazonaws.com\"", value.to_ascii_lowercase())
        }
        _ => "a service is a host name, such as \"lambda.amazonaws.com\"".to_owned(),
    };
    Some((format!("{} names no service", quoted(text)), help))
}

fn federated(text: &Text) -> Option<Fault> {
    let is_provider = matches!(text.value.parse(), Ok(Principal::Federated(_)));
    // Amazon's own providers have host names that look like services.
    let is_host = text.value.contains('.') && !text.value.contains([':', ' ']);
    if is_provider || is_host {
        return None;
    }
    let help = "name the ARN of a SAML or OIDC provider, or a provider's host name";
    Some((format!("{} names no identity provider", quoted(text)), help.to_owned()))
}

fn canonical_user(text: &Text) -> Option<Fault> {
    if matches!(text.value.parse(), Ok(Principal::CanonicalUser(_))) {
        return None;
    }
    let help = "a canonical user id has 64 hexadecimal digits";
    Some((format!("{} is no canonical user id", quoted(text)), help.to_owned()))
}

/// `AIDA…` and `AROA…`: what IAM shows in the place of a user or role that is no longer there.
fn is_unique_id(text: &str) -> bool {
    let is_plain = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text.len() >= 16 && is_plain && (text.starts_with("AIDA") || text.starts_with("AROA"))
}
