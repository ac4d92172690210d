//! Context keys that requests carry.

use serde_json::Value;

use super::Asked;

type Context = Vec<(String, Vec<String>)>;

/// Member and key, by prefix (Service Authorization Reference, "Condition keys" of each service).
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
    ("kms", "KeySpec", "kms:KeySpec"),
    ("sts", "RoleSessionName", "sts:RoleSessionName"),
    ("sts", "ExternalId", "sts:ExternalId"),
];

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
    request_tags(asked, &mut context);
    match prefix {
        "s3" => object_tags(asked, &mut context),
        "kms" => encryption_context(asked, &mut context),
        "events" => events(asked, &mut context),
        "lambda" if asked.operation.ends_with("EventSourceMapping") => {
            mapped_function(asked, &mut context);
        }
        "dynamodb" => leading_keys(asked, &mut context, &mut unknown),
        _ => {}
    }
    (context, unknown)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// `aws:RequestTag/…` and `aws:TagKeys` (IAM User Guide, "AWS global condition context keys").
fn request_tags(asked: &Asked<'_>, context: &mut Context) {
    let tags = ["Tags", "tags", "TagList"].iter().find_map(|name| asked.parameters.get(name));
    let pair = |tag: &Value| {
        let part = |names: [&str; 3]| names.iter().find_map(|name| plain(tag.get(name)?));
        Some((part(["Key", "key", "TagKey"])?, part(["Value", "value", "TagValue"])?))
    };
    let pairs: Vec<(String, String)> = match tags {
        Some(Value::Array(tags)) => tags.iter().filter_map(pair).collect(),
        Some(Value::Object(tags)) => {
            tags.iter().filter_map(|(key, value)| Some((key.clone(), plain(value)?))).collect()
        }
        _ => Vec::new(),
    };
    let removed = ["TagKeys", "tagKeys"].iter().find_map(|name| asked.parameters.get(name));
    let removed = removed.into_iter().flat_map(|keys| match keys {
        Value::Array(keys) => keys.iter().filter_map(plain).collect(),
        one => plain(one).into_iter().collect::<Vec<_>>(),
    });
    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.clone()).chain(removed).collect();
    context.extend(
        pairs.into_iter().map(|(key, value)| (format!("aws:RequestTag/{key}"), vec![value])),
    );
    if !keys.is_empty() {
        context.push(("aws:TagKeys".to_owned(), keys));
    }
}

/// `x-amz-tagging`, or the body of PutObjectTagging (Amazon S3 User Guide, "Tagging and access
/// control policies").
fn object_tags(asked: &Asked<'_>, context: &mut Context) {
    let pairs: Vec<(String, String)> = match asked.parameters.get("Tagging") {
        Some(Value::String(header)) => {
            let decoded = |text: &str| super::super::form::decode(text).ok();
            let pairs = header.split('&').filter(|pair| !pair.is_empty());
            let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs.filter_map(|(key, value)| Some((decoded(key)?, decoded(value)?))).collect()
        }
        Some(body) if asked.operation == "PutObjectTagging" => {
            let tags = body.get("TagSet").and_then(Value::as_array).into_iter().flatten();
            tags.filter_map(|tag| Some((plain(tag.get("Key")?)?, plain(tag.get("Value")?)?)))
                .collect()
        }
        _ => Vec::new(),
    };
    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.clone()).collect();
    if !keys.is_empty() {
        let tag = |(key, value)| (format!("s3:RequestObjectTag/{key}"), vec![value]);
        context.extend(pairs.into_iter().map(tag));
        context.push(("s3:RequestObjectTagKeys".to_owned(), keys));
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

/// The values of the entries (Amazon EventBridge User Guide, "Using IAM policy conditions").
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

/// The partition key's value is told where a key has one attribute alone; of two, or of an item,
/// the table's schema says which it is (Amazon DynamoDB Developer Guide, "Using IAM policy
/// conditions for fine-grained access control"). The attributes that a request touches may stand
/// in expressions, which are not read.
fn leading_keys(asked: &Asked<'_>, context: &mut Context, unknown: &mut Vec<String>) {
    if !matches!(
        asked.operation.as_str(),
        "GetItem"
            | "PutItem"
            | "UpdateItem"
            | "DeleteItem"
            | "Query"
            | "Scan"
            | "BatchGetItem"
            | "BatchWriteItem"
            | "TransactGetItems"
            | "TransactWriteItems"
            | "ExecuteStatement"
            | "BatchExecuteStatement"
            | "ExecuteTransaction"
    ) {
        return;
    }
    unknown.push("dynamodb:Attributes".to_owned());
    let key = asked.parameters.get("Key").and_then(Value::as_object);
    let value = key.filter(|key| key.len() == 1).and_then(|key| key.values().next());
    match value.and_then(Value::as_object).and_then(|typed| plain(typed.values().next()?)) {
        Some(value) => context.push(("dynamodb:LeadingKeys".to_owned(), vec![value])),
        None if asked.operation == "Scan" => {}
        None => unknown.push("dynamodb:LeadingKeys".to_owned()),
    }
}

/// The function of an event source mapping (Service Authorization Reference, "AWS Lambda").
fn mapped_function(asked: &Asked<'_>, context: &mut Context) {
    let Some(name) = asked.text("FunctionName") else { return };
    let arn = match name {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => asked.arn("lambda", &format!("function:{name}")),
    };
    context.push(("lambda:FunctionArn".to_owned(), vec![arn]));
}
