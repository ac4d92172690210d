//! From an action and a resource to the statements that can cover them.
//!
//! ```text
//! action ── exact name ────────▶ class ─┐
//!        └─ longest known start ▶ class ─┤ and its parents: what is said of shorter starts
//!                                       ▼
//!             deny side, allow side: the layers that decide outright,
//!             the statements to be looked at anyway, those found by the
//!             start of the resource part, and those of which not even the
//!             action is certain
//! ```

use std::cell::OnceCell;

use hashbrown::HashTable;

use super::{
    asked::Asked,
    clauses::{ClauseId, Clauses},
    prefixes::{NodeId, Prefixes},
    resource::{Reach, ResourceMatcher},
    statement::{ActionMatcher, Statement},
    text::same,
};
use crate::{action_ref::ActionRef, arn::Arn, truth::Truth};

/// Statements with what finds them.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) statements: Vec<Statement>,
    /// The patterns of their `Action` elements.
    pub(super) actions: Vec<ActionMatcher>,
    /// The patterns of their `Resource` elements.
    pub(super) resources: Vec<ResourceMatcher>,
    pub(super) clauses: Clauses,
    /// The layers that have a `Deny`.
    pub(super) denying: u64,
    /// Whether there are classes; otherwise there is one for all actions.
    pub(super) is_sorted: bool,
    /// Actions that are listed by their full name.
    pub(super) names: HashTable<(Box<str>, ClassId)>,
    /// What patterns of actions start with.
    pub(super) starts: Prefixes,
    /// The class of each start.
    pub(super) classes_of_starts: Vec<ClassId>,
    pub(super) classes: Vec<Class>,
    pub(super) entries: Vec<Entry>,
    /// What the resource parts of patterns start with.
    pub(super) resource_starts: Prefixes,
    pub(super) rows: Vec<Row>,
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
    /// Statements about every resource, and by resource pattern where those are few.
    pub(super) listed: Run,
    /// Statements by resource pattern, where they are many: rows, and after them one more that
    /// ends the last.
    pub(super) table: Run,
    /// Where else than after the fifth colon a resource part in the table may begin.
    pub(super) reach: Reach,
    /// Statements of which it is not certain that they are about the action.
    pub(super) uncertain: Run,
}

/// Entries, or rows, that lie side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Run {
    #[inline]
    fn of<T>(self, all: &[T]) -> &[T] {
        &all[self.start as usize..self.end as usize]
    }
}

/// A statement that can cover the action, with what is left to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) statement: u32,
    pub(super) clause: ClauseId,
    /// The pattern to look at.
    pub(super) pattern: u32,
    pub(super) gate: Gate,
    pub(super) look: Look,
    /// Which bit its layer is.
    pub(super) layer: u8,
}

impl Entry {
    #[inline]
    pub(super) fn layer(self) -> u64 {
        1 << self.layer
    }
}

/// What of a statement is left to look at, besides principal and conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Look {
    /// Nothing: action and resource are covered.
    Clauses,
    /// Whether the pattern covers the resource.
    Pattern,
    /// The whole `Resource` element.
    Resource,
    /// Whether the pattern covers the action, and the whole `Resource` element.
    Action,
    /// The whole `Action` and `Resource` elements.
    Statement,
}

/// Four bytes that a text must have at some place, and its last ones, if the pattern starts or
/// ends with literal text: most patterns are told apart by them, without a look at the pattern
/// itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Gate {
    start: [u8; 4],
    end: u32,
    /// Where the bytes of the start end; 0 where all may pass.
    start_ends: u16,
    /// How many bits of the last bytes do not count.
    end_shift: u8,
}

impl Gate {
    /// Everything passes.
    pub(super) const OPEN: Self = Self { start: [0; 4], end: 0, start_ends: 0, end_shift: 32 };

    pub(super) fn new(literal_start: &str, literal_end: &str) -> Self {
        let (start, start_ends) =
            match (literal_start.as_bytes().last_chunk(), u16::try_from(literal_start.len())) {
                (Some(bytes), Ok(ends)) => (*bytes, ends),
                _ => ([0; 4], 0),
            };
        let end = last_four(literal_end.as_bytes());
        let end_shift = 32 - 8 * u8::try_from(literal_end.len()).unwrap_or(4).min(4);
        Self { start, end, start_ends, end_shift }
    }

    #[inline]
    fn lets_pass(self, text: &[u8], last_four: u32) -> bool {
        // Of the last bytes, the very last is the lowest.
        let differing = u64::from(self.end ^ last_four) << self.end_shift;
        if differing & u64::from(u32::MAX) != 0 {
            return false;
        }
        let ends = usize::from(self.start_ends);
        ends == 0 || text.get(ends - 4..ends).is_some_and(|bytes| *bytes == self.start)
    }
}

/// The last four bytes of a text, after zeros where it has fewer.
#[inline]
pub(super) fn last_four(text: &[u8]) -> u32 {
    match text.last_chunk() {
        Some(bytes) => u32::from_be_bytes(*bytes),
        None => text.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)),
    }
}

/// The entries of a table whose resource part starts with one text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The text, in the order of all, and behind the last that starts with it.
    pub(super) start: u32,
    pub(super) end: u32,
    /// The row of the table with the longest text that this one starts with, counted from one; 0
    /// where there is none.
    pub(super) above: u32,
    /// Where its entries start; they end where those of the next row start.
    pub(super) entries: u32,
}

/// The longest text in `Index::resource_starts` with which the resource part of a request starts,
/// once it was looked for.
pub(super) type FoundStart = OnceCell<Option<NodeId>>;

impl Index {
    /// The class of an action.
    #[inline]
    pub(super) fn class_of_action(&self, action: &ActionRef<'_>) -> Option<&Class> {
        if self.is_sorted { self.find_class(action) } else { self.classes.first() }
    }

