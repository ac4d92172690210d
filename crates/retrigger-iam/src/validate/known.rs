//! What does not exist, and what does not go together, by the catalogue.
//!
//! IAM stores all of it, so nothing here is an error. Sources: Service Authorization Reference,
//! "Actions, resources, and condition keys for AWS services"; IAM User Guide, "IAM JSON policy
//! elements: Condition operators" and "Set operators for multivalued context keys".

use super::{Checker, Clause, quoted};
use crate::{
    catalogue::{Catalogue, KeyFacts, Named},
    finding::Code,
    operator::SetQualifier,
    policy::{Condition, ResourcePattern},
    source::Text,
};

/// AWS's ARNs are shorter; a longer text is not held against the patterns of ARNs.
const MAX_ARN: usize = 2048;

/// An action pattern split at its colon, where both sides are there.
fn split(text: &Text) -> Option<(&str, &str)> {
    let (service, name) = text.value.split_once(':')?;
    (!service.is_empty() && !name.is_empty() && !name.contains([':', ' ', ',']))
        .then_some((service, name))
}

fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?'])
}

impl Checker<'_> {
    pub(super) fn known(&mut self, clause: Clause<'_>) {
        let Some(catalogue) = self.catalogue else { return };
        let mut all_are_known = true;
        if let Some(action) = &clause.statement.action {
            for pattern in &action.patterns {
                all_are_known &= self.known_action(catalogue, &pattern.text);
            }
        }
        self.fit_resources(catalogue, clause);
        for condition in &clause.statement.conditions {
            self.known_key(catalogue, clause, condition, all_are_known);
        }
    }

    /// Whether the service and the action exist.
    fn known_action(&mut self, catalogue: &dyn Catalogue, text: &Text) -> bool {
        let Some((service, name)) = split(text) else { return text.value == "*" };
        let Some(facts) = catalogue.service(service) else {
            let message = format!("there is no service `{service}`, in action {}", quoted(text));
            let nearest = catalogue.nearest(Named::Service(service));
            let help = nearest.map(|nearest| format!("did you mean \"{nearest}:{name}\""));
            self.warning(Code::UnknownService, text.span, message).help = help;
            return false;
        };
        if name == "*" || !facts.lists_actions {
            return true;
        }
        let lower = name.to_ascii_lowercase();
        let is_known = if has_wildcard(name) {
            let mut names = catalogue.actions(service).into_iter();
            names.any(|known| glob(&lower, &known.to_ascii_lowercase()))
        } else {
            catalogue.has_action(service, name)
        };
        if !is_known {
            let message = if has_wildcard(name) {
                format!("no action of `{service}` fits {}", quoted(text))
            } else {
                format!("there is no action {}", quoted(text))
            };
            let plain = name.replace(['*', '?'], "");
            let nearest = catalogue.nearest(Named::Action(service, &plain));
            let help = nearest.map(|nearest| format!("did you mean \"{nearest}\""));
            self.warning(Code::UnknownAction, text.span, message).help = help;
        }
        is_known
    }

    /// Whether each action has a resource among those listed.
    fn fit_resources(&mut self, catalogue: &dyn Catalogue, clause: Clause<'_>) {
        let (Some(action), Some(resource)) = (&clause.statement.action, &clause.statement.resource)
        else {
            return;
        };
        let is_all = |pattern: &ResourcePattern| {
            pattern.text.value.len() > MAX_ARN || glob(&pattern.text.value, "*")
        };
        if action.negated || resource.negated || resource.patterns.iter().any(is_all) {
            return;
        }
        // What is no ARN has its own finding.
        if resource.patterns.iter().any(|pattern| pattern.parts.is_none()) {
            return;
        }
        for pattern in &action.patterns {
            let Some((service, name)) = split(&pattern.text) else { continue };
            if has_wildcard(name) {
                continue;
            }
            let Some(arns) = catalogue.resource_arns(service, name) else { continue };
            let text = &pattern.text;
            if arns.is_empty() {
                let message =
                    format!("action {} is authorized on no resource of its own", quoted(text));
                self.warning(Code::NoResourceLevel, text.span, message)
                    .help("give it a statement with \"Resource\": \"*\"");
            } else if !resource.patterns.iter().any(|listed| is_one_of(&listed.text, &arns)) {
                let message = format!("no resource listed is one of action {}", quoted(text));
                let help = format!("its resources are {}", some_of(&arns));
                self.warning(Code::UnfitResource, text.span, message).help(help);
            }
        }
    }

    fn known_key(
        &mut self,
        catalogue: &dyn Catalogue,
        clause: Clause<'_>,
        condition: &Condition,
        all_are_known: bool,
    ) {
        let key = &condition.key;
        let Some((service, _)) = key.value.split_once(':') else { return };
        let Some(facts) = catalogue.condition_key(&key.value) else {
            // The host of an identity provider, whose keys are its own.
            if !service.is_empty() && !service.contains(['.', '/', '$']) {
                let message = format!("there is no condition key {}", quoted(key));
                let nearest = catalogue.nearest(Named::ConditionKey(&key.value));
                let help = nearest.map(|nearest| format!("did you mean \"{nearest}\""));
                self.warning(Code::UnknownConditionKey, key.span, message).help = help;
            }
            return;
        };
        let is_taken =
            facts.is_global || !all_are_known || is_taken(catalogue, clause, service, &key.value);
        if !is_taken {
            let message =
                format!("no action of the statement knows the condition key {}", quoted(key));
            self.warning(Code::UnknownConditionKey, key.span, message).help(format!(
                "it is a key of actions of `{service}`: give these their own statement"
            ));
        }
        self.key_type(condition, facts);
        self.key_values(condition, facts);
    }

    fn key_type(&mut self, condition: &Condition, facts: KeyFacts) {
        let KeyFacts { value_type, .. } = facts;
        if value_type.fits(condition.operator.comparison.kind) {
            return;
        }
        let (key, operator) = (quoted(&condition.key), &condition.operator_text);
        let message = format!("`{operator}` cannot compare {key}, which is {}", value_type.noun());
        self.warning(Code::KeyTypeMismatch, condition.key.span, message)
            .help(format!("use an operator for it, such as \"{}\"", value_type.operator()));
    }

    fn key_values(&mut self, condition: &Condition, facts: KeyFacts) {
        use crate::operator::ComparisonKind::{Null, Unknown};
        if matches!(condition.operator.comparison.kind, Null | Unknown) {
            return;
        }
        let (key, operator) = (quoted(&condition.key), &condition.operator_text.value);
        let (message, help) = match (condition.operator.set, facts.is_multi_valued) {
            (None, true) => (
                format!(
                    "a request may have several values of {key}, and `{operator}` compares one"
                ),
                format!("write \"ForAnyValue:{operator}\" or \"ForAllValues:{operator}\""),
            ),
            (Some(set), false) => {
                let plain = operator.split_once(':').map_or(operator.as_str(), |(_, rest)| rest);
                let effect = match set {
                    SetQualifier::ForAllValues => "`ForAllValues` holds without it too",
                    SetQualifier::ForAnyValue => "`ForAnyValue` changes nothing",
                };
                (
                    format!("a request has one value of {key}: {effect}"),
                    format!("write \"{plain}\""),
                )
            }
            _ => return,
        };
        self.warning(Code::QualifierMismatch, condition.key.span, message).help(help);
    }
}

