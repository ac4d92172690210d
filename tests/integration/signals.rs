//! Ctrl-C and SIGTERM while a handler runs: the command ends, and no process is left.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rstest::rstest;

use crate::support::command;

/// A handler that starts a process of its own, writes both ids and then hangs.
const HANDLER: &str = "
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
export const handler = async () => {
  const child = spawn('sleep', ['600']);
  writeFileSync('ids.tmp', `${process.pid} ${child.pid}`);
  renameSync('ids.tmp', 'ids');
  await new Promise(() => setInterval(() => {}, 1000));
};
";

#[rstest]
#[case("INT")]
#[case("TERM")]
fn no_process_is_left(#[case] signal: &str) {
    let root = tempfile::tempdir().unwrap();
    copy_demo(root.path());
    let mut running = command()
        .args(["replay", root.path().to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ids = wait_for(|| fs::read_to_string(root.path().join("handler/ids")).ok());
    let ids: Vec<&str> = ids.split(' ').collect();
    assert!(ids.iter().all(|id| is_running(id)), "{ids:?}");

    let sent = Command::new("kill").args(["-s", signal, &running.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let status = wait_for(|| running.try_wait().unwrap());
    assert_eq!(status.code(), Some(2));
    wait_for(|| (!ids.iter().any(|id| is_running(id))).then_some(()));
}

/// Whether the process is there and is no zombie.
fn is_running(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

#[track_caller]
fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "it did not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The demo's allowed ALB recording, with the handler above and time to hang.
fn copy_demo(root: &std::path::Path) {
    let from = std::path::Path::new("recordings/lambda-demo");
    let files = [
        "alb-get-root/event.json",
        "alb-get-root/recording.toml",
        "snapshot/snapshot.toml",
        "snapshot/account-authorization-details.json",
        "snapshot/lambda/lambdaDemo/policy.json",
        "snapshot/lambda/lambdaDemo/configuration.json",
    ];
    for file in files {
        let to = root.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from.join(file), to).unwrap();
    }
    let function = fs::read_to_string(from.join("function.toml")).unwrap();
    fs::write(root.join("function.toml"), format!("timeout = 600\n{function}")).unwrap();
    fs::create_dir(root.join("handler")).unwrap();
    fs::write(root.join("handler/index.mjs"), HANDLER).unwrap();
}
