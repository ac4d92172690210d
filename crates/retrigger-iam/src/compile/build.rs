//! From statements to the index that finds them.

use std::collections::{BTreeMap, HashMap};

use hashbrown::HashTable;

use super::{
    index::{Class, ClassId, Entry, Gate, Index, Look, Run, Side, Table},
    prefixes::{NodeId, Prefixes},
    statement::{ActionMatcher, Resources, Share, Statement},
};
use crate::{fold, policy::Effect};

/// Up to this many statements are looked at one after the other: the policy of a function often
/// has no more, and is compiled several times faster so.
const FEW_STATEMENTS: usize = 4;

/// Up to this many resource patterns are tried one after the other.
const FEW_PATTERNS: usize = 6;

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

impl Index {
    pub(super) fn new(statements: Vec<Statement>, lookup: Lookup) -> Self {
        let mut index = Self { statements, ..Self::default() };
        let is_small = index.statements.len() <= FEW_STATEMENTS;
        if is_small || lookup == Lookup::Linear {
            index.one_class();
        } else {
            index.by_action();
        }
        index
    }

    /// All statements in one class.
    fn one_class(&mut self) {
        let mut class = Class::default();
        for effect in [Effect::Deny, Effect::Allow] {
            let of_effect =
                (0..self.statements.len()).filter(|at| self.statements[*at].effect == effect);
            let entries: Vec<Entry> = of_effect.map(|at| entry(at, Look::Action)).collect();
            let layers = entries.iter().fold(0, |all, one| all | self.statement(*one).layer);
            *class.side_mut(effect) =
                Side { layers, unsorted: self.run(entries), ..Side::default() };
        }
        self.classes.push(class);
    }

    fn by_action(&mut self) {
        let Listed { names, starts } = Listed::new(&self.statements);
        let mut known = HashMap::new();
        self.starts = Prefixes::new(starts.keys().map(|start| start.as_bytes()));
        let mut drafts: Vec<Draft> = Vec::with_capacity(starts.len());
        for (at, (start, own)) in starts.into_iter().enumerate() {
            let parent = self.starts.parent(NodeId::new(at));
            let mut draft = Draft::new(own, parent.map(|parent| self.inherited(&drafts, parent)));
            draft.settle_start(&start, &self.statements);
            let class = self.add_class(&draft, &mut known);
            self.classes_of_starts.push(class);
            drafts.push(draft);
        }
        let mut table = HashTable::with_capacity(names.len());
        for (name, own) in names {
            let parent = self.starts.longest(name.as_bytes());
            let mut draft = Draft::new(own, parent.map(|parent| self.inherited(&drafts, parent)));
            draft.settle(&name, &self.statements);
            let class = self.add_class(&draft, &mut known);
            let hash = |(name, _): &(Box<str>, ClassId)| fold::hash(name);
            table.insert_unique(fold::hash(&name), (name, class), hash);
        }
        self.names = table;
    }

