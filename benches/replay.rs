//! One recording from its files to its verdict.
//!
//! `in-process` is a Rust handler that does nothing, so that all of the time is the replay's own.
//! `node` includes a start of `node`; `node-alone` is that start with one call of the same
//! handler on the same event, from the start to the answer, and nothing of retrigger, for
//! comparison within one run. `node-demo` is all recordings of the function in one process, one
//! after the other.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::{
    io::{self, BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use criterion::{Criterion, criterion_group, criterion_main};
use retrigger::{
    Replay,
    event::Event,
    reporter::Reporter,
    runtime::{Context, HandlerError},
};

/// Reports to nobody.
struct Silent;

impl Reporter for Silent {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}

const RECORDING: &str = "recordings/lambda-demo/alb-get-root";

/// The same handler on the same event, without retrigger.
fn alone() -> String {
    let root = std::env::current_dir().expect("a current folder");
    let root = root.display();
    format!(
        "import {{ readFileSync }} from 'node:fs';
import {{ handler }} from '{root}/recordings/lambda-demo/handler/index.mjs';
const response = await handler(JSON.parse(readFileSync('{root}/{RECORDING}/event.json', 'utf8')));
console.log(`done ${{JSON.stringify(response).length}}`);
"
    )
}

fn replay(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a tokio runtime");
    let run = |replay: &Replay| {
        let totals = runtime.block_on(replay.run_async(&mut Silent)).expect("a run");
        assert_eq!(totals.invalid, 0);
    };
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(20).measurement_time(Duration::from_secs(8));

    let nothing = |_, _: Context| async { Ok::<_, HandlerError>("{}".into()) };
    let in_process = Replay::new([RECORDING]).in_process("lambdaDemo", nothing);
    group.bench_function("in-process", |bencher| bencher.iter(|| run(&in_process)));

    let node = Replay::new([RECORDING]);
    group.bench_function("node", |bencher| bencher.iter(|| run(&node)));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("alone.mjs");
    std::fs::write(&script, alone()).expect("a script");
    group.bench_function("node-alone", |bencher| {
        bencher.iter(|| {
            let mut node = Command::new("node");
            // As for a handler, nothing of the environment but where programs are.
            node.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
            let node = node.arg(&script).stdout(Stdio::piped()).spawn();
            let mut node = node.expect("node");
            let lines = BufReader::new(node.stdout.take().expect("a pipe")).lines();
            assert!(lines.map_while(Result::ok).any(|line| line.starts_with("done")));
            node.kill().and_then(|()| node.wait()).expect("an end");
        });
    });

    let many = Replay::new(["recordings/lambda-demo"]).jobs(1);
    group.bench_function("node-demo", |bencher| bencher.iter(|| run(&many)));
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
