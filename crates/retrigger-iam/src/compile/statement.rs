//! One statement, ready to be held against requests.

use super::{
    asked::Asked,
    clauses::ClauseId,
    key::Key,
    resource::ResourceMatcher,
    text::{Around, TextMatcher},
};
use crate::{fold, pattern::Pattern, policy::Effect, request_ref::ContextRef, truth::Truth};

/// One statement of the set.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Which bit its layer is.
    pub(super) layer: u8,
    pub(super) effect: Effect,
    /// Its place in the order of evaluation.
    pub(super) place: u32,
    pub(super) clause: ClauseId,
    pub(super) action: Element,
    pub(super) resource: Option<Element>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) negated: bool,
    /// Which patterns of the index it lists.
    pub(super) patterns: Box<[u32]>,
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
    /// `service:Start*End`
    Around(Box<Around>),
    /// Wildcards elsewhere.
    Other(TextMatcher),
}

impl Statement {
    pub(super) fn layer(&self) -> u64 {
        1 << self.layer
    }

    /// Whether it covers every resource.
    pub(super) fn covers_every_resource(&self, resources: &[ResourceMatcher]) -> bool {
        let is_any = |pattern: &u32| matches!(resources[*pattern as usize], ResourceMatcher::Any);
        self.resource
            .as_ref()
            .is_none_or(|element| !element.negated && element.patterns.iter().any(is_any))
    }

    /// Whether it covers the action, given with its hash.
    #[inline]
    pub(super) fn covers_action(&self, all: &[ActionMatcher], action: &str, hash: u64) -> bool {
        let covers = |pattern: &u32| all[*pattern as usize].covers(action, hash);
        self.action.patterns.iter().any(covers) != self.action.negated
    }

    /// Whether it covers the resource.
    #[inline]
    pub(super) fn covers_resource(&self, all: &[ResourceMatcher], asked: &Asked<'_>) -> Truth {
        let Some(element) = &self.resource else { return Truth::Yes };
        let mut listed = Truth::No;
        for pattern in &element.patterns {
            listed = listed.max(all[*pattern as usize].covers(asked));
            if listed == Truth::Yes {
                break;
            }
        }
        if element.negated { !listed } else { listed }
    }
}

impl ActionMatcher {
    pub(super) fn new(pattern: &Pattern) -> Self {
        match TextMatcher::new(pattern) {
            TextMatcher::Any => Self::Any,
            TextMatcher::Exact(name) => Self::Name(Key::new(&name)),
            TextMatcher::Prefix(start) => Self::Start(start),
            TextMatcher::Around(around) => Self::Around(around),
            other => Self::Other(other),
        }
    }

    #[inline]
    pub(super) fn covers(&self, action: &str, hash: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Name(Key { hash: known, name }) => *known == hash && fold::equal(name, action),
            Self::Start(start) => fold::starts_with(action.as_bytes(), start.as_bytes()),
            Self::Around(around) => {
                let (start, end) = (around.start.as_bytes(), around.end.as_bytes());
                action.len() >= start.len() + end.len()
                    && fold::ends_with(action.as_bytes(), end)
                    && fold::starts_with(action.as_bytes(), start)
            }
            Self::Other(pattern) => folded(action, |action| {
                pattern.fits(action, &ContextRef::Listed(&[])) == Truth::Yes
            }),
        }
    }

    /// Which actions with this start, in lower case, are covered.
    pub(super) fn share(&self, start: &str) -> Share {
        let literal = self.literal_start();
        if matches!(self, Self::Any | Self::Start(_)) && start.starts_with(literal) {
            Share::All
        } else if start.starts_with(literal) || literal.starts_with(start) {
            Share::Some
        } else {
            Share::None
        }
    }

    /// The text with which everything starts that it covers.
    pub(super) fn literal_start(&self) -> &str {
        match self {
            Self::Any => "",
            Self::Name(key) => &key.name,
            Self::Start(start) => start,
            Self::Around(around) => &around.start,
            Self::Other(pattern) => pattern.literal_start(),
        }
    }

    /// The text with which everything ends that it covers.
    pub(super) fn literal_end(&self) -> &str {
        match self {
            Self::Any | Self::Start(_) => "",
            Self::Name(key) => &key.name,
            Self::Around(around) => &around.end,
            Self::Other(pattern) => pattern.literal_end(),
        }
    }
}

/// Which of the actions that start so a pattern or an `Action` element covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    None,
    Some,
    All,
}

impl Element {
    /// Which actions with this start, in lower case, are covered.
    pub(super) fn share(&self, all: &[ActionMatcher], start: &str) -> Share {
        let mut listed = Share::None;
        for pattern in &self.patterns {
            match all[*pattern as usize].share(start) {
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
