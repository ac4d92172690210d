//! Policies, and requests with the decisions that they must get.
//!
//! On disk a workload is JSON: `policies` with the documents kind by kind, and `requests`, each
//! with a `request` and what to `expect`. A request may name the `role` of its session and, in
//! `resource_policy`, the document under `policies.resource` that its resource has.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use retrigger::iam::{Context, Decision, Policy, PolicySet, Principal, Request};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The shared workloads, smallest policies first.
pub(crate) const SHARED: [&str; 7] = ["W1", "W2", "W3_10", "W3_100", "W3_1000", "W3_10000", "W4"];

/// Policies, and requests with the decisions that they must get.
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) documents: Documents,
    pub(crate) cases: Vec<Case>,
}

/// One request of a workload.
#[derive(Deserialize)]
#[serde(from = "CaseOnDisk")]
pub(crate) struct Case {
    pub(crate) request: Request,
    /// Which of [`Documents::resource`] its resource has.
    pub(crate) resource_policy: Option<String>,
    pub(crate) expect: Decision,
}

/// Policy documents as text, kind by kind.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Documents {
    pub(crate) identity: Vec<Box<RawValue>>,
    pub(crate) resource: BTreeMap<String, Box<RawValue>>,
    pub(crate) boundary: Option<Box<RawValue>>,
    pub(crate) scps: Option<Vec<Vec<Box<RawValue>>>>,
}

#[derive(Deserialize)]
struct OnDisk {
    policies: Documents,
    requests: Vec<Case>,
}

#[derive(Deserialize)]
struct CaseOnDisk {
    request: RequestOnDisk,
    expect: Decision,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestOnDisk {
    principal: Principal,
    action: String,
    resource: String,
    resource_account: Option<String>,
    #[serde(default)]
    context: Context,
    role: Option<String>,
    resource_policy: Option<String>,
}

impl From<CaseOnDisk> for Case {
    fn from(CaseOnDisk { request: on_disk, expect }: CaseOnDisk) -> Self {
        let mut request = Request::new(on_disk.principal, on_disk.action, on_disk.resource);
        request.declared_resource_account = on_disk.resource_account;
        request.session_issuer = on_disk.role;
        request.context = on_disk.context;
        Self { request, resource_policy: on_disk.resource_policy, expect }
    }
}

impl Workload {
    /// Reads a workload.
    pub(crate) fn read(name: &str, path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable workload");
        let OnDisk { policies, requests } = serde_json::from_str(&text).expect("a workload");
        Self { name: name.to_owned(), documents: policies, cases: requests }
    }

    /// How many statements its policies have.
    pub(crate) fn statements(&self) -> usize {
        let resources = self.documents.resource.values().map(|text| parse(text));
        let policies = self.documents.policy_set();
        let resources: usize = resources.map(|policy| policy.statements.len()).sum();
        policies.policies().map(|policy| policy.statements.len()).sum::<usize>() + resources
    }
}

impl Documents {
    /// All but the resources' policies.
    pub(crate) fn policy_set(&self) -> PolicySet {
        let levels = |levels: &Vec<Vec<_>>| levels.iter().map(|level| parse_all(level)).collect();
        PolicySet {
            identity: parse_all(&self.identity),
            boundary: self.boundary.as_deref().map(parse),
            scps: self.scps.as_ref().map(levels),
            ..PolicySet::default()
        }
    }
}

fn parse_all(texts: &[Box<RawValue>]) -> Vec<Policy> {
    texts.iter().map(|text| parse(text)).collect()
}

/// Reads a document that is known to be a policy.
pub(crate) fn parse(text: &RawValue) -> Policy {
    text.get().parse().expect("a policy without errors")
}

/// The account that a key's or a role's own policy leaves the decision to. Every key and role has
/// such a policy; where a workload names none, it is the one that only delegates.
pub(crate) fn delegated_account(request: &Request) -> Option<&str> {
    let resource = &request.resource;
    let is_key = resource.starts_with("arn:aws:kms:") && resource.contains(":key/");
    let is_role = resource.starts_with("arn:aws:iam:") && resource.contains(":role/");
    request.resource_account().filter(|_| is_key || is_role)
}

/// A resource's policy that leaves everything to the identity policies of its account.
pub(crate) fn delegating(account: &str) -> Policy {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*",
        "Principal": {{"AWS": "{account}"}}, "Resource": "*"}}}}"#
    );
    text.parse().expect("a policy without errors")
}

/// Where a shared workload is: beside the repository, or where `RETRIGGER_SHARED` says.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("RETRIGGER_SHARED").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = folder.unwrap_or_else(beside).join("bench").join(format!("{name}.json"));
    path.exists().then_some(path)
}

/// Every shared workload that there is. Says loudly which there are not.
#[expect(clippy::print_stderr, reason = "a workload that is not measured must be heard of")]
pub(crate) fn all_shared() -> Vec<(&'static str, PathBuf)> {
    let (found, missing): (Vec<_>, Vec<_>) =
        SHARED.map(|name| (name, shared(name))).into_iter().partition(|(_, path)| path.is_some());
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
        eprintln!("SKIPPED: no shared workloads {} (see RETRIGGER_SHARED)", names.join(", "));
    }
    found.into_iter().filter_map(|(name, path)| Some((name, path?))).collect()
}
