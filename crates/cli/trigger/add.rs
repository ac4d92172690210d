//! `retrigger trigger add`.

use std::io::{self, Write};

use retrigger::{
    trigger::{Delivery, Trigger},
    triggers::{Added, NewMapping, NewTrigger, TriggersError},
};
use serde_json::json;

use super::{Place, denied, failure, shown};
use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
};

/// Add a trigger to a snapshot: the statement or event source mapping that AWS would write
///
/// A trigger that invokes the function gets a statement in the function's policy, as
/// `aws lambda add-permission` writes it. A source that Lambda polls gets an event source mapping,
/// if the execution role may poll it; otherwise AWS's error is shown, and what the role lacks.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What triggers: alb, s3, sns, sqs, function-url, … (as `retrigger classify` names it)
    #[arg(value_name = "KIND", value_parser = parse_kind)]
    kind: Trigger,
    #[command(flatten)]
    place: Place,
    /// The version or alias to invoke [default: the unqualified function]
    #[arg(long, value_name = "QUALIFIER")]
    qualifier: Option<String>,
    /// The ARN of the source: topic, bucket, rule, queue, stream, …
    #[arg(long, value_name = "ARN")]
    source_arn: Option<String>,
    #[command(flatten)]
    permission: PermissionArgs,
    #[command(flatten)]
    mapping: Box<MappingArgs>,
    /// How to print what was written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `aws lambda add-permission` takes.
#[derive(clap::Args)]
#[command(next_help_heading = "Triggers that invoke the function")]
struct PermissionArgs {
    /// The id of the statement [default: the kind, or the console's two for a function URL]
    #[arg(long, value_name = "ID")]
    statement_id: Option<String>,
    /// Who invokes: an account id, the ARN of a role or user, a service, or *
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// The account of the source, which the ARN of a bucket does not say
    #[arg(long, value_name = "ACCOUNT")]
    source_account: Option<String>,
    /// The organization of whoever invokes
    #[arg(long, value_name = "ID")]
    principal_org_id: Option<String>,
    /// The id of an Alexa skill
    #[arg(long, value_name = "TOKEN")]
    event_source_token: Option<String>,
    /// NONE or `AWS_IAM` [default: as the function URL is configured, else NONE]
    #[arg(long, value_name = "TYPE")]
    function_url_auth_type: Option<String>,
}

/// What `aws lambda create-event-source-mapping` takes.
#[derive(clap::Args)]
#[command(next_help_heading = "Sources that Lambda polls")]
struct MappingArgs {
    /// The most records of a batch [default: 10 for queues, else 100]
    #[arg(long, value_name = "N")]
    batch_size: Option<u32>,
    /// Seconds to gather records for
    #[arg(long, value_name = "SECONDS")]
    maximum_batching_window_in_seconds: Option<u32>,
    /// The response names the items that failed
    #[arg(long)]
    report_batch_item_failures: bool,
    /// Where to begin a stream or topic: `TRIM_HORIZON` or LATEST
    #[arg(long, value_name = "POSITION")]
    starting_position: Option<String>,
    /// Split a batch of a stream that fails
    #[arg(long)]
    bisect_batch_on_function_error: bool,
    /// How often a batch of a stream that fails is retried; -1 for ever
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    maximum_retry_attempts: Option<i64>,
    /// Seconds after which a record of a stream is given up; -1 for never
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    maximum_record_age_in_seconds: Option<i64>,
    /// Batches of a shard at a time
    #[arg(long, value_name = "N")]
    parallelization_factor: Option<u32>,
    /// Seconds of a tumbling window
    #[arg(long, value_name = "SECONDS")]
    tumbling_window_in_seconds: Option<u32>,
    /// Invocations for a queue at a time
    #[arg(long, value_name = "N")]
    maximum_concurrency: Option<u32>,
    /// The queue, topic or bucket for batches that are given up
    #[arg(long, value_name = "ARN")]
    on_failure: Option<String>,
    /// How a cluster or broker is reached, such as `BASIC_AUTH=SECRET-ARN`; may be repeated
    #[arg(long, value_name = "TYPE=URI", value_parser = parse_pair)]
    source_access: Vec<(String, String)>,
    /// The topic of a cluster
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// The queue of a broker
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// A server of a self-managed cluster; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap_server: Vec<String>,
    /// The database whose changes are read
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// The collection whose changes are read
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// A customer managed key that encrypts the source: the role must be allowed to decrypt
    #[arg(long, value_name = "ARN")]
    source_kms_key: Vec<String>,
    /// Make the mapping without polling
    #[arg(long)]
    disabled: bool,
}

const EXAMPLES: &str = "Examples:
  retrigger trigger add sns -f recordings/lambda-demo \\
    --source-arn arn:aws:sns:us-east-1:841860927337:orders
  retrigger trigger add s3 --source-arn arn:aws:s3:::photos --source-account 841860927337
  retrigger trigger add direct-invoke --principal 111122223333 --qualifier PROD
  retrigger trigger add sqs --source-arn arn:aws:sqs:us-east-1:841860927337:orders \\
    --report-batch-item-failures";

fn parse_kind(name: &str) -> Result<Trigger, String> {
    name.parse().map_err(|error: retrigger::trigger::ParseTriggerError| error.to_string())
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((kind, uri)) if !uri.is_empty() => Ok((kind.to_owned(), uri.to_owned())),
        _ => Err("expected TYPE=URI, such as BASIC_AUTH=arn:aws:secretsmanager:…".to_owned()),
    }
}

