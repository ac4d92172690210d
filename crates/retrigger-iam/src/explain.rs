//! Why a decision is what it is: every statement that was considered, and what it missed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    denial::Denial,
    need::Need,
    policy::Effect,
    source::{Span, Text},
};

/// What IAM decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// Something grants and nothing refuses.
    Allowed,
    /// A `Deny` statement applies.
    ExplicitlyDenied,
    /// Nothing grants that had to.
    ImplicitlyDenied,
    /// It hangs on condition keys of which it is not known whether the request carries them, or
    /// with which value.
    Undecided,
}

impl Decision {
    /// Whether the request goes through.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "Allowed",
            Self::ExplicitlyDenied => "ExplicitlyDenied",
            Self::ImplicitlyDenied => "ImplicitlyDenied",
            Self::Undecided => "Undecided",
        })
    }
}

/// A decision with everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// What each kind of policy contributed, in the order of evaluation. Organization policies
    /// have one check for each level from root to account.
    pub checks: Vec<Check>,
    /// Which kind of policy AWS names in its denial; `None` where allowed or undecided.
    pub denial: Option<Denial>,
    /// The unknown condition keys that an undecided decision hangs on, in alphabetical order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hangs_on: Vec<String>,
    /// What would have to be otherwise for the request to be allowed; empty where it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
}

impl Explanation {
    /// The statements that made the decision: those that deny, or else those that allow.
    pub fn deciding(&self) -> impl Iterator<Item = &StatementReport> {
        let effect = match self.decision {
            Decision::Allowed => Some(Effect::Allow),
            Decision::ExplicitlyDenied => Some(Effect::Deny),
            Decision::ImplicitlyDenied | Decision::Undecided => None,
        };
        self.statements().filter(move |report| report.applies() && Some(report.effect) == effect)
    }

    /// The `Allow` statements that missed the request by the least, nearest first: what to look
    /// at when a request is implicitly denied. Those that are about other callers are left out
    /// where there are some about this one.
    pub fn nearest_misses(&self) -> Vec<&StatementReport> {
        nearest(self.statements())
    }

    /// Every statement that was considered.
    pub fn statements(&self) -> impl Iterator<Item = &StatementReport> {
        self.checks.iter().flat_map(|check| &check.statements)
    }
}

/// The `Allow` statements among these that do not apply but nearly do, nearest first.
pub(crate) fn nearest<'r>(
    reports: impl Iterator<Item = &'r StatementReport>,
) -> Vec<&'r StatementReport> {
    let is_miss = |report: &&StatementReport| {
        report.effect == Effect::Allow && !report.applies() && report.is_near()
    };
    let mut misses: Vec<_> = reports.filter(is_miss).collect();
    if misses.iter().any(|report| report.is_about_caller()) {
        misses.retain(|report| report.is_about_caller());
    }
    misses.sort_by_key(|report| report.misses.len());
    misses
}

/// What the policies of one kind contributed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The kind.
    pub policy_type: PolicyType,
    /// For organization policies, the level from the root (0) to the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<usize>,
    /// The contribution.
    pub effect: CheckEffect,
    /// The statements of that kind, in order.
    pub statements: Vec<StatementReport>,
}

/// The kinds of policy, under the names that AWS uses in its request-authorization details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PolicyType {
    /// An SCP of the caller's organization.
    ServiceControlPolicy,
    /// An RCP of the resource owner's organization.
    ResourceControlPolicy,
    /// The policy of the VPC endpoint that the request came through.
    VpcEndpoint,
    /// The resource's own policy; for `sts:AssumeRole`, the role's trust policy.
    Resource,
    /// The caller's identity policies.
    Principal,
    /// The caller's permissions boundary.
    PermissionsBoundary,
    /// The session policies of the caller's session.
    Session,
}

impl PolicyType {
    /// What people call such a policy in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::ServiceControlPolicy => "service control policy",
            Self::ResourceControlPolicy => "resource control policy",
            Self::VpcEndpoint => "VPC endpoint policy",
            Self::Resource => "resource-based policy",
            Self::Principal => "identity-based policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }
}

/// What a kind of policy does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckEffect {
    /// It allows.
    Allow,
    /// It would have to allow and does not.
    ImplicitDeny,
    /// It denies.
    ExplicitDeny,
    /// It has no say: there is none, or it does not apply to this caller or resource, or its
    /// silence does not matter.
    NoImpact,
    /// It hangs on unknown keys what it does. AWS knows all keys, and has no such word.
    Undecided,
}

