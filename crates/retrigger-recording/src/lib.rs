//! Recordings of Lambda trigger events and snapshots of the policies around a function, as files:
//! their formats and versions, redaction, and writing that leaves no half file.
//!
//! It does not know how policies are evaluated or how handlers run: a policy document is text with
//! its place in a file, a trigger is a name with facts.
//!
//! # On disk
//!
//! A *function folder* is a folder with a `function.toml`; a *recording* is a folder below it with
//! a `recording.toml`.
//!
//! ```text
//! lambda-demo/                        a function folder
//!   function.toml                     ARN, runtime, handler, build: FunctionFolder
//!   handler/                          the code, unless `code` says otherwise
//!   snapshot/                         the snapshot that recordings are replayed under: Snapshot
//!     snapshot.toml                   when and from where it was taken
//!     account-authorization-details.json    aws iam get-account-authorization-details
//!     lambda/FUNCTION/configuration.json    aws lambda get-function-configuration
//!     lambda/FUNCTION/policy.json           aws lambda get-policy, or the policy by itself
//!     lambda/FUNCTION/policy.QUALIFIER.json the same of a version or alias
//!     lambda/FUNCTION/event-source-mappings.json  aws lambda list-event-source-mappings
//!     lambda/FUNCTION/function-url-config.json    aws lambda get-function-url-config
//!     resource-policies/*.json        {"ResourceArn": "…", "Policy": …}
//!     queue-attributes/*.json         aws sqs get-queue-attributes --attribute-names All
//!     organization.json               SCPs and RCPs, from the root to the account
//!   snapshots/NAME/                   further snapshots, whole or with `extends`
//!   alb-get-root/                     a recording: Recording
//!     event.json                      the payload, byte for byte
//!     recording.toml                  what is known besides: Manifest
//!     calls.jsonl                     the handler's AWS calls and their answers: Call
//!     calls/OPERATION-DIGEST.txt      the large body of an answer: text as .json, .xml or .txt, other
//!                                     bytes as .bin, CBOR in its readable form as .form.json
//!     expected.json                   what a replay must show: Expected
//! ```
//!
//! `function.toml` (format 1; the first three after `format` must be there):
//!
//! ```toml
//! format = 1
//! arn = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo"
//! runtime = "nodejs20.x"
//! handler = "index.handler"
//! code = "handler"              # the default; relative, may lie outside the function folder
//! timeout = 3                   # seconds, the default
//! memory_size = 128             # MB, the default
//! client = "builtin"            # or "awslambdaric", "aws-lambda-ric"
//! [environment]
//! TABLE = "orders"
//! [build]                       # one of the two, or no section
//! command = ["npm", "ci"]
//! # cargo = { package = "demo", bin = "bootstrap", profile = "dev" }
//! [redact]                      # beyond what is always redacted
//! keys = ["x-internal-pin"]
//! pointers = ["/body/card"]
//! keep_form = ["jwt"]           # KeepForm
//! anonymize = ["account"]       # Anonymize: or "email", "ip"
//! ```
//!
//! `snapshot.toml` (format 1). With `extends`, a file or a key that this snapshot does not have is
//! taken from the other one:
//!
//! ```toml
//! format = 1
//! taken_at = "2026-03-02T09:00:00Z"
//! account = "841860927337"
//! region = "us-east-1"
//! source = "aws iam get-account-authorization-details"   # in words
//! log_group_exists = true
//! # [[not_read]]                  # what could not be read, so that its absence says nothing
//! # what = "inline-policies"      # Unread
//! # of = "arn:aws:iam::841860927337:role/service-role/lambdaDemo"   # or the account
//! # reason = "AccessDenied: User: … is not authorized to perform: iam:ListRolePolicies on …"
//! # extends = "../../snapshot"
//! # without = ["lambda/lambdaDemo/policy.json"]           # of the snapshot it extends
//! ```
//!
//! `recording.toml` (format 1; nothing else must be there):
//!
//! ```toml
//! format = 1
//! snapshot = "snapshots/cut-pattern"      # "snapshot" by default
//! derived_from = "s3-object-created"      # where `retrigger derive` made it
//! [trigger]
//! kind = "s3"
//! source_account = { value = "841860927337", provenance = "declared" }
//! [trigger.context]
//! "aws:PrincipalOrgID" = { value = "o-ab12cd34ef", provenance = "declared" }
//! [invocation]
//! qualifier = "PROD"
//! retries = 2                              # how often this batch was handed over before
//! time = "2026-03-02T09:41:00Z"
//! [[noise]]                       # what may vary in the handler's answer: NoiseRule
//! path = "/body/receivedAt"       # JSON pointer; `*` is any index or key
//! varies = "time"                 # or "id", "order", "any"
//! [[redactions]]
//! file = "event.json"
//! pointer = "/headers/cookie"
//! rule = "cookie"
//! ```
//!
//! `calls.jsonl` (format 2), a call a line after the line with the format. The [`Body`] of an answer
//! is `text`, `cbor` or `base64`, and where it has more than [`MAX_INLINE`] bytes `file`:
//!
//! ```json
//! {"format":2}
//! {"key":{"service":"s3","operation":"GetObject","resource":"arn:aws:s3:::b/k","occurrence":1},"response":{"status":200,"headers":{"etag":["\"0\""]},"body":{"text":"hello"}}}
//! ```
//!
//! Before anything is written, secrets are replaced by tokens such as `<cookie:1>`, the same for the
//! same secret in all files of a recording: see [`Redactor`], [`Recording::redact`], and, for files
//! that are there already, [`Redactor::scan_file`].
//!
//! `expected.json` (format 1): see [`Expected`]. `organization.json` (format 1):
//!
//! ```json
//! {"format": 1, "management_account": "111122223333", "scps": [
//!   {"target": "r-ab12", "policies": [{"Name": "FullAWSAccess", "Content": {"Version": "2012-10-17", "Statement": []}}]}],
//!  "rcps": []}
//! ```

