//! `Principal` and `NotPrincipal`: who is listed.

use jsonc_parser::ast::Value;

use crate::{
    finding::{Code, Finding, did_you_mean},
    parse::{
        Parser,
        json::{name_span, span_of},
    },
    policy::{PrincipalElement, PrincipalEntry, PrincipalKind},
};

const KINDS: [(&str, PrincipalKind); 4] = [
    ("AWS", PrincipalKind::Aws),
    ("Service", PrincipalKind::Service),
    ("Federated", PrincipalKind::Federated),
    ("CanonicalUser", PrincipalKind::CanonicalUser),
];

impl Parser {
    pub(super) fn principal(
        &mut self,
        value: &Value<'_>,
        negated: bool,
    ) -> Option<PrincipalElement> {
        let what = if negated { "NotPrincipal" } else { "Principal" };
        let entries = match value {
            Value::StringLit(_) => vec![self.bare_principal(value, what)?],
            Value::Object(_) => self.principal_map(value, what),
            _ => {
                self.wrong_type(value, what, "\"*\" or an object");
                return None;
            }
        };
        Some(PrincipalElement { negated, span: span_of(value), entries })
    }

    /// `"*"`, the only principal that stands without a key.
    fn bare_principal(&mut self, value: &Value<'_>, what: &str) -> Option<PrincipalEntry> {
        let text = self.text(value, what)?;
        if text.value == "*" {
            return Some(PrincipalEntry { kind: PrincipalKind::Aws, text });
        }
        let message = format!("`{text}` is no {what}");
        let help = format!("write {{\"AWS\": \"{text}\"}} or {{\"Service\": \"{text}\"}}");
        self.fail(Finding::error(Code::WrongType, text.span, message).with_help(help));
        None
    }

    fn principal_map(&mut self, value: &Value<'_>, what: &str) -> Vec<PrincipalEntry> {
        let Some(object) = value.as_object() else { return Vec::new() };
        self.check_duplicates(object);
        let mut entries = Vec::new();
        for property in &object.properties {
            let name = property.name.as_str();
            let Some((_, kind)) = KINDS.into_iter().find(|(known, _)| *known == name) else {
                let message = format!("`{name}` is no kind of principal");
                let help = did_you_mean(name, KINDS.map(|(known, _)| known)).unwrap_or_else(|| {
                    "the kinds are AWS, Service, Federated and CanonicalUser".to_owned()
                });
                let span = name_span(property);
                self.fail(Finding::error(Code::UnknownElement, span, message).with_help(help));
                continue;
            };
            let texts = self.texts(&property.value, what);
            entries.extend(texts.into_iter().map(|text| PrincipalEntry { kind, text }));
        }
        entries
    }
}
