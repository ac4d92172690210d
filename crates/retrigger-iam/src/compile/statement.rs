//! One statement, ready to be held against requests.

use super::{
    asked::Asked, caller::PrincipalMatcher, condition::Condition, key::Key,
    resource::ResourceMatcher, text::TextMatcher,
};
use crate::{
    explain::CallerMatch,
    fold,
    pattern::Pattern,
    policy::{self, Effect},
    request_ref::ContextRef,
    truth::Truth,
};

/// One statement of the set.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// The bit of the layer it belongs to.
    pub(super) layer: u64,
    pub(super) effect: Effect,
    /// Its place in the order of evaluation.
    pub(super) place: u32,
    principal: Option<PrincipalMatcher>,
    conditions: Box<[Condition]>,
    action: Actions,
    resource: Option<Resources>,
}

/// `Action` or `NotAction`.
#[derive(Clone, Debug)]
pub(super) struct Actions {
    pub(super) negated: bool,
    pub(super) patterns: Box<[ActionMatcher]>,
}

/// A pattern of actions, in lower case.
#[derive(Clone, Debug)]
pub(super) enum ActionMatcher {
    /// `*`
    Any,
    /// One action.
    Name(Key),
    /// `service:Start*`
    Start(Box<str>),
    /// Wildcards elsewhere.
    Other(TextMatcher),
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(super) struct Resources {
    pub(super) negated: bool,
    pub(super) patterns: Box<[ResourceMatcher]>,
}

impl Statement {
    /// `None` for a statement that covers nothing.
    pub(super) fn new(statement: &policy::Statement, layer: u64, place: u32) -> Option<Self> {
        let action = statement.action.as_ref()?;
        let patterns = action.patterns.iter().map(|listed| ActionMatcher::new(&listed.pattern));
        let mut conditions: Box<[Condition]> =
            statement.conditions.iter().map(Condition::new).collect();
        conditions.sort_by_key(Condition::cost);
        let principal = statement.principal.as_ref();
        Some(Self {
            layer,
            effect: statement.effect,
            place,
            principal: principal.map(|one| PrincipalMatcher::new(one, statement.effect)),
            conditions,
            action: Actions { negated: action.negated, patterns: patterns.collect() },
            resource: statement.resource.as_ref().map(|element| Resources {
                negated: element.negated,
                patterns: element.patterns.iter().map(ResourceMatcher::new).collect(),
            }),
        })
    }

    pub(super) fn actions(&self) -> &Actions {
        &self.action
    }

    pub(super) fn resources(&self) -> Option<&Resources> {
        self.resource.as_ref()
    }

    /// Whether it covers every resource.
    pub(super) fn covers_every_resource(&self) -> bool {
        self.resource.as_ref().is_none_or(|resources| {
            !resources.negated
                && resources.patterns.iter().any(|one| matches!(one, ResourceMatcher::Any))
        })
    }

    /// Whether action and resource are all it asks for.
    pub(super) fn has_no_clause(&self) -> bool {
        self.principal.is_none() && self.conditions.is_empty()
    }

    /// How it covers the caller: without `Principal`, as in identity policies, it is about nobody
    /// in particular. `None` where it does not.
    #[inline]
    pub(super) fn covers_caller(&self, asked: &Asked<'_>) -> Option<CallerMatch> {
        match &self.principal {
            None => Some(CallerMatch::Account),
            Some(principal) => principal.covers(&asked.request.caller, asked.has_boundary),
        }
    }

    #[inline]
    pub(super) fn conditions_hold(&self, context: &ContextRef<'_>) -> Truth {
        Truth::all(self.conditions.iter().map(|condition| condition.holds(context)))
    }

    /// Whether it covers the action, given with its hash.
    #[inline]
    pub(super) fn covers_action(&self, action: &str, hash: u64) -> bool {
        let is_listed = self.action.patterns.iter().any(|one| one.covers(action, hash));
        is_listed != self.action.negated
    }

    /// Whether a pattern of its `Resource` element covers the resource.
    #[inline]
    pub(super) fn pattern_covers(&self, pattern: usize, asked: &Asked<'_>) -> Truth {
        let patterns = self.resource.as_ref().map_or(&[] as &[_], |resources| &resources.patterns);
        patterns.get(pattern).map_or(Truth::No, |pattern| pattern.covers(asked))
    }

    /// Whether it covers the resource.
    #[inline]
    pub(super) fn covers_resource(&self, asked: &Asked<'_>) -> Truth {
        let Some(resources) = &self.resource else { return Truth::Yes };
        let listed = Truth::any(resources.patterns.iter().map(|pattern| pattern.covers(asked)));
        if resources.negated { !listed } else { listed }
    }
}

impl ActionMatcher {
    fn new(pattern: &Pattern) -> Self {
        match TextMatcher::new(pattern) {
            TextMatcher::Any => Self::Any,
            TextMatcher::Exact(name) => Self::Name(Key::new(&name)),
            TextMatcher::Prefix(start) => Self::Start(start),
            other => Self::Other(other),
        }
    }

    #[inline]
    fn covers(&self, action: &str, hash: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Name(Key { hash: known, name }) => *known == hash && fold::equal(name, action),
            Self::Start(start) => fold::starts_with(action.as_bytes(), start.as_bytes()),
            Self::Other(pattern) => folded(action, |action| {
                pattern.fits(action, &ContextRef::Listed(&[])) == Truth::Yes
            }),
        }
    }
}

/// Which of the actions that start so an `Action` element covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    None,
    Some,
    All,
}

impl Actions {
    /// Which actions with this start, in lower case, are covered.
    pub(super) fn share(&self, start: &str) -> Share {
        let mut listed = Share::None;
        for pattern in &self.patterns {
            match pattern.share(start) {
                Share::All => {
                    listed = Share::All;
                    break;
                }
                Share::Some => listed = Share::Some,
                Share::None => {}
            }
        }
        match (listed, self.negated) {
            (Share::All, true) => Share::None,
            (Share::None, true) => Share::All,
            (share, _) => share,
        }
    }
}

impl ActionMatcher {
    fn share(&self, start: &str) -> Share {
        let (literal, is_all_that_matters) = match self {
            Self::Any => ("", true),
            Self::Name(key) => (&*key.name, false),
            Self::Start(literal) => (&**literal, true),
            Self::Other(pattern) => (pattern.literal_start(), false),
        };
        if is_all_that_matters && start.starts_with(literal) {
            Share::All
        } else if start.starts_with(literal) || literal.starts_with(start) {
            Share::Some
        } else {
            Share::None
        }
    }
}

/// Hands on an action in lower case. No action of AWS is longer than the buffer; one that is
/// takes a copy.
fn folded<T>(action: &str, then: impl FnOnce(&str) -> T) -> T {
    const LONGEST: usize = 128;
    let mut buffer = [0; LONGEST];
    match buffer.get_mut(..action.len()) {
        Some(lower) => {
            lower.copy_from_slice(action.as_bytes());
            lower.make_ascii_lowercase();
            // INVARIANT: folding ASCII letters leaves UTF-8 text UTF-8.
            then(std::str::from_utf8(lower).unwrap_or_default())
        }
        None => then(&action.to_ascii_lowercase()),
    }
}
