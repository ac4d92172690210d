//! Objects of S3.

use serde_json::Value;

use super::{Asked, Authorization, Resource, encrypted, special};

/// Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
pub(super) fn authorizations(asked: &Asked<'_>) -> Option<Vec<Authorization>> {
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
        _ => vec![on(&special::action(asked)?)],
    };
    needed.extend(put_also(asked).into_iter().map(on));
    needed.extend(encrypted::authorizations(asked, &target));
    if bypasses_governance(asked) {
        needed.push(on("s3:BypassGovernanceRetention"));
    }
    Some(needed)
}

fn bypasses_governance(asked: &Asked<'_>) -> bool {
    asked.text("BypassGovernanceRetention").is_some_and(|text| text.eq_ignore_ascii_case("true"))
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
    let bypasses = bypasses_governance(asked);
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
