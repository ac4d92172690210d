//! Replay what triggered your Lambda, under the permissions it really had.
//!
//! The façade that people depend on: the replay engine, its events and reporters, policy unit
//! tests, and linting. The inner crates are reached through it. It does not parse command lines and uses no
//! AWS SDK.
//!
//! ```no_run
//! use retrigger::{Replay, reporter::{Detail, Human, Look}};
//!
//! let mut reporter = Human::new(std::io::stdout(), Look::default(), Detail::Failures);
//! let totals = Replay::new(["recordings"]).run(&mut reporter).unwrap();
//! assert!(totals.all_as_expected());
//! ```

pub mod check;
pub mod documents;
pub mod event;
pub mod lint;
pub mod reporter;

mod place;
mod replay;

pub use place::Place;
pub use replay::{Replay, ReplayError};

pub use retrigger_iam as iam;
pub use retrigger_recording as recording;
pub use retrigger_runtime as runtime;
pub use retrigger_trigger as trigger;
