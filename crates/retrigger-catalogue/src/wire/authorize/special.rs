//! Operations that need other decisions than one of their own name, or whose resources are told in
//! another way.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::operation::{Place, Segment, literal_text};
use super::super::route::METHODS;
use super::super::text::Text;
use super::{Asked, Authorization, Resource};
use crate::facts;

pub(super) fn authorizations(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    match (asked.service, asked.operation.as_str()) {
        ("s3", _) => s3(asked),
        ("dynamodb", _) => dynamodb(asked),
        ("sqs", _) => queue(asked),
        ("lambda", _) => function(asked),
        ("sns", "Publish") => publish(asked),
        ("kms", _) => kms(asked),
        ("secretsmanager", _) => secret(asked),
        ("events", "PutEvents") => Some(put_events(asked)),
        ("bedrock-runtime", _) => model(asked),
        ("apigateway" | "apigatewayv2", _) => management(asked).map(|one| vec![one]),
        _ => None,
    }
}

/// The named action, by the table of exceptions.
fn action(asked: &Asked<'_>) -> Option<String> {
    let name = super::exceptions::actions(asked).pop()?;
    Some(if name.contains(':') { name } else { format!("{}:{name}", asked.prefix) })
}

/// Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
fn s3(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let bucket = asked.text("Bucket")?;
    let partition = asked.account.partition;
    let on_key = |key: &str| object(partition, bucket, key);
    if asked.operation == "DeleteObjects" {
        return Some(delete_objects(asked, &on_key));
    }
    let target = on_key(asked.text("Key")?);
    let is_version = asked.parameters.get("VersionId").is_some();
    let on = |action: &str| asked.on(action, target.as_str());
    let mut needed = match asked.operation.as_str() {
        "GetObject"
        | "HeadObject"
        | "GetObjectAcl"
        | "GetObjectTagging"
        | "PutObjectAcl"
        | "PutObjectTagging"
        | "DeleteObject"
        | "DeleteObjectTagging" => {
            vec![on(&version_action(&asked.operation, is_version))]
        }
        "GetObjectAttributes" => {
            let version = if is_version { "Version" } else { "" };
            ["", "Attributes"].map(|what| on(&format!("s3:GetObject{version}{what}"))).into()
        }
        "CopyObject" | "UploadPartCopy" => {
            // Not told: `s3:GetObjectTagging`, asked only where the source has tags to be copied.
            let (source, is_version) = copy_source(asked);
            let read = asked.with(&version_action("GetObject", is_version), vec![source]);
            vec![read, on("s3:PutObject")]
        }
        _ => vec![on(&action(asked)?)],
    };
    needed.extend(put_also(asked).into_iter().map(on));
    if asked.text("BypassGovernanceRetention").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        needed.push(on("s3:BypassGovernanceRetention"));
    }
    Some(needed)
}

