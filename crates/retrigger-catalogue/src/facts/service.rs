//! Services, and actions by their full names.

use super::{
    Action, ConditionKey, ResourceType, Text,
    blob::{ACTIONS, OWNERS, SERVICES, SLOTS},
    list,
};

const SIZE: usize = 16;

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
    let services = candidates(prefix, "").filter_map(|number| number.checked_sub(ACTIONS.count));
    services.map(Service::new).find(|service| service.prefix().eq_ignore_case(prefix))
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
    let actions = candidates(prefix, name).filter(|number| *number < ACTIONS.count);
    actions.map(Action::new).find(|action| {
        action.name().eq_ignore_case(name) && action.service().prefix().eq_ignore_case(prefix)
    })
}

/// The numbers of the actions and, after these, services that may have these names: what stands
/// in the slots from the hash on to the first free one.
fn candidates(prefix: &str, name: &str) -> impl Iterator<Item = usize> {
    let start = hash(hash(0, prefix), name);
    // INVARIANT: the count is a power of two, so the low bits are enough.
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits count")]
    let first = start as usize;
    let mask = SLOTS.count.saturating_sub(1);
    let slots = (0..SLOTS.count).map(move |step| first.wrapping_add(step) & mask);
    slots.map_while(|slot| SLOTS.u16(2 * slot).checked_sub(1))
}

/// Eight bytes at a time, bit 5 of each set, by which letters lose their case.
fn hash(state: u64, text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(state, |state, chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        let number = u64::from_le_bytes(bytes) | 0x2020_2020_2020_2020;
        let state = (state ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state ^ state >> 32
    })
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
        Text::new(SERVICES.u24(self.at))
    }

    /// What AWS calls the service, such as `Amazon S3`.
    pub fn name(self) -> Text {
        Text::new(SERVICES.u24(self.at + 3))
    }

    fn first_action(self) -> usize {
        SERVICES.u16(self.at + 6)
    }

    /// The actions, by name.
    pub fn actions(self) -> impl ExactSizeIterator<Item = Action> + Clone {
        let first = self.first_action();
        let end = (first + SERVICES.u16(self.at + 8)).min(ACTIONS.count);
        (first..end).map(Action::new)
    }

    /// The action of this name.
    pub fn action(self, name: &str) -> Option<Action> {
        // A prefix is one word or a few; the hash needs it as one text.
        let mut prefix = [0; 64];
        let mut end = 0;
        for byte in self.prefix().pieces().flat_map(str::bytes) {
            *prefix.get_mut(end)? = byte;
            end += 1;
        }
        action(str::from_utf8(prefix.get(..end)?).ok()?, name)
    }

    /// The types of resource that the service has.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = ResourceType> + Clone {
        let first = SERVICES.u16(self.at + 10);
        (first..first + SERVICES.u16(self.at + 12)).map(ResourceType::new)
    }

    /// The condition keys that the service lists: its own, and the global ones for tags.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
        list::keys(SERVICES.u16(self.at + 14))
    }
}
