//! How processes start, what ends them, and that nothing of them is left.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use retrigger_runtime::{Client, ConfigError, FunctionConfig, Invocation, Process, SandboxError};
use rstest::rstest;

use crate::support::{Function, assert_ends, invocation, is_alive, json, read_id};

/// A Node handler that starts `sleep`, in its own group or out of it, and notes both ids.
fn with_grandchild(detached: bool) -> Function {
    Function::node(&format!(
        "import {{ spawn }} from 'node:child_process'; import {{ writeFileSync }} from 'node:fs';
        export const handler = async (event) => {{
            const child = spawn('sleep', ['600'], {{ detached: {detached}, stdio: 'inherit' }});
            child.unref();
            writeFileSync('private.folder', process.env.LAMBDA_RUNTIME_DIR);
            writeFileSync('own.id', String(process.pid));
            writeFileSync('grandchild.id', String(child.pid));
            if (event === 'exit') process.exit(3);
            if (event === 'hang') while (true);
        }};"
    ))
}

#[rstest]
#[tokio::test]
async fn grandchildren_end_with_the_sandbox(
    #[values(true, false)] detached: bool,
    #[values("\"go on\"", "\"exit\"", "\"hang\"")] event: &str,
) {
    let function = with_grandchild(detached).with_timeout(Duration::from_secs(1));
    let start = Instant::now();
    function.invoke(event).await;
    assert!(start.elapsed() < Duration::from_secs(4), "nobody waits for the grandchild");
    let grandchild = read_id(&function.folder.path().join("grandchild.id"));
    assert!(!is_alive(grandchild), "shutdown waits for the end of all");
}

#[tokio::test]
async fn dropping_a_sandbox_ends_its_processes() {
    let function = with_grandchild(true);
    let mut process = function.process();
    process.invoke(invocation("1")).await.unwrap();
    let ids = ["own.id", "grandchild.id"].map(|file| read_id(&function.folder.path().join(file)));
    assert_eq!(ids.map(is_alive), [true, true]);
    drop(process);
    ids.into_iter().for_each(assert_ends);
}

#[tokio::test]
async fn dropping_an_invocation_ends_its_processes() {
    let function = with_grandchild(false);
    let mut process = function.process();
    {
        let hanging = process.invoke(invocation("\"hang\""));
        assert!(tokio::time::timeout(Duration::from_secs(1), hanging).await.is_err());
    }
    assert_ends(read_id(&function.folder.path().join("own.id")));
    assert_ends(read_id(&function.folder.path().join("grandchild.id")));
    assert_eq!(process.id(), None);
}