/// What a new object needs besides, by the headers that ask for it.
fn put_also(asked: &Asked<'_>) -> Vec<&'static str> {
    if !matches!(asked.operation.as_str(), "PutObject" | "CopyObject" | "CreateMultipartUpload") {
        return Vec::new();
    }
    let has = |name: &&str| asked.parameters.get(name).is_some();
    let rows: [(&[&str], &str); 4] = [
        (
            &["ACL", "GrantRead", "GrantReadACP", "GrantWriteACP", "GrantFullControl"],
            "s3:PutObjectAcl",
        ),
        (&["Tagging"], "s3:PutObjectTagging"),
        (&["ObjectLockMode", "ObjectLockRetainUntilDate"], "s3:PutObjectRetention"),
        (&["ObjectLockLegalHoldStatus"], "s3:PutObjectLegalHold"),
    ];
    rows.iter().filter(|(members, _)| members.iter().any(has)).map(|(_, action)| *action).collect()
}

fn version_action(operation: &str, is_version: bool) -> String {
    let name = if operation == "HeadObject" { "GetObject" } else { operation };
    if !is_version {
        return format!("s3:{name}");
    }
    match name.split_once("Object") {
        Some((verb, rest)) => format!("s3:{verb}ObjectVersion{rest}"),
        None => format!("s3:{name}"),
    }
}

/// An object's ARN; with an access point's ARN in the place of the bucket, that of the object
/// behind it (Amazon S3 User Guide, "Configuring IAM policies for using access points").
fn object(partition: &str, bucket: &str, key: &str) -> String {
    if bucket.starts_with("arn:") {
        format!("{bucket}/object/{key}")
    } else {
        format!("arn:{partition}:s3:::{bucket}/{key}")
    }
}

fn delete_objects(asked: &Asked<'_>, on_key: &dyn Fn(&str) -> String) -> Vec<Authorization> {
    let objects = asked
        .parameters
        .get("Delete")
        .and_then(|delete| delete.get("Objects").or(delete.get("Object")));
    let objects: Vec<&Value> = match objects {
        Some(Value::Array(objects)) => objects.iter().collect(),
        one => one.into_iter().collect(),
    };
    let bypasses = asked.text("BypassGovernanceRetention") == Some("true");
    let mut needed = Vec::new();
    for object in objects {
        let Some(key) = object.get("Key").and_then(Value::as_str) else { continue };
        let is_version = object.get("VersionId").is_some();
        needed.push(asked.on(&version_action("DeleteObject", is_version), on_key(key)));
        if bypasses {
            needed.push(asked.on("s3:BypassGovernanceRetention", on_key(key)));
        }
    }
    needed
}

/// The object in `x-amz-copy-source`, and whether it is a version (Amazon S3 API Reference,
/// "CopyObject").
fn copy_source(asked: &Asked<'_>) -> (Resource, bool) {
    let partition = asked.account.partition;
    let told = |text: &str| {
        let source = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        let (path, version) =
            source.split_once("?versionId=").map_or((&*source, None), |(p, v)| (p, Some(v)));
        let arn = if path.starts_with("arn:") {
            path.to_owned()
        } else {
            let (bucket, key) = path.trim_start_matches('/').split_once('/')?;
            object(partition, bucket, key)
        };
        Some((Resource::told(arn), version.is_some()))
    };
    asked.text("CopySource").and_then(told).unwrap_or_else(|| {
        let arn = object(partition, "${BucketName}", "${ObjectName}");
        let unresolved = vec!["BucketName".to_owned(), "ObjectName".to_owned()];
        (Resource { arn, unresolved }, false)
    })
}

/// Amazon DynamoDB Developer Guide, "DynamoDB API permissions: Actions, resources, and conditions
/// reference"; "IAM security policies with PartiQL for DynamoDB".
fn dynamodb(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let table = |name: &str| match name {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => asked.arn("dynamodb", &format!("table/{name}")),
    };
    let on = |action: &str, name: &str| asked.on(&format!("dynamodb:{action}"), table(name));
    match asked.operation.as_str() {
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = asked.parameters.get("RequestItems")?.as_object()?;
            Some(tables.keys().map(|name| on(&asked.operation, name)).collect())
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let items = asked.parameters.get("TransactItems")?.as_array()?;
            let (mut needed, mut seen) = (Vec::new(), BTreeSet::new());
            for (kind, item) in items.iter().filter_map(Value::as_object).flatten() {
                let Some(name) = item.get("TableName").and_then(Value::as_str) else { continue };
                let action = match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    kind => format!("{kind}Item"),
                };
                if seen.insert((action.clone(), name)) {
                    needed.push(on(&action, name));
                }
            }
            Some(needed)
        }
        "ExecuteStatement" => Some(vec![statement(asked, asked.text("Statement")?, &table)]),
        "BatchExecuteStatement" | "ExecuteTransaction" => {
            let member = if asked.operation == "ExecuteTransaction" {
                "TransactStatements"
            } else {
                "Statements"
            };
            let all = asked.parameters.get(member)?.as_array()?;
            let texts = all.iter().filter_map(|each| each.get("Statement")?.as_str());
            Some(texts.map(|text| statement(asked, text, &table)).collect())
        }
        "Query" | "Scan" => {
            let name = table(asked.text("TableName")?);
            let index = asked.text("IndexName").map(|index| format!("{name}/index/{index}"));
            let action = format!("dynamodb:{}", asked.operation);
            Some(vec![asked.on(&action, index.unwrap_or(name))])
        }
        "RestoreTableToPointInTime" | "RestoreTableFromBackup" => {
            let named = ["SourceTableName", "SourceTableArn", "BackupArn", "TargetTableName"];
            let mut told: Vec<_> = named.iter().filter_map(|name| asked.text(name)).collect();
            told.dedup();
            Some(told.into_iter().map(|name| on(&asked.operation, name)).collect())
        }
        "ImportTable" => {
            let made = asked.parameters.get("TableCreationParameters")?;
            Some(vec![on("ImportTable", made.get("TableName")?.as_str()?)])
        }
        _ => None,
    }
}

