//! The known name nearest to a misspelt one.

use super::{Service, condition_keys, services};

/// The prefix of the service nearest to `prefix`, where one is near enough to be meant.
pub fn nearest_service(prefix: &str) -> Option<String> {
    nearest(prefix, services().map(|service| service.prefix().to_string()))
}

/// The name of the action of `service` nearest to `name`, where one is near enough to be meant.
///
/// ```
/// # use retrigger_catalogue::facts::{nearest_action, service};
/// let s3 = service("s3").unwrap();
/// assert_eq!(nearest_action(s3, "GetObjct").as_deref(), Some("GetObject"));
/// ```
pub fn nearest_action(service: Service, name: &str) -> Option<String> {
    let actions = service.actions().filter(|action| !action.is_retired());
    nearest(name, actions.map(|action| action.name().to_string()))
}

/// The condition key nearest to `name`, among those with the same service prefix or, where that
/// has none, all.
pub fn nearest_condition_key(name: &str) -> Option<String> {
    let names = || condition_keys().map(|key| key.name().to_string());
    let same = name.split_once(':').and_then(|(service, _)| {
        let is_same = |key: &String| {
            key.split_once(':').is_some_and(|(other, _)| other.eq_ignore_ascii_case(service))
        };
        nearest(name, names().filter(is_same))
    });
    same.or_else(|| nearest(name, names()))
}

/// Names longer than any that AWS has are like none.
const MAX_LEN: usize = 128;

fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    if name.len() > MAX_LEN {
        return None;
    }
    let lower = name.to_lowercase();
    candidates
        .filter(|candidate| lower.len().abs_diff(candidate.len()) <= candidate.len() / 3)
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
