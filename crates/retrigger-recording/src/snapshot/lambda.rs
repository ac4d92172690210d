//! `lambda/FUNCTION/`: a function's configuration, policies, event source mappings and URL.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{
    files::{
        CONFIGURATION_FILE, Files, LAMBDA, MAPPINGS_FILE, POLICY_FILE, URL_FILE, qualifier_of,
    },
    read,
};
use crate::{document::PolicyDocument, error::Error, parse};

/// What a snapshot holds of one function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionSnapshot {
    /// Its configuration; `None` where the file is missing.
    pub configuration: Option<Configuration>,
    /// Its event source mappings.
    pub event_source_mappings: Vec<EventSourceMapping>,
    /// Its URL; `None` where it has none.
    pub function_url: Option<FunctionUrl>,
    unqualified: Option<PolicyDocument>,
    qualified: BTreeMap<String, PolicyDocument>,
}

impl FunctionSnapshot {
    /// The resource-based policy of the unqualified function, or of a version or alias; `None`
    /// where it has none. Each has its own (AWS Lambda Developer Guide, "Using resource-based
    /// policies for Lambda").
    pub fn policy(&self, qualifier: Option<&str>) -> Option<&PolicyDocument> {
        match qualifier {
            None => self.unqualified.as_ref(),
            Some(name) => self.qualified.get(name),
        }
    }

    /// All resource-based policies, each with its qualifier, the unqualified function's first.
    pub fn policies(&self) -> impl Iterator<Item = (Option<&str>, &PolicyDocument)> {
        let qualified = self.qualified.iter().map(|(name, policy)| (Some(name.as_str()), policy));
        self.unqualified.iter().map(|policy| (None, policy)).chain(qualified)
    }
}

/// `configuration.json`: what is used of the output of `aws lambda get-function-configuration`
/// (AWS Lambda API Reference, `GetFunctionConfiguration`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    rename_all = "PascalCase",
    expecting = "the output of `aws lambda get-function-configuration`"
)]
pub struct Configuration {
    /// The ARN of the execution role.
    pub role: String,
    /// The function's ARN.
    pub function_arn: Option<String>,
    /// The runtime, such as `nodejs20.x`.
    pub runtime: Option<String>,
    /// The handler setting.
    pub handler: Option<String>,
    /// Seconds until an invocation is ended.
    pub timeout: Option<u32>,
    /// Memory in MB.
    pub memory_size: Option<u32>,
    /// Where it logs to.
    pub logging_config: Option<LoggingConfig>,
}

/// Where a function logs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a logging configuration")]
pub struct LoggingConfig {
    /// The log group; `/aws/lambda/FUNCTION` without it.
    pub log_group: Option<String>,
}

/// One event source mapping: what is used of the output of `aws lambda list-event-source-mappings`
/// (AWS Lambda API Reference, `EventSourceMappingConfiguration`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an event source mapping")]
pub struct EventSourceMapping {
    /// Its id.
    #[serde(rename = "UUID")]
    pub uuid: Option<String>,
    /// The ARN of the queue, stream or broker; `None` for a self-managed one.
    pub event_source_arn: Option<String>,
    /// The function, version or alias that is invoked.
    pub function_arn: Option<String>,
    /// Such as `Enabled`.
    pub state: Option<String>,
    /// The most records of a batch.
    pub batch_size: Option<u32>,
    /// Seconds for which a batch may wait to become full.
    pub maximum_batching_window_in_seconds: Option<u32>,
    /// Which records reach the function: `{"Filters": [{"Pattern": "…"}]}`.
    pub filter_criteria: Option<Value>,
    /// Where reading a stream starts: `TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`.
    pub starting_position: Option<String>,
    /// The time to start at: seconds since 1970, or RFC 3339 as the command prints it.
    pub starting_position_timestamp: Option<Value>,
    /// `ReportBatchItemFailures`, where the response may name failed items.
    #[serde(default)]
    pub function_response_types: Vec<String>,
    /// Whether a failed batch of a stream is split in two.
    #[serde(default)]
    pub bisect_batch_on_function_error: Option<bool>,
    /// How often a failed batch of a stream is retried; -1 for ever.
    pub maximum_retry_attempts: Option<i64>,
    /// Seconds for which a record of a stream is kept; -1 for ever.
    pub maximum_record_age_in_seconds: Option<i64>,
    /// How many batches of a shard are processed at a time.
    pub parallelization_factor: Option<u32>,
    /// Where batches go that are given up.
    pub destination_config: Option<DestinationConfig>,
    /// How the source is reached: secrets, subnets, security groups.
    #[serde(default)]
    pub source_access_configurations: Vec<SourceAccess>,
    /// The key that encrypts the mapping's filter criteria.
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
}

