//! What a derived recording says of itself.

use super::case::{DerivedCase, Verdict};

/// Its `README.md`.
pub(super) fn readme(case: &DerivedCase, from: &str, name: &str) -> String {
    let DerivedCase { title, change, verdict, .. } = case;
    let mut text = format!("# {title}\n\n");
    text += &paragraph(&format!("Derived from `{from}` by `retrigger derive`. {change}"));
    let why = match verdict {
        Verdict::Denied { action, decision, message, why } => {
            text += &paragraph(&format!("`{action}` must be {decision}, and the handler not run."));
            if let Some(message) = message {
                text += &paragraph("AWS says:");
                text += &wrapped(message, "> ", "> ");
                text.push('\n');
            }
            if !why.is_empty() {
                text += &paragraph("Where to look:");
            }
            why
        }
        Verdict::StillAllowed { finding, why } => {
            text += &paragraph(&format!(
                "Still allowed: {finding}. If that is not meant, narrow the policy and derive again. \
                 What allows it:"
            ));
            why
        }
    };
    for clause in why {
        text += &wrapped(clause, "- ", "  ");
    }
    if !why.is_empty() {
        text.push('\n');
    }
    text + &format!("```\nretrigger replay --filter {name}\n```\n")
}

fn paragraph(text: &str) -> String {
    wrapped(text, "", "") + "\n"
}

fn wrapped(text: &str, first: &str, next: &str) -> String {
    let options = textwrap::Options::new(100).initial_indent(first).subsequent_indent(next);
    let options = options.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options.word_separator(textwrap::WordSeparator::AsciiSpace)) + "\n"
}