/// Whether some action of the statement is known to take the key, or may be.
fn is_taken(catalogue: &dyn Catalogue, clause: Clause<'_>, service: &str, key: &str) -> bool {
    let Some(action) = &clause.statement.action else { return true };
    action.negated
        || action.patterns.iter().any(|pattern| {
            let Some((prefix, name)) = split(&pattern.text) else { return true };
            if !has_wildcard(name) {
                return catalogue.takes_key(prefix, name, key);
            }
            // A wildcard of the same service is taken to reach an action that knows the key.
            prefix.eq_ignore_ascii_case(service)
                || catalogue
                    .actions(prefix)
                    .iter()
                    .any(|name| catalogue.takes_key(prefix, name, key))
        })
}

fn some_of(arns: &[String]) -> String {
    let shown: Vec<String> = arns.iter().take(3).map(|arn| format!("\"{arn}\"")).collect();
    let more = if arns.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// Whether an ARN exists that fits the listed pattern and one of the templates.
fn is_one_of(listed: &Text, templates: &[String]) -> bool {
    let listed = open(&listed.value);
    templates.iter().any(|template| overlap(&listed, &open(template)))
}

/// The text with each `${…}` as `*`.
fn open(text: &str) -> Vec<u8> {
    let mut rest = text;
    let mut opened = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("${") {
        let Some((_, after)) = after.split_once('}') else { break };
        opened.push_str(before);
        opened.push('*');
        rest = after;
    }
    opened.push_str(rest);
    opened.into_bytes()
}

/// Whether some text fits both patterns, each with `*` and `?`.
fn overlap(left: &[u8], right: &[u8]) -> bool {
    // `fits[j]`: the rest of `left` and `right[j..]` have a text in common.
    let mut fits = vec![false; right.len() + 1];
    for i in (0..=left.len()).rev() {
        let mut after = false;
        for j in (0..=right.len()).rev() {
            let below = fits[j];
            let (one, other) = (left.get(i), right.get(j));
            let right_of = fits.get(j + 1).copied().unwrap_or_default();
            let now = match (one, other) {
                (None, None) => true,
                (Some(b'*'), _) => below || other.is_some() && right_of,
                (_, Some(b'*')) => right_of || one.is_some() && below,
                (Some(a), Some(b)) => (a == b || *a == b'?' || *b == b'?') && after,
                _ => false,
            };
            // What `fits[j]` was is the diagonal of the next column.
            after = below;
            fits[j] = now;
        }
    }
    fits[0]
}

/// Whether `text`, taken literally, fits `pattern`.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut back) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(one) if *one == b'?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star, start)) = back else { return false };
                back = Some((star, start + 1));
                p = star + 1;
                t = start + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("arn:aws:s3:::bucket", "arn:*:s3:::*/*", false)]
    #[case("arn:aws:s3:::bucket/*", "arn:*:s3:::*/*", true)]
    #[case("arn:aws:s3:::bucket*", "arn:*:s3:::*/*", true)]
    #[case("arn:aws:s3:::b?/x", "arn:*:s3:::*/*", true)]
    #[case("", "", true)]
    #[case("", "*", true)]
    #[case("*", "", true)]
    #[case("a", "", false)]
    #[case("?", "", false)]
    #[case("a*c", "*b*", true)]
    #[case("a*c", "*d", false)]
    fn patterns_overlap_where_a_text_fits_both(
        #[case] left: &str,
        #[case] right: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(overlap(left.as_bytes(), right.as_bytes()), expected);
        assert_eq!(overlap(right.as_bytes(), left.as_bytes()), expected);
    }

    #[rstest]
    #[case("get*", "getobject", true)]
    #[case("get?", "get", false)]
    #[case("*acl", "getobjectacl", true)]
    #[case("**", "*", true)]
    #[case("arn:*", "*", false)]
    fn names_fit_patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(glob(pattern, text), expected);
    }
}
