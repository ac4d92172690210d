//! From text to [`Policy`], with every problem found on the way.
//!
//! JSON itself is read by `jsonc-parser` with all its leniencies off: it gives the span of every
//! value and keeps duplicate keys, which the grammar forbids. Source of the grammar: IAM User
//! Guide, "Grammar of the IAM JSON policy language".

mod condition;
pub(crate) mod json;
mod principal;
mod statement;

pub(crate) use statement::resource_pattern;

use std::{borrow::Cow, fmt, str::FromStr};

use jsonc_parser::ast::{Object, Value};

use crate::{
    finding::{Code, Finding, Severity, did_you_mean},
    parse::json::{kind_of, span_of},
    policy::{Policy, Version},
    source::{Locations, Span, Text},
    validate,
};

/// The largest document that is read, in bytes. AWS stores no policy larger than some tens of
/// kilobytes; the bound is for texts that are no policy at all.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// What reading a document gives: the policy where it can be evaluated, and all that is wrong
/// with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The policy, unless a problem leaves its meaning open.
    pub policy: Option<Policy>,
    /// Every problem, in the order of the document.
    pub findings: Vec<Finding>,
}

/// A document that AWS would refuse: every problem with its line and column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidPolicy {
    /// Every problem, warnings included, in the order of the document.
    pub findings: Vec<Finding>,
    text: String,
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = Locations::new(&self.text);
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let place = places.of(finding.span.start);
            write!(f, "{separator}{}", finding.describe_at(place))?;
        }
        Ok(())
    }
}

impl Policy {
    /// Reads a document and says what is wrong with its grammar, with a warning for ARNs that
    /// match nothing. [`lint`](crate::lint) says more.
    ///
    /// Lenient where a document can be evaluated although AWS would refuse to store it, as with
    /// an unknown operator (which never holds). [`Policy::from_str`] is strict.
    pub fn parse(text: &str) -> Parsed {
        let Read { policy, mut findings, broken, .. } = read(text);
        findings.extend(policy.iter().flat_map(validate::useless_arns));
        findings.sort_by_key(|finding| finding.span.start);
        Parsed { policy: policy.filter(|_| !broken), findings }
    }
}

/// A document as read, before anyone asks whether it can be used.
pub(crate) struct Read<'t> {
    /// The document's JSON, where it is an object.
    pub(crate) document: Option<Object<'t>>,
    /// What could be understood: one statement for every object in `Statement`, in order. What is
    /// wrong is left out of it, or stands in it as something harmless.
    pub(crate) policy: Option<Policy>,
    /// What is wrong with the grammar, in no order.
    pub(crate) findings: Vec<Finding>,
    /// The document has no one meaning.
    broken: bool,
}

/// Reads JSON and the grammar of policies.
pub(crate) fn read(text: &str) -> Read<'_> {
    let mut parser = Parser { findings: Vec::new(), broken: false };
    let document = parser.json(text);
    let policy = document.as_ref().map(|object| parser.policy(object));
    let Parser { findings, broken } = parser;
    Read { document, policy, findings, broken }
}

impl FromStr for Policy {
    type Err = InvalidPolicy;

    /// Reads a document that has no error.
    ///
    /// ```
    /// # use retrigger_iam::Policy;
    /// let error = r#"{"Statement": {"Effect": "ALLOW", "Action": "*", "Resource": "*"}}"#
    ///     .parse::<Policy>()
    ///     .unwrap_err();
    /// assert_eq!(error.to_string(), "1:26: unknown Effect `ALLOW`; did you mean \"Allow\"");
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Parsed { policy, findings } = Self::parse(text);
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        match policy {
            Some(policy) if !findings.iter().any(is_error) => Ok(policy),
            _ => Err(InvalidPolicy { findings, text: text.to_owned() }),
        }
    }
}

/// A text as messages and reports have it: cut where it is longer than any name. What stands in
/// many of them must not be as long as the document.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    let mut places = text.char_indices().skip(LONGEST - 1).map(|(at, _)| at);
    match (places.next(), places.next()) {
        (Some(end), Some(_)) => format!("{}…", &text[..end]).into(),
        _ => text.into(),
    }
}

/// Collects problems while it reads.
struct Parser {
    findings: Vec<Finding>,
    /// A problem was met after which the document has no one meaning.
    broken: bool,
}

