//! What is true of the findings about any text.

use retrigger_iam::{Finding, Location};

/// They come in order, point into the text, say something, and have a page each.
pub(crate) fn check(text: &str, findings: &[Finding]) {
    let in_order = |pair: &[Finding]| pair[0].span.start <= pair[1].span.start;
    assert!(findings.windows(2).all(in_order), "findings out of order: {findings:?}");
    for finding in findings {
        let span = finding.span;
        assert!(text.get(span.start..span.end).is_some(), "a span outside the text: {finding:?}");
        assert!(!finding.message.is_empty());
        assert!(!finding.help.as_ref().is_some_and(String::is_empty));
        assert_eq!(finding.code.page().code, finding.code);
    }
    for finding in findings.iter().take(20) {
        let place = Location::of(text, finding.span.start);
        assert!(finding.describe(text).starts_with(&format!("{place}: ")));
    }
}
