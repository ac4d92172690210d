//! The catalogue against requests that AWS's own clients make.

mod botocore;
mod identified;
mod operation_map;
