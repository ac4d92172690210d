//! One statement, ready to be held against requests.

use super::{
    asked::Asked,
    clauses::ClauseId,
    key::Key,
    resource::ResourceMatcher,
    text::{TextMatcher, same, starts_with},
};
use crate::{
    action_ref::ActionRef, pattern::Pattern, policy::Effect, request_ref::ContextRef, truth::Truth,
};

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

    /// Whether it covers the action.
    #[inline]
    pub(super) fn covers_action(&self, all: &[ActionMatcher], action: &ActionRef<'_>) -> bool {
        let covers = |pattern: &u32| all[*pattern as usize].covers(action);
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
            other => Self::Other(other),
        }
    }

    #[inline]
    pub(super) fn covers(&self, action: &ActionRef<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Name(name) => name.hash == action.hash && same(&name.name, action.lower()),
            Self::Start(start) => starts_with(action.lower(), start),
            Self::Other(pattern) => {
                pattern.fits(action.lower(), &ContextRef::Listed(&[])) == Truth::Yes
            }
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

    /// Whether the index has a class for exactly what it covers.
    pub(super) fn has_own_class(&self) -> bool {
        matches!(self, Self::Any | Self::Name(_) | Self::Start(_))
    }

    /// The text with which everything starts that it covers.
    pub(super) fn literal_start(&self) -> &str {
        match self {
            Self::Any => "",
            Self::Name(key) => &key.name,
            Self::Start(start) => start,
            Self::Other(pattern) => pattern.literal_start(),
        }
    }

    /// The text with which everything ends that it covers.
    pub(super) fn literal_end(&self) -> &str {
        match self {
            Self::Any | Self::Start(_) => "",
            Self::Name(key) => &key.name,
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
