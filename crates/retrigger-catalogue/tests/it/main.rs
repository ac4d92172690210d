//! The catalogue against requests that AWS's own clients make.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "figures, and what is skipped, are there to be read"
)]

mod botocore;
mod identified;
mod operation_map;
