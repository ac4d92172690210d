//! `retrigger explain`: one decision, with the reason for every statement.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use retrigger::{
    check::{self, Case},
    documents::{Documents, absence},
    event::Clause,
    iam::{Check, ContextValue, Explanation, Need, Policy, PolicySet, Principal, Request},
    recording::PolicyDocument,
    reporter::{clause_snippets, finding_snippet},
};
use serde::Serialize;

use crate::{
    exit::{Failure, Outcome},
    input,
    output::{Format, Output},
};

/// Explain one decision: what each policy did, and what each statement missed
///
/// The request and its policies come from flags, or from one case of a check file. Condition keys
/// that follow from the request itself, such as aws:PrincipalArn, are added unless given.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// A check file to take the request and its policies from
    #[arg(long, value_name = "FILE", conflicts_with_all = ["principal", "action", "resource"])]
    case: Option<PathBuf>,
    /// Which case of the file, by id; the only one where not given
    #[arg(long, value_name = "ID", requires = "case")]
    id: Option<String>,
    /// Who asks: an ARN, a service such as s3.amazonaws.com, or anonymous
    #[arg(long, value_name = "PRINCIPAL", required_unless_present = "case")]
    principal: Option<String>,
    /// What is asked, such as lambda:InvokeFunction
    #[arg(long, value_name = "ACTION", required_unless_present = "case")]
    action: Option<String>,
    /// The ARN of the resource, or * for an action without resource-level permissions
    #[arg(long, value_name = "ARN", required_unless_present = "case")]
    resource: Option<String>,
    /// The account that owns the resource, where its ARN does not say
    #[arg(long, value_name = "ACCOUNT")]
    resource_account: Option<String>,
    /// For a session, the ARN of its role or user
    #[arg(long, value_name = "ARN")]
    session_issuer: Option<String>,
    /// A condition key; KEY[]=VALUE, repeated, gives a multivalued key
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,
    /// A condition key of which it is not known whether the request carries it
    #[arg(long, value_name = "KEY")]
    unknown: Vec<String>,
    #[command(flatten)]
    policies: PolicyFiles,
    /// How to print the decision
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The policies, as files.
#[derive(clap::Args)]
struct PolicyFiles {
    /// An identity policy of the principal
    #[arg(long, value_name = "FILE")]
    identity: Vec<PathBuf>,
    /// The policy of the resource (for sts:AssumeRole, the trust policy)
    #[arg(long, value_name = "FILE")]
    resource_policy: Option<PathBuf>,
    /// The permissions boundary of the principal
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,
    /// A session policy
    #[arg(long, value_name = "FILE")]
    session: Vec<PathBuf>,
    /// One level of SCPs, several files of a level joined by commas; from root to account
    #[arg(long, value_name = "FILE[,FILE]")]
    scp: Vec<String>,
    /// One level of RCPs, several files of a level joined by commas; from root to account
    #[arg(long, value_name = "FILE[,FILE]")]
    rcp: Vec<String>,
    /// A policy of the VPC endpoint that the request comes through
    #[arg(long, value_name = "FILE")]
    endpoint: Vec<PathBuf>,
}

const EXAMPLE: &str = "Example:
  retrigger explain --principal s3.amazonaws.com --action lambda:InvokeFunction \\
    --resource arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo \\
    --context aws:SourceArn=arn:aws:s3:::photos --resource-policy policy.json";

/// The JSON output.
#[derive(Serialize)]
struct Explained<'e> {
    request: &'e Request,
    #[serde(flatten)]
    explanation: &'e Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    clauses: &'e [Clause],
}

/// Explains the decision. Exit code 1 where it denies.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let mut documents = Documents::default();
    let (request, policies) = match &args.case {
        Some(file) => from_case(file, args.id.as_deref())?,
        None => (request(args)?, args.policies.read(&mut documents)?),
    };
    let request = request.with_derived_context();
    let explanation = policies.explain(&request);
    let clauses = documents.clauses(&explanation);
    let message = explanation.denial.as_ref().map(|denial| denial.message(&request));
    match args.format {
        Format::Json => output.json(&Explained {
            request: &request,
            explanation: &explanation,
            message,
            clauses: &clauses,
        })?,
        Format::Human => print(output, &request, &explanation, &clauses)?,
    }
    let allowed = explanation.decision.is_allowed();
    Ok(if allowed { Outcome::AsExpected } else { Outcome::Different })
}

fn from_case(file: &Path, id: Option<&str>) -> Result<(Request, PolicySet), Failure> {
    let place = file.display();
    let cases = input::read_cases(file)?;
    let mut found = cases.iter().filter(|case| id.is_none_or(|id| case.id == id));
    let case: &Case = match (found.next(), found.next()) {
        (Some(case), None) => case,
        (Some(_), Some(_)) => {
            return Err(Failure::new(format!("{place}: several cases; name one with --id")));
        }
        (None, _) => return Err(Failure::new(format!("{place}: no case has that id"))),
    };
    let (policies, findings) = check::policies_of(case);
    match findings.first() {
        Some(finding) => Err(Failure::new(format!("{place}: {}: {}", case.id, finding.message))),
        None => Ok((case.request.clone(), policies)),
    }
}

fn request(args: &Args) -> Result<Request, Failure> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let principal: Principal =
        text(&args.principal).parse().map_err(|error| Failure::new(format!("{error}")))?;
    let action = text(&args.action);
    if !action.contains(':') {
        let message = format!("`{action}` is no action: expected `service:Name`");
        return Err(Failure::new(message));
    }
    let mut request = Request::new(principal, action, text(&args.resource));
    request.wildcard_only_action = request.resource == "*";
    request.declared_resource_account.clone_from(&args.resource_account);
    request.session_issuer.clone_from(&args.session_issuer);
    for pair in &args.context {
        add_context(&mut request, pair)?;
    }
    for key in &args.unknown {
        if request.context.get(key).is_some() {
            let message = format!("`{key}` has a value with --context; it cannot be unknown");
            return Err(Failure::new(message));
        }
        request.context.insert_unknown(key);
    }
    Ok(request)
}

