//! What a call must be allowed. Source: Service Authorization Reference, "Actions defined by" each
//! service; Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".

use serde_json::Value;

use crate::operation::Authorization;

/// Where a function calls from.
pub(super) struct Place<'p> {
    pub(super) partition: &'p str,
    pub(super) region: &'p str,
    pub(super) account: &'p str,
}

/// The service in the names of its actions.
pub(super) fn prefix<'s>(id: &'s str, signing_name: &'s str) -> &'s str {
    match id {
        "cloudwatch" => "cloudwatch",
        "s3" | "s3control" => "s3",
        "stepfunctions" => "states",
        "bedrock-runtime" => "bedrock",
        _ => signing_name,
    }
}

/// The actions that a call needs, each on its resource.
pub(super) fn of(
    id: &str,
    signing_name: &str,
    operation: &str,
    parameters: &Value,
    place: &Place<'_>,
) -> Vec<Authorization> {
    let service = prefix(id, signing_name);
    if service == "s3" {
        return s3(operation, parameters, place);
    }
    if is_free(service, operation) {
        return Vec::new();
    }
    let action = match (service, operation) {
        ("lambda", "Invoke" | "InvokeAsync" | "InvokeWithResponseStream") => "InvokeFunction",
        ("sqs", "SendMessageBatch") => "SendMessage",
        ("sqs", "DeleteMessageBatch") => "DeleteMessage",
        ("sqs", "ChangeMessageVisibilityBatch") => "ChangeMessageVisibility",
        ("sns", "PublishBatch") => "Publish",
        ("bedrock", "Converse") => "InvokeModel",
        ("bedrock", "ConverseStream") => "InvokeModelWithResponseStream",
        (_, other) => other,
    };
    let resources = resources(service, parameters, place);
    vec![authorization(format!("{service}:{action}"), resources)]
}

/// Calls that need no permission. Source: AWS STS API Reference, "`GetCallerIdentity`" and
/// "`GetSessionToken`".
fn is_free(service: &str, operation: &str) -> bool {
    service == "sts" && matches!(operation, "GetCallerIdentity" | "GetSessionToken")
}

fn authorization(action: String, resources: Vec<String>) -> Authorization {
    let resources = if resources.is_empty() { vec!["*".to_owned()] } else { resources };
    Authorization { action, resources, ..Authorization::default() }
}

/// The resources that a call names, by the members in which the services that functions call most
/// name them. A call that names none is asked on `*`, which a policy for one resource does not
/// allow.
fn resources(service: &str, parameters: &Value, place: &Place<'_>) -> Vec<String> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let Place { partition, region, account } = place;
    let arn = |rest: String| {
        if rest.starts_with("arn:") {
            return rest;
        }
        format!("arn:{partition}:{service}:{region}:{account}:{rest}")
    };
    let one = match service {
        "dynamodb" => return tables(parameters).into_iter().map(arn).collect(),
        "sqs" => text("QueueUrl").or(text("QueueName")).map(|url| {
            let mut parts = url.rsplit('/');
            let name = parts.next().unwrap_or(url);
            match parts.next().filter(|part| part.len() == 12) {
                Some(owner) => format!("arn:{partition}:sqs:{region}:{owner}:{name}"),
                None => arn(name.to_owned()),
            }
        }),
        "sns" => text("TopicArn").or(text("TargetArn")).map(str::to_owned),
        "kms" => text("KeyId").map(|key| {
            let is_named = key.starts_with("alias/") || key.starts_with("arn:");
            if is_named { arn(key.to_owned()) } else { arn(format!("key/{key}")) }
        }),
        "secretsmanager" => text("SecretId").map(|id| {
            if id.starts_with("arn:") { id.to_owned() } else { arn(format!("secret:{id}")) }
        }),
        "ssm" => {
            text("Name").map(|name| arn(format!("parameter/{}", name.trim_start_matches('/'))))
        }
        "states" => text("stateMachineArn").or(text("executionArn")).map(str::to_owned),
        "kinesis" => text("StreamARN")
            .map(str::to_owned)
            .or_else(|| text("StreamName").map(|name| arn(format!("stream/{name}")))),
        "sts" => text("RoleArn").map(str::to_owned),
        "logs" => text("logGroupName").map(|group| match text("logStreamName") {
            Some(stream) => arn(format!("log-group:{group}:log-stream:{stream}")),
            None => arn(format!("log-group:{group}")),
        }),
        "lambda" => text("FunctionName").map(|function| match function.split_once(':') {
            Some(("arn", _)) => function.to_owned(),
            _ => arn(format!("function:{function}")),
        }),
        "events" => return buses(parameters).into_iter().map(arn).collect(),
        _ => None,
    };
    one.into_iter().collect()
}