/// One way in which a source is reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a source access configuration")]
pub struct SourceAccess {
    /// AWS's name of it, such as `BASIC_AUTH` or `VPC_SUBNET`.
    pub r#type: String,
    /// The ARN of a secret, `subnet:ID`, `security_group:ID`, or the name of a virtual host.
    #[serde(rename = "URI")]
    pub uri: String,
}

/// Where batches go that are given up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a destination configuration")]
pub struct DestinationConfig {
    /// The destination of failed batches.
    pub on_failure: Option<Destination>,
}

/// A destination.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a destination")]
pub struct Destination {
    /// Its ARN.
    pub destination: Option<String>,
}

impl EventSourceMapping {
    /// Whether the function's response may name failed items.
    pub fn reports_batch_item_failures(&self) -> bool {
        self.function_response_types.iter().any(|kind| kind == "ReportBatchItemFailures")
    }

    /// The ARNs of the secrets with which the source is reached.
    pub fn secret_arns(&self) -> Vec<String> {
        let uris = self.source_access_configurations.iter().map(|access| &access.uri);
        uris.filter(|uri| uri.split(':').nth(2) == Some("secretsmanager")).cloned().collect()
    }

    /// Whether the source is reached through subnets or security groups of a VPC.
    pub fn is_in_vpc(&self) -> bool {
        self.source_access_configurations.iter().any(|access| access.r#type.starts_with("VPC_"))
    }

    /// The ARN of the destination of failed batches.
    pub fn on_failure_destination(&self) -> Option<&str> {
        self.destination_config.as_ref()?.on_failure.as_ref()?.destination.as_deref()
    }
}

/// `function-url-config.json`: what is used of the output of `aws lambda get-function-url-config`
/// (AWS Lambda API Reference, `GetFunctionUrlConfig`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    rename_all = "PascalCase",
    expecting = "the output of `aws lambda get-function-url-config`"
)]
pub struct FunctionUrl {
    /// The URL.
    pub function_url: Option<String>,
    /// The function or alias it invokes.
    pub function_arn: Option<String>,
    /// Whether callers must sign.
    pub auth_type: UrlAuthType,
    /// `BUFFERED` or `RESPONSE_STREAM`.
    pub invoke_mode: Option<String>,
}

/// Whether callers of a function URL must sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum UrlAuthType {
    /// Anyone may call, where the function's policy lets them.
    #[serde(rename = "NONE")]
    None,
    /// Callers sign as an IAM principal.
    #[serde(rename = "AWS_IAM")]
    AwsIam,
}

impl UrlAuthType {
    /// AWS's spelling, which is the value of `lambda:FunctionUrlAuthType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::AwsIam => "AWS_IAM",
        }
    }
}

#[derive(Deserialize)]
#[serde(
    rename_all = "PascalCase",
    expecting = "the output of `aws lambda list-event-source-mappings`"
)]
struct MappingsJson {
    event_source_mappings: Vec<EventSourceMapping>,
}

/// All functions of a snapshot by name.
pub(super) fn functions(files: &Files) -> Result<BTreeMap<String, FunctionSnapshot>, Error> {
    let mut functions: BTreeMap<String, FunctionSnapshot> = BTreeMap::new();
    for (name, path) in files.below(LAMBDA) {
        let Some((function, file)) = name.split_once('/') else { continue };
        let snapshot = functions.entry(function.to_owned()).or_default();
        read_file(snapshot, function, file, path)?;
    }
    Ok(functions)
}

fn read_file(
    snapshot: &mut FunctionSnapshot,
    function: &str,
    file: &str,
    path: &Path,
) -> Result<(), Error> {
    match file {
        CONFIGURATION_FILE => snapshot.configuration = Some(parse::json(&*read(path)?)?),
        MAPPINGS_FILE => {
            let mappings: MappingsJson = parse::json(&*read(path)?)?;
            snapshot.event_source_mappings = mappings.event_source_mappings;
        }
        URL_FILE => snapshot.function_url = parse::json(&*read(path)?)?,
        POLICY_FILE => {
            let name = format!("policy of function `{function}`");
            snapshot.unqualified = Some(PolicyDocument::read(path, name)?.in_aws_form());
        }
        _ => {
            if let Some(qualifier) = qualifier_of(file) {
                let name = format!("policy of `{function}:{qualifier}`");
                let document = PolicyDocument::read(path, name)?.in_aws_form();
                snapshot.qualified.insert(qualifier.to_owned(), document);
            }
        }
    }
    Ok(())
}