/// One statement that was considered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatementReport {
    /// The name of its policy.
    pub policy: String,
    /// The ARN of its policy, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_arn: Option<String>,
    /// Its place among the statements of the policy, from 0.
    pub index: usize,
    /// Its own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// What it does where it applies.
    pub effect: Effect,
    /// Where it stands in the policy document.
    pub span: Span,
    /// In a policy with principals: how the caller is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<CallerMatch>,
    /// What it missed; empty where it applies.
    pub misses: Vec<Miss>,
    /// The unknown condition keys that decide whether it applies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hangs_on: Vec<String>,
}

impl StatementReport {
    /// Whether the statement covers the request, whatever the unknown keys are.
    pub fn applies(&self) -> bool {
        self.misses.is_empty() && self.hangs_on.is_empty()
    }

    /// Whether it hangs on unknown keys that the statement covers the request.
    pub fn hangs(&self) -> bool {
        self.misses.is_empty() && !self.hangs_on.is_empty()
    }

    /// Whether it covers the request's action, so that its author may have meant the request.
    fn is_near(&self) -> bool {
        let is_action = |miss: &Miss| matches!(miss.element, Element::Action | Element::NotAction);
        !self.misses.iter().any(is_action)
    }

    /// Whether it is not another caller's.
    fn is_about_caller(&self) -> bool {
        let is_other =
            |miss: &Miss| matches!(miss.element, Element::Principal | Element::NotPrincipal);
        !self.misses.iter().any(is_other)
    }

    /// The statement as people name it: by its `Sid`, else by its number from 1.
    pub fn label(&self) -> String {
        match self.sid.as_deref() {
            Some(sid) if !sid.is_empty() => format!("`{sid}`"),
            _ => format!("{}", self.index + 1),
        }
    }
}

/// How a `Principal` element lists a caller, from the weakest grant to the strongest. Source:
/// IAM User Guide, "Policy evaluation logic" and "AWS JSON policy elements: Principal".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum CallerMatch {
    /// By account: delegates to the account's identity policies and grants nothing by itself.
    Account,
    /// By role, or by the user who federated the session: takes the place of the identity
    /// policies, but not of boundary and session policy.
    Role,
    /// By its own name, or as one of everybody: grants by itself.
    Direct,
}

/// One element that a statement missed, with what it lists and what the request has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// The element.
    pub element: Element,
    /// For a condition, its operator as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// For a condition, its key as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What the statement lists.
    pub listed: Vec<Text>,
    /// What the request has; `None` where it lacks the condition key.
    pub actual: Option<Vec<String>>,
    /// Policy variables in the listed values that the request gives no value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables_without_value: Vec<String>,
    /// The clause.
    pub span: Span,
}

/// The elements by which a statement can miss a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Element {
    /// `Principal` lists others.
    Principal,
    /// `NotPrincipal` lists the caller.
    NotPrincipal,
    /// `Action` lists others.
    Action,
    /// `NotAction` lists the action.
    NotAction,
    /// `Resource` lists others.
    Resource,
    /// `NotResource` lists the resource.
    NotResource,
    /// A condition does not hold.
    Condition,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Miss {
    /// The clause that was missed: `ArnLike on AWS:SourceArn`, or the name of an element.
    pub fn clause(&self) -> String {
        match (&self.operator, &self.key) {
            (Some(operator), Some(key)) => format!("{operator} on {key}"),
            _ => self.element.to_string(),
        }
    }

    /// What the request has instead, to be said beside the clause itself.
    pub fn found(&self) -> String {
        let Some(actual) = &self.actual else {
            return "the request has no such key".to_owned();
        };
        let actual = quoted(actual.iter().map(String::as_str));
        match self.element {
            Element::NotPrincipal | Element::NotAction | Element::NotResource => {
                format!("covers {actual}")
            }
            _ => format!("the request has {actual}"),
        }
    }
}

impl fmt::Display for Miss {
    /// For example: `ArnLike on AWS:SourceArn: the request has …, the policy says …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = quoted(self.listed.iter().map(|text| text.value.as_str()));
        write!(f, "{}: {}, the policy says {listed}", self.clause(), self.found())?;
        if !self.variables_without_value.is_empty() {
            let names = quoted(self.variables_without_value.iter().map(String::as_str));
            write!(f, " ({names} has no value in the request)")?;
        }
        Ok(())
    }
}

fn quoted<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.map(|text| format!("`{text}`")).collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}
