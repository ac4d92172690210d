//! The policies of a case, kind by kind.

use retrigger_iam::{Policy, PolicySet};
use serde::{Deserialize, Serialize};

/// One document or more of each kind of policy, as JSON or as JSON text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kinds<T> {
    #[serde(default = "Vec::new")]
    pub(crate) identity: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) boundary: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<Vec<T>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scps: Option<Vec<Vec<T>>>,
    #[serde(default = "Vec::new")]
    pub(crate) rcps: Vec<Vec<T>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<Vec<T>>,
}

impl<T> Default for Kinds<T> {
    fn default() -> Self {
        Self {
            identity: Vec::new(),
            resource: None,
            boundary: None,
            session: None,
            scps: None,
            rcps: Vec::new(),
            endpoint: None,
        }
    }
}

impl<T> Kinds<T> {
    /// The same kinds with every document made into something else.
    pub(crate) fn map<U>(&self, mut to: impl FnMut(&T) -> U) -> Kinds<U> {
        let mut list = |list: &Vec<T>| -> Vec<U> { list.iter().map(&mut to).collect() };
        let identity = list(&self.identity);
        let session = self.session.as_ref().map(&mut list);
        let endpoint = self.endpoint.as_ref().map(&mut list);
        let mut levels = |levels: &Vec<Vec<T>>| levels.iter().map(&mut list).collect();
        let scps = self.scps.as_ref().map(&mut levels);
        let rcps = levels(&self.rcps);
        let resource = self.resource.as_ref().map(&mut to);
        let boundary = self.boundary.as_ref().map(&mut to);
        Kinds { identity, resource, boundary, session, scps, rcps, endpoint }
    }

    /// Every document, of whatever kind.
    pub(crate) fn documents_mut(&mut self) -> Vec<&mut T> {
        let levels = self.scps.iter_mut().flatten().chain(&mut self.rcps);
        let lists = self.session.iter_mut().chain(&mut self.endpoint).chain(levels);
        let listed = lists.flatten().chain(&mut self.identity);
        listed.chain(&mut self.resource).chain(&mut self.boundary).collect()
    }
}

impl Kinds<String> {
    /// The policies, read; a document that cannot be evaluated is a mistake of the case.
    #[track_caller]
    pub(crate) fn read(&self) -> PolicySet {
        let mut number = 0;
        let Kinds { identity, resource, boundary, session, scps, rcps, endpoint } =
            self.map(|text| {
                number += 1;
                let parsed = Policy::parse(text);
                let policy =
                    parsed.policy.unwrap_or_else(|| panic!("{:?}\n{text}", parsed.findings));
                policy.named(format!("policy {number}"))
            });
        PolicySet { identity, resource, boundary, session, scps, rcps, endpoint }
    }
}
