//! Taking a snapshot: the function first, then what its configuration and policies refer to.
//!
//! ```text
//! configuration ─▶ role ─▶ its policies and boundary        or the whole account
//!      │
//!      ├▶ policies of the function, its aliases, versions named
//!      └▶ event source mappings ─▶ queues, streams, secrets ┐
//!                   topics and buckets of the policies ─────┼▶ their policies
//!                                  resources named ─────────┘
//! account ─▶ root … account: SCPs, RCPs
//! ```

mod account;
mod function;
mod iam_json;
mod needs;
mod organization;
mod resource;
mod role;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    future::Future,
};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use retrigger_recording::{NotRead, TakenSnapshot, Time, Unread};
use serde_json::Value;

use crate::{
    arn::FunctionName,
    connection::Connection,
    error::{CollectError, ErrorKind, called},
};
pub use needs::{Known, needed_policy};

/// What a snapshot is to be taken of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotRequest {
    /// The function: its name, or its ARN, which also says the Region.
    pub function: String,
    /// Versions whose policies to read too; those of all aliases are read anyway.
    pub qualifiers: Vec<String>,
    /// ARNs of resources whose policies to read too: S3 buckets, SQS queues, SNS topics, KMS keys,
    /// Secrets Manager secrets, Kinesis streams, Lambda functions; and IAM roles, such as one that
    /// invokes the function.
    pub resources: Vec<String>,
    /// Whether to read the service and resource control policies of the organization.
    pub organization: bool,
    /// Whether to read all users, groups, roles and managed policies of the account.
    pub account: bool,
}

impl SnapshotRequest {
    /// A snapshot of a function, and of what its configuration and policies refer to.
    pub fn of(function: impl Into<String>) -> Self {
        Self { function: function.into(), ..Self::default() }
    }
}

/// A snapshot that was taken, and what there is to say of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Taken {
    /// The snapshot, to be written.
    pub snapshot: TakenSnapshot,
    /// What a reader of the snapshot should know, in words, such as of which event source the
    /// policy is of a kind that is not read.
    pub notes: Vec<String>,
}

/// Takes a snapshot. `now` is the time that it carries. `on_call` is told of each call before it is
/// made: the action, and what it is asked of.
///
/// What the caller may not read is listed in the snapshot; only the function's configuration, from
/// which all else is found, must be there.
///
/// # Errors
///
/// When the function or a resource named is not there, a kind of resource is named whose policy is
/// not read, the credentials do not work, or a call fails for good. Nothing is written then.
pub async fn take(
    connection: &Connection,
    request: &SnapshotRequest,
    now: Time,
    on_call: &(dyn Fn(&str, &str) + Send + Sync),
) -> Result<Taken, CollectError> {
    let function = FunctionName::parse(&request.function)?;
    resource::check(&request.resources)?;
    let connection = match &function.place {
        Some((_, region, _)) => &connection.in_region(region),
        None => connection,
    };
    let mut taking = Taking {
        connection,
        on_call,
        files: BTreeMap::new(),
        nothing: BTreeSet::new(),
        resources: BTreeSet::new(),
        not_read: Vec::new(),
        notes: Vec::new(),
    };
    let caller = taking.caller().await?;
    let configured = taking.configuration(&function, caller.account.as_deref()).await?;
    let aliases = taking.function(&configured, &function, &request.qualifiers).await?;
    let roles = resource::roles(&request.resources);
    let whole_account = taking.roles(&configured, &roles, request.account).await?;
    let sources = taking.sources(&configured)?;
    taking.resources(&sources, &request.resources).await?;
    if request.organization {
        taking.organization(&configured.account).await?;
    }
    let of = connection.endpoint_url().unwrap_or("AWS's APIs");
    let source = format!("retrigger snapshot, from {of} as {}", caller.arn);
    Ok(taking.taken(&configured, aliases, whole_account, source, now))
}

/// Who takes the snapshot.
struct Caller {
    arn: String,
    account: Option<String>,
}

