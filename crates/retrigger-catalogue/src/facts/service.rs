//! Services, and actions by their full names.

use std::ops::Range;

use super::{
    Action, ConditionKey, ResourceType, Text,
    blob::{ACTIONS, ACTIONS_BY_NAME, OWNERS, SERVICES, SERVICES_BY_PREFIX},
    list,
};
use crate::{
    index::{hash, seed},
    sixteen::{first, lower, sixteen},
};

const SIZE: usize = 32;
/// Bytes of a prefix that stand in its record; most have no more.
const SHORT: usize = 15;

/// A service, as the part of an action before the colon names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    at: usize,
}

/// The service with this prefix, such as `s3`.
///
/// ```
/// # use retrigger_catalogue::facts::service;
/// assert_eq!(service("Lambda").unwrap().name().to_string(), "AWS Lambda");
/// assert!(service("lamda").is_none());
/// ```
pub fn service(prefix: &str) -> Option<Service> {
    let length = u8::try_from(prefix.len()).ok()?;
    let start = first(lower(sixteen(prefix.as_bytes(), 0)), SHORT) | u128::from(length) << 120;
    SERVICES_BY_PREFIX.find(hash(0, prefix.as_bytes()), |number| {
        let service = Service::new(number);
        let is_it = SERVICES.sixteen(service.at) == start
            && (prefix.len() <= SHORT || service.prefix().eq_ignore_case(prefix));
        is_it.then_some(service)
    })
}

/// Every service, by prefix. Those that AWS has closed and its managed policies still name are
/// among them.
pub fn services() -> impl ExactSizeIterator<Item = Service> + Clone {
    (0..SERVICES.count).map(Service::new)
}

/// The action with this prefix and name, such as `s3` and `GetObject`.
///
/// ```
/// # use retrigger_catalogue::facts::action;
/// assert_eq!(action("S3", "getobject").unwrap().to_string(), "s3:GetObject");
/// assert!(action("s3", "GetObjct").is_none());
/// ```
// PERF: see `benches/catalogue.rs`.
pub fn action(prefix: &str, name: &str) -> Option<Action> {
    service(prefix)?.action(name)
}

impl Service {
    pub(super) fn new(number: usize) -> Self {
        Self { at: SIZE * number }
    }

    /// The service whose actions include the one of this number.
    pub(super) fn of_action(number: usize) -> Self {
        let mut owner = OWNERS.u16(2 * (number / 32));
        // Services without actions start where the next one does, and come before it.
        while owner + 1 < SERVICES.count && Self::new(owner + 1).first_action() <= number {
            owner += 1;
        }
        Self::new(owner)
    }

    /// The part of an action before the colon, in lower case.
    pub fn prefix(self) -> Text {
        Text::new(SERVICES.u24(self.at + 16))
    }

    /// What AWS calls the service, such as `Amazon S3`.
    pub fn name(self) -> Text {
        Text::new(SERVICES.u24(self.at + 19))
    }

    fn first_action(self) -> usize {
        SERVICES.u16(self.at + 22)
    }

    /// The actions, by name.
    pub fn actions(self) -> impl ExactSizeIterator<Item = Action> + Clone {
        self.action_numbers().map(Action::new)
    }

    fn action_numbers(self) -> Range<usize> {
        let first = self.first_action();
        first..(first + SERVICES.u16(self.at + 24)).min(ACTIONS.count)
    }

    /// The action of this name.
    pub fn action(self, name: &str) -> Option<Action> {
        let own = self.action_numbers();
        ACTIONS_BY_NAME.find(hash(seed(self.at / SIZE), name.as_bytes()), |number| {
            let action = own.contains(&number).then(|| Action::new(number))?;
            action.name().eq_ignore_case(name).then_some(action)
        })
    }

    /// The types of resource that the service has.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = ResourceType> + Clone {
        let first = SERVICES.u16(self.at + 26);
        (first..first + SERVICES.u16(self.at + 28)).map(ResourceType::new)
    }

    /// The condition keys that the service lists: its own, and the global ones for tags.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
        list::keys(SERVICES.u16(self.at + 30))
    }
}