impl Parser {
    fn json<'t>(&mut self, text: &'t str) -> Option<Object<'t>> {
        if text.len() > MAX_DOCUMENT_BYTES {
            let message = format!("document of {} bytes is no policy", text.len());
            let help = format!("a policy has at most {MAX_DOCUMENT_BYTES} bytes here");
            let finding = Finding::error(Code::DocumentTooLarge, Span::default(), message);
            self.fail(finding.with_help(help));
            return None;
        }
        match json::parse(text) {
            Ok(Value::Object(object)) => return Some(object),
            Ok(other) => self.wrong_type(&other, "policy document", "an object"),
            Err(finding) => self.fail(finding),
        }
        None
    }

    fn policy(&mut self, object: &Object<'_>) -> Policy {
        const ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];
        self.check_keys(object, "policy", &ELEMENTS);
        let mut policy = Policy {
            name: String::new(),
            arn: None,
            version: Version::default(),
            id: None,
            statements: Vec::new(),
        };
        if let Some(version) = object.get("Version") {
            policy.version = self.version(&version.value);
        }
        policy.id = object.get("Id").and_then(|id| self.text(&id.value, "Id"));
        match object.get("Statement") {
            Some(statements) => {
                for value in json::one_or_many(&statements.value) {
                    policy.statements.extend(self.statement(value, policy.version));
                }
            }
            None => self.missing(object, "policy has no `Statement`"),
        }
        policy
    }

    fn version(&mut self, value: &Value<'_>) -> Version {
        const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
        let Some(text) = self.text(value, "Version") else { return Version::default() };
        match text.value.as_str() {
            "2012-10-17" => return Version::V2012,
            "2008-10-17" => return Version::V2008,
            _ => {}
        }
        let help = did_you_mean(&text.value, VERSIONS)
            .unwrap_or_else(|| "the versions are \"2012-10-17\" and \"2008-10-17\"".to_owned());
        let message = format!("unknown Version `{text}`");
        self.fail(Finding::error(Code::UnknownVersion, text.span, message).with_help(help));
        Version::default()
    }

    /// Records a problem after which the document has no one meaning.
    fn fail(&mut self, finding: Finding) {
        self.broken = true;
        self.findings.push(finding);
    }

    fn missing(&mut self, object: &Object<'_>, message: &str) {
        let start = object.range.start;
        let span = Span::new(start, start + 1);
        self.fail(Finding::error(Code::MissingElement, span, message));
    }

    fn object<'v, 'a>(&mut self, value: &'v Value<'a>, what: &str) -> Option<&'v Object<'a>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong_type(value, what, "an object");
        }
        object
    }

    fn text(&mut self, value: &Value<'_>, what: &str) -> Option<Text> {
        let text = value.as_string_lit();
        if text.is_none() {
            self.wrong_type(value, what, "a string");
        }
        text.map(|text| Text::new(text.value.as_ref(), span_of(value)))
    }

    /// One string, or an array of strings.
    fn texts(&mut self, value: &Value<'_>, what: &str) -> Vec<Text> {
        json::one_or_many(value).iter().filter_map(|item| self.text(item, what)).collect()
    }

    fn wrong_type(&mut self, value: &Value<'_>, what: &str, expected: &str) {
        let message = format!("{what} must be {expected}, found {}", kind_of(value));
        let mut finding = Finding::error(Code::WrongType, span_of(value), message);
        finding.help = json::intrinsic_function(value).map(|name| {
            format!("`{name}` is CloudFormation's; lint the document that the template makes")
        });
        self.fail(finding);
    }

    /// Reports keys that are no element, and keys that stand twice.
    fn check_keys(&mut self, object: &Object<'_>, owner: &str, elements: &[&str]) {
        self.check_duplicates(object);
        for property in &object.properties {
            let name = property.name.as_str();
            if elements.contains(&name) {
                continue;
            }
            let span = json::name_span(property);
            let help = did_you_mean(name, elements.iter().copied())
                .unwrap_or_else(|| format!("a {owner} has {}", elements.join(", ")));
            let message = format!("`{name}` is no element of a {owner}");
            self.fail(Finding::error(Code::UnknownElement, span, message).with_help(help));
        }
    }

    fn check_duplicates(&mut self, object: &Object<'_>) {
        let mut seen = std::collections::HashSet::new();
        for property in &object.properties {
            if !seen.insert(property.name.as_str()) {
                let message = format!("`{}` stands twice", property.name.as_str());
                let span = json::name_span(property);
                self.fail(Finding::error(Code::DuplicateKey, span, message));
            }
        }
    }
}

#[cfg(test)]
mod tests;
