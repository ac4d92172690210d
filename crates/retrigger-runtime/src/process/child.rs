//! A child process in its own process group, and the watchdog that outlives this process.

use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use rustix::process::{Pid, test_kill_process_group};
use tokio::{
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, timeout},
};

/// Waits until its standard input closes, which happens when this process closes it or ends for
/// whatever reason, even by SIGKILL. Then kills the group `$1`, on Linux also what has left the
/// group and still carries the variable `$2` in its environment, again and again until all are
/// gone: a busy machine takes a while to end what is killed. Then removes the folder `$3`.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
while read -r _; do :; done
kill -KILL "-$1"
round=0
while [ $round -lt 100 ]; do
    found=$(grep -lsF -e "$2" /proc/[0-9]*/environ)
    [ -n "$found" ] || break
    for file in $found; do
        id=${file#/proc/}
        kill -KILL "${id%/environ}"
    done
    round=$((round + 1))
    sleep 0.02
done
rm -rf -- "$3"
"#;

/// A variable that Lambda sets and no function can, whose value is unique here: it is how
/// processes that have left the group are found.
const MARK: &str = "LAMBDA_RUNTIME_DIR";

/// How long to wait between two looks whether a group has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How long to wait for a killed process and its watchdog.
const REAP_TIMEOUT: Duration = Duration::from_secs(5);

/// A process, its group and its watchdog. Dropping it kills the group.
#[derive(Debug)]
pub(super) struct Group {
    /// Of the leader and the group; the leader has none any more once it was waited for.
    id: Option<Pid>,
    leader: Box<dyn ChildWrapper>,
    watchdog: Child,
    /// Open as long as the group may live.
    lifeline: Option<ChildStdin>,
}

impl Group {
    /// Starts `command` as the leader of a new group. `private_dir` is a folder that no other
    /// process knows of: its name marks the environment of the group, and it is removed with it.
    pub(super) async fn spawn(mut command: Command, private_dir: &Path) -> io::Result<Self> {
        command.env(MARK, private_dir);
        let mut command = CommandWrap::from(command);
        command.wrap(ProcessGroup::leader());
        let mut leader = spawn_when_written(&mut command).await?;
        let id = leader.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let watchdog = leader
            .id()
            .ok_or_else(|| io::Error::other("the process ended at once"))
            .and_then(|id| spawn_watchdog(id, private_dir));
        match watchdog {
            Ok(mut watchdog) => {
                let lifeline = watchdog.stdin.take();
                Ok(Self { id, leader, watchdog, lifeline })
            }
            Err(error) => {
                let _ = leader.start_kill();
                Err(error)
            }
        }
    }

    /// The process id of the leader.
    pub(super) fn id(&self) -> Option<u32> {
        self.leader.id()
    }

    /// Waits for the leader to end; the group may live on. Can be asked again.
    pub(super) async fn exited(&mut self) -> io::Result<ExitStatus> {
        // The inner child, as the wrapper would wait for the whole group.
        self.leader.inner_mut().wait().await
    }

    /// Whether the leader has ended.
    pub(super) fn has_exited(&mut self) -> bool {
        !matches!(self.leader.inner_mut().try_wait(), Ok(None))
    }

    /// Asks the group to end.
    pub(super) fn terminate(&self) {
        const SIGTERM: i32 = 15;
        // Fails where the group has ended by itself.
        let _ = self.leader.signal(SIGTERM);
    }

    /// Waits until no process of the group is left, for so long.
    pub(super) async fn gone(&self, until: Instant) {
        // Extensions are no children of this process, so that it cannot wait for them.
        let is_there = |id| test_kill_process_group(id).is_ok();
        while self.id.is_some_and(is_there) && Instant::now() < until {
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Kills the group and waits until it is gone, with what had left it.
    pub(super) async fn kill(&mut self) {
        self.start_kill();
        // After SIGKILL only a process stuck in the kernel is still there; it is left behind.
        let _ = timeout(REAP_TIMEOUT, self.exited()).await;
        let _ = timeout(REAP_TIMEOUT, self.watchdog.wait()).await;
    }

    fn start_kill(&mut self) {
        // Fails where the group has ended by itself.
        let _ = self.leader.start_kill();
        self.lifeline = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.start_kill();
    }
}

/// Starts a program, and gives one that is still being written a moment to be closed: by a build,
/// or by another thread that starts a process right after writing it.
async fn spawn_when_written(command: &mut CommandWrap) -> io::Result<Box<dyn ChildWrapper>> {
    for _ in 0..10 {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                sleep(Duration::from_millis(20)).await;
            }
            spawned => return spawned,
        }
    }
    command.spawn()
}

fn spawn_watchdog(group: u32, private_dir: &Path) -> io::Result<Child> {
    let mark = format!("{MARK}={}", private_dir.display());
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    Command::new("/bin/sh")
        .args(["-c", WATCHDOG, "retrigger-watchdog", &group.to_string(), &mark])
        .arg(private_dir)
        .env_clear()
        .env("PATH", path)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