/// The action by the statement's first word, the table by the name after `FROM`, `INTO` or
/// `UPDATE`.
fn statement(asked: &Asked<'_>, text: &str, table: &dyn Fn(&str) -> String) -> Authorization {
    let words: Vec<&str> = text.split_whitespace().take(1000).collect();
    let kind = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let action = match kind.as_str() {
        "INSERT" => "dynamodb:PartiQLInsert",
        "UPDATE" => "dynamodb:PartiQLUpdate",
        "DELETE" => "dynamodb:PartiQLDelete",
        _ => "dynamodb:PartiQLSelect",
    };
    let mark = match kind.as_str() {
        "INSERT" => "INTO",
        "UPDATE" => "UPDATE",
        _ => "FROM",
    };
    let at = words.iter().position(|word| word.eq_ignore_ascii_case(mark));
    let Some(name) = at.and_then(|at| words.get(at + 1)) else {
        let arn = table("${TableName}");
        return asked
            .with(action, vec![Resource { arn, unresolved: vec!["TableName".to_owned()] }]);
    };
    let mut parts =
        name.trim_matches(['"', ';', ')', '(']).split('.').map(|part| part.trim_matches('"'));
    let name = table(parts.next().unwrap_or_default());
    match parts.next().filter(|_| action == "dynamodb:PartiQLSelect") {
        Some(index) => asked.on(action, format!("{name}/index/{index}")),
        None => asked.on(action, name),
    }
}

/// Account and name stand in a queue's URL (Amazon SQS Developer Guide, "Queue and message
/// identifiers").
fn queue(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let mut parts = asked.text("QueueUrl")?.trim_end_matches('/').rsplit('/');
    let (name, account) = (parts.next()?, parts.next());
    let is_account =
        |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let account = account.filter(is_account).unwrap_or(asked.account.account);
    let (partition, region) = (asked.account.partition, asked.account.region);
    Some(vec![asked.on(&action(asked)?, format!("arn:{partition}:sqs:{region}:{account}:{name}"))])
}

/// A function by name, partial or whole ARN, with its qualifier (AWS Lambda Developer Guide,
/// "Resources and conditions for Lambda actions"). Other operations are asked on the function.
fn function(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let named = asked.text("FunctionName")?;
    if !matches!(asked.operation.as_str(), "Invoke" | "InvokeAsync" | "InvokeWithResponseStream")
        && asked.operation.contains("EventSourceMapping")
    {
        return None;
    }
    let whole = if named.starts_with("arn:") {
        named.to_owned()
    } else if let Some((account, rest)) = named.split_once(":function:") {
        let (partition, region) = (asked.account.partition, asked.account.region);
        format!("arn:{partition}:lambda:{region}:{account}:function:{rest}")
    } else {
        asked.arn("lambda", &format!("function:{named}"))
    };
    let is_qualified = whole.split(':').count() > 7;
    let arn = match asked.text("Qualifier") {
        Some(qualifier) if !is_qualified => format!("{whole}:{qualifier}"),
        _ => whole,
    };
    let name = action(asked)?;
    let mut needed = vec![asked.on(&name, arn)];
    needed.extend(super::fill::pass_role(asked, std::slice::from_ref(&asked.operation)));
    Some(needed)
}

/// A topic, an endpoint of an application, or a telephone number, which is no resource (Amazon SNS
/// API Reference, "Publish").
fn publish(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let target = asked.text("TopicArn").or_else(|| asked.text("TargetArn"));
    let arn = target.or_else(|| asked.text("PhoneNumber").map(|_| "*"))?;
    Some(vec![asked.on("sns:Publish", arn)])
}

