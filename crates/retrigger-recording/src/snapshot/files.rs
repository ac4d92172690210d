//! Which files a snapshot has, with those of the snapshots it extends.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::Link;
use crate::{
    error::{Error, Problem, READ},
    parse::nearest,
    paths::{check_link, slashed},
};

pub(super) const AUTHORIZATION_FILE: &str = "account-authorization-details.json";
pub(super) const ORGANIZATION_FILE: &str = "organization.json";
pub(super) const RESOURCE_POLICIES: &str = "resource-policies/";
pub(super) const QUEUE_ATTRIBUTES: &str = "queue-attributes/";
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
    /// The files of a chain of snapshots, an earlier one covering the later ones, and taking away
    /// what its `without` names.
    pub(super) fn collect(chain: &[Link], root: &Path) -> Result<Self, Error> {
        let mut by_name = BTreeMap::new();
        let mut without: Vec<(&Link, &toml::Spanned<String>)> = Vec::new();
        let mut gone = BTreeSet::new();
        for link in chain {
            for (name, path) in files_of(&link.folder, root)? {
                if without.iter().any(|(_, taken)| *taken.as_ref() == name) {
                    gone.insert(name);
                } else {
                    by_name.entry(name).or_insert(path);
                }
            }
            without.extend(link.toml.without.iter().map(|name| (link, name)));
        }
        match without.into_iter().find(|(_, name)| !gone.contains(name.as_ref().as_str())) {
            Some((link, name)) => Err(nothing_taken(link, name)),
            None => Ok(Self { by_name }),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Path> {
        self.by_name.get(name).map(PathBuf::as_path)
    }

    /// All files by name.
    pub(super) fn into_paths(self) -> BTreeMap<String, PathBuf> {
        self.by_name
    }

    /// The files whose name starts with `prefix`, without it.
    pub(super) fn below(&self, prefix: &str) -> impl Iterator<Item = (&str, &Path)> {
        self.by_name
            .iter()
            .filter_map(move |(name, path)| Some((name.strip_prefix(prefix)?, path.as_path())))
    }
}

/// The JSON files of one folder by their names in the snapshot.
fn files_of(folder: &Path, root: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut files = Vec::new();
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
        files.push((name, path.to_owned()));
    }
    Ok(files)
}

fn nothing_taken(link: &Link, name: &toml::Spanned<String>) -> Error {
    let reason = format!("no snapshot that this one extends has a file `{}`", name.as_ref());
    let advice = "`without` names files of those, such as `lambda/FUNCTION/policy.json`";
    link.source.error(name.span().start, Problem::value_with_advice(reason, advice))
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
        ["resource-policies" | "queue-attributes", _] => return Ok(()),
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

/// The file of the policy of a function, or of its version or alias.
pub(super) fn policy_file(qualifier: Option<&str>) -> String {
    qualifier.map_or_else(|| POLICY_FILE.to_owned(), |name| format!("policy.{name}.json"))
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
