//! From an action and a resource to the statements that can cover them.
//!
//! ```text
//! action ── exact name ────────▶ class ─┐
//!        └─ longest known start ▶ class ─┤ and its parents: what is said of shorter starts
//!                                       ▼
//!             deny side, allow side: the layers that decide outright,
//!             the statements about every resource, and the others by the
//!             start of their resource part
//! ```

use hashbrown::HashTable;

use super::{
    asked::Asked,
    prefixes::{NodeId, Prefixes},
    statement::Statement,
};
use crate::{fold, truth::Truth};

/// Statements with what finds them.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) statements: Vec<Statement>,
    /// Actions that are listed by their full name.
    pub(super) names: HashTable<(Box<str>, ClassId)>,
    /// What patterns of actions start with.
    pub(super) starts: Prefixes,
    /// The class of each start.
    pub(super) classes_of_starts: Vec<ClassId>,
    pub(super) classes: Vec<Class>,
    pub(super) entries: Vec<Entry>,
    pub(super) tables: Vec<Table>,
}

/// A class: the actions that the same statements are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClassId(pub(super) u32);

/// The statements about the actions of a class.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    /// A class whose statements are about these actions too, and are not repeated here.
    pub(super) parent: Option<ClassId>,
    pub(super) deny: Side,
    pub(super) allow: Side,
}

/// The statements of a class with one effect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    /// The layers of all its statements.
    pub(super) layers: u64,
    /// Layers with a statement that asks for nothing but the action.
    pub(super) outright: u64,
    /// Those statements, which need no look where the bits above suffice.
    pub(super) outright_entries: Run,
    /// Statements about every resource, or whose resources have to be looked at one by one.
    pub(super) unsorted: Run,
    /// Statements by resource pattern, where they are few.
    pub(super) few: Run,
    /// Statements by resource pattern, where they are many.
    pub(super) table: Option<u32>,
}

/// A run of entries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A statement that can cover the action, with what is left to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) statement: u32,
    pub(super) look: Look,
    pub(super) gate: Gate,
}

/// What of a statement is left to look at, besides principal and conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing: action and resource are covered.
    Clauses,
    /// Whether this pattern of its `Resource` element covers the resource.
    Pattern(u16),
    /// The whole `Resource` element.
    Resource,
    /// The `Action` element, and the resource as above.
    Action,
}

/// Four bytes that the resource must have at some place, if the pattern starts with literal text:
/// most patterns are told apart by them, without a look at the pattern itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gate {
    /// Where the bytes end; 0 where all may pass.
    end: u32,
    bytes: [u8; 4],
}

impl Gate {
    pub(super) fn new(literal_start: &str) -> Self {
        match (literal_start.as_bytes().last_chunk(), u32::try_from(literal_start.len())) {
            (Some(bytes), Ok(end)) => Self { end, bytes: *bytes },
            _ => Self::default(),
        }
    }

    #[inline]
    fn lets_pass(self, resource: &[u8]) -> bool {
        let end = self.end as usize;
        end == 0 || resource.get(end - 4..end).is_some_and(|bytes| *bytes == self.bytes)
    }
}

/// Many entries by the start of their resource part.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) starts: Prefixes,
    pub(super) runs: Vec<Run>,
    pub(super) reaches_past_colons: bool,
}

impl Index {
    /// The class of an action.
    #[inline]
    pub(super) fn class_of_action(&self, action: &str, hash: u64) -> Option<&Class> {
        // Where statements are not sorted by action there is one class for all actions.
        if self.names.is_empty() && self.starts.is_empty() {
            return self.classes.first();
        }
        match self.names.find(hash, |(name, _)| fold::equal(name, action)) {
            Some((_, class)) => Some(self.class(*class)),
            None => Some(self.class(self.class_of(self.starts.longest_folded(action)?))),
        }
    }

    /// A class, and after it its parents.
    #[inline]
    pub(super) fn and_parents<'i>(
        &'i self,
        class: Option<&'i Class>,
    ) -> impl Iterator<Item = &'i Class> {
        std::iter::successors(class, |class| class.parent.map(|parent| self.class(parent)))
    }

    fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    pub(super) fn class_of(&self, start: NodeId) -> ClassId {
        self.classes_of_starts[start.index()]
    }

    pub(super) fn entries(&self, run: Run) -> &[Entry] {
        &self.entries[run.start as usize..run.end as usize]
    }

    /// Calls `visit` for every entry of a side that can cover the resource and passes its gate,
    /// until it says stop.
    #[inline]
    pub(super) fn visit(
        &self,
        side: &Side,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(Entry) -> Step,
    ) -> Step {
        for run in [side.unsorted, side.few] {
            if self.visit_run(run, asked, visit) == Step::Stop {
                return Step::Stop;
            }
        }
        match side.table {
            Some(table) => self.visit_table(&self.tables[table as usize], asked, visit),
            None => Step::Go,
        }
    }

    #[inline]
    pub(super) fn visit_run(
        &self,
        run: Run,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(Entry) -> Step,
    ) -> Step {
        let resource = asked.request.resource.as_bytes();
        for entry in self.entries(run) {
            if entry.gate.lets_pass(resource) && visit(*entry) == Step::Stop {
                return Step::Stop;
            }
        }
        Step::Go
    }

    fn visit_table(
        &self,
        table: &Table,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(Entry) -> Step,
    ) -> Step {
        for part in asked.request.starts_of_resource_part(table.reaches_past_colons) {
            let mut next = table.starts.longest(part);
            while let Some(node) = next {
                if self.visit_run(table.runs[node.index()], asked, visit) == Step::Stop {
                    return Step::Stop;
                }
                next = table.starts.parent(node);
            }
        }
        Step::Go
    }

    /// Whether action and resource of an entry, which has passed its gate, fit.
    pub(super) fn covers(&self, entry: Entry, asked: &Asked<'_>) -> Truth {
        match entry.look {
            Look::Clauses => Truth::Yes,
            Look::Pattern(pattern) => {
                self.statement(entry).pattern_covers(usize::from(pattern), asked)
            }
            Look::Resource => self.statement(entry).covers_resource(asked),
            Look::Action => {
                let statement = self.statement(entry);
                if statement.covers_action(asked.request.action, asked.request.action_hash) {
                    statement.covers_resource(asked)
                } else {
                    Truth::No
                }
            }
        }
    }

    #[inline]
    pub(super) fn statement(&self, entry: Entry) -> &Statement {
        &self.statements[entry.statement as usize]
    }
}

/// Whether a visit goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Go,
    Stop,
}
