//! Any text at all is linted as any kind of policy.

#![no_main]

mod findings;

use libfuzzer_sys::fuzz_target;
use retrigger_iam::{Finding, Policy, PolicyKind, Severity, lint};

fuzz_target!(|text: &str| {
    let parsed = Policy::parse(text);
    let errors = |findings: &[Finding]| -> Vec<Finding> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        findings.iter().filter(is_error).cloned().collect()
    };
    let grammar = errors(&parsed.findings);
    for kind in PolicyKind::ALL {
        let linted = lint(text, Some(kind));
        assert!(linted.kind == Some(kind) && !linted.kind_was_guessed);
        assert_eq!(linted.has_errors(), !errors(&linted.findings).is_empty());
        findings::check(text, &linted.findings);
        let says_it = |error: &Finding| linted.findings.contains(error);
        assert!(grammar.len() > 50 || grammar.iter().all(says_it), "an error of grammar is lost");
    }
    let guessed = lint(text, None);
    findings::check(text, &guessed.findings);
    assert_eq!(guessed.kind.is_some(), guessed.kind_was_guessed);
    if let Some(kind) = guessed.kind {
        let told = lint(text, Some(kind));
        assert!(errors(&guessed.findings).iter().all(|error| told.findings.contains(error)));
        assert_eq!(guessed.findings.len(), told.findings.len(), "a guess says as much as the word");
    }
});
