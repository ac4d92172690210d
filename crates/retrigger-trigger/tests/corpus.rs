//! Agreement with a corpus of sample events, where one is at hand.

use std::{env, fs, path::PathBuf};

use retrigger_trigger::{Surroundings, classify};
use serde_json::Value;

/// At least this many of a hundred files must agree.
const AGREEMENT: usize = 95;

/// What the index calls samples that are no events.
fn is_no_trigger(name: &str) -> bool {
    name.starts_with("response-") || name == "other" || name == "batch"
}

fn corpus() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    env::var_os("RETRIGGER_SHARED").map_or(beside, PathBuf::from).join("corpus/events")
}

fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_else(|| panic!("`{name}` is missing in {line}"))
}

#[test]
fn samples_are_classified_as_their_index_says() {
    let folder = corpus();
    let Ok(index) = fs::read_to_string(folder.join("INDEX.jsonl")) else {
        eprintln!("SKIPPED: no corpus in {}; set RETRIGGER_SHARED", folder.display());
        return;
    };
    let (mut all, mut disagreements) = (0, vec![]);
    for line in index.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of the index is no JSON");
        let (file, listed) = (field(&line, "file"), field(&line, "trigger"));
        let bytes = fs::read(folder.join(file)).expect("a file of the index is missing");
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let payload = serde_json::from_slice(text).expect("a sample is no JSON");
        let found = classify(&payload, &Surroundings::none()).map(|found| found.trigger.name());
        let expected = (!is_no_trigger(listed)).then_some(listed);
        all += 1;
        if found != expected {
            disagreements.push(format!("{file}: index {listed}, classified {found:?}"));
        }
    }
    let agreed = all - disagreements.len();
    eprintln!("{agreed} of {all} samples agree");
    for line in &disagreements {
        eprintln!("  {line}");
    }
    assert!(agreed * 100 >= all * AGREEMENT, "{agreed} of {all} samples agree");
}
