//! What counts the allocations of this program, where it was built to.
//!
//! The counting allocator becomes the program's own by being linked. It counts for each thread, so
//! that what other threads do does not show.

use retrigger::bench::Meter;

/// What counts allocations; `None` in a build without the feature `count-allocations`.
#[cfg(feature = "count-allocations")]
pub(super) const METER: Option<&dyn Meter> = Some(&Allocations);

/// What counts allocations; `None` in a build without the feature `count-allocations`.
#[cfg(not(feature = "count-allocations"))]
pub(super) const METER: Option<&dyn Meter> = None;

#[cfg(feature = "count-allocations")]
struct Allocations;

#[cfg(feature = "count-allocations")]
impl Meter for Allocations {
    fn measure(&self, work: &mut dyn FnMut()) -> retrigger::bench::Usage {
        let info = allocation_counter::measure(work);
        retrigger::bench::Usage { allocations: info.count_total, bytes_held: info.bytes_current }
    }
}
