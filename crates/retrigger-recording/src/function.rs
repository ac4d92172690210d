//! The function under test: its folder and its `function.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    arn::FunctionArn,
    error::{Error, Problem},
    parse::versioned_toml,
    redact::{Anonymize, KeepForm, Redactor},
    source::{DOCUMENT, Source},
};

/// The version of `function.toml` that is written. Version 1 is the first.
pub const FUNCTION_FORMAT: u32 = 1;

/// The file that makes a folder a function folder.
pub const FUNCTION_FILE: &str = "function.toml";

/// A folder with a `function.toml`: a function, its snapshots and its recordings.
#[derive(Clone, Debug)]
pub struct FunctionFolder {
    path: PathBuf,
    function: Function,
}

impl FunctionFolder {
    /// Reads `function.toml` of the folder `path`.
    ///
    /// # Errors
    ///
    /// When it is missing or broken, has an unknown key, or a value that Lambda would not accept.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let source = Source::read(&path.join(FUNCTION_FILE), DOCUMENT)?;
        let function = versioned_toml::<FunctionToml>(&source, FUNCTION_FORMAT)?.check(&source)?;
        Ok(Self { path: path.to_owned(), function })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What `function.toml` says.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The folder with the function's code: [`Function::code`] taken from this folder. It may lie
    /// outside, as it is the user's own code that it names.
    pub fn code_path(&self) -> PathBuf {
        self.path.join(&self.function.code)
    }

    /// The same function, of which these kinds are anonymized besides those that `function.toml`
    /// names.
    #[must_use]
    pub fn anonymize(mut self, kinds: &[Anonymize]) -> Self {
        let named = &mut self.function.redact.anonymize;
        named.extend(kinds);
        named.sort();
        named.dedup();
        self
    }

    /// What is redacted for recordings of this function: the rules that always apply, and those
    /// of `[redact]`.
    pub fn redactor(&self) -> Redactor {
        let ExtraRedaction { keys, pointers, keep_form, anonymize } = &self.function.redact;
        Redactor::with(keys, pointers).keep_form(keep_form).anonymize(anonymize)
    }
}

/// How a function is configured and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its unqualified ARN.
    pub arn: FunctionArn,
    /// Lambda's name of the runtime, such as `nodejs20.x`, `python3.12` or `provided.al2023`.
    pub runtime: String,
    /// The handler setting, such as `index.handler`.
    pub handler: String,
    /// The code folder, as written: relative to the function folder. `handler` by default.
    pub code: PathBuf,
    /// Seconds until an invocation is ended. 3 by default, as on AWS.
    pub timeout: u32,
    /// Memory in MB. 128 by default, as on AWS.
    pub memory_size: u32,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Which Runtime API client runs the handler.
    pub client: Client,
    /// How the code is built before it runs; `None` where it runs as it is.
    pub build: Option<Build>,
    /// What is redacted beyond the rules that always apply.
    pub redact: ExtraRedaction,
}

/// The program that connects a handler to the Lambda Runtime API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// retrigger's own for Node and Python; a `bootstrap` brings one along.
    #[default]
    Builtin,
    /// AWS's client for Python, the package `awslambdaric`.
    Awslambdaric,
    /// AWS's client for Node, the package `aws-lambda-ric`.
    AwsLambdaRic,
}

/// How the code is built before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Build {
    /// A program and its arguments, run in the code folder.
    Command(Vec<String>),
    /// `cargo build`, whose executable is the function's bootstrap.
    Cargo(CargoBuild),
}

/// The target of a `cargo build`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CargoBuild {
    /// The package.
    pub package: String,
    /// The binary target. `bootstrap` by default.
    #[serde(default = "bootstrap")]
    pub bin: String,
    /// The profile. `dev` by default.
    #[serde(default = "dev")]
    pub profile: String,
}

fn bootstrap() -> String {
    "bootstrap".into()
}

fn dev() -> String {
    "dev".into()
}

/// What a user redacts beyond the rules that always apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtraRedaction {
    /// Names of object keys and headers, compared without regard to case, `-` and `_`.
    pub keys: Vec<String>,
    /// JSON pointers into the event, such as `/body/card`.
    pub pointers: Vec<String>,
    /// Secrets whose tokens keep their form.
    pub keep_form: Vec<KeepForm>,
    /// What is replaced beyond secrets.
    pub anonymize: Vec<Anonymize>,
}

/// `function.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionToml {
    #[serde(rename = "format")]
    _format: u32,
    arn: toml::Spanned<String>,
    runtime: toml::Spanned<String>,
    handler: toml::Spanned<String>,
    code: Option<toml::Spanned<String>>,
    timeout: Option<toml::Spanned<u32>>,
    memory_size: Option<toml::Spanned<u32>>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    client: Client,
    build: Option<toml::Spanned<BuildToml>>,
    #[serde(default)]
    redact: ExtraRedaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildToml {
    command: Option<Vec<String>>,
    cargo: Option<CargoBuild>,
}

impl FunctionToml {
    fn check(self, source: &Source) -> Result<Function, Error> {
        let arn = FunctionArn::parse(self.arn.as_ref())
            .map_err(|problem| source.error(self.arn.span().start, problem))?;
        let code = self.code.map_or(Ok("handler".into()), |code| filled("code", code, source))?;
        Ok(Function {
            arn,
            runtime: filled("runtime", self.runtime, source)?,
            handler: filled("handler", self.handler, source)?,
            code: code.into(),
            timeout: in_range("timeout", self.timeout, (3, 1, 900), source)?,
            memory_size: in_range("memory_size", self.memory_size, (128, 128, 32_768), source)?,
            environment: self.environment,
            client: self.client,
            build: self.build.map(|build| build_of(build, source)).transpose()?,
            redact: checked_redaction(self.redact, source)?,
        })
    }
}

