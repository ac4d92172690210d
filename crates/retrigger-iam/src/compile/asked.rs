//! A request looked at once, before any statement is.

use std::cell::OnceCell;

use super::caller::Caller;
use crate::{arn::Arn, fold, request_ref::RequestRef};

/// A request with what several statements want to know of it.
pub(super) struct Asked<'r> {
    pub(super) request: RequestRef<'r>,
    pub(super) action_hash: u64,
    pub(super) arn: Option<Arn<'r>>,
    pub(super) caller: Caller<'r>,
    /// The caller has a permissions boundary.
    pub(super) has_boundary: bool,
    has_more_colons: OnceCell<bool>,
}

impl<'r> Asked<'r> {
    #[inline]
    pub(super) fn new(request: RequestRef<'r>, has_boundary: bool) -> Self {
        Self {
            request,
            action_hash: fold::hash(request.action),
            arn: Arn::parse(request.resource),
            caller: Caller::new(&request),
            has_boundary,
            has_more_colons: OnceCell::new(),
        }
    }

    /// Whether the resource's ARN has a colon after the fifth, so that a `*` could reach past it.
    #[inline]
    pub(super) fn has_more_colons(&self) -> bool {
        *self.has_more_colons.get_or_init(|| {
            self.arn.is_some_and(|arn| memchr::memchr(b':', arn.resource.as_bytes()).is_some())
        })
    }

    /// Where the resource part of a pattern may begin in the resource: after its fifth colon and,
    /// for patterns that reach past colons, after each later one.
    pub(super) fn starts_of_resource_part(
        &self,
        reaches_past_colons: bool,
    ) -> impl Iterator<Item = &'r [u8]> {
        let resource = self.request.resource;
        let first = match self.arn {
            Some(arn) => Some(arn.resource),
            // What is no ARN is matched as a whole only.
            None if reaches_past_colons => resource.splitn(6, ':').nth(5),
            None => None,
        };
        let first = first.map(str::as_bytes);
        let later = first
            .filter(|_| reaches_past_colons)
            .into_iter()
            .flat_map(|rest| memchr::memchr_iter(b':', rest).map(|colon| &rest[colon + 1..]));
        first.into_iter().chain(later)
    }
}
