//! Actions.

use std::fmt;

use super::{
    ConditionKey, ResourceType, Service, Text,
    blob::{ACTIONS, SHAPES},
    list,
};

const SIZE: usize = 6;

/// An action of a service, such as `s3:GetObject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    number: usize,
}

/// What an action does, as AWS classifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessLevel {
    /// It lists resources.
    List,
    /// It reads what is in a resource.
    Read,
    /// It creates, changes or deletes resources.
    Write,
    /// It changes tags.
    Tagging,
    /// It grants or changes permissions.
    PermissionsManagement,
}

/// A type of resource that an action is authorized on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UsedResourceType {
    pair: (usize, usize),
}

impl Action {
    pub(super) fn new(number: usize) -> Self {
        Self { number }
    }

    fn at(self) -> usize {
        SIZE * self.number
    }

    /// The service.
    pub fn service(self) -> Service {
        Service::of_action(self.number)
    }

    /// The name without the service, such as `GetObject`.
    pub fn name(self) -> Text {
        Text::new(ACTIONS.u24(self.at()))
    }

    /// What the action does. One that tags or manages permissions writes as well.
    pub fn access_levels(self) -> &'static [AccessLevel] {
        match ACTIONS.byte(self.at() + 3) & 0x7f {
            0 => &[AccessLevel::List],
            1 => &[AccessLevel::Read],
            3 => &[AccessLevel::Tagging, AccessLevel::Write],
            4 => &[AccessLevel::PermissionsManagement, AccessLevel::Write],
            _ => &[AccessLevel::Write],
        }
    }

    /// Whether AWS lists the action no more. All that is known of such an action is its name, and
    /// that AWS managed policies still have it.
    pub fn is_retired(self) -> bool {
        ACTIONS.byte(self.at() + 3) & 0x80 != 0
    }

    fn shape(self, member: usize) -> usize {
        SHAPES.u16(6 * ACTIONS.u16(self.at() + 4) + 2 * member)
    }

    /// The types of resource that the action is authorized on; none where it is authorized on `*`
    /// only.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = UsedResourceType> + Clone {
        let mut numbers = list::members(self.shape(0));
        let count = numbers.len() / 2;
        (0..count).map(move |_| {
            let pair = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
            UsedResourceType { pair }
        })
    }

    /// The condition keys of the action itself; those of its resources are listed there.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
        list::keys(self.shape(1))
    }

    /// What the caller must be allowed besides for the action to succeed, such as `iam:PassRole`.
    pub fn dependent_actions(self) -> impl ExactSizeIterator<Item = Self> + Clone {
        list::members(self.shape(2)).map(Self::new)
    }
}

impl fmt::Display for Action {
    /// `service:Name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service().prefix(), self.name())
    }
}

impl UsedResourceType {
    /// The type.
    pub fn resource_type(self) -> ResourceType {
        ResourceType::new(self.pair.0 & 0x7fff)
    }

    /// Whether every request for the action has such a resource.
    pub fn is_required(self) -> bool {
        self.pair.0 & 0x8000 != 0
    }

    /// The condition keys that the action knows with this type of resource only.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
        list::keys(self.pair.1)
    }
}
