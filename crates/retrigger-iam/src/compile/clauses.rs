//! What statements ask for besides action and resource, kept once however often it is asked.

use std::{cell::Cell, collections::HashMap};

use super::{asked::Asked, caller::PrincipalMatcher, condition::Condition, number};
use crate::{
    explain::CallerMatch, operator::Operator, pattern::Pattern, policy, request_ref::ContextRef,
    truth::Truth,
};

/// The clauses of statements.
#[derive(Clone, Debug, Default)]
pub(super) struct Clauses {
    all: Vec<Clause>,
    principals: Vec<PrincipalMatcher>,
    /// The conditions of each clause, side by side.
    listed: Vec<u32>,
    conditions: Vec<Condition>,
}

/// The principal and the conditions of a statement. The first one of a list asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClauseId(u32);

impl ClauseId {
    /// Nothing is asked.
    pub(super) const NONE: Self = Self(0);
}

#[derive(Clone, Copy, Debug, Default)]
struct Clause {
    principal: Option<u32>,
    start: u32,
    end: u32,
}

/// What is known of the conditions in one request, so that none is looked at twice.
pub(super) struct Memo([Cell<Option<Truth>>; Memo::SIZE]);

impl Default for Memo {
    fn default() -> Self {
        Self([const { Cell::new(None) }; Self::SIZE])
    }
}

impl Memo {
    /// The conditions that are asked most often are kept.
    const SIZE: usize = 64;
}

impl Clauses {
    /// How a clause covers the caller: without `Principal`, as in identity policies, it is about
    /// nobody in particular. `None` where it does not.
    #[inline]
    pub(super) fn cover_caller(&self, clause: ClauseId, asked: &Asked<'_>) -> Option<CallerMatch> {
        match self.all[clause.0 as usize].principal {
            None => Some(CallerMatch::Account),
            Some(principal) => self.principals[principal as usize]
                .covers(&asked.request.caller, asked.has_boundary),
        }
    }

    /// Whether the conditions of a clause hold.
    #[inline]
    pub(super) fn conditions_hold(
        &self,
        clause: ClauseId,
        context: &ContextRef<'_>,
        memo: &Memo,
    ) -> Truth {
        let Clause { start, end, .. } = self.all[clause.0 as usize];
        let mut all = Truth::Yes;
        for id in &self.listed[start as usize..end as usize] {
            all = all.min(self.condition_holds(*id, context, memo));
            if all == Truth::No {
                break;
            }
        }
        all
    }

    #[inline]
    fn condition_holds(&self, id: u32, context: &ContextRef<'_>, memo: &Memo) -> Truth {
        let kept = memo.0.get(id as usize);
        if let Some(known) = kept.and_then(Cell::get) {
            return known;
        }
        let holds = self.conditions[id as usize].holds(context);
        if let Some(kept) = kept {
            kept.set(Some(holds));
        }
        holds
    }
}

/// Collects clauses.
#[derive(Default)]
pub(super) struct ClausesBuilder<'p> {
    clauses: Clauses,
    known_clauses: HashMap<Box<[u32]>, ClauseId>,
    known_conditions: HashMap<Content<'p>, u32>,
    /// How often each condition is asked.
    asked: Vec<u32>,
}

/// What makes a condition the same as another.
#[derive(PartialEq, Eq, Hash)]
struct Content<'p> {
    operator: Operator,
    key: String,
    values: Vec<(&'p str, &'p Pattern)>,
}

impl<'p> ClausesBuilder<'p> {
    pub(super) fn new() -> Self {
        let mut builder = Self::default();
        builder.clauses.all.push(Clause::default());
        builder.known_clauses.insert(Box::default(), ClauseId::NONE);
        builder
    }

    /// The clause of a statement.
    pub(super) fn add(&mut self, statement: &'p policy::Statement) -> ClauseId {
        if statement.principal.is_none() && statement.conditions.is_empty() {
            return ClauseId::NONE;
        }
        let mut conditions: Box<[u32]> =
            statement.conditions.iter().map(|condition| self.condition(condition)).collect();
        conditions.sort_by_key(|id| (self.clauses.conditions[*id as usize].cost(), *id));
        let principal = statement.principal.as_ref().map(|element| {
            self.clauses.principals.push(PrincipalMatcher::new(element, statement.effect));
            number(self.clauses.principals.len() - 1)
        });
        // Principals hardly ever repeat within a policy.
        if principal.is_none()
            && let Some(known) = self.known_clauses.get(&conditions)
        {
            return *known;
        }
        let start = number(self.clauses.listed.len());
        self.clauses.listed.extend(&conditions);
        let end = number(self.clauses.listed.len());
        let id = ClauseId(number(self.clauses.all.len()));
        self.clauses.all.push(Clause { principal, start, end });
        if principal.is_none() {
            self.known_clauses.insert(conditions, id);
        }
        id
    }

    fn condition(&mut self, condition: &'p policy::Condition) -> u32 {
        let values = condition.values.iter().map(|one| (one.text.value.as_str(), &one.pattern));
        let content = Content {
            operator: condition.operator,
            key: condition.key.value.to_ascii_lowercase(),
            values: values.collect(),
        };
        let id = *self.known_conditions.entry(content).or_insert_with(|| {
            self.clauses.conditions.push(Condition::new(condition));
            self.asked.push(0);
            number(self.clauses.conditions.len() - 1)
        });
        self.asked[id as usize] += 1;
        id
    }

    /// The clauses, with the conditions that are asked most often in front.
    pub(super) fn build(self) -> Clauses {
        let Self { mut clauses, asked, .. } = self;
        if clauses.conditions.len() > Memo::SIZE {
            let mut order: Vec<u32> = (0..number(asked.len())).collect();
            order.sort_by_key(|id| std::cmp::Reverse(asked[*id as usize]));
            let mut places = vec![0; order.len()];
            for (place, id) in (0..).zip(&order) {
                places[*id as usize] = place;
            }
            clauses.listed.iter_mut().for_each(|id| *id = places[*id as usize]);
            let mut conditions: Vec<(u32, Condition)> =
                (0..).zip(clauses.conditions).map(|(id, one)| (places[id], one)).collect();
            conditions.sort_by_key(|(place, _)| *place);
            clauses.conditions = conditions.into_iter().map(|(_, one)| one).collect();
        }
        clauses
    }
}