/// A setting that must hold something.
fn filled(name: &str, value: toml::Spanned<String>, source: &Source) -> Result<String, Error> {
    if value.as_ref().trim().is_empty() {
        let problem = Problem::value(format!("`{name}` is empty"));
        return Err(source.error(value.span().start, problem));
    }
    Ok(value.into_inner())
}

/// A number, or its default, within what Lambda accepts (AWS Lambda API Reference,
/// `CreateFunction`; "Lambda quotas" for the timeout's upper end).
fn in_range(
    name: &str,
    value: Option<toml::Spanned<u32>>,
    (default, low, high): (u32, u32, u32),
    source: &Source,
) -> Result<u32, Error> {
    let Some(value) = value else { return Ok(default) };
    let (at, number) = (value.span().start, value.into_inner());
    if (low..=high).contains(&number) {
        return Ok(number);
    }
    let reason = format!("`{name}` is {number}, outside of {low} to {high}");
    Err(source.error(at, Problem::value(reason)))
}

fn build_of(build: toml::Spanned<BuildToml>, source: &Source) -> Result<Build, Error> {
    let at = build.span().start;
    match build.into_inner() {
        BuildToml { command: Some(command), cargo: None } if !command.is_empty() => {
            Ok(Build::Command(command))
        }
        BuildToml { command: None, cargo: Some(cargo) } => Ok(Build::Cargo(cargo)),
        _ => Err(source.error(
            at,
            Problem::value_with_advice(
                "`build` must say one way to build",
                "write either `command = [\"program\", \"argument\"]` or \
                 `cargo = { package = \"name\" }`",
            ),
        )),
    }
}

fn checked_redaction(redact: ExtraRedaction, source: &Source) -> Result<ExtraRedaction, Error> {
    let bad = redact.pointers.iter().find(|pointer| !pointer.starts_with('/'));
    match bad {
        None => Ok(redact),
        Some(pointer) => Err(source.error(
            source.text.find(pointer.as_str()).unwrap_or(0),
            Problem::value(format!("`{pointer}` is no JSON pointer: one starts with `/`")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MINIMAL: &str = r#"format = 1
arn = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo"
runtime = "nodejs20.x"
handler = "index.handler"
"#;

    fn load(text: &str) -> Result<Function, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FUNCTION_FILE), text).unwrap();
        FunctionFolder::load(folder.path()).map(|folder| folder.function)
    }

    #[test]
    fn defaults_are_those_of_aws() {
        let function = load(MINIMAL).unwrap();
        assert_eq!((function.timeout, function.memory_size), (3, 128));
        assert_eq!(function.code, Path::new("handler"));
        assert_eq!(function.client, Client::Builtin);
        assert_eq!(function.build, None);
    }

    #[test]
    fn every_setting_is_read() {
        let function = load(&format!(
            "{MINIMAL}code = \"../x\"\ntimeout = 900\nmemory_size = 512\nclient = \"aws-lambda-ric\"\n\
             environment = {{ TABLE = \"t\" }}\nbuild = {{ cargo = {{ package = \"p\" }} }}\n\
             redact = {{ keys = [\"pin\"], keep_form = [\"jwt\"], anonymize = [\"ip\"] }}\n"
        ))
        .unwrap();
        assert_eq!(function.code, Path::new("../x"));
        assert_eq!(function.environment["TABLE"], "t");
        assert_eq!(function.client, Client::AwsLambdaRic);
        let cargo = CargoBuild { package: "p".into(), bin: bootstrap(), profile: dev() };
        assert_eq!(function.build, Some(Build::Cargo(cargo)));
        assert_eq!(function.redact.keys, ["pin"]);
        assert_eq!(function.redact.keep_form, [KeepForm::Jwt]);
        assert_eq!(function.redact.anonymize, [Anonymize::Ip]);
    }

    #[rstest]
    #[case("timout = 3", ":5:1: unknown key `timout`; did you mean `timeout`?")]
    #[case("timeout = 0", ":5:11: `timeout` is 0, outside of 1 to 900")]
    #[case("memory_size = 64", ":5:15: `memory_size` is 64, outside of 128 to 32768")]
    #[case("timeout = -1", ":5:11: invalid value")]
    #[case("code = ''", ":5:8: `code` is empty")]
    #[case("client = \"python\"", ":5:10: unknown value `python`; it is one of `builtin`")]
    #[case("build = {}", "`build` must say one way to build; write either")]
    #[case("build = { command = [] }", "`build` must say one way to build")]
    #[case("handler = \"again\"", ":5:1: not valid TOML: duplicate key")]
    #[case("redact = { keep_form = [\"jtw\"] }", "unknown value `jtw`; it is one of `jwt`")]
    #[case("redact = { pointers = [\"body\"] }", "`body` is no JSON pointer")]
    fn bad_settings_are_located(#[case] line: &str, #[case] expected: &str) {
        let error = load(&format!("{MINIMAL}{line}\n")).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_folder_without_function_toml_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = FunctionFolder::load(folder.path()).unwrap_err();
        assert_eq!(error.file(), folder.path().join(FUNCTION_FILE));
        assert_eq!(error.problem(), &Problem::Missing { advice: None });
    }
}
