//! From statements to the index that finds them.

use std::collections::{BTreeMap, HashMap, HashSet};

use hashbrown::HashTable;

use super::{
    clauses::{ClauseId, ClausesBuilder},
    index::{Class, ClassId, Entry, Gate, Index, Look, Row, Run, Side},
    number,
    prefixes::{NodeId, Prefixes},
    resource::ResourceMatcher,
    statement::{ActionMatcher, Element, Share, Statement},
};
use crate::{
    action_ref::ActionRef,
    fold,
    pattern::Pattern,
    policy::{self, Effect},
};

/// Up to this many statements are looked at one after the other: the policy of a function often
/// has no more, and is compiled several times faster so.
const FEW_STATEMENTS: usize = 4;

/// Up to this many resource patterns are tried one after the other.
const FEW_PATTERNS: usize = 12;

/// A class repeats the statements of a shorter start if they are no more than these; otherwise it
/// refers to them. This bounds the memory by the number of patterns.
const FEW_INHERITED: usize = 64;

/// How statements are to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// By an index where there are many.
    Indexed,
    /// One after the other.
    Linear,
}

/// A statement to be compiled.
pub(super) struct Listed<'p> {
    pub(super) statement: &'p policy::Statement,
    /// Which bit its layer is.
    pub(super) layer: u8,
    /// Its place in the order of evaluation.
    pub(super) place: u32,
}

impl Index {
    pub(super) fn new<'p>(listed: impl Iterator<Item = Listed<'p>>, lookup: Lookup) -> Self {
        let mut collected = Collected::new();
        let mut index = Self::default();
        index.statements.extend(listed.filter_map(|one| collected.statement(&one)));
        let Collected { clauses, actions, resources } = collected;
        index.clauses = clauses.build();
        index.actions = actions.all;
        index.resources = resources.all;
        let denies = index.statements.iter().filter(|one| one.effect == Effect::Deny);
        index.denying = denies.fold(0, |all, one| all | one.layer());
        let is_small = index.statements.len() <= FEW_STATEMENTS;
        if is_small || lookup == Lookup::Linear {
            index.one_class();
        } else {
            Sorting::new(&mut index).by_action();
        }
        index.entries.shrink_to_fit();
        index.rows.shrink_to_fit();
        index.classes.shrink_to_fit();
        index
    }

    /// All statements in one class.
    fn one_class(&mut self) {
        let mut class = Class::default();
        for effect in [Effect::Deny, Effect::Allow] {
            let of_effect =
                (0..self.statements.len()).filter(|at| self.statements[*at].effect == effect);
            let entries: Vec<Entry> =
                of_effect.map(|at| entry(&self.statements, at, Look::Statement)).collect();
            let layers = entries.iter().fold(0, |all, one| all | one.layer());
            let listed = add_entries(&mut self.entries, entries);
            *class.side_mut(effect) = Side { layers, listed, ..Side::default() };
        }
        self.classes.push(class);
    }
}

/// What statements consist of, each once.
struct Collected<'p> {
    clauses: ClausesBuilder<'p>,
    actions: Interned<'p, ActionMatcher>,
    resources: Interned<'p, ResourceMatcher>,
}

/// Patterns that are kept once, however often they are listed.
struct Interned<'p, T> {
    all: Vec<T>,
    known: HashMap<(&'p str, &'p Pattern), u32>,
}

impl<'p, T> Interned<'p, T> {
    fn new() -> Self {
        Self { all: Vec::new(), known: HashMap::new() }
    }

    fn add(&mut self, text: &'p str, pattern: &'p Pattern, make: impl FnOnce() -> T) -> u32 {
        *self.known.entry((text, pattern)).or_insert_with(|| {
            self.all.push(make());
            number(self.all.len() - 1)
        })
    }
}

impl<'p> Collected<'p> {
    fn new() -> Self {
        Self {
            clauses: ClausesBuilder::new(),
            actions: Interned::new(),
            resources: Interned::new(),
        }
    }

    /// `None` for a statement that covers nothing.
    fn statement(&mut self, listed: &Listed<'p>) -> Option<Statement> {
        let Listed { statement, layer, place } = *listed;
        let action = statement.action.as_ref()?;
        // Actions differ in case only.
        let actions = action
            .patterns
            .iter()
            .map(|one| self.actions.add("", &one.pattern, || ActionMatcher::new(&one.pattern)));
        let action = Element { negated: action.negated, patterns: actions.collect() };
        let resource = statement.resource.as_ref().map(|element| {
            let patterns = element.patterns.iter().map(|one| {
                self.resources.add(&one.text.value, &one.whole, || ResourceMatcher::new(one))
            });
            Element { negated: element.negated, patterns: patterns.collect() }
        });
        let clause = self.clauses.add(statement);
        Some(Statement { layer, effect: statement.effect, place, clause, action, resource })
    }
}

