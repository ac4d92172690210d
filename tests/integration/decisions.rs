//! The project's own decision suite, through the library: one test a file.

use std::path::PathBuf;

use retrigger::check;
use rstest::rstest;

#[rstest]
fn every_case_gets_its_decision(#[files("tests/decisions/*.yaml")] path: PathBuf) {
    let text = std::fs::read_to_string(&path).unwrap();
    let cases = check::read_cases(&text, true).unwrap();
    let results = cases.iter().map(check::run);
    let failed: Vec<String> = results
        .filter(|result| !result.pass)
        .map(|result| {
            let check::CaseResult { id, expected, decision, reason, .. } = result;
            format!("{id}: expected {expected}, got {decision}: {reason}")
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_id_stands_twice_in_the_suite() {
    let mut seen = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir("tests/decisions").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            for case in check::read_cases(&text, true).unwrap() {
                assert!(seen.insert(case.id.clone()), "{} stands twice", case.id);
            }
        }
    }
    assert!(seen.len() > 200, "only {} cases were found", seen.len());
}
