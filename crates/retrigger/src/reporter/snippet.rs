//! Clauses of policies and findings about files, underlined in their text.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use retrigger_iam::{Code, Severity};

use crate::{
    event::{Clause, FileFinding},
    lint::LintFinding,
    place::Place,
};

/// How text for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns that a line may have.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
}

impl Default for Look {
    /// 80 columns, no colour.
    fn default() -> Self {
        Self { width: 80, color: false }
    }
}

impl Look {
    fn render(self, groups: &[Group<'_>]) -> String {
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(self.width).render(groups)
    }
}

/// The clauses, each underlined in its file.
pub fn clause_snippets(clauses: &[Clause], look: Look) -> String {
    let blocks: Vec<String> = clauses.iter().map(|clause| clause_snippet(clause, look)).collect();
    blocks.join("\n")
}

fn clause_snippet(clause: &Clause, look: Look) -> String {
    let level = if clause.miss.is_some() { Level::NOTE } else { Level::INFO };
    let mut group = Group::with_title(level.primary_title(clause.title.as_str()));
    if let Some(place) = &clause.place {
        group = group.element(element(place));
    }
    if let Some(miss) = &clause.miss {
        group = group.element(Level::NOTE.no_name().message(miss.as_str()));
    }
    look.render(&[group])
}

/// A finding, underlined in its file where it has a place there.
pub fn finding_snippet(finding: &FileFinding, look: Look) -> String {
    snippet(finding, None, look)
}

/// A finding of a linter, as [`finding_snippet`] shows it, with its code.
pub fn lint_snippet(finding: &LintFinding, look: Look) -> String {
    snippet(&finding.found, Some(finding.code), look)
}

fn snippet(finding: &FileFinding, code: Option<Code>, look: Look) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let tag = code.map_or(0, |code| code.as_str().len() + "[]".len());
    let message = wrapped(&finding.message, look, "warning: ".len() + tag);
    let title = level.primary_title(message);
    let title = match code {
        Some(code) => title.id(code.as_str()),
        None => title,
    };
    let mut group = Group::with_title(title);
    if let Some(place) = &finding.place {
        group = group.element(element(place));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(wrapped(help, look, "     = help: ".len())));
    }
    look.render(&[group])
}

/// The text in lines that leave `indent` columns free.
pub(super) fn wrapped(text: &str, look: Look, indent: usize) -> String {
    let width = look.width.saturating_sub(indent).max(20);
    let options = textwrap::Options::new(width).break_words(false);
    let options = options.word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::fill(text, options.word_splitter(textwrap::WordSplitter::NoHyphenation))
}

/// The place underlined in its file, or only named where its text is not known.
fn element(place: &Place) -> Element<'_> {
    let file = place.file.display().to_string();
    if place.text.is_empty() {
        return Origin::path(file).line(place.line).char_column(place.column).into();
    }
    let annotation = AnnotationKind::Primary.span(place.span.clone());
    Snippet::source(&*place.text).path(file).annotation(annotation).into()
}
