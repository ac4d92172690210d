//! Reporters: what people and programs see of a run. Each reads only the stream of [`Event`]s.

mod batch;
mod difference;
mod human;
mod jsonl;
mod junit;
mod proposal;
mod snippet;

use std::io;

use crate::event::Event;

pub use human::{Detail, Human};
pub use jsonl::JsonLines;
pub use junit::JUnit;
pub use proposal::proposal_text;
pub use snippet::{Look, clause_snippets, finding_snippet, lint_snippet};

/// Reads the stream of events of a run.
pub trait Reporter: Send {
    /// Takes the next event.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// Reports nothing.
impl Reporter for () {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}

impl<R: Reporter + ?Sized> Reporter for Box<R> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        (**self).event(event)
    }
}

/// Hands every event to each of several reporters, in their order.
impl<R: Reporter> Reporter for Vec<R> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.iter_mut().try_for_each(|reporter| reporter.event(event))
    }
}
