//! Functions in temporary folders, and what to ask of their processes.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use retrigger_runtime::{
    FunctionConfig, FunctionError, Invocation, Outcome, Process, SandboxError,
};
use serde_json::Value;
use tempfile::TempDir;

/// A function in a folder of its own.
pub(crate) struct Function {
    pub(crate) config: FunctionConfig,
    pub(crate) folder: TempDir,
}

impl Function {
    /// A function of one file.
    pub(crate) fn new(runtime: &str, handler: &str, file: &str, code: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = FunctionConfig::new("demo");
        runtime.clone_into(&mut config.runtime);
        handler.clone_into(&mut config.handler);
        folder.path().clone_into(&mut config.code_dir);
        config.timeout = Duration::from_secs(20);
        let function = Self { config, folder };
        function.with_file(file, code)
    }

    pub(crate) fn node(code: &str) -> Self {
        Self::new("nodejs20.x", "index.handler", "index.mjs", code)
    }

    pub(crate) fn python(code: &str) -> Self {
        Self::new("python3.11", "app.handler", "app.py", code)
    }

    pub(crate) fn with_file(self, file: &str, code: &str) -> Self {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, code).unwrap();
        self
    }

    pub(crate) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    pub(crate) fn process(&self) -> Process {
        Process::new(self.config.clone()).unwrap()
    }

    /// One invocation in a sandbox of its own.
    pub(crate) async fn invoke(&self, event: &str) -> Outcome {
        let mut process = self.process();
        let outcome = process.invoke(invocation(event)).await.unwrap();
        process.shutdown().await;
        outcome
    }

    /// One invocation that ends in a function error.
    pub(crate) async fn fail(&self, event: &str) -> FunctionError {
        let outcome = self.invoke(event).await;
        outcome.result.expect_err("a function error")
    }

    /// One invocation that cannot be made.
    pub(crate) async fn refuse(&self) -> SandboxError {
        self.process().invoke(invocation("{}")).await.expect_err("a sandbox error")
    }
}

pub(crate) fn invocation(event: &str) -> Invocation {
    Invocation::new("8f5c-11", event.to_owned())
}

/// The JSON of an answer.
#[track_caller]
pub(crate) fn json(outcome: &Outcome) -> Value {
    match &outcome.result {
        Ok(response) => serde_json::from_slice(&response.body).unwrap(),
        Err(error) => panic!("{error} after {:#?}", outcome.logs),
    }
}

/// Whether any thread of a process lives; a zombie does not.
pub(crate) fn is_alive(id: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{id}/task")) else { return false };
    threads.flatten().any(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
    })
}

/// Waits until a process has ended, and fails where it does not.
#[track_caller]
pub(crate) fn assert_ends(id: u32) {
    let start = Instant::now();
    while is_alive(id) {
        assert!(start.elapsed() < Duration::from_secs(5), "process {id} is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for a file with a number in it.
#[track_caller]
pub(crate) fn read_id(file: &Path) -> u32 {
    let start = Instant::now();
    loop {
        match fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()) {
            Some(id) => return id,
            None => assert!(start.elapsed() < Duration::from_secs(10), "no {}", file.display()),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
