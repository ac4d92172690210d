//! What AWS's documentation does not settle, each choice in one function.
//!
//! A comment says what is known and why the choice was made. Changing a choice is changing a
//! function here; nothing else depends on it.

use crate::{arn::Arn, context::Context, pattern::Pattern, policy::ResourcePattern, truth::Truth};

/// The value of a policy variable, given that of its key where that is single-valued; `None` where
/// it has none.
///
/// Settled: a multivalued key cannot be used as a variable; the default is used where the key is
/// absent. Not settled: what an empty value does. Observed by a peer: the default is used there
/// too, which this follows; without a default an empty value is a value.
pub(crate) fn variable_value<'v>(
    value: Option<&'v str>,
    default: Option<&'v str>,
) -> Option<&'v str> {
    match (value, default) {
        (None | Some(""), Some(default)) => Some(default),
        (value, _) => value,
    }
}

/// Whether a resource pattern covers a resource ARN.
///
/// Settled: `*` and `?` work within a colon-separated part, and a `*` at the end of a part may
/// reach past the colon ("IAM JSON policy elements: Resource"). The S3 guide says that a wildcard
/// cannot span parts, which contradicts the latter; IAM's own page is followed. Not settled: a
/// pattern with fewer than six parts. No page gives it a meaning, so only its whole text is
/// compared: it covers something where a `*` reaches to the end (`arn:aws:sqs:*`), and nothing
/// otherwise (`arn:aws:s3::bucket`).
pub(crate) fn resource_matches(
    pattern: &ResourcePattern,
    resource: &str,
    context: &Context,
) -> Truth {
    let Some(parts) = &pattern.parts else {
        return pattern.whole.fits(resource, context);
    };
    let reaches_past_a_colon = if parts.header.iter().any(Pattern::ends_in_any) {
        pattern.whole.fits(resource, context)
    } else {
        Truth::No
    };
    let part_by_part = Arn::parse(resource).map_or(Truth::No, |arn| parts.fits(&arn, context));
    reaches_past_a_colon.max(part_by_part)
}

/// The listed text that a request value matches under `Bool`.
///
/// Not settled for a value that is neither `true` nor `false`. Observed on the Policy Simulator
/// (reported by PMapper): a listed `false` matches any value other than `true`. Another peer lets
/// it match nothing. The observation is followed.
pub(crate) fn bool_text(value: &str) -> &'static str {
    if value.eq_ignore_ascii_case("true") { "true" } else { "false" }
}

/// Whether an operator without set qualifier can hold for a multivalued key.
///
/// The documentation only says that a set operator is required. A peer cites a talk by AWS for
/// "never, negated or not", which this follows.
pub(crate) fn plain_operator_holds_on_multivalued_key() -> bool {
    false
}

/// Whether the values of a key are a null data set, over which `ForAllValues` is true and
/// `ForAnyValue` false.
///
/// Settled: no value at all. "Such as an empty string" (set operators page) is read as: every
/// value is the empty string.
pub(crate) fn is_null_data_set<'v>(mut values: impl Iterator<Item = &'v str>) -> bool {
    values.all(str::is_empty)
}

/// Whether a date without a time zone designator is read.
///
/// The W3C profile that the documentation names requires one wherever there is a time of day.
/// Read as UTC, which is what AWS's own examples mean.
pub(crate) const DATES_WITHOUT_ZONE_ARE_UTC: bool = true;
