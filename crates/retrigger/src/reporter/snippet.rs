//! Clauses of policies and findings about files, underlined in their text.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use retrigger_iam::Severity;

use crate::{
    event::{Clause, FileFinding},
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

/// The clauses, those of one place's file underlined in it, one block of lines for each.
pub fn clause_snippets(clauses: &[Clause], look: Look) -> String {
    let blocks: Vec<String> = clauses
        .iter()
        .map(|clause| {
            let level = if clause.miss.is_some() { Level::NOTE } else { Level::INFO };
            let group = level.primary_title(clause.title.as_str());
            let label = clause.miss.as_deref();
            match &clause.place {
                Some(place) => look.render(&[group.element(snippet(place, label))]),
                None => look.render(&[Group::with_title(group)]),
            }
        })
        .collect();
    blocks.join("\n")
}

/// A finding, underlined in its file where it has a place there.
pub fn finding_snippet(finding: &FileFinding, look: Look) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(finding.message.as_str());
    let mut group = Group::with_title(title);
    if let Some(place) = &finding.place {
        group = group.element(snippet(place, None));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    look.render(&[group])
}

fn snippet<'p>(
    place: &'p Place,
    label: Option<&'p str>,
) -> Snippet<'p, annotate_snippets::Annotation<'p>> {
    let file = place.file.display().to_string();
    let annotation = AnnotationKind::Primary.span(place.span.clone()).label(label);
    Snippet::source(&*place.text).path(file).annotation(annotation)
}
