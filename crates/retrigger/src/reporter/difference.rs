//! A difference as text: side by side where both are short, else line by line.

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::{event::Difference, reporter::Look};

pub(super) fn difference_text(difference: &Difference, look: Look) -> String {
    let Difference { what, expected, actual } = difference;
    if !expected.contains('\n') && !actual.contains('\n') {
        let (minus, plus) = (paint(look, AnsiColor::Red), paint(look, AnsiColor::Green));
        return format!(
            "{what} differs\n  expected {minus}{expected}{minus:#}\n  actual   {plus}{actual}{plus:#}"
        );
    }
    let (expected, actual) = (format!("{expected}\n"), format!("{actual}\n"));
    let diff = TextDiff::from_lines(&expected, &actual);
    let diff =
        diff.unified_diff().missing_newline_hint(false).header("expected", "actual").to_string();
    let lines: Vec<String> = diff.lines().map(|line| painted(line, look)).collect();
    format!("{what} differs\n{}", lines.join("\n"))
}

fn painted(line: &str, look: Look) -> String {
    let style = match line.bytes().next() {
        Some(b'-') => paint(look, AnsiColor::Red),
        Some(b'+') => paint(look, AnsiColor::Green),
        _ => Style::new(),
    };
    format!("{style}{line}{style:#}")
}

fn paint(look: Look, color: AnsiColor) -> Style {
    if look.color { Style::new().fg_color(Some(color.into())) } else { Style::new() }
}

/// A line of at most so many characters.
pub(super) fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