/// What the configuration says of the function that all else is found from.
#[derive(Clone, Debug)]
struct Configured {
    /// The function's unqualified ARN.
    arn: String,
    name: String,
    /// What the API is asked with: the name, or the ARN of a function of another account.
    asked: String,
    account: String,
    /// The ARN of the execution role.
    role: String,
}

/// A snapshot as far as it is taken.
struct Taking<'c> {
    connection: &'c Connection,
    on_call: &'c (dyn Fn(&str, &str) + Send + Sync),
    files: BTreeMap<String, String>,
    nothing: BTreeSet<String>,
    resources: BTreeSet<String>,
    not_read: Vec<NotRead>,
    notes: Vec<String>,
}

/// How a call has ended that may end in one of three ways.
enum Read<T> {
    There(T),
    Nothing(CollectError),
    Refused(CollectError),
}

impl Taking<'_> {
    /// Makes a call that must succeed. The SDK's futures are large, and kept apart from ours.
    fn call<T, E>(
        &self,
        call: &'static str,
        of: &str,
        answer: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<T, CollectError>>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        (self.on_call)(call, of);
        called(call, of, Box::pin(answer))
    }

    /// Makes a call of something that may not be there, or not be for the caller to read.
    fn read<T, E>(
        &self,
        call: &'static str,
        of: &str,
        answer: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<Read<T>, CollectError>>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let answer = self.call(call, of, answer);
        async move { sorted(answer.await) }
    }

    /// Notes what could not be read.
    fn not_read(&mut self, what: Unread, of: &str, error: &CollectError) {
        self.not_read.push(NotRead { what, of: of.to_owned(), reason: error.reason() });
    }

    fn put(&mut self, name: String, value: &Value) {
        self.files.insert(name, pretty(value));
    }

    /// Who takes the snapshot. Nobody needs a permission to ask (STS API Reference,
    /// `GetCallerIdentity`).
    async fn caller(&self) -> Result<Caller, CollectError> {
        let call = self.connection.sts().get_caller_identity().send();
        let identity = self.call("sts:GetCallerIdentity", "", call).await?;
        let arn = identity.arn.unwrap_or_else(|| "an unnamed caller".to_owned());
        Ok(Caller { arn, account: identity.account })
    }

    fn taken(
        self,
        configured: &Configured,
        aliases: Option<BTreeSet<String>>,
        whole_account: bool,
        source: String,
        now: Time,
    ) -> Taken {
        let Self { files, nothing, resources, mut not_read, notes, connection, .. } = self;
        not_read.sort();
        not_read.dedup();
        let snapshot = TakenSnapshot {
            taken_at: now,
            account: configured.account.clone(),
            region: connection.region().to_owned(),
            source,
            files,
            nothing,
            aliases: aliases.map(|aliases| (configured.name.clone(), aliases)),
            resources,
            whole_account,
            not_read,
        };
        Taken { snapshot, notes }
    }
}

/// A result, by whether there was something, nothing, or a refusal; other failures stay failures.
fn sorted<T>(result: Result<T, CollectError>) -> Result<Read<T>, CollectError> {
    match result {
        Ok(value) => Ok(Read::There(value)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => Ok(Read::Nothing(error)),
            ErrorKind::Refused => Ok(Read::Refused(error)),
            _ => Err(error),
        },
    }
}

/// Whether there is another page, and its marker: one that is missing, or that comes again, would
/// leave the listing cut off or never end.
fn next_page<M: Clone + PartialEq + Debug>(
    call: &'static str,
    of: &str,
    before: Option<&M>,
    is_truncated: bool,
    marker: Option<M>,
) -> Result<Option<M>, CollectError> {
    if !is_truncated {
        return Ok(None);
    }
    match marker {
        Some(marker) if Some(&marker) != before => Ok(Some(marker)),
        _ => Err(CollectError::unreadable(
            call,
            of,
            "there are more pages, and the answer does not say where",
        )),
    }
}

/// A policy document as an object, or as text where it is none.
fn document(text: &str) -> Value {
    let object: Option<Value> = serde_json::from_str(text).ok().filter(Value::is_object);
    object.unwrap_or_else(|| text.into())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
