//! A request as a policy set is asked about it.

use crate::request_ref::RequestRef;

/// A request, with what the set says of its caller.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) request: &'a RequestRef<'a>,
    /// The caller has a permissions boundary.
    pub(super) has_boundary: bool,
    /// The last four bytes of the resource.
    pub(super) end_of_resource: u32,
}
