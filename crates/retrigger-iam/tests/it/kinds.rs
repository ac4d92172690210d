//! The policies of a case, kind by kind, and the cases of the decision suite.

use std::{
    fs,
    path::{Path, PathBuf},
};

use retrigger_iam::{Decision, Policy, PolicySet, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// One case of the decision suite.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) request: Request,
    #[serde(default)]
    pub(crate) policies: Kinds<Value>,
    pub(crate) expect: Decision,
}

/// The suite of decisions that every evaluator must make: each file with its cases.
pub(crate) fn suite() -> Vec<(PathBuf, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/decisions");
    let entries = fs::read_dir(folder).expect("the folder of the suite");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), cases(&path))).collect()
}

fn cases(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("a file of cases");
    let options = serde_saphyr::options! { strict_booleans: true };
    let values: Vec<Value> =
        serde_saphyr::from_str_with_options(&text, options).expect("a list of cases");
    let case = |value| serde_json::from_value(value).expect("a case");
    values.into_iter().map(case).collect()
}
