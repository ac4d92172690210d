//! `retrigger scan`: secrets in files of any kind of text.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use retrigger::recording::{FUNCTION_FILE, Finding, FunctionFolder, Redactor};
use serde::Serialize;

use crate::{
    exit::{self, Failure, Outcome},
    input,
    output::{Format, Output, counted},
};

/// Find secrets in recordings, snapshots and any other text
///
/// Looks for what redaction removes: by names of keys and headers, by shape, and the same values
/// elsewhere in the file; in JSON, JSON Lines, TOML and plain text, also percent-encoded, escaped
/// and in base64. What `[redact]` of a `function.toml` above a file names is looked for too.
/// The secrets themselves are not shown.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files, or folders with all that is below them, but `.git`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to print findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Searches every file. Exit code 1 where there is a finding, 2 where a file cannot be read; the
/// others are searched all the same.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let mut redactors = Redactors::default();
    let mut totals = Totals::default();
    let mut unreadable = false;
    for file in input::all_files_below(&args.paths)? {
        match scan(&file, &mut redactors) {
            Ok(Some(findings)) => {
                totals.add(&findings);
                print(output, &file, &findings, args.format)?;
            }
            Ok(None) => totals.not_text += 1,
            Err(failure) => {
                exit::report(&failure);
                unreadable = true;
            }
        }
    }
    match args.format {
        Format::Json => output.json(&totals)?,
        Format::Human => writeln!(output, "{totals}")?,
    }
    Ok(match totals.findings {
        _ if unreadable => Outcome::Invalid,
        0 => Outcome::AsExpected,
        _ => Outcome::Different,
    })
}

/// The findings in a file; `None` for one that is no text.
fn scan(file: &Path, redactors: &mut Redactors) -> Result<Option<Vec<Finding>>, Failure> {
    let bytes = input::read_bytes(file)?;
    Ok(redactors.of(file)?.scan_file(&bytes).ok())
}

/// What is looked for, by the function folder.
#[derive(Default)]
struct Redactors {
    known: BTreeMap<PathBuf, Redactor>,
    default: Redactor,
}

impl Redactors {
    /// What is looked for in a file: what always is, and what its function adds.
    fn of(&mut self, file: &Path) -> Result<&Redactor, Failure> {
        let folder = file.ancestors().skip(1).find(|folder| folder.join(FUNCTION_FILE).is_file());
        let Some(folder) = folder else { return Ok(&self.default) };
        if !self.known.contains_key(folder) {
            let function = FunctionFolder::load(folder);
            let function = function.map_err(|error| Failure::new(error.to_string()))?;
            self.known.insert(folder.to_owned(), function.redactor());
        }
        Ok(self.known.get(folder).unwrap_or(&self.default))
    }
}

/// What was searched, and how much was found. The last line of the output.
#[derive(Default, Serialize)]
struct Totals {
    /// Files that were searched.
    files: usize,
    /// Files that are no text, and were not.
    not_text: usize,
    findings: usize,
}

impl Totals {
    fn add(&mut self, findings: &[Finding]) {
        self.files += 1;
        self.findings += findings.len();
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", counted(self.files, "file"))?;
        match self.findings {
            0 => write!(f, "no secret found")?,
            findings => write!(f, "{} found", counted(findings, "secret"))?,
        }
        if self.not_text > 0 {
            write!(f, "; {} not searched, no text", counted(self.not_text, "file"))?;
        }
        Ok(())
    }
}

/// One line of the JSON output.
#[derive(Serialize)]
struct Row<'f> {
    file: &'f Path,
    #[serde(flatten)]
    finding: &'f Finding,
}

fn print(output: &mut Output, file: &Path, findings: &[Finding], format: Format) -> io::Result<()> {
    findings.iter().try_for_each(|finding| match format {
        Format::Json => output.json(&Row { file, finding }),
        Format::Human => writeln!(output, "{}:{finding}", file.display()),
    })
}
