//! The suites that live beside the repository, where they do.

use std::collections::BTreeMap;

use retrigger::{
    check,
    trigger::{Surroundings, classify},
};
use serde_json::Value;

use crate::support::{retrigger, shared};

#[test]
fn every_settled_case_gets_its_decision() {
    let Some(path) = shared("conformance/decisions.jsonl") else { return };
    let cases = check::read_cases(&std::fs::read_to_string(path).unwrap(), false).unwrap();
    assert!(!cases.is_empty());
    let results: Vec<_> = cases.iter().map(check::run).collect();
    let failed: Vec<_> = results.iter().filter(|result| !result.pass && result.settled).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn the_command_line_agrees_with_the_library() {
    let Some(path) = shared("conformance/decisions.jsonl") else { return };
    let path = path.to_str().unwrap();
    let ran = retrigger(["check", "--format", "json", path]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.json_lines();
    let (totals, results) = lines.split_last().unwrap();
    assert_eq!(totals["cases"], results.len());
    assert_eq!(totals["failed"], 0);
}

#[test]
fn at_least_95_in_100_events_are_classified_as_indexed() {
    let Some(folder) = shared("corpus/events") else { return };
    let index = std::fs::read_to_string(folder.join("INDEX.jsonl")).unwrap();
    let mut disagreements = BTreeMap::new();
    let mut count = 0;
    for line in index.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let (file, indexed) = (entry["file"].as_str().unwrap(), entry["trigger"].as_str().unwrap());
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let payload = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
        let found = classify(&payload, &Surroundings::none());
        let found = found.map_or("none", |found| found.trigger.name());
        let is_no_trigger =
            indexed.starts_with("response-") || indexed == "other" || indexed == "batch";
        if found != (if is_no_trigger { "none" } else { indexed }) {
            disagreements.insert(file.to_owned(), (indexed.to_owned(), found.to_owned()));
        }
        count += 1;
    }
    assert!(count > 0);
    assert!(disagreements.len() * 100 <= count * 5, "{disagreements:#?}");
}
