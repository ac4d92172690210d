//! The `retrigger` command.
fn main() {}
