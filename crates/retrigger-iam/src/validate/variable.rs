//! Policy variables: their form, and where they are replaced.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use super::{Checker, Clause, quoted};
use crate::{
    finding::Code,
    policy::{Condition, Version},
    source::Text,
};

/// What a `${…}` in a text is.
enum Variable<'t> {
    /// `${` without its `}`.
    Open,
    /// The text between the braces.
    Closed(&'t str),
}

fn variables(mut text: &str) -> impl Iterator<Item = Variable<'_>> {
    std::iter::from_fn(move || {
        let start = text.find("${")? + 2;
        let rest = &text[start..];
        let Some(end) = rest.find('}') else {
            text = "";
            return Some(Variable::Open);
        };
        text = &rest[end + 1..];
        Some(Variable::Closed(&rest[..end]))
    })
}

impl Checker<'_> {
    pub(super) fn variables(&mut self, clause: Clause<'_>, version: Version) {
        let statement = clause.statement;
        for pattern in statement.resource.iter().flat_map(|resource| &resource.patterns) {
            let head = pattern.text.value.splitn(6, ':').take(5);
            let is_in_head =
                head.clone().count() == 5 && head.clone().any(|part| part.contains("${"));
            if is_in_head && version.has_variables() && is_whole(&pattern.text.value) {
                self.misplaced(&pattern.text, "before the fifth colon of an ARN");
            } else {
                self.replaced(&pattern.text, version);
            }
        }
        for condition in &statement.conditions {
            self.variables_of_condition(condition, version);
        }
        for entry in statement.principal.iter().flat_map(|principal| &principal.entries) {
            if entry.text.value.contains("${") {
                self.misplaced(&entry.text, "in a principal");
            }
        }
    }

    fn variables_of_condition(&mut self, condition: &Condition, version: Version) {
        if condition.key.value.contains("${") {
            self.misplaced(&condition.key, "in a condition key");
        }
        let replaces = condition.operator.comparison.kind.has_variables();
        for value in &condition.values {
            if replaces {
                self.replaced(&value.text, version);
            } else if value.text.value.contains("${") {
                let place = format!("under `{}`", condition.operator_text);
                self.misplaced(&value.text, &place);
            }
        }
    }

    /// A text in which variables are replaced, if the version has them.
    fn replaced(&mut self, text: &Text, version: Version) {
        for variable in variables(&text.value) {
            match variable {
                Variable::Closed(body) if !version.has_variables() && body.contains(':') => {
                    let message =
                        format!("`${{{body}}}` is plain text under the Version `2008-10-17`");
                    self.warning(Code::MisplacedVariable, text.span, message)
                        .help("write \"Version\": \"2012-10-17\"");
                    return;
                }
                Variable::Closed(body) => self.body(text, body),
                Variable::Open => {
                    let message = format!("a variable in {} has no closing brace", quoted(text));
                    self.warning(Code::MalformedVariable, text.span, message).help("write ${key}");
                }
            }
        }
    }

    fn body(&mut self, text: &Text, body: &str) {
        if matches!(body, "*" | "?" | "$") {
            return;
        }
        let (key, default) = match body.split_once(',') {
            Some((key, default)) => (key, Some(default.trim())),
            None => (body, None),
        };
        let is_quoted =
            |text: &str| text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'');
        let (problem, help) = if key.trim().is_empty() {
            ("names no condition key", "name one, as in ${aws:username}")
        } else if key.contains(char::is_whitespace) {
            ("has a blank in its key", "write the key without blanks, as in ${aws:username}")
        } else if !key.contains(':') {
            ("names no condition key", "a key is service:name, as in ${aws:username}")
        } else if default.is_some_and(|default| !is_quoted(default)) {
            ("has a default without quotes", "write it as in ${aws:username, 'nobody'}")
        } else {
            return;
        };
        self.warning(
            Code::MalformedVariable,
            text.span,
            format!("variable `${{{body}}}` {problem}"),
        )
        .help(help);
    }

    fn misplaced(&mut self, text: &Text, place: &str) {
        let message =
            format!("the variable in {} stands {place}, where none is replaced", quoted(text));
        let help = "variables are replaced in the resource part of an ARN, and under string and ARN operators";
        self.warning(Code::MisplacedVariable, text.span, message).help(help);
    }
}

/// Whether every variable in it has its closing brace and a key with a service.
fn is_whole(text: &str) -> bool {
    variables(text).all(|variable| matches!(variable, Variable::Closed(body) if body.contains(':')))
}
