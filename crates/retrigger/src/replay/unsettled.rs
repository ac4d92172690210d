//! What AWS's documentation does not say of the requests around an invocation, each choice in one
//! place.

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
