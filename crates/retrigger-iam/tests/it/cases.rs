//! The cases of the decision suite.

use std::{
    fs,
    path::{Path, PathBuf},
};

use retrigger_iam::{Decision, Request};
use serde::Deserialize;
use serde_json::Value;

use crate::kinds::Kinds;

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
