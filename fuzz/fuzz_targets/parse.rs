//! Any text at all is read, or refused with places that are in it.

#![no_main]

mod findings;

use libfuzzer_sys::fuzz_target;
use retrigger_iam::{Policy, Severity, Span};

fuzz_target!(|text: &str| {
    let parsed = Policy::parse(text);
    findings::check(text, &parsed.findings);
    let has_error = parsed.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert!(parsed.policy.is_some() || has_error, "nothing was read, and nothing is said of it");
    match text.parse::<Policy>() {
        Ok(policy) => assert!(!has_error && parsed.policy.as_ref() == Some(&policy)),
        Err(error) => {
            assert!(has_error && error.findings == parsed.findings);
            assert!(error.to_string().lines().count() >= error.findings.len());
        }
    }
    parsed.policy.iter().for_each(|policy| spans_are_in(text, policy));
});

/// Every clause lies in the document, and in its statement, and is some text.
fn spans_are_in(text: &str, policy: &Policy) {
    for statement in &policy.statements {
        assert!(text[range(statement.span)].starts_with('{'));
        let within = |span: Span| {
            assert!(!text[range(span)].is_empty());
            assert!(statement.span.start < span.start && span.end < statement.span.end);
        };
        statement.sid.iter().for_each(|sid| within(sid.span));
        if let Some(element) = &statement.principal {
            within(element.span);
            element.entries.iter().for_each(|entry| within(entry.text.span));
        }
        if let Some(element) = &statement.action {
            within(element.span);
            element.patterns.iter().for_each(|pattern| within(pattern.text.span));
        }
        if let Some(element) = &statement.resource {
            within(element.span);
            element.patterns.iter().for_each(|pattern| within(pattern.text.span));
        }
        for condition in &statement.conditions {
            within(condition.span);
            within(condition.operator_text.span);
            within(condition.key.span);
            condition.values.iter().for_each(|value| within(value.text.span));
        }
    }
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.into()
}
