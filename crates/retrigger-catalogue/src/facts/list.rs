//! Lists of numbers.

use super::{blob::LISTS, key::ConditionKey};

/// The members of the list at `at`.
pub(super) fn members(at: usize) -> impl ExactSizeIterator<Item = usize> + Clone {
    let count = LISTS.u16(2 * at);
    (0..count).map(move |member| LISTS.u16(2 * (at + 1 + member)))
}

/// The members of a list of condition keys.
pub(super) fn keys(at: usize) -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
    members(at).map(ConditionKey::new)
}