/// Adds the trigger. Exit code 1 where the execution role lacks what polling needs.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let mut triggers = args.place.open()?;
    let is_polled = matches!(args.kind.delivery(), Delivery::Poll { .. });
    args.refuse_others(is_polled)?;
    let added = if is_polled {
        triggers.create_mapping(&args.new_mapping())
    } else {
        triggers.add(&args.new_trigger())
    };
    match added {
        Ok(added) => {
            print(&added, args.format, output)?;
            Ok(Outcome::AsExpected)
        }
        Err(TriggersError::Denied(denial)) => {
            denied::print(&denial, args.format, output)?;
            Ok(Outcome::Different)
        }
        Err(error) => Err(failure(&error)),
    }
}

impl Args {
    /// Refuses flags of the other kind of trigger.
    fn refuse_others(&self, is_polled: bool) -> Result<(), Failure> {
        let kind = self.kind;
        let other = if is_polled { self.permission.given() } else { self.mapping.given() };
        let Some(flag) = other else { return Ok(()) };
        let why = if is_polled {
            "Lambda polls it, so no policy of the function is asked"
        } else {
            "it invokes the function, so it has no event source mapping"
        };
        Err(Failure::new(format!("`{flag}` means nothing for `{kind}`: {why}")))
    }

    fn new_trigger(&self) -> NewTrigger {
        let given = &self.permission;
        NewTrigger {
            qualifier: self.qualifier.clone(),
            statement_id: given.statement_id.clone(),
            principal: given.principal.clone(),
            source_arn: self.source_arn.clone(),
            source_account: given.source_account.clone(),
            event_source_token: given.event_source_token.clone(),
            principal_org_id: given.principal_org_id.clone(),
            function_url_auth_type: given.function_url_auth_type.clone(),
            ..NewTrigger::new(self.kind)
        }
    }

    fn new_mapping(&self) -> NewMapping {
        let given = &self.mapping;
        NewMapping {
            qualifier: self.qualifier.clone(),
            disabled: given.disabled,
            batch_size: given.batch_size,
            maximum_batching_window_in_seconds: given.maximum_batching_window_in_seconds,
            starting_position: given.starting_position.clone(),
            report_batch_item_failures: given.report_batch_item_failures,
            bisect_batch_on_function_error: given.bisect_batch_on_function_error,
            maximum_retry_attempts: given.maximum_retry_attempts,
            maximum_record_age_in_seconds: given.maximum_record_age_in_seconds,
            parallelization_factor: given.parallelization_factor,
            tumbling_window_in_seconds: given.tumbling_window_in_seconds,
            maximum_concurrency: given.maximum_concurrency,
            on_failure: given.on_failure.clone(),
            source_access: given.source_access.clone(),
            topic: given.topic.clone(),
            queue: given.queue.clone(),
            bootstrap_servers: given.bootstrap_server.clone(),
            database: given.database.clone(),
            collection: given.collection.clone(),
            source_kms_keys: given.source_kms_key.clone(),
            ..NewMapping::new(self.kind, self.source_arn.clone())
        }
    }
}

impl PermissionArgs {
    /// The first flag that is given.
    fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--statement-id", self.statement_id.is_some()),
            ("--principal", self.principal.is_some()),
            ("--source-account", self.source_account.is_some()),
            ("--principal-org-id", self.principal_org_id.is_some()),
            ("--event-source-token", self.event_source_token.is_some()),
            ("--function-url-auth-type", self.function_url_auth_type.is_some()),
        ];
        first(&flags)
    }
}

impl MappingArgs {
    /// The first flag that is given.
    fn given(&self) -> Option<&'static str> {
        let window = self.maximum_batching_window_in_seconds.is_some();
        let flags = [
            ("--batch-size", self.batch_size.is_some()),
            ("--maximum-batching-window-in-seconds", window),
            ("--report-batch-item-failures", self.report_batch_item_failures),
            ("--starting-position", self.starting_position.is_some()),
            ("--bisect-batch-on-function-error", self.bisect_batch_on_function_error),
            ("--maximum-retry-attempts", self.maximum_retry_attempts.is_some()),
            ("--maximum-record-age-in-seconds", self.maximum_record_age_in_seconds.is_some()),
            ("--parallelization-factor", self.parallelization_factor.is_some()),
            ("--tumbling-window-in-seconds", self.tumbling_window_in_seconds.is_some()),
            ("--maximum-concurrency", self.maximum_concurrency.is_some()),
            ("--on-failure", self.on_failure.is_some()),
            ("--source-access", !self.source_access.is_empty()),
            ("--topic", self.topic.is_some()),
            ("--queue", self.queue.is_some()),
            ("--bootstrap-server", !self.bootstrap_server.is_empty()),
            ("--database", self.database.is_some()),
            ("--collection", self.collection.is_some()),
            ("--source-kms-key", !self.source_kms_key.is_empty()),
            ("--disabled", self.disabled),
        ];
        first(&flags)
    }
}

fn first(flags: &[(&'static str, bool)]) -> Option<&'static str> {
    flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
}

fn print(added: &Added, format: Format, output: &mut Output) -> io::Result<()> {
    let Added { file, written, notes } = added;
    if format == Format::Json {
        return output.json(&json!({"file": file, "written": written, "notes": notes}));
    }
    writeln!(output, "wrote to {}:", shown(file))?;
    for value in written {
        writeln!(output, "{value:#}")?;
    }
    for note in notes {
        output.wrapped(&format!("note: {note}"))?;
    }
    Ok(())
}