/// A key by id or ARN; which key an alias stands for the request does not tell (AWS KMS Developer
/// Guide, "Use aliases to control access to KMS keys").
fn kms(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let key = |id: &str| match id {
        alias if alias.starts_with("alias/") || alias.contains(":alias/") => {
            Resource { arn: asked.arn("kms", "key/${KeyId}"), unresolved: vec!["KeyId".to_owned()] }
        }
        arn if arn.starts_with("arn:") => Resource::told(arn),
        id => Resource::told(asked.arn("kms", &format!("key/{id}"))),
    };
    let on = |action: &str, member: &str| {
        let id = asked.text(member).unwrap_or("alias/");
        let mut made = asked.with(&format!("kms:{action}"), vec![key(id)]);
        if id.starts_with("alias/") && id.len() > "alias/".len() {
            made.context.push(("kms:RequestAlias".to_owned(), vec![id.to_owned()]));
        }
        made
    };
    match asked.operation.as_str() {
        "ReEncrypt" => {
            Some(vec![on("ReEncryptFrom", "SourceKeyId"), on("ReEncryptTo", "DestinationKeyId")])
        }
        // The key may be left out, as the ciphertext tells it to KMS alone.
        "Decrypt" => Some(vec![on("Decrypt", "KeyId")]),
        operation => asked.text("KeyId").map(|_| vec![on(operation, "KeyId")]),
    }
}

/// A secret's ARN ends in six characters that its name does not tell (AWS Secrets Manager User
/// Guide, "What's in a Secrets Manager secret?").
fn secret(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let name = asked.text("SecretId").or_else(|| asked.text("Name"))?;
    let resource = if name.starts_with("arn:") {
        Resource::told(name)
    } else {
        Resource {
            arn: asked.arn("secretsmanager", &format!("secret:{name}-${{Suffix}}")),
            unresolved: vec!["Suffix".to_owned()],
        }
    };
    Some(vec![asked.with(&action(asked)?, vec![resource])])
}

/// Each bus of the entries; `default` where one names none (Amazon EventBridge API Reference,
/// "PutEventsRequestEntry").
fn put_events(asked: &Asked<'_>) -> Vec<Authorization> {
    let entries = asked.parameters.get("Entries").and_then(Value::as_array);
    let mut buses = BTreeSet::new();
    for entry in entries.into_iter().flatten() {
        let bus = entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default");
        let arn = match bus {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            name => asked.arn("events", &format!("event-bus/{name}")),
        };
        buses.insert(arn);
    }
    let buses = buses.into_iter().map(Resource::told).collect();
    vec![asked.with("events:PutEvents", buses)]
}

/// A foundation model's ARN has no account (Service Authorization Reference, "Amazon Bedrock"). A
/// name that begins with a geography is an inference profile's.
fn model(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
    let id = asked.text("modelId")?;
    let (partition, region) = (asked.account.partition, asked.account.region);
    let is_profile =
        ["us.", "eu.", "apac.", "global.", "us-gov."].iter().any(|geo| id.starts_with(geo));
    let arn = match id {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        id if is_profile => asked.arn("bedrock", &format!("inference-profile/{id}")),
        id => format!("arn:{partition}:bedrock:{region}::foundation-model/{id}"),
    };
    Some(vec![asked.on(&action(asked)?, arn)])
}

/// API Gateway's own API: the action is the method, the resource the path, but for newer
/// operations that have actions of their own name (Service Authorization
/// Reference, "Amazon API Gateway Management" and "Amazon API Gateway Management V2").
fn management(asked: &Asked<'_>) -> Option<Authorization> {
    if facts::action(asked.prefix, &asked.operation).is_some() {
        return None;
    }
    let operation = asked.request.operation;
    let method = METHODS.get(usize::from(operation.route_key().0)).copied().unwrap_or_default();
    let mut unresolved = Vec::new();
    let mut path = String::new();
    for segment in operation.segments() {
        match segment {
            Segment::Literal(number) => match literal_text(number) {
                "v2" if path.is_empty() => {}
                text => path = format!("{path}/{text}"),
            },
            Segment::Label(number) => {
                let wire = Text::of_name(number).to_string();
                let wire = wire.trim_matches(['{', '+', '}']);
                let mut labels = operation.members().filter(|member| member.place == Place::Label);
                let name = labels.find(|member| member.wire == *wire).map(|m| m.name.to_string());
                let name = name.unwrap_or_else(|| wire.to_owned());
                let value = asked.text(&name).map_or_else(|| format!("${{{name}}}"), str::to_owned);
                path = format!("{path}/{value}");
                if asked.text(&name).is_none() {
                    unresolved.push(name);
                }
            }
        }
    }
    let (partition, region) = (asked.account.partition, asked.account.region);
    let arn = format!("arn:{partition}:apigateway:{region}::{path}");
    Some(asked.with(&format!("apigateway:{method}"), vec![Resource { arn, unresolved }]))
}
