//! The page of semantics and the decision suite, held against each other.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;
use retrigger::check;

const PAGE: &str = "docs/semantics.md";

/// One rule of the page: an item of a list that starts with its id.
struct Rule {
    id: String,
    /// All of the item, on one line.
    text: String,
}

impl Rule {
    /// Where the rule comes from.
    fn source(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(" Source: ")?;
        Some(rest.split(" Cases: ").next().unwrap_or(rest).trim())
    }

    /// The cases that hold it: ids, or beginnings of ids with a `*`.
    fn cases(&self) -> Vec<String> {
        let Some((_, cases)) = self.text.split_once(" Cases: ") else { return Vec::new() };
        quoted(cases)
    }
}

/// The rules of the page, in order.
fn rules() -> Vec<Rule> {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut rules: Vec<Rule> = Vec::new();
    let mut within = false;
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("- **`") {
            let (id, text) = rest.split_once("`**").expect("an id ends as it begins");
            rules.push(Rule { id: id.to_owned(), text: text.to_owned() });
            within = true;
        } else if let (true, Some(more)) = (within, line.strip_prefix("  ")) {
            let text = &mut rules.last_mut().expect("within a rule").text;
            text.push(' ');
            text.push_str(more.trim());
        } else {
            within = false;
        }
    }
    rules
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The ids of all cases of the suite.
fn suite() -> BTreeSet<String> {
    let files = std::fs::read_dir("tests/decisions").unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    yaml.flat_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let cases = check::read_cases(&text, true);
        cases.unwrap_or_else(|error| panic!("{}:{error}", path.display()))
    })
    .map(|case| case.id)
    .collect()
}

/// Whether a name on the page means this case.
fn means(name: &str, id: &str) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => name == id,
    }
}

#[track_caller]
fn check(problems: &[String]) {
    assert!(problems.is_empty(), "{PAGE}:\n{}", problems.join("\n"));
}

#[test]
fn every_rule_has_an_id_of_its_own_a_source_and_a_case() {
    static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z0-9]+(-[a-z0-9]+)*$").unwrap());
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for rule in rules() {
        let id = &rule.id;
        if !ID.is_match(id) || !seen.insert(id.clone()) {
            problems.push(format!("{id}: no id, or one that stands twice"));
        }
        if rule.source().is_none_or(|source| source.len() < 4) {
            problems.push(format!("{id}: no source"));
        }
        if rule.cases().is_empty() {
            problems.push(format!("{id}: no case"));
        }
    }
    assert!(seen.len() > 100, "only {} rules were found", seen.len());
    check(&problems);
}

#[test]
fn every_case_that_the_page_names_exists() {
    let suite = suite();
    let mut problems = Vec::new();
    for rule in rules() {
        for name in rule.cases() {
            let is_whole_topic = name.ends_with("/*");
            if is_whole_topic || !suite.iter().any(|id| means(&name, id)) {
                problems.push(format!("{}: `{name}` names no case, or a whole file", rule.id));
            }
        }
    }
    check(&problems);
}

#[test]
fn every_case_of_the_suite_is_named_on_the_page() {
    let names: Vec<String> = rules().iter().flat_map(Rule::cases).collect();
    let suite = suite();
    let missing = suite.iter().filter(|id| !names.iter().any(|name| means(name, id)));
    check(&missing.map(|id| format!("no rule names `{id}`")).collect::<Vec<_>>());
}

/// A choice that AWS leaves open stands in the evaluator's `unsettled` module and on the page.
#[test]
fn every_unsettled_choice_is_on_the_page() {
    let module = std::fs::read_to_string("crates/retrigger-iam/src/unsettled.rs").unwrap();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let choices = captured(r"(?m)^pub\(crate\) (?:fn|const) (\w+)", &module);
    let named = captured(r"`unsettled::(\w+)`", &page);
    assert!(!choices.is_empty(), "no choice was found");
    assert_eq!(named, choices, "named on {PAGE}, and made in the module");
}

/// The first group of every match.
fn captured(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(text).map(|groups| groups[1].to_owned()).collect()
}

#[test]
fn references_within_the_page_lead_somewhere() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let rules = rules();
    let see = Regex::new(r"\bsee ((?:`[a-z0-9-]+`(?:, )?)+)").unwrap();
    let seen = rules.iter().flat_map(|rule| see.captures_iter(&rule.text));
    let ids = seen.flat_map(|groups| quoted(&groups[1]));
    let no_rule = ids.filter(|id| rules.iter().all(|rule| rule.id != *id));
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    let anchors: BTreeSet<String> =
        headings.map(|heading| heading.to_lowercase().replace(' ', "-")).collect();
    let links = captured(r"\]\(#([^)]+)\)", &page);
    let unlisted = anchors.symmetric_difference(&links).cloned();
    check(&no_rule.chain(unlisted).map(|name| format!("`{name}`")).collect::<Vec<_>>());
}
