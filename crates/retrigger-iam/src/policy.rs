//! A policy document as data: what the parser makes and the evaluator reads.
//!
//! Every part keeps its [`Span`], and texts are kept as written. Elements appear in the order of
//! the IAM User Guide, "Grammar of the IAM JSON policy language".

use serde::Serialize;

use crate::{
    context::Context,
    operator::Operator,
    parse,
    pattern::Pattern,
    source::{Span, Text},
};

/// One policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What people call this document, such as ``inline policy `logs` of role `demo` ``. Empty
    /// until given with [`Policy::named`].
    pub name: String,
    /// The ARN of a managed policy, an SCP or an RCP.
    pub arn: Option<String>,
    /// The language version: the older one where the document names none.
    pub version: Version,
    /// The document's own `Id`.
    pub id: Option<Text>,
    /// The statements, in order.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// The same document under a name that explanations use.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same document with its ARN, which AWS adds to some denial texts.
    #[must_use]
    pub fn with_arn(mut self, arn: impl Into<String>) -> Self {
        self.arn = Some(arn.into());
        self
    }
}

/// The version of the policy language. Source: IAM User Guide, "IAM JSON policy elements:
/// Version".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Version {
    /// `2008-10-17`, also meant where a document names no version: `${…}` is literal text.
    #[default]
    #[serde(rename = "2008-10-17")]
    V2008,
    /// `2012-10-17`: policy variables are replaced.
    #[serde(rename = "2012-10-17")]
    V2012,
}

impl Version {
    /// Whether `${…}` is a policy variable.
    pub fn has_variables(self) -> bool {
        self == Self::V2012
    }
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The whole statement, braces included.
    pub span: Span,
    /// The statement's own id.
    pub sid: Option<Text>,
    /// What the statement does where it applies.
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`; absent in identity policies.
    pub principal: Option<PrincipalElement>,
    /// `Action` or `NotAction`.
    pub action: Option<ActionElement>,
    /// `Resource` or `NotResource`; absent in trust policies, whose resource is the role itself.
    pub resource: Option<ResourceElement>,
    /// The conditions, all of which must hold: one for each key under each operator.
    pub conditions: Vec<Condition>,
}

/// What a statement does where it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It refuses, whatever else grants.
    Deny,
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalElement {
    /// `NotPrincipal`.
    pub negated: bool,
    /// The element's value.
    pub span: Span,
    /// Who is listed.
    pub entries: Vec<PrincipalEntry>,
}

/// One name in a `Principal` or `NotPrincipal` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalEntry {
    /// Under which key it is listed.
    pub kind: PrincipalKind,
    /// The name.
    pub text: Text,
}

/// The keys of a `Principal` element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum PrincipalKind {
    /// `"AWS"`, and the bare `"*"`.
    #[serde(rename = "AWS")]
    Aws,
    /// `"Service"`.
    Service,
    /// `"Federated"`.
    Federated,
    /// `"CanonicalUser"`.
    CanonicalUser,
}

/// `Action` or `NotAction`.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionElement {
    /// `NotAction`.
    pub negated: bool,
    /// The element's value.
    pub span: Span,
    /// The patterns, any of which may match.
    pub patterns: Vec<ActionPattern>,
}

/// One pattern of an `Action` or `NotAction` element.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPattern {
    /// As written.
    pub text: Text,
    /// Ready to match, in lower case.
    pub pattern: Pattern,
}

impl ActionPattern {
    /// Whether it covers an action, such as `s3:GetObject`.
    pub fn covers(&self, action: &str) -> bool {
        self.pattern.matches(&action.to_ascii_lowercase(), &Context::default())
    }
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceElement {
    /// `NotResource`.
    pub negated: bool,
    /// The element's value.
    pub span: Span,
    /// The patterns, any of which may match.
    pub patterns: Vec<ResourcePattern>,
}

impl ResourceElement {
    /// `"Resource": "*"`, as if it stood at this place.
    pub fn any(span: Span) -> Self {
        let text = Text { value: "*".to_owned(), span };
        let patterns = vec![parse::resource_pattern(text, Version::V2012)];
        Self { negated: false, span, patterns }
    }
}

/// One pattern of a `Resource` or `NotResource` element.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePattern {
    /// As written.
    pub text: Text,
    /// The whole text as one pattern.
    pub whole: Pattern,
    /// The six parts of an ARN; `None` where the text has fewer.
    pub parts: Option<ArnPattern>,
}

/// An ARN pattern: five header parts and the resource part.
#[derive(Clone, Debug, PartialEq)]
pub struct ArnPattern {
    /// `arn`, partition, service, Region, account.
    pub header: [Pattern; 5],
    /// Everything after the fifth colon.
    pub resource: Pattern,
}

/// One key under one operator, with the values it is compared to.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// How it is compared.
    pub operator: Operator,
    /// The operator as written.
    pub operator_text: Text,
    /// The condition key.
    pub key: Text,
    /// The values, any of which may match (for a negated operator: none).
    pub values: Vec<ConditionValue>,
    /// From the key to the end of its values.
    pub span: Span,
}

/// One value of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionValue {
    /// As written.
    pub text: Text,
    /// Ready to match: variables are set apart, and wildcards where the operator knows them.
    pub pattern: Pattern,
    /// For ARN operators, the six parts; `None` where the text has fewer.
    pub arn: Option<ArnPattern>,
}