    fn find_class(&self, action: &ActionRef<'_>) -> Option<&Class> {
        let lower = action.lower();
        if let Some((_, class)) = self.names.find(action.hash, |(name, _)| same(name, lower)) {
            return Some(self.class(*class));
        }
        let start = self.starts.longest(lower.as_bytes())?;
        Some(self.class(self.class_of(start)))
    }

    #[inline]
    pub(super) fn parent(&self, class: &Class) -> Option<&Class> {
        class.parent.map(|parent| self.class(parent))
    }

    #[inline]
    fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    #[inline]
    pub(super) fn class_of(&self, start: NodeId) -> ClassId {
        self.classes_of_starts[start.index()]
    }

    /// Calls `visit` for every entry of a side that can cover the request and passes its gate,
    /// until it says stop.
    #[inline]
    pub(super) fn visit(
        &self,
        side: &Side,
        asked: &Asked<'_>,
        found: &FoundStart,
        visit: &mut impl FnMut(&Entry) -> Step,
    ) -> Step {
        if self.visit_run(side.listed, asked, visit) == Step::Stop {
            return Step::Stop;
        }
        if side.table != Run::default() && self.visit_table(side, asked, found, visit) == Step::Stop
        {
            return Step::Stop;
        }
        if side.uncertain == Run::default() {
            return Step::Go;
        }
        self.visit_uncertain(side.uncertain, asked, visit)
    }

    #[inline]
    pub(super) fn visit_run(
        &self,
        run: Run,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(&Entry) -> Step,
    ) -> Step {
        visit_passing(run.of(&self.entries), asked.request.resource, asked.end_of_resource, visit)
    }

    fn visit_uncertain(
        &self,
        run: Run,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(&Entry) -> Step,
    ) -> Step {
        let action = asked.request.action.lower();
        visit_passing(run.of(&self.entries), action, last_four(action.as_bytes()), visit)
    }

    fn visit_table(
        &self,
        side: &Side,
        asked: &Asked<'_>,
        found: &FoundStart,
        visit: &mut impl FnMut(&Entry) -> Step,
    ) -> Step {
        let find = |arn: Arn<'_>| self.resource_starts.longest(arn.resource.as_bytes());
        if let Some(start) = *found.get_or_init(|| asked.request.arn.and_then(find))
            && self.visit_rows(side.table, start, asked, visit) == Step::Stop
        {
            return Step::Stop;
        }
        if side.reach != Reach::Nowhere && asked.request.may_be_split_elsewhere {
            self.visit_past_colons(side, asked, visit)
        } else {
            Step::Go
        }
    }

    /// Visits the rows of resource parts that begin elsewhere than after the fifth colon.
    fn visit_past_colons(
        &self,
        side: &Side,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(&Entry) -> Step,
    ) -> Step {
        for (before, part) in asked.request.later_resource_parts() {
            if side.reach == Reach::AfterAccount && !may_end_in_account(before) {
                continue;
            }
            if let Some(start) = self.resource_starts.longest(part)
                && self.visit_rows(side.table, start, asked, visit) == Step::Stop
            {
                return Step::Stop;
            }
        }
        Step::Go
    }

    /// Visits the rows of all texts that this one starts with.
    #[inline]
    fn visit_rows(
        &self,
        table: Run,
        start: NodeId,
        asked: &Asked<'_>,
        visit: &mut impl FnMut(&Entry) -> Step,
    ) -> Step {
        let start = start.number();
        let rows = table.of(&self.rows);
        // The row before this place, or rows above it, start so. The last row is an end only.
        let mut next = rows[..rows.len() - 1].partition_point(|row| row.start <= start);
        while let Some(at) = next.checked_sub(1) {
            let row = rows[at];
            if start < row.end {
                let run = Run { start: row.entries, end: rows[at + 1].entries };
                if self.visit_run(run, asked, visit) == Step::Stop {
                    return Step::Stop;
                }
            }
            next = row.above as usize;
        }
        Step::Go
    }

    /// Whether action and resource of an entry, which has passed its gate, fit.
    #[inline]
    pub(super) fn covers(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        match entry.look {
            Look::Clauses => Truth::Yes,
            Look::Pattern => self.resources[entry.pattern as usize].covers(asked),
            Look::Resource | Look::Action | Look::Statement => self.elements_cover(entry, asked),
        }
    }

    fn elements_cover(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        let action = &asked.request.action;
        let covers_action = match entry.look {
            Look::Clauses | Look::Pattern | Look::Resource => true,
            Look::Action => self.actions[entry.pattern as usize].covers(action),
            Look::Statement => self.statement(entry).covers_action(&self.actions, action),
        };
        if covers_action {
            self.statement(entry).covers_resource(&self.resources, asked)
        } else {
            Truth::No
        }
    }

    #[inline]
    pub(super) fn statement(&self, entry: &Entry) -> &Statement {
        &self.statements[entry.statement as usize]
    }
}

/// Whether a text could end in the account of an ARN, or in none.
#[inline]
fn may_end_in_account(text: &[u8]) -> bool {
    text.last().is_none_or(|byte| byte.is_ascii_digit() || *byte == b':')
}

/// Visits the entries whose gate a text passes.
#[inline]
fn visit_passing(
    entries: &[Entry],
    text: &str,
    last_four: u32,
    visit: &mut impl FnMut(&Entry) -> Step,
) -> Step {
    for entry in entries {
        if entry.gate.lets_pass(text.as_bytes(), last_four) && visit(entry) == Step::Stop {
            return Step::Stop;
        }
    }
    Step::Go
}

/// Whether a visit goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Go,
    Stop,
}
