//! What AWS's documentation does not say of the requests around an invocation, each choice in one
//! place.
//!
//! What a call does not tell is not asked for at all: whether a parameter of Systems Manager that is
//! read `WithDecryption`, a secret, a queue, a table or an object is encrypted with a key of AWS KMS,
//! and with which. On AWS the caller needs `kms:Decrypt` or `kms:GenerateDataKey` on such a key as
//! well, with `kms:ViaService`. S3's requests that name a key are asked for.

use retrigger_catalogue::facts;
use retrigger_iam::Request;

/// The condition keys with which Lambda assumes an execution role.
///
/// No page lists them. AWS's own samples of trust policies for Lambda put conditions on
/// `aws:SourceAccount`, and answers on re:Post by AWS put one on `aws:SourceArn` with the ARN of
/// the function, so Lambda sends both.
pub(super) fn assume_role_context(request: Request, function_arn: &str, account: &str) -> Request {
    request.with_context("aws:SourceArn", function_arn).with_context("aws:SourceAccount", account)
}

/// The name of the session that Lambda makes of the execution role.
///
/// `CloudTrail` records show the function's name.
pub(super) fn session_name(function_name: &str) -> &str {
    function_name
}

/// The resources on which the three log actions are asked.
///
/// The Service Authorization Reference gives `CreateLogGroup` and `CreateLogStream` the log group,
/// and `PutLogEvents` the log stream. The denials that AWS writes show what is asked in fact:
/// `CreateLogGroup` on `log-group:NAME:log-stream:`, and `CreateLogStream` on
/// `log-group:NAME:log-stream:STREAM`. So a policy on `log-group:NAME` allows neither, and one on
/// `log-group:NAME:*` all three.
pub(super) fn log_resources(log_group_arn: &str, log_stream: &str) -> [(&'static str, String); 3] {
    let stream = format!("{log_group_arn}:log-stream:{log_stream}");
    [
        ("logs:CreateLogGroup", format!("{log_group_arn}:log-stream:")),
        ("logs:CreateLogStream", stream.clone()),
        ("logs:PutLogEvents", stream),
    ]
}

/// The resource whose policy bears on a call on `arn`: an object's bucket, an index's table.
///
/// Sources: Service Authorization Reference, "Resource types defined by Amazon S3" and "by Amazon
/// DynamoDB"; no other service has a policy on what contains the resource, as far as is known.
pub(super) fn policy_holder(arn: &str) -> &str {
    let is_bucket = arn.split(':').nth(2) == Some("s3") && !arn.contains(":accesspoint");
    if is_bucket {
        return arn.split('/').next().unwrap_or(arn);
    }
    match (arn.contains(":dynamodb:"), arn.find("/index/")) {
        (true, Some(end)) => arn.get(..end).unwrap_or(arn),
        _ => arn,
    }
}

/// The name of the function that a call is for, and the version or alias whose policy bears on it,
/// from the end of its ARN.
///
/// `$LATEST` is what the unqualified function runs. That the unqualified function's policy bears on
/// it no page says.
pub(super) fn called_function(called: &str) -> (&str, Option<&str>) {
    let (name, qualifier) = called.split_once(':').unzip();
    (name.unwrap_or(called), qualifier.filter(|qualifier| *qualifier != "$LATEST"))
}

/// Whether nothing but `*` in a policy covers what is asked: the Service Authorization Reference
/// lists no type of resource for the action.
///
/// Of an action that it does not list, what is asked on `*` is taken to be so.
pub(super) fn is_wildcard_only(action: &str, resource: &str) -> bool {
    let known = action.split_once(':').and_then(|(prefix, name)| facts::action(prefix, name));
    let listed = known.filter(|action| !action.is_retired());
    listed.map_or(resource == "*", |action| action.resource_types().len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_with_its_version_or_alias() {
        assert_eq!(called_function("orders"), ("orders", None));
        assert_eq!(called_function("orders:live"), ("orders", Some("live")));
        assert_eq!(called_function("orders:$LATEST"), ("orders", None));
    }

    #[test]
    fn actions_without_types_of_resource_are_covered_by_a_wildcard_alone() {
        assert!(is_wildcard_only("s3:ListAllMyBuckets", "*"));
        assert!(is_wildcard_only("logs:CancelExportTask", "arn:aws:logs:us-east-1:1:log-group:a"));
        assert!(!is_wildcard_only("sns:Publish", "*"));
        assert!(!is_wildcard_only("s3:GetObject", "arn:aws:s3:::orders/1"));
        assert!(is_wildcard_only("unheard:Of", "*") && !is_wildcard_only("unheard:Of", "arn:a"));
    }
}
