//! What S3 asks of AWS KMS for whoever stores an object under a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Asked, Authorization, special};

/// Where a request names the key: `kms:GenerateDataKey`, and `kms:Decrypt` as well for an upload in
/// parts (Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)" and
/// "Uploading and copying objects using multipart upload in Amazon S3"), asked through S3 (AWS KMS
/// Developer Guide, "AWS KMS condition keys": `kms:ViaService`).
///
/// A request does not tell whether the bucket's default is encryption with a key, whether an object
/// that is read is encrypted with one, or whether a parameter of Systems Manager or a secret is; so
/// the decisions that those need on keys are not asked for. Neither are those on the key that AWS
/// manages for S3, which its own policy opens to the account.
pub(super) fn authorizations(asked: &Asked<'_>, object_arn: &str) -> Vec<Authorization> {
    let actions: &[&str] = match asked.operation.as_str() {
        "PutObject" | "CopyObject" => &["kms:GenerateDataKey"],
        "CreateMultipartUpload" => &["kms:GenerateDataKey", "kms:Decrypt"],
        _ => return Vec::new(),
    };
    let encryption = asked.text("ServerSideEncryption").unwrap_or_default();
    let Some(id) = asked.text("SSEKMSKeyId").filter(|_| encryption.starts_with("aws:kms")) else {
        return Vec::new();
    };
    let one = |action: &&str| {
        let mut made = asked.with(action, vec![special::key(asked, id)]);
        let service = format!("s3.{}.amazonaws.com", asked.account.region);
        made.context.push(("kms:ViaService".to_owned(), vec![service]));
        made.unknown.push("aws:ViaAWSService".to_owned());
        encryption_context(asked, object_arn, &mut made);
        made
    };
    actions.iter().map(one).collect()
}

/// S3 adds the object's ARN; with a Bucket Key it is the bucket's, and whether there is one a bucket
/// may say for itself (Amazon S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket
/// Keys").
fn encryption_context(asked: &Asked<'_>, object_arn: &str, made: &mut Authorization) {
    let mut pairs = given(asked);
    let arn = "aws:s3:arn";
    if !pairs.iter().any(|(key, _)| key == arn) {
        let bucket = object_arn.split('/').next().unwrap_or(object_arn);
        let value = match asked.text("BucketKeyEnabled") {
            Some("true") => Some(bucket.to_owned()),
            Some(_) => Some(object_arn.to_owned()),
            None => None,
        };
        pairs.push((arn.to_owned(), value));
    }
    for (key, value) in &pairs {
        let name = format!("kms:EncryptionContext:{key}");
        match value {
            Some(value) => made.context.push((name, vec![value.clone()])),
            None => made.unknown.push(name),
        }
    }
    let keys = pairs.into_iter().map(|(key, _)| key).collect();
    made.context.push(("kms:EncryptionContextKeys".to_owned(), keys));
}

/// The pairs of `x-amz-server-side-encryption-context`: JSON in base64.
fn given(asked: &Asked<'_>) -> Vec<(String, Option<String>)> {
    let text = asked.text("SSEKMSEncryptionContext").and_then(|text| STANDARD.decode(text).ok());
    let json = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let pairs = json.as_ref().and_then(Value::as_object).into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned))).collect()
}