/// Sorts the statements of an index.
struct Sorting<'i> {
    index: &'i mut Index,
    /// With what the resource part of each resource pattern starts, where it is known.
    starts: Vec<Option<NodeId>>,
    known: HashMap<Draft, ClassId>,
}

impl<'i> Sorting<'i> {
    fn new(index: &'i mut Index) -> Self {
        let parts: Vec<Option<&[u8]>> = index
            .resources
            .iter()
            .map(|one| one.start_of_resource_part().map(str::as_bytes))
            .collect();
        let mut sorted: Vec<&[u8]> = parts.iter().copied().flatten().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let place = |part: &[u8]| sorted.binary_search(&part).ok().map(NodeId::new);
        let starts = parts.iter().map(|part| part.and_then(place)).collect();
        index.resource_starts = Prefixes::new(&sorted);
        Self { index, starts, known: HashMap::new() }
    }

    fn by_action(mut self) {
        self.index.is_sorted = true;
        let Actions { names, starts } = Actions::new(self.index);
        let sorted: Vec<&[u8]> = starts.keys().map(|start| start.as_bytes()).collect();
        self.index.starts = Prefixes::new(&sorted);
        let mut drafts: Vec<Draft> = Vec::with_capacity(starts.len());
        for (at, (start, own)) in starts.into_iter().enumerate() {
            let parent = self.index.starts.parent(NodeId::new(at));
            let mut draft = Draft::new(own, parent.map(|parent| self.inherited(&drafts, parent)));
            draft.settle_start(&start, self.index);
            let class = if draft.is_inherited() {
                let mut own = draft.clone();
                own.settle_own(&start, self.index);
                self.add_class(&own, &start)
            } else {
                self.add_class(&draft, &start)
            };
            self.index.classes_of_starts.push(class);
            drafts.push(draft);
        }
        let mut table = HashTable::with_capacity(names.len());
        for (name, own) in names {
            let parent = self.index.starts.longest(name.as_bytes());
            let mut draft = Draft::new(own, parent.map(|parent| self.inherited(&drafts, parent)));
            draft.settle(&name, self.index);
            let class = self.add_class(&draft, &name);
            let hash = |(name, _): &(Box<str>, ClassId)| fold::hash(name);
            table.insert_unique(fold::hash(&name), (name, class), hash);
        }
        self.index.names = table;
    }

