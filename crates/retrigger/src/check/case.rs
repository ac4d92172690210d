//! One case of a check file.

use retrigger_iam::{Decision, Finding, Policy, PolicySet, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One authorization request with its policies and the decision it must get.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique name.
    pub id: String,
    /// Where the case comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What the case is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What is asked.
    pub request: Request,
    /// The policies in force.
    #[serde(default)]
    pub policies: Policies,
    /// The decision that it must get.
    pub expect: Decision,
    /// `expect` deviates from AWS's documentation.
    #[serde(default)]
    pub disputed: bool,
    /// What AWS's documentation says, where `expect` deviates from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs_expect: Option<Decision>,
    /// Why the expectation is less than settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Other sources of the same case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<serde_json::Value>,
}

impl Case {
    /// What the case must get: the word of the documentation where it has one.
    pub fn expected(&self) -> Decision {
        self.docs_expect.unwrap_or(self.expect)
    }

    /// Whether the expectation is documented, so that missing it is a failure.
    pub fn is_settled(&self) -> bool {
        self.confidence.is_none() && (!self.disputed || self.docs_expect.is_some())
    }
}

/// The policies of a case, each document as its own JSON text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// The caller's identity policies.
    #[serde(default)]
    pub identity: Vec<Box<RawValue>>,
    /// The resource's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Box<RawValue>>,
    /// The caller's permissions boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Box<RawValue>>,
    /// The session policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Vec<Box<RawValue>>>,
    /// The SCPs, level by level from the root to the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scps: Option<Vec<Vec<Box<RawValue>>>>,
    /// The RCPs, level by level from the root to the account.
    #[serde(default)]
    pub rcps: Vec<Vec<Box<RawValue>>>,
    /// The VPC endpoint's policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Vec<Box<RawValue>>>,
}

impl Policies {
    /// The text of every document.
    pub(super) fn documents(&self) -> impl Iterator<Item = &RawValue> {
        let levels = self.scps.iter().flatten().chain(&self.rcps);
        let lists = self.session.iter().chain(&self.endpoint).chain(levels);
        let listed = lists.flatten().chain(&self.identity);
        listed.chain(&self.resource).chain(&self.boundary).map(AsRef::as_ref)
    }

    /// Reads every document.
    pub(super) fn parse(&self) -> (PolicySet, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut one = |raw: &RawValue, name: &str| parse(raw, name, &mut findings);
        let mut list = |raws: &[Box<RawValue>], name: &str| -> Vec<Policy> {
            raws.iter().filter_map(|raw| one(raw, name)).collect()
        };
        let identity = list(&self.identity, "identity policy");
        let session = self.session.as_ref().map(|raws| list(raws, "session policy"));
        let endpoint = self.endpoint.as_ref().map(|raws| list(raws, "endpoint policy"));
        let mut levels = |levels: &[Vec<Box<RawValue>>], name| -> Vec<Vec<Policy>> {
            levels.iter().map(|raws| list(raws, name)).collect()
        };
        let rcps = levels(&self.rcps, "resource control policy");
        let scps = self.scps.as_ref().map(|scps| levels(scps, "service control policy"));
        let resource = self.resource.as_ref().and_then(|raw| one(raw, "resource policy"));
        let boundary = self.boundary.as_ref().and_then(|raw| one(raw, "permissions boundary"));
        (PolicySet { identity, resource, boundary, session, scps, rcps, endpoint }, findings)
    }
}

fn parse(raw: &RawValue, name: &str, findings: &mut Vec<Finding>) -> Option<Policy> {
    let parsed = Policy::parse(raw.get());
    findings.extend(parsed.findings);
    parsed.policy.map(|policy| policy.named(name))
}
