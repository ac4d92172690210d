//! Which files a snapshot has, with those of the snapshots it extends.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use crate::{
    error::{Error, Problem, READ},
    parse::nearest,
    paths::{check_link, slashed},
};

pub(super) const AUTHORIZATION_FILE: &str = "account-authorization-details.json";
pub(super) const ORGANIZATION_FILE: &str = "organization.json";
pub(super) const RESOURCE_POLICIES: &str = "resource-policies/";
pub(super) const LAMBDA: &str = "lambda/";

/// The files of a function's folder; besides them, `policy.QUALIFIER.json`.
pub(super) const POLICY_FILE: &str = "policy.json";
pub(super) const MAPPINGS_FILE: &str = "event-source-mappings.json";
pub(super) const CONFIGURATION_FILE: &str = "configuration.json";
pub(super) const URL_FILE: &str = "function-url-config.json";

/// Files by their name within a snapshot, with `/`; each from the first snapshot that has it.
pub(super) struct Files {
    by_name: BTreeMap<String, PathBuf>,
}

impl Files {
    /// The files of `folders`, an earlier one covering the later ones.
    pub(super) fn collect(folders: &[&Path], root: &Path) -> Result<Self, Error> {
        let mut by_name = BTreeMap::new();
        for folder in folders {
            for entry in WalkDir::new(folder).max_depth(3).sort_by_file_name() {
                let entry = entry.map_err(|error| unreadable(folder, &error))?;
                let path = entry.path();
                let is_json = path.extension().is_some_and(|extension| extension == "json");
                if !is_json || entry.file_type().is_dir() {
                    continue;
                }
                check_link(root, path)?;
                let name = slashed(path.strip_prefix(folder).unwrap_or(path));
                check_name(&name, path)?;
                by_name.entry(name).or_insert_with(|| path.to_owned());
            }
        }
        Ok(Self { by_name })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Path> {
        self.by_name.get(name).map(PathBuf::as_path)
    }

    /// The files whose name starts with `prefix`, without it.
    pub(super) fn below(&self, prefix: &str) -> impl Iterator<Item = (&str, &Path)> {
        self.by_name
            .iter()
            .filter_map(move |(name, path)| Some((name.strip_prefix(prefix)?, path.as_path())))
    }
}

fn unreadable(folder: &Path, error: &walkdir::Error) -> Error {
    let path = error.path().unwrap_or(folder);
    match error.io_error() {
        Some(error) => Error::io(path, READ, error),
        None => Error::new(path, Problem::value("a symbolic link leads back to a folder above it")),
    }
}

/// Refuses a JSON file that no snapshot has: it would be ignored, and a policy with it.
fn check_name(name: &str, path: &Path) -> Result<(), Error> {
    let parts: Vec<&str> = name.split('/').collect();
    let (own, known): (&str, &[&str]) = match parts.as_slice() {
        ["resource-policies", _] => return Ok(()),
        ["lambda", _, own] if is_qualified_policy(own) => return Ok(()),
        ["lambda", _, own] => (own, &[POLICY_FILE, MAPPINGS_FILE, CONFIGURATION_FILE, URL_FILE]),
        _ => (name, &[AUTHORIZATION_FILE, ORGANIZATION_FILE]),
    };
    if known.contains(&own) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let candidates = nearest(&format!("`{own}`"), &known);
    let advice = match candidates.as_slice() {
        [one] => format!("did you mean {one}?"),
        many => format!("known here are {}", many.join(", ")),
    };
    Err(Error::new(path, Problem::value_with_advice("no file of a snapshot has this name", advice)))
}

/// Whether a function's folder has a policy under this name.
pub(super) fn is_policy(name: &str) -> bool {
    name == POLICY_FILE || is_qualified_policy(name)
}

fn is_qualified_policy(name: &str) -> bool {
    qualifier_of(name).is_some()
}

/// The qualifier in `policy.QUALIFIER.json`.
pub(super) fn qualifier_of(name: &str) -> Option<&str> {
    let qualifier = name.strip_prefix("policy.")?.strip_suffix(".json")?;
    (!qualifier.is_empty()).then_some(qualifier)
}