/// Runs `examples/host.rs`, which hosts a function until it is killed, and kills it.
#[rstest]
#[case::sigkill("-KILL")]
#[case::sigint("-INT")]
#[test]
fn killing_the_host_ends_its_processes(#[case] signal: &str) {
    let function = with_grandchild(true);
    let mut example = std::env::current_exe().unwrap();
    example.pop();
    example.pop();
    let mut host = Command::new(example.join("examples/host"))
        .arg(function.folder.path())
        .arg("\"hang\"")
        .spawn()
        .unwrap();
    let ids = ["own.id", "grandchild.id"].map(|file| read_id(&function.folder.path().join(file)));
    assert_eq!(ids.map(is_alive), [true, true]);
    let status = Command::new("kill").args([signal, &host.id().to_string()]).status().unwrap();
    assert!(status.success());
    host.wait().unwrap();
    ids.into_iter().for_each(assert_ends);
    let folder = fs::read_to_string(function.folder.path().join("private.folder")).unwrap();
    let folder = Path::new(&folder);
    let start = Instant::now();
    while folder.exists() {
        assert!(start.elapsed() < Duration::from_secs(5), "{} is left", folder.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn hang_at_init_is_bounded() {
    let mut function = Function::node("console.log('starting'); while (true);");
    function.config.init_timeout = Duration::from_millis(700);
    let outcome = function.invoke("{}").await;
    let error = outcome.result.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert_eq!(outcome.logs, ["starting"]);
    assert_eq!(outcome.init_duration, None);
}

#[tokio::test]
async fn process_that_ends_while_idle_is_replaced() {
    let function = Function::node(
        "export const handler = async () => {
            setTimeout(() => { console.log('leaving'); process.exit(5); }, 400); return process.pid; };",
    );
    let mut process = function.process();
    let first = json(&process.invoke(invocation("1")).await.unwrap());
    assert_ends(u32::try_from(first.as_u64().unwrap()).unwrap());
    let outcome = process.invoke(invocation("2")).await.unwrap();
    assert_ne!(json(&outcome), first);
    assert_eq!(outcome.logs, ["leaving"]);
}

#[tokio::test]
async fn invocation_has_its_own_timeout() {
    let function = Function::node("export const handler = () => { while (true); };");
    let mut invocation = invocation("1");
    invocation.timeout = Some(Duration::from_millis(300));
    let outcome = function.process().invoke(invocation).await.unwrap();
    let message = "RequestId: 8f5c-11 Error: Task timed out after 0.30 seconds";
    assert_eq!(outcome.result.unwrap_err().error_message, message);
}

#[rstest]
#[case::line_break(
    "a\nb",
    "the request id of the invocation holds a line break or another control character"
)]
#[case::empty("", "the request id of the invocation is empty")]
#[tokio::test]
async fn request_id_that_no_runtime_can_be_told_is_refused(
    #[case] request_id: &str,
    #[case] message: &str,
) {
    let function = Function::node("");
    let invocation = Invocation::new(request_id, "{}");
    let error = function.process().invoke(invocation).await.unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn endless_timeout_is_no_timeout() {
    let mut function = Function::node("export const handler = async () => 1;");
    (function.config.timeout, function.config.init_timeout) = (Duration::MAX, Duration::MAX);
    assert_eq!(json(&function.invoke("{}").await), 1);
}

#[tokio::test]
async fn missing_code_folder_is_named() {
    let mut config = FunctionConfig::new("demo");
    config.code_dir = "no/such/folder".into();
    let error = Process::new(config).unwrap().invoke(invocation("1")).await.unwrap_err();
    let start = "code folder `no/such/folder` of function `demo` cannot be opened: ";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[tokio::test]
async fn file_as_code_folder_is_refused() {
    let mut function = Function::node("");
    function.config.code_dir = function.folder.path().join("index.mjs");
    assert!(matches!(function.refuse().await, SandboxError::NotACodeDir { .. }));
}

#[rstest]
#[case("/no/such/node")]
#[case("no-such-node")]
#[tokio::test]
async fn missing_interpreter_is_named(#[case] interpreter: &str) {
    let mut function = Function::node("");
    function.config.interpreter = Some(interpreter.into());
    let error = function.refuse().await.to_string();
    let message = format!(
        "`{interpreter}` is not there to run function `demo` (`nodejs20.x`): set `interpreter` to a \
         program that can be executed"
    );
    assert_eq!(error, message);
}

#[tokio::test]
async fn missing_clients_are_named() {
    let mut function = Function::node("");
    function.config.client = Client::AwsLambdaRic;
    let error = function.refuse().await.to_string();
    let start = "client `aws-lambda-ric` of function `demo` is not installed: run `npm install";
    assert!(error.starts_with(start), "{error}");
}

#[tokio::test]
async fn functions_own_path_does_not_hide_the_interpreter() {
    let mut function = Function::node("export const handler = async () => process.env.PATH;");
    function.config.environment.insert("PATH".into(), "/opt/bin".into());
    assert_eq!(json(&function.invoke("{}").await), "/opt/bin");
}

#[test]
fn reserved_variable_is_refused_before_anything_starts() {
    let mut config = FunctionConfig::new("demo");
    config.environment.insert("AWS_SESSION_TOKEN".into(), "x".into());
    let error = Process::new(config).unwrap_err();
    assert_eq!(error, ConfigError::ReservedVariable("AWS_SESSION_TOKEN".into()));
}

#[tokio::test]
async fn temporary_folder_is_removed() {
    let function =
        Function::node("export const handler = async () => process.env.LAMBDA_RUNTIME_DIR;");
    let mut process = function.process();
    let folder = json(&process.invoke(invocation("1")).await.unwrap());
    let folder = folder.as_str().unwrap();
    assert!(fs::exists(folder).unwrap());
    process.shutdown().await;
    assert!(!fs::exists(folder).unwrap());
}
