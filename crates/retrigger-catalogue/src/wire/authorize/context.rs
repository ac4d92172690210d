//! Context keys that requests carry.

use serde_json::Value;

use super::{Asked, tags};

pub(super) type Context = Vec<(String, Vec<String>)>;

/// Member and key, by prefix (Service Authorization Reference, "Condition keys for" each service).
const KEYS: &[(&str, &str, &str)] = &[
    ("s3", "Prefix", "s3:prefix"),
    ("s3", "Delimiter", "s3:delimiter"),
    ("s3", "MaxKeys", "s3:max-keys"),
    ("s3", "VersionId", "s3:VersionId"),
    ("s3", "ACL", "s3:x-amz-acl"),
    ("s3", "GrantFullControl", "s3:x-amz-grant-full-control"),
    ("s3", "GrantRead", "s3:x-amz-grant-read"),
    ("s3", "GrantReadACP", "s3:x-amz-grant-read-acp"),
    ("s3", "GrantWrite", "s3:x-amz-grant-write"),
    ("s3", "GrantWriteACP", "s3:x-amz-grant-write-acp"),
    ("s3", "ServerSideEncryption", "s3:x-amz-server-side-encryption"),
    ("s3", "SSEKMSKeyId", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    ("s3", "SSECustomerAlgorithm", "s3:x-amz-server-side-encryption-customer-algorithm"),
    ("s3", "StorageClass", "s3:x-amz-storage-class"),
    ("s3", "CopySource", "s3:x-amz-copy-source"),
    ("s3", "MetadataDirective", "s3:x-amz-metadata-directive"),
    ("s3", "WebsiteRedirectLocation", "s3:x-amz-website-redirect-location"),
    ("s3", "ObjectLockMode", "s3:object-lock-mode"),
    ("s3", "ObjectLockRetainUntilDate", "s3:object-lock-retain-until-date"),
    ("s3", "ObjectLockLegalHoldStatus", "s3:object-lock-legal-hold"),
    ("dynamodb", "Select", "dynamodb:Select"),
    ("dynamodb", "ReturnValues", "dynamodb:ReturnValues"),
    ("dynamodb", "ReturnConsumedCapacity", "dynamodb:ReturnConsumedCapacity"),
    ("sns", "Protocol", "sns:Protocol"),
    ("sns", "Endpoint", "sns:Endpoint"),
    ("secretsmanager", "SecretId", "secretsmanager:SecretId"),
    ("secretsmanager", "Name", "secretsmanager:Name"),
    ("secretsmanager", "VersionId", "secretsmanager:VersionId"),
    ("secretsmanager", "VersionStage", "secretsmanager:VersionStage"),
    ("kms", "EncryptionAlgorithm", "kms:EncryptionAlgorithm"),
    ("kms", "SigningAlgorithm", "kms:SigningAlgorithm"),
    ("sts", "RoleSessionName", "sts:RoleSessionName"),
    ("sts", "ExternalId", "sts:ExternalId"),
];

/// Further keys that this crate tells, or that no call of a client has: beginnings of names.
const TOLD: [&str; 20] = [
    "s3:RequestObjectTag",
    "s3:DataAccessPoint",
    "s3:AccessPointNetworkOrigin",
    "kms:CallerAccount",
    "kms:EncryptionContext",
    "kms:GrantIsForAWSResource",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:RequestAlias",
    "kms:ViaService",
    "events:source",
    "events:detail-type",
    "lambda:EventSourceToken",
    "lambda:FunctionUrlAuthType",
    "lambda:InvokedViaFunctionUrl",
    "dynamodb:Attributes",
    "dynamodb:EnclosingOperation",
    "dynamodb:FullTableScan",
    "dynamodb:LeadingKeys",
];

/// Whether authorizations have a service's condition key where a request has it, so that it is known
/// to be absent elsewhere.
pub fn tells(key: &str) -> bool {
    let begins =
        |start: &&str| key.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    TOLD.iter().any(begins) || KEYS.iter().any(|(.., one)| begins(one))
}

/// The keys that are told, and those that are not.
pub(super) fn of(asked: &Asked<'_>, action: &str) -> (Context, Vec<String>) {
    let prefix = action.split_once(':').map_or(action, |(prefix, _)| prefix);
    let rows = KEYS.iter().filter(|(each, ..)| *each == prefix);
    let mut context: Context = rows
        .filter_map(|(_, member, key)| {
            Some(((*key).to_owned(), vec![plain(asked.parameters.get(member)?)?]))
        })
        .collect();
    let mut unknown = Vec::new();
    tags::of_request(asked, &mut context, &mut unknown);
    match prefix {
        "s3" => {
            access_point(asked, &mut context, &mut unknown);
            tags::of_object(asked, &mut context, &mut unknown);
        }
        "kms" => of_key(asked, &mut context, &mut unknown),
        "events" => events(asked, &mut context),
        "lambda" if asked.operation.ends_with("EventSourceMapping") => {
            mapped_function(asked, &mut context);
        }
        "dynamodb" => enclosing_operation(asked, &mut context),
        _ => {}
    }
    (context, unknown)
}

pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// An access point in the place of a bucket, whose name is its ARN (Amazon S3 User Guide, "Configuring
/// IAM policies for using access points"). Whether it takes requests from the internet the request
/// does not tell.
fn access_point(asked: &Asked<'_>, context: &mut Context, unknown: &mut Vec<String>) {
    let Some(arn) = asked.text("Bucket").filter(|bucket| bucket.starts_with("arn:")) else {
        return;
    };
    context.push(("s3:DataAccessPointArn".to_owned(), vec![arn.to_owned()]));
    if let Some(account) = arn.split(':').nth(4) {
        context.push(("s3:DataAccessPointAccount".to_owned(), vec![account.to_owned()]));
    }
    unknown.push("s3:AccessPointNetworkOrigin".to_owned());
}

/// AWS KMS Developer Guide, "AWS KMS condition keys". There is no `kms:ViaService`, as the function
/// calls by itself; what the key is like the request does not tell, unless it makes one.
fn of_key(asked: &Asked<'_>, context: &mut Context, unknown: &mut Vec<String>) {
    context.push(("kms:CallerAccount".to_owned(), vec![asked.account.account.to_owned()]));
    if asked.operation == "CreateKey" {
        let default = |name: &str, value: &str| asked.text(name).unwrap_or(value).to_owned();
        context.extend([
            ("kms:KeySpec".to_owned(), vec![default("KeySpec", "SYMMETRIC_DEFAULT")]),
            ("kms:KeyUsage".to_owned(), vec![default("KeyUsage", "ENCRYPT_DECRYPT")]),
            ("kms:KeyOrigin".to_owned(), vec![default("Origin", "AWS_KMS")]),
        ]);
    } else {
        unknown.extend(OF_KEYS.map(str::to_owned));
    }
    encryption_context(asked, context);
}

/// What a key is like.
const OF_KEYS: [&str; 6] = [
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:ResourceAliases",
];

/// What holds several operations (Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB
/// transactions").
fn enclosing_operation(asked: &Asked<'_>, context: &mut Context) {
    let operation = asked.operation.as_str();
    if matches!(operation, "TransactGetItems" | "TransactWriteItems" | "ExecuteTransaction") {
        context.push(("dynamodb:EnclosingOperation".to_owned(), vec![operation.to_owned()]));
    }
}

fn encryption_context(asked: &Asked<'_>, context: &mut Context) {
    let pairs = asked.parameters.get("EncryptionContext").and_then(Value::as_object);
    let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) else { return };
    for (key, value) in pairs {
        context.extend(
            plain(value).map(|value| (format!("kms:EncryptionContext:{key}"), vec![value])),
        );
    }
    context.push(("kms:EncryptionContextKeys".to_owned(), pairs.keys().cloned().collect()));
}

/// The values of the entries (Amazon EventBridge User Guide, "Using IAM policy conditions in Amazon
/// EventBridge").
fn events(asked: &Asked<'_>, context: &mut Context) {
    for (member, key) in [("Source", "events:source"), ("DetailType", "events:detail-type")] {
        let entries = asked.parameters.get("Entries").and_then(Value::as_array);
        let mut values: Vec<_> =
            entries.into_iter().flatten().filter_map(|entry| plain(entry.get(member)?)).collect();
        values.sort();
        values.dedup();
        if !values.is_empty() {
            context.push((key.to_owned(), values));
        }
    }
}

/// The function of an event source mapping (Service Authorization Reference, "Actions,
/// resources, and condition keys for AWS Lambda").
fn mapped_function(asked: &Asked<'_>, context: &mut Context) {
    let Some(name) = asked.text("FunctionName") else { return };
    let arn = match name {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => asked.arn("lambda", &format!("function:{name}")),
    };
    context.push(("lambda:FunctionArn".to_owned(), vec![arn]));
}