/// The tables, and indexes, of a call: one, or those of a batch or a transaction.
fn tables(parameters: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: &str, index: Option<&str>| {
        let table =
            if name.starts_with("arn:") { name.to_owned() } else { format!("table/{name}") };
        let table = match index {
            Some(index) => format!("{table}/index/{index}"),
            None => table,
        };
        if !found.contains(&table) {
            found.push(table);
        }
    };
    if let Some(name) = parameters.get("TableName").and_then(Value::as_str) {
        add(name, parameters.get("IndexName").and_then(Value::as_str));
    }
    let batch = parameters.get("RequestItems").and_then(Value::as_object);
    batch.into_iter().flat_map(|tables| tables.keys()).for_each(|name| add(name, None));
    let items = parameters.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    let parts = items.filter_map(Value::as_object).flat_map(|item| item.values());
    let names = parts.filter_map(|part| part.get("TableName")?.as_str());
    names.for_each(|name| add(name, None));
    found
}

fn buses(parameters: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let entries = parameters.get("Entries").and_then(Value::as_array).into_iter().flatten();
    for entry in entries {
        let bus = entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default");
        let bus = if bus.starts_with("arn:") { bus.to_owned() } else { format!("event-bus/{bus}") };
        if !found.contains(&bus) {
            found.push(bus);
        }
    }
    found
}

fn s3(operation: &str, parameters: &Value, place: &Place<'_>) -> Vec<Authorization> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let Some(bucket) = text("Bucket") else {
        let action = if operation == "ListBuckets" { "ListAllMyBuckets" } else { operation };
        return vec![authorization(format!("s3:{action}"), Vec::new())];
    };
    let bucket_arn = if bucket.starts_with("arn:") {
        bucket.to_owned()
    } else {
        format!("arn:{}:s3:::{bucket}", place.partition)
    };
    let has_version = text("VersionId").is_some();
    let action = s3_action(operation, has_version);
    let is_of_object = text("Key").is_some();
    let object = |key: &str| format!("{bucket_arn}/{key}");
    if operation == "DeleteObjects" {
        // The keys stand in the body: each needs the action, which is asked for all of them.
        let keys = keys_to_delete(parameters);
        let resources = keys.iter().map(|key| object(key)).collect();
        return vec![authorization("s3:DeleteObject".to_owned(), resources)];
    }
    let resource = match text("Key") {
        Some(key) if is_of_object => object(key),
        _ => bucket_arn.clone(),
    };
    let mut asked = vec![authorization(format!("s3:{action}"), vec![resource.clone()])];
    if let Some(source) = text("CopySource") {
        let source = percent_encoding::percent_decode_str(source.trim_start_matches('/'));
        let source = source.decode_utf8_lossy();
        let (path, version) = source.split_once("?versionId=").unwrap_or((&source, ""));
        let get = if version.is_empty() { "s3:GetObject" } else { "s3:GetObjectVersion" };
        let source = format!("arn:{}:s3:::{path}", place.partition);
        asked.push(authorization(get.to_owned(), vec![source]));
    }
    if text("Tagging").is_some() {
        asked.push(authorization("s3:PutObjectTagging".to_owned(), vec![resource.clone()]));
    }
    if operation == "PutObject" && text("ACL").is_some() {
        asked.push(authorization("s3:PutObjectAcl".to_owned(), vec![resource]));
    }
    for authorization in &mut asked {
        authorization.context = s3_context(parameters);
    }
    asked
}

/// The condition keys that a call to S3 carries. Source: Service Authorization Reference,
/// "Condition keys for Amazon S3".
fn s3_context(parameters: &Value) -> Vec<(String, Vec<String>)> {
    const KEYS: [(&str, &str); 9] = [
        ("Prefix", "s3:prefix"),
        ("Delimiter", "s3:delimiter"),
        ("MaxKeys", "s3:max-keys"),
        ("VersionId", "s3:VersionId"),
        ("ACL", "s3:x-amz-acl"),
        ("CopySource", "s3:x-amz-copy-source"),
        ("ServerSideEncryption", "s3:x-amz-server-side-encryption"),
        ("SSEKMSKeyId", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
        ("StorageClass", "s3:x-amz-storage-class"),
    ];
    let value = |name: &str| parameters.get(name).and_then(Value::as_str).map(str::to_owned);
    let found = KEYS.iter().filter_map(|(name, key)| Some(((*key).to_owned(), vec![value(name)?])));
    found.collect()
}

/// Each `Key` of `DeleteObjects`.
fn keys_to_delete(parameters: &Value) -> Vec<String> {
    let objects = parameters.pointer("/Delete/Object").or(parameters.pointer("/Delete/Objects"));
    let objects = match objects {
        Some(Value::Array(objects)) => objects.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let keys = objects.iter().filter_map(|object| object.get("Key")?.as_str());
    keys.map(str::to_owned).collect()
}

fn s3_action(operation: &str, has_version: bool) -> &str {
    match operation {
        "HeadObject" | "GetObject" | "SelectObjectContent" if has_version => "GetObjectVersion",
        "HeadObject" | "GetObject" | "SelectObjectContent" => "GetObject",
        "DeleteObject" if has_version => "DeleteObjectVersion",
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "ListMultipartUploads" => "ListBucketMultipartUploads",
        "ListParts" => "ListMultipartUploadParts",
        "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload" => "PutObject",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "GetBucketNotificationConfiguration" => "GetBucketNotification",
        "PutBucketNotificationConfiguration" => "PutBucketNotification",
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
        other => other,
    }
}
