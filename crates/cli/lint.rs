//! `retrigger lint`: all that is wrong with policy documents.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use retrigger::{
    iam::{Code, PolicyKind, Severity},
    lint::{self, LintFinding, LintTotals, LintedDocument, LintedFile},
    reporter::lint_snippet,
};
use serde::Serialize;

use crate::{
    exit::{self, Failure, Outcome},
    input,
    output::{Format, Output, counted},
};

/// Say all that is wrong with policy documents
///
/// A file is a policy document, what `aws lambda get-policy` prints, or a file of a snapshot
/// (account-authorization-details.json, organization.json), whose documents are linted each as
/// what they are. Templates are not: lint the document that the template makes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// JSON files, folders with `.json` files (those that are no policies are passed over), or -
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The kind of policy: identity, managed, resource, trust, boundary, session, scp, rcp or
    /// endpoint. A kind that is guessed gives warnings where one that is given gives errors
    #[arg(long, value_name = "KIND", hide_possible_values = true)]
    kind: Option<PolicyKind>,
    /// Say what a finding of this code means, with an example
    #[arg(long, value_name = "CODE", conflicts_with_all = ["files", "kind"])]
    explain: Option<Code>,
    /// How to print findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How many findings of one document are shown to people.
const MAX_SNIPPETS: usize = 100;

/// What the standard input is called.
const STDIN: &str = "<stdin>";

/// Lints every file. Exit code 1 where a finding is an error, 2 where a file cannot be read; the
/// others are linted all the same.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    if let Some(code) = args.explain {
        return explain(code, args.format, output);
    }
    let mut totals = LintTotals::default();
    let mut unreadable = false;
    for path in &args.files {
        let is_folder = path.is_dir();
        for file in input::files_below(std::slice::from_ref(path), "json")? {
            match lint(&file, is_folder, args.kind) {
                Ok(Some(linted)) => {
                    totals.add(&linted);
                    print(output, &file, &linted, args.format)?;
                }
                Ok(None) => {}
                Err(failure) => {
                    exit::report(&failure);
                    unreadable = true;
                }
            }
        }
    }
    match args.format {
        Format::Json => output.json(&totals)?,
        Format::Human => print_totals(output, totals)?,
    }
    Ok(match totals {
        _ if unreadable => Outcome::Invalid,
        LintTotals { errors: 0, .. } => Outcome::AsExpected,
        _ => Outcome::Different,
    })
}

/// The file as results name it.
fn name_of(file: &Path) -> std::path::Display<'_> {
    if file == Path::new("-") { Path::new(STDIN).display() } else { file.display() }
}

/// The findings of a file; `None` for one that was come upon in a folder and is no policy.
fn lint(
    file: &Path,
    is_folder: bool,
    kind: Option<PolicyKind>,
) -> Result<Option<LintedFile>, Failure> {
    let linted = if file == Path::new("-") {
        lint::lint_bytes(Path::new(STDIN), read_stdin()?, kind).map(Some)
    } else if is_folder {
        lint::lint_found_file(file, kind)
    } else {
        lint::lint_file(file, kind).map(Some)
    };
    linted.map_err(|error| Failure::new(error.to_string()))
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    const MAX_BYTES: u64 = 16 * 1024 * 1024;
    let mut bytes = Vec::new();
    let read = io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("cannot read the standard input: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message =
            format!("the standard input has more than the {MAX_BYTES} bytes that are read");
        return Err(Failure::new(message));
    }
    Ok(bytes)
}

fn print(output: &mut Output, path: &Path, linted: &LintedFile, format: Format) -> io::Result<()> {
    for document in &linted.documents {
        match format {
            Format::Json => {
                for finding in &document.findings {
                    output.json(&row(path, finding))?;
                }
            }
            Format::Human => print_document(output, path, document)?,
        }
    }
    Ok(())
}

fn print_document(output: &mut Output, path: &Path, document: &LintedDocument) -> io::Result<()> {
    for finding in document.findings.iter().take(MAX_SNIPPETS) {
        writeln!(output, "{}\n", lint_snippet(finding, Output::look()))?;
    }
    let more = document.findings.len().saturating_sub(MAX_SNIPPETS);
    if more > 0 {
        let (path, more) = (name_of(path), counted(more, "more finding"));
        writeln!(output, "{path}: {more}; all of them with --format json\n")?;
    }
    print_guess(output, path, document)
}

/// One line of the JSON output.
#[derive(Serialize)]
struct Row<'l> {
    file: String,
    code: Code,
    severity: Severity,
    line: Option<usize>,
    column: Option<usize>,
    message: &'l str,
    help: Option<&'l str>,
}

fn row<'l>(file: &'l Path, finding: &'l LintFinding) -> Row<'l> {
    let LintFinding { code, found } = finding;
    Row {
        file: name_of(file).to_string(),
        code: *code,
        severity: found.severity,
        line: found.place.as_ref().map(|place| place.line),
        column: found.place.as_ref().map(|place| place.column),
        message: &found.message,
        help: found.help.as_deref(),
    }
}

/// Says as what a document was read, where that was a guess and there is something to say of it.
fn print_guess(output: &mut Output, path: &Path, document: &LintedDocument) -> io::Result<()> {
    let LintedDocument { kind: Some(kind), kind_was_guessed: true, findings, .. } = document else {
        return Ok(());
    };
    if !findings.iter().any(|finding| finding.found.severity == Severity::Warning) {
        return Ok(());
    }
    let (path, noun) = (name_of(path), kind.noun());
    writeln!(output, "{path}: the kind is a guess ({noun}); give it with --kind\n")
}

fn print_totals(output: &mut Output, totals: LintTotals) -> io::Result<()> {
    let LintTotals { documents, errors, warnings, .. } = totals;
    let (documents, errors, warnings) =
        (counted(documents, "document"), counted(errors, "error"), counted(warnings, "warning"));
    writeln!(output, "{documents}: {errors}, {warnings}")
}

fn explain(code: Code, format: Format, output: &mut Output) -> Result<Outcome, Failure> {
    let page = code.page();
    match format {
        Format::Json => output.json(page)?,
        Format::Human => write!(output, "{page}")?,
    }
    Ok(Outcome::AsExpected)
}