    fn inherited<'d>(&self, drafts: &'d [Draft], parent: NodeId) -> (&'d Draft, ClassId) {
        (&drafts[parent.index()], self.class_of(parent))
    }

    /// The class of these statements: one that is already there, or a new one.
    fn add_class(&mut self, draft: &Draft, known: &mut HashMap<Draft, ClassId>) -> ClassId {
        if let Some(class) = known.get(draft) {
            return *class;
        }
        let mut class = Class { parent: draft.parent, ..Class::default() };
        for effect in [Effect::Deny, Effect::Allow] {
            *class.side_mut(effect) = self.side(draft, effect);
        }
        let id = ClassId(number(self.classes.len()));
        self.classes.push(class);
        known.insert(draft.clone(), id);
        id
    }

    fn side(&mut self, draft: &Draft, effect: Effect) -> Side {
        let (mut layers, mut outright) = (0, 0);
        let (mut outright_entries, mut unsorted, mut by_start) =
            (Vec::new(), Vec::new(), Vec::new());
        for candidate in &draft.candidates {
            let at = candidate.statement as usize;
            let statement = &self.statements[at];
            if statement.effect != effect {
                continue;
            }
            layers |= statement.layer;
            if !candidate.is_certain {
                unsorted.push(entry(at, Look::Action));
            } else if !statement.covers_every_resource() {
                sort_in(statement, at, &mut unsorted, &mut by_start);
            } else if statement.has_no_clause() {
                outright |= statement.layer;
                outright_entries.push(entry(at, Look::Clauses));
            } else {
                unsorted.push(entry(at, Look::Clauses));
            }
        }
        let is_few = by_start.len() <= FEW_PATTERNS;
        let (few, many) = if is_few { (by_start, Vec::new()) } else { (Vec::new(), by_start) };
        Side {
            layers,
            outright,
            outright_entries: self.run(outright_entries),
            unsorted: self.run(unsorted),
            table: self.table(many),
            few: self.run(few.into_iter().map(|(_, entry)| entry)),
        }
    }

    fn table(&mut self, mut by_start: Vec<(Box<str>, Entry)>) -> Option<u32> {
        if by_start.is_empty() {
            return None;
        }
        by_start.sort_by(|(left, _), (right, _)| left.cmp(right));
        let reaches = by_start.iter().any(|(_, entry)| self.reaches_past_colons(*entry));
        let groups: Vec<&[(Box<str>, Entry)]> =
            by_start.chunk_by(|(left, _), (right, _)| left == right).collect();
        let starts = Prefixes::new(groups.iter().map(|group| group[0].0.as_bytes()));
        let runs = groups.iter().map(|group| self.run(group.iter().map(|(_, entry)| *entry)));
        let runs = runs.collect();
        self.tables.push(Table { starts, runs, reaches_past_colons: reaches });
        Some(number(self.tables.len() - 1))
    }

    fn reaches_past_colons(&self, entry: Entry) -> bool {
        let Look::Pattern(pattern) = entry.look else { return false };
        let resources = self.statement(entry).resources();
        resources.is_some_and(|all| all.patterns[usize::from(pattern)].reaches_past_colons())
    }

    fn run(&mut self, entries: impl IntoIterator<Item = Entry>) -> Run {
        let start = number(self.entries.len());
        self.entries.extend(entries);
        Run { start, end: number(self.entries.len()) }
    }
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

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("fewer statements than bytes in four gigabytes")
}

fn entry(statement: usize, look: Look) -> Entry {
    Entry { statement: number(statement), look, gate: Gate::default() }
}

/// Sorts a statement in by its resource patterns.
fn sort_in(
    statement: &Statement,
    at: usize,
    unsorted: &mut Vec<Entry>,
    by_start: &mut Vec<(Box<str>, Entry)>,
) {
    let Some(Resources { negated: false, patterns }) = statement.resources() else {
        unsorted.push(entry(at, Look::Resource));
        return;
    };
    // More patterns than a policy can hold characters are not sorted.
    if u16::try_from(patterns.len()).is_err() {
        unsorted.push(entry(at, Look::Resource));
        return;
    }
    for (number, pattern) in (0..).zip(patterns) {
        let gate = Gate::new(pattern.literal_start());
        let entry = Entry { gate, ..entry(at, Look::Pattern(number)) };
        match pattern.start_of_resource_part() {
            Some(start) => by_start.push((start.into(), entry)),
            None => unsorted.push(entry),
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

/// The patterns of all statements, sorted.
#[derive(Default)]
struct Listed {
    names: BTreeMap<Box<str>, Vec<Candidate>>,
    starts: BTreeMap<Box<str>, Vec<Candidate>>,
}

impl Listed {
    fn new(statements: &[Statement]) -> Self {
        let mut listed = Self::default();
        for (at, statement) in statements.iter().enumerate() {
            let actions = statement.actions();
            if actions.negated {
                listed.start("", at, false);
            } else {
                actions.patterns.iter().for_each(|pattern| listed.add(pattern, at));
            }
        }
        listed
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
            Some((parent, _)) if parent.candidates.len() <= FEW_INHERITED => {
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

    /// Looks at what is not certain, now that there are only actions that start so.
    fn settle_start(&mut self, start: &str, statements: &[Statement]) {
        self.candidates.retain_mut(|one| {
            if one.is_certain {
                return true;
            }
            let share = statements[one.statement as usize].actions().share(start);
            one.is_certain = share == Share::All;
            share != Share::None
        });
    }

    /// Looks at what is not certain, now that there is one action only.
    fn settle(&mut self, action: &str, statements: &[Statement]) {
        let hash = fold::hash(action);
        self.candidates.retain_mut(|one| {
            let is_covered =
                one.is_certain || statements[one.statement as usize].covers_action(action, hash);
            one.is_certain = true;
            is_covered
        });
    }
}