mod arn;
mod function;

mod discover;
mod recording;

mod calls;
mod expected;
mod locate;
mod manifest;
mod noise;

mod document;
mod snapshot;
mod stored;
mod stored_form;

mod align;
mod atomic;
mod edit_json;
mod edit_toml;
mod redact;
mod scan;

mod error;
mod json;
mod time;

mod mapping;
mod parse;
mod paths;
mod source;
mod strict;
mod write_toml;

pub use align::is_redacted_form;
pub use arn::FunctionArn;
pub use atomic::write_atomically;
pub use calls::{Body, CALLS_FORMAT, Call, CallKey, CallResponse, MAX_INLINE};
pub use discover::{RecordingPath, discover};
pub use document::PolicyDocument;
pub use error::{Error, Problem};
pub use expected::{
    DecisionKind, EXPECTED_FORMAT, Expected, ExpectedDecision, ExpectedDiagnostic, ExpectedLogs,
    Outcome, StatementRef, Step,
};
pub use function::{
    Build, CargoBuild, Client, ExtraRedaction, FUNCTION_FILE, FUNCTION_FORMAT, Function,
    FunctionFolder,
};
pub use json::Json;
pub use locate::Located;
pub use manifest::{
    Fact, Invocation, Manifest, Provenance, RECORDING_FORMAT, Redaction, TriggerFacts, Values,
};
pub use noise::{NoisePath, NoiseRule, NoiseStep, ParseNoisePathError, Varies};
pub use parse::read_json;
pub use recording::{CALLS_FILE, EVENT_FILE, EXPECTED_FILE, RECORDING_FILE, Recording};
pub use redact::{Anonymize, KeepForm, Leak, Redactor, tokens_as_xml};
pub use scan::{Finding, ScanError};
pub use snapshot::{
    Configuration, Destination, DestinationConfig, EventSourceMapping, FunctionFile,
    FunctionSnapshot, FunctionUrl, LoggingConfig, NotRead, ORGANIZATION_FORMAT, Organization,
    OrganizationLevel, QueueAttributes, RedrivePolicy, Role, SNAPSHOT_FILE, SNAPSHOT_FORMAT,
    Snapshot, SnapshotAbout, SnapshotLock, SourceAccess, TakenSnapshot, Unread, UrlAuthType, User,
    WrittenSnapshot,
};
pub use source::Place;
pub use stored::{DocumentRole, StoredDocument};
pub use stored_form::function_policy_in_aws_form;
pub use time::{ParseTimeError, Time};