fn add_context(request: &mut Request, pair: &str) -> Result<(), Failure> {
    let Some((key, value)) = pair.split_once('=') else {
        return Err(Failure::new(format!("`{pair}` is no condition key: expected KEY=VALUE")));
    };
    let Some(key) = key.strip_suffix("[]") else {
        request.context.insert(key, value);
        return Ok(());
    };
    let mut values = match request.context.get(key) {
        Some(ContextValue::Multi(values)) => values.clone(),
        _ => Vec::new(),
    };
    if !value.is_empty() {
        values.push(value.to_owned());
    }
    request.context.insert(key, values);
    Ok(())
}

impl PolicyFiles {
    fn read(&self, documents: &mut Documents) -> Result<PolicySet, Failure> {
        let session = (!self.session.is_empty()).then_some(&self.session);
        let endpoint = (!self.endpoint.is_empty()).then_some(&self.endpoint);
        let scps = levels(&self.scp, "service control policy", documents)?;
        Ok(PolicySet {
            identity: list(&self.identity, "identity policy", documents)?,
            resource: optional(self.resource_policy.as_deref(), "resource policy", documents)?,
            boundary: optional(self.boundary.as_deref(), "permissions boundary", documents)?,
            session: session.map(|files| list(files, "session policy", documents)).transpose()?,
            scps: (!self.scp.is_empty()).then_some(scps),
            rcps: levels(&self.rcp, "resource control policy", documents)?,
            endpoint: endpoint
                .map(|files| list(files, "endpoint policy", documents))
                .transpose()?,
        })
    }
}

fn levels(
    levels: &[String],
    noun: &str,
    documents: &mut Documents,
) -> Result<Vec<Vec<Policy>>, Failure> {
    let files = |level: &String| level.split(',').map(PathBuf::from).collect::<Vec<_>>();
    levels.iter().map(|level| list(&files(level), noun, documents)).collect()
}

fn optional(
    file: Option<&Path>,
    noun: &str,
    documents: &mut Documents,
) -> Result<Option<Policy>, Failure> {
    file.map(|file| one(file, noun, documents)).transpose()
}

fn list(files: &[PathBuf], noun: &str, documents: &mut Documents) -> Result<Vec<Policy>, Failure> {
    files.iter().map(|file| one(file, noun, documents)).collect()
}

fn one(file: &Path, noun: &str, documents: &mut Documents) -> Result<Policy, Failure> {
    let name = format!("{noun} {}", file.display());
    let document =
        PolicyDocument::read(file, name).map_err(|error| Failure::new(error.to_string()))?;
    match documents.load(&document) {
        Ok((policy, _)) => Ok(policy),
        Err(invalid) => {
            let look = Output::look_of_stderr();
            let shown = invalid.findings.iter().map(|finding| finding_snippet(finding, look));
            let shown: Vec<String> = shown.collect();
            let problems = if shown.len() == 1 { "problem" } else { "problems" };
            let count = shown.len();
            let head = format!("{}: {count} {problems} in the {noun}", file.display());
            Err(Failure::new(format!("{head}\n{}", shown.join("\n"))))
        }
    }
}

fn print(
    output: &mut Output,
    request: &Request,
    explanation: &Explanation,
    clauses: &[Clause],
) -> io::Result<()> {
    writeln!(output, "{}: {}", explanation.decision, request.action)?;
    writeln!(output, "  on {}", request.resource)?;
    writeln!(output, "  by {}", request.principal)?;
    if let Some(denial) = &explanation.denial {
        writeln!(output, "\n{}", denial.message(request))?;
    }
    if !explanation.hangs_on.is_empty() {
        let keys: Vec<String> = explanation.hangs_on.iter().map(|key| format!("`{key}`")).collect();
        writeln!(output, "\nhangs on {}, which is unknown", keys.join(", "))?;
    }
    if let Some(policy_type) = absence(explanation) {
        writeln!(output, "\nno {} was given", policy_type.noun())?;
    }
    for check in &explanation.checks {
        print_check(output, check)?;
    }
    if !clauses.is_empty() {
        let look = Output::look();
        writeln!(output, "\n{}", clause_snippets(clauses, look))?;
    }
    print_needs(output, &explanation.needs)
}

fn print_needs(output: &mut Output, needs: &[Need]) -> io::Result<()> {
    if needs.is_empty() {
        return Ok(());
    }
    writeln!(output, "\nto be allowed:")?;
    needs.iter().try_for_each(|need| output.item(&need.to_string()))
}

fn print_check(output: &mut Output, check: &Check) -> io::Result<()> {
    let level = check.level.map(|level| format!(" of level {level}")).unwrap_or_default();
    let noun = check.policy_type.noun();
    writeln!(output, "\n{noun}{level}: {:?}", check.effect)?;
    for report in &check.statements {
        let effect = format!("{:?}", report.effect);
        let outcome = match (report.applies(), report.hangs()) {
            (true, _) => "applies",
            (false, true) => "may apply",
            (false, false) => "misses",
        };
        writeln!(output, "  {effect} statement {} {outcome}", report.label())?;
        for miss in &report.misses {
            writeln!(output, "    {miss}")?;
        }
        for key in &report.hangs_on {
            writeln!(output, "    `{key}` is unknown")?;
        }
    }
    Ok(())
}
