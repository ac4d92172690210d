//! Replay what triggered your Lambda, under the permissions it really had.
//!
//! The façade that people depend on: the replay engine, its events and reporters, review, policy unit
//! tests, linting, and the triggers of a snapshot. The inner crates are reached through it. It does not
//! parse command lines and uses no AWS SDK.
//!
//! # In `cargo test`
//!
//! One recording, one test, with the handler in process:
//!
//! ```no_run
//! use retrigger::{assert_replay, runtime::json_handler};
//! # async fn accept(_: serde_json::Value, _: retrigger::runtime::Context) -> Result<(), String> { Ok(()) }
//!
//! #[test]
//! fn an_order_is_accepted() {
//!     assert_replay("recordings/order-intake/order-accepted", json_handler(accept));
//! }
//! ```
//!
//! * A `lambda_runtime` service becomes a handler by `runtime::service_handler`, with the feature
//!   `lambda_runtime`.
//! * [`Replay::assert`] does the same for many recordings, and for a handler in a process of its
//!   own.
//! * `rstest` makes a test of each file that `#[files("recordings/**/recording.toml")]` finds when
//!   the tests are compiled; [`assert_replay`] takes such a path.
//! * The AWS calls of a handler in process are answered, with the feature `aws-sdk`, where its SDK
//!   clients are made from `sdk_config`.
//! * With the feature `harness`, `harness::main` makes a test of each recording that is there when
//!   the tests are run, for `cargo test` and `cargo nextest`.
//!
//! A test that fails shows what differs, which decision denied, and the clause of the policy that
//! did so. `examples/order-intake` in the repository has all three. When the new behaviour is right,
//! `retrigger accept` (here: [`accept`]) writes it down.
//!
//! # In a program
//!
//! ```no_run
//! use retrigger::{Replay, reporter::{Detail, Human, Look}};
//!
//! let mut reporter = Human::new(std::io::stdout(), Look::default(), Detail::Failures);
//! let totals = Replay::new(["recordings"]).run(&mut reporter).unwrap();
//! assert!(totals.all_as_expected());
//! ```
//!
//! With the feature `serve`, `serve::Serve` answers Lambda's own API for functions of function
//! folders, and HTTP on their front doors, as `retrigger serve` does. [`poll`] records what a queue or
//! stream holds; with the feature `aws` that may be one of AWS's own, by the crate `collect`.

#[cfg(all(doctest, feature = "aws-sdk"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

pub mod accept;
pub mod bench;
pub mod check;
pub mod coverage;
pub mod deny_each;
pub mod derive;
pub mod documents;
pub mod event;
#[cfg(feature = "harness")]
pub mod harness;
pub mod lint;
pub mod noise;
pub mod policy;
pub mod poll;
pub mod record;
pub mod reporter;
#[cfg(feature = "serve")]
pub mod serve;
pub mod snapshot_diff;
pub mod triggers;

mod assert;
mod known;
mod place;
mod replay;

pub use assert::assert_replay;
pub use place::Place;
pub use replay::{InvalidDenial, Replay, ReplayError};
#[cfg(feature = "aws-sdk")]
pub use replay::{gateway_client, sdk_config};
pub use retrigger_gateway::{InvalidUpstream, RecordMode, Upstream};

#[cfg(feature = "aws")]
pub use retrigger_collect as collect;
pub use retrigger_iam as iam;
pub use retrigger_recording as recording;
pub use retrigger_runtime as runtime;
pub use retrigger_trigger as trigger;