    fn inherited<'d>(&self, drafts: &'d [Draft], parent: NodeId) -> (&'d Draft, ClassId) {
        (&drafts[parent.index()], self.index.class_of(parent))
    }

    /// The class of these statements about the actions that start so: one that is already there,
    /// or a new one.
    fn add_class(&mut self, draft: &Draft, start: &str) -> ClassId {
        // What is uncertain depends on the start.
        let is_certain = draft.candidates.iter().all(|one| one.is_certain);
        if let Some(class) = self.known.get(draft).filter(|_| is_certain) {
            return *class;
        }
        let mut class = Class { parent: draft.parent, ..Class::default() };
        for effect in [Effect::Deny, Effect::Allow] {
            *class.side_mut(effect) = self.side(draft, start, effect);
        }
        let id = ClassId(number(self.index.classes.len()));
        self.index.classes.push(class);
        if is_certain {
            self.known.insert(draft.clone(), id);
        }
        id
    }

    fn side(&mut self, draft: &Draft, start: &str, effect: Effect) -> Side {
        let mut sorted = Sorted::default();
        for candidate in &draft.candidates {
            let at = candidate.statement as usize;
            if self.index.statements[at].effect == effect {
                self.sort_in(at, candidate.is_certain, start, &mut sorted);
            }
        }
        let Sorted {
            layers, outright, outright_entries, mut listed, mut by_start, uncertain, ..
        } = sorted;
        if by_start.len() <= FEW_PATTERNS {
            listed.extend(by_start.drain(..).map(|(_, entry)| entry));
        }
        let reach =
            |(_, entry): &(NodeId, Entry)| self.index.resources[entry.pattern as usize].reach();
        Side {
            layers,
            outright,
            reach: by_start.iter().map(reach).max().unwrap_or_default(),
            outright_entries: add_entries(&mut self.index.entries, outright_entries),
            listed: add_entries(&mut self.index.entries, listed),
            table: self.table(by_start),
            uncertain: add_entries(&mut self.index.entries, uncertain),
        }
    }

    /// Sorts in a statement that is about the actions of the class.
    fn sort_in(&self, at: usize, is_certain: bool, start: &str, sorted: &mut Sorted) {
        let index = &*self.index;
        let statement = &index.statements[at];
        sorted.layers |= statement.layer();
        if !is_certain {
            sorted.uncertain.extend(uncertain_entries(index, at, start));
            return;
        }
        if statement.covers_every_resource(&index.resources) {
            let entry = entry(&index.statements, at, Look::Clauses);
            if entry.clause == ClauseId::NONE {
                if sorted.outright & entry.layer() == 0 {
                    sorted.outright |= entry.layer();
                    sorted.outright_entries.push(entry);
                }
            } else if sorted.is_new(entry) {
                sorted.listed.push(entry);
            }
            return;
        }
        let Some(Element { negated: false, patterns }) = &statement.resource else {
            sorted.listed.push(entry(&index.statements, at, Look::Resource));
            return;
        };
        for pattern in patterns {
            let matcher = &index.resources[*pattern as usize];
            let gate = Gate::new(matcher.literal_start(), matcher.literal_end());
            let entry = entry(&index.statements, at, Look::Pattern);
            let entry = Entry { pattern: *pattern, gate, ..entry };
            if sorted.is_new(entry) {
                match self.starts[*pattern as usize] {
                    Some(start) => sorted.by_start.push((start, entry)),
                    None => sorted.listed.push(entry),
                }
            }
        }
    }

    /// Adds a table.
    fn table(&mut self, mut by_start: Vec<(NodeId, Entry)>) -> Run {
        if by_start.is_empty() {
            return Run::default();
        }
        by_start.sort_by_key(|(start, _)| *start);
        let Index { entries, rows, resource_starts, .. } = &mut *self.index;
        let first = rows.len();
        let mut open: Vec<usize> = Vec::new();
        for group in by_start.chunk_by(|(left, _), (right, _)| left == right) {
            let start = group[0].0;
            while open.pop_if(|row| rows[*row].end <= start.number()).is_some() {}
            let above = open.last().map_or(0, |row| number(row - first + 1));
            open.push(rows.len());
            let (start, end) = (start.number(), resource_starts.end(start));
            let of_row = add_entries(entries, group.iter().map(|(_, entry)| *entry));
            rows.push(Row { start, end, above, entries: of_row.start });
        }
        let end = number(entries.len());
        rows.push(Row { start: u32::MAX, end: u32::MAX, above: 0, entries: end });
        Run { start: number(first), end: number(rows.len()) }
    }
}

/// The entries of one side of a class.
#[derive(Default)]
struct Sorted {
    layers: u64,
    outright: u64,
    outright_entries: Vec<Entry>,
    listed: Vec<Entry>,
    by_start: Vec<(NodeId, Entry)>,
    uncertain: Vec<Entry>,
    seen: HashSet<Entry>,
}

impl Sorted {
    /// Whether no earlier statement of the same layer asks for the same.
    fn is_new(&mut self, entry: Entry) -> bool {
        self.seen.insert(Entry { statement: 0, ..entry })
    }
}

/// The entries of a statement of which it is not certain that it is about the actions that start
/// so.
fn uncertain_entries(index: &Index, at: usize, start: &str) -> Vec<Entry> {
    let statement = &index.statements[at];
    if statement.action.negated {
        return vec![entry(&index.statements, at, Look::Statement)];
    }
    let patterns = statement.action.patterns.iter();
    let matchers = patterns.map(|pattern| (*pattern, &index.actions[*pattern as usize]));
    let open = matchers.filter(|(_, matcher)| {
        !matches!(matcher, ActionMatcher::Name(_)) && matcher.share(start) != Share::None
    });
    open.map(|(pattern, matcher)| Entry {
        pattern,
        gate: Gate::new("", matcher.literal_end()),
        ..entry(&index.statements, at, Look::Action)
    })
    .collect()
}

fn entry(statements: &[Statement], at: usize, look: Look) -> Entry {
    let Statement { clause, layer, .. } = statements[at];
    Entry { statement: number(at), clause, pattern: 0, gate: Gate::OPEN, look, layer }
}

fn add_entries(all: &mut Vec<Entry>, entries: impl IntoIterator<Item = Entry>) -> Run {
    let start = number(all.len());
    all.extend(entries);
    Run { start, end: number(all.len()) }
}

impl Class {
    pub(super) fn side(&self, effect: Effect) -> &Side {
        match effect {
            Effect::Allow => &self.allow,
            Effect::Deny => &self.deny,
        }
    }

