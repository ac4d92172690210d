//! The command that starts a function.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use crate::{Client, FunctionConfig, SandboxError, function::Language};

const NODE_BOOTSTRAP: &str = include_str!("../bootstrap/node.mjs");
const PYTHON_BOOTSTRAP: &str = include_str!("../bootstrap/python.py");

/// A program with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<PathBuf>,
}

impl Program {
    /// What starts this function. `code_dir` is absolute; our own bootstraps are written to
    /// `private_dir`.
    pub(super) fn find(
        function: &FunctionConfig,
        language: Language,
        code_dir: &Path,
        private_dir: &Path,
    ) -> Result<Self, SandboxError> {
        let handler = PathBuf::from(&function.handler);
        let arguments = match (language, function.client) {
            (Language::Bootstrap, _) => return own_bootstrap(function, code_dir),
            (Language::Node, Client::AwsLambdaRic) => {
                vec![aws_lambda_ric(function, code_dir)?, handler]
            }
            (Language::Node, _) => {
                vec![write(function, private_dir, "node.mjs", NODE_BOOTSTRAP)?, handler]
            }
            // -B: no __pycache__ in the user's folders, which on Lambda are read-only.
            (Language::Python, Client::Awslambdaric) => {
                vec!["-B".into(), "-m".into(), "awslambdaric".into(), handler]
            }
            (Language::Python, _) => {
                vec![
                    "-B".into(),
                    write(function, private_dir, "python.py", PYTHON_BOOTSTRAP)?,
                    handler,
                ]
            }
        };
        Ok(Self { path: interpreter(function, language)?, arguments })
    }

    /// The command, with nothing of this process's environment but `PATH` and `HOME`.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        let kept = ["PATH", "HOME"].map(|name| (name, env::var_os(name)));
        let kept = kept.into_iter().filter_map(|(name, value)| Some((name, value?)));
        command.args(&self.arguments).env_clear().envs(kept);
        command
    }
}

/// The absolute path of the `node` or `python3` to use.
fn interpreter(function: &FunctionConfig, language: Language) -> Result<PathBuf, SandboxError> {
    let (name, advice) = match language {
        Language::Node => ("node", "install Node.js from https://nodejs.org, or set `interpreter`"),
        _ => ("python3", "install Python 3 from https://python.org, or set `interpreter`"),
    };
    let (program, advice) = match &function.interpreter {
        Some(path) => (path.as_path(), "set `interpreter` to a program that can be executed"),
        None => (Path::new(name), advice),
    };
    find_on_path(program).ok_or_else(|| SandboxError::NoInterpreter {
        function: function.name.clone(),
        runtime: function.runtime.clone(),
        program: program.display().to_string(),
        advice,
    })
}

/// A program, looked up as a shell does: on `PATH` where it is a bare name.
// Done here and not by the operating system, as the function's own variables may set `PATH`.
fn find_on_path(program: &Path) -> Option<PathBuf> {
    let is_bare = program.components().count() == 1 && !program.has_root();
    let candidates: Vec<PathBuf> = match env::var_os("PATH").filter(|_| is_bare) {
        Some(path) => env::split_paths(&path).map(|folder| folder.join(program)).collect(),
        None => vec![program.to_owned()],
    };
    let found = candidates.into_iter().find(|file| is_executable(file))?;
    std::path::absolute(found).ok()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The absolute path of the function's code.
pub(super) fn code_dir(function: &FunctionConfig) -> Result<PathBuf, SandboxError> {
    let path = &function.code_dir;
    let absolute = fs::canonicalize(path).map_err(|source| SandboxError::CodeDir {
        function: function.name.clone(),
        path: path.clone(),
        source,
    })?;
    if !absolute.is_dir() || absolute.to_str().is_none() {
        return Err(SandboxError::NotACodeDir { function: function.name.clone(), path: absolute });
    }
    Ok(absolute)
}

fn own_bootstrap(function: &FunctionConfig, code_dir: &Path) -> Result<Program, SandboxError> {
    let path = function.interpreter.clone().unwrap_or_else(|| code_dir.join("bootstrap"));
    if is_executable(&path) {
        return Ok(Program { path, arguments: Vec::new() });
    }
    Err(SandboxError::NoBootstrap { function: function.name.clone(), path })
}

/// AWS's client for Node: the nearest one from the code's folder upward, as Node finds packages.
fn aws_lambda_ric(function: &FunctionConfig, code_dir: &Path) -> Result<PathBuf, SandboxError> {
    code_dir
        .ancestors()
        .map(|folder| folder.join("node_modules/aws-lambda-ric/bin/index.mjs"))
        .find(|file| file.is_file())
        .ok_or_else(|| SandboxError::NoClient {
            function: function.name.clone(),
            client: Client::AwsLambdaRic,
            advice: format!("run `npm install aws-lambda-ric` in `{}`", code_dir.display()),
        })
}

fn write(
    function: &FunctionConfig,
    private_dir: &Path,
    name: &str,
    text: &str,
) -> Result<PathBuf, SandboxError> {
    let path = private_dir.join(name);
    match fs::write(&path, text) {
        Ok(()) => Ok(path),
        Err(source) => Err(SandboxError::System {
            function: function.name.clone(),
            doing: "write a bootstrap file",
            source,
        }),
    }
}
