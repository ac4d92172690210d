//! Recordings as assertions of tests.

use std::{
    env,
    path::{Path, PathBuf},
    thread,
};

use retrigger_runtime::Handler;

use crate::{
    event::Totals,
    replay::{Replay, ReplayError},
    reporter::{Detail, Human, Look},
};

/// Replays the recording at `path` against this Rust handler in process, and panics with the
/// report unless it shows what it must.
///
/// A relative path counts from the folder of the package under test. A path may be a recording's
/// folder, a file in it (as `rstest`'s `#[files("recordings/**/recording.toml")]` gives them), or a
/// folder with many recordings. For a handler in a process of its own, as `function.toml` says,
/// and for all else, see [`Replay::assert`].
///
/// # Panics
///
/// Where something differs from what is expected, where nothing is expected yet, and where the
/// recording cannot be replayed.
///
/// ```no_run
/// # async fn handler(_: serde_json::Value, _: retrigger::runtime::Context) -> Result<(), String> { Ok(()) }
/// #[test]
/// fn an_order_is_accepted() {
///     let handler = retrigger::runtime::json_handler(handler);
///     retrigger::assert_replay("recordings/order-intake/order-accepted", handler);
/// }
/// ```
#[track_caller]
pub fn assert_replay(path: impl Into<PathBuf>, handler: impl Handler) {
    Replay::new([path]).handler(handler).assert();
}

impl Replay {
    /// Replays, and panics with the report unless every recording shows what it must. To be
    /// called in tests, asynchronous ones included. A relative path counts from the folder of the
    /// package under test.
    ///
    /// # Panics
    ///
    /// Where something differs from what is expected, where nothing is expected yet, and where a
    /// recording cannot be replayed or none is found.
    ///
    /// ```no_run
    /// retrigger::Replay::new(["recordings"]).assert();
    /// ```
    #[track_caller]
    pub fn assert(&self) {
        if let Err(failure) = self.check() {
            panic!("{failure}");
        }
    }

    /// As [`assert`](Self::assert), with the report as an error.
    pub(crate) fn check(&self) -> Result<(), String> {
        let replay = self.clone().at_package();
        let (result, report) = apart(|| {
            let mut report = Vec::new();
            let mut human = Human::new(&mut report, Look::default(), Detail::Failures);
            let result = replay.run(&mut human);
            (result, report)
        });
        let report = String::from_utf8_lossy(&report);
        match result {
            Ok(Totals { failed: 0, invalid: 0, new: 0, not_run: 0, .. }) => Ok(()),
            Ok(totals) => Err(format!("not as expected\n\n{report}{}", replay.advice(totals))),
            Err(error) => Err(described(&error)),
        }
    }

    fn advice(&self, totals: Totals) -> String {
        let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
        let command = format!("`retrigger accept {}`", paths.join(" "));
        match totals {
            Totals { failed: 0, new: 0, .. } => String::new(),
            // What differs under another snapshot is no reason to expect it.
            _ if self.snapshot.is_some() => String::new(),
            Totals { failed: 0, .. } => {
                format!("\nnothing is expected yet; write down what it showed with\n{command}\n")
            }
            _ => format!("\nif this is how it must be from now on: {command}\n"),
        }
    }

    /// The same settings for one recording.
    #[cfg(feature = "harness")]
    pub(crate) fn only(mut self, folder: PathBuf) -> Self {
        self.paths = vec![folder];
        self.filter = None;
        self.jobs = 1;
        self
    }

    /// Relative paths from the folder of the package under test, which `cargo` names.
    pub(crate) fn at_package(mut self) -> Self {
        if let Some(package) = env::var_os("CARGO_MANIFEST_DIR") {
            let package = Path::new(&package);
            for path in self.paths.iter_mut().chain(&mut self.snapshot) {
                *path = package.join(&path);
            }
        }
        self
    }
}

fn described(error: &ReplayError) -> String {
    format!("cannot be replayed\n\n{error}\n")
}

/// Does it on a thread of its own where this one is a tokio runtime's, which cannot run another.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    let joined = thread::scope(|scope| scope.spawn(work).join());
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