    fn side_mut(&mut self, effect: Effect) -> &mut Side {
        match effect {
            Effect::Allow => &mut self.allow,
            Effect::Deny => &mut self.deny,
        }
    }
}

/// A statement that covers the actions of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Candidate {
    statement: u32,
    /// All actions of the class are covered; otherwise each has to be looked at.
    is_certain: bool,
}

/// The patterns of actions of all statements, sorted.
#[derive(Default)]
struct Actions {
    names: BTreeMap<Box<str>, Vec<Candidate>>,
    starts: BTreeMap<Box<str>, Vec<Candidate>>,
}

impl Actions {
    fn new(index: &Index) -> Self {
        let mut actions = Self::default();
        for (at, statement) in index.statements.iter().enumerate() {
            let patterns = statement.action.patterns.iter();
            let matchers = patterns.map(|pattern| &index.actions[*pattern as usize]);
            if statement.action.negated {
                actions.start("", at, false);
                matchers.for_each(|matcher| actions.add_empty(matcher));
            } else {
                matchers.for_each(|matcher| actions.add(matcher, at));
            }
        }
        actions
    }

    fn add(&mut self, pattern: &ActionMatcher, at: usize) {
        match pattern {
            ActionMatcher::Any => self.start("", at, true),
            ActionMatcher::Name(key) => {
                let candidate = Candidate { statement: number(at), is_certain: true };
                self.names.entry(key.name.clone()).or_default().push(candidate);
            }
            ActionMatcher::Start(start) => self.start(start, at, true),
            ActionMatcher::Other(other) => self.start(other.literal_start(), at, false),
        }
    }

    fn start(&mut self, start: &str, at: usize, is_certain: bool) {
        let candidate = Candidate { statement: number(at), is_certain };
        self.starts.entry(start.into()).or_default().push(candidate);
    }

    /// A class for what a statement leaves out, so that it is certain there.
    fn add_empty(&mut self, pattern: &ActionMatcher) {
        match pattern {
            ActionMatcher::Name(key) => {
                self.names.entry(key.name.clone()).or_default();
            }
            other => {
                self.starts.entry(other.literal_start().into()).or_default();
            }
        }
    }
}

/// The statements of a class to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Draft {
    /// In ascending order, no statement twice.
    candidates: Vec<Candidate>,
    parent: Option<ClassId>,
}

impl Draft {
    fn new(own: Vec<Candidate>, parent: Option<(&Self, ClassId)>) -> Self {
        let mut draft = match parent {
            Some((parent, _)) if parent.is_inherited() => {
                let candidates = [own, parent.candidates.clone()].concat();
                Self { candidates, parent: parent.parent }
            }
            parent => Self { candidates: own, parent: parent.map(|(_, class)| class) },
        };
        // Of a statement that stands twice the certain one stays.
        draft.candidates.sort_by_key(|one| (one.statement, !one.is_certain));
        draft.candidates.dedup_by_key(|one| one.statement);
        draft
    }

    /// Whether the classes of longer starts repeat the statements, so that only what has no such
    /// class gets to this one.
    fn is_inherited(&self) -> bool {
        self.candidates.len() <= FEW_INHERITED
    }

    /// Looks at what is not certain, now that longer names and starts have classes of their own.
    fn settle_own(&mut self, start: &str, index: &Index) {
        self.candidates.retain_mut(|one| {
            let action = &index.statements[one.statement as usize].action;
            let is_open = |pattern: &u32| {
                let pattern = &index.actions[*pattern as usize];
                !pattern.has_own_class() && pattern.share(start) != Share::None
            };
            if one.is_certain || action.patterns.iter().any(is_open) {
                return true;
            }
            one.is_certain = true;
            action.negated
        });
    }

    /// Looks at what is not certain, now that there are only actions that start so.
    fn settle_start(&mut self, start: &str, index: &Index) {
        self.candidates.retain_mut(|one| {
            if one.is_certain {
                return true;
            }
            let action = &index.statements[one.statement as usize].action;
            let share = action.share(&index.actions, start);
            one.is_certain = share == Share::All;
            share != Share::None
        });
    }

    /// Looks at what is not certain, now that there is one action only.
    fn settle(&mut self, action: &str, index: &Index) {
        let action = ActionRef::new(action);
        self.candidates.retain_mut(|one| {
            let statement = &index.statements[one.statement as usize];
            let is_covered = one.is_certain || statement.covers_action(&index.actions, &action);
            one.is_certain = true;
            is_covered
        });
    }
}
