//! Recordings of Lambda trigger events and snapshots of the policies around a function, as files.
