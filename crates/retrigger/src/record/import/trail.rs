//! What CloudTrail says of invocations.
//!
//! Source: AWS Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail" (data
//! events).

use retrigger_iam::Principal;
use retrigger_recording::Time;
use serde_json::Value;

use crate::record::qualifier;

/// What a CloudTrail data event says of an invocation, whose payload it does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationFacts {
    /// The request id of the invocation, by which its event is found.
    pub request_id: String,
    /// When it was asked for.
    pub time: Option<Time>,
    /// The function's ARN, without a qualifier.
    pub function: Option<String>,
    /// The version or alias that was asked for.
    pub qualifier: Option<String>,
    /// Who asked: a service or, where a role or a user did, its ARN.
    pub principal: Option<Principal>,
    /// The ARN of the source, where CloudTrail has it.
    pub source_arn: Option<String>,
    /// The account of the source, where CloudTrail has it.
    pub source_account: Option<String>,
}

/// Whether a value is a record of CloudTrail: of any service.
pub(super) fn is_record(value: &Value) -> bool {
    let source = value.get("eventSource").and_then(Value::as_str);
    source.is_some_and(|source| source.ends_with(".amazonaws.com"))
        && ["eventName", "userIdentity", "awsRegion"].iter().all(|key| value.get(key).is_some())
}

/// What a record says of an invocation; `None` where it is a record of something else.
pub(super) fn facts(record: &Value) -> Option<InvocationFacts> {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let name = text("/eventName")?;
    if text("/eventSource")? != "lambda.amazonaws.com" || !name.starts_with("Invoke") {
        return None;
    }
    let asked = text("/requestParameters/functionName");
    let (listed, qualified) = (text("/resources/0/ARN"), asked.as_deref().and_then(qualifier));
    let function = listed.or_else(|| asked.filter(|name| name.starts_with("arn:")));
    let is_service = text("/userIdentity/type").as_deref() == Some("AWSService");
    let principal =
        if is_service { text("/userIdentity/invokedBy") } else { text("/userIdentity/arn") };
    Some(InvocationFacts {
        request_id: text("/requestID")?,
        time: text("/eventTime").and_then(|time| time.parse().ok()),
        function: function.map(|arn| unqualified(&arn)),
        qualifier: text("/requestParameters/qualifier").or(qualified),
        principal: principal.and_then(|text| text.parse().ok()),
        source_arn: text("/requestParameters/sourceArn"),
        source_account: text("/requestParameters/sourceAccount"),
    })
}

fn unqualified(arn: &str) -> String {
    arn.split(':').take(7).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_and_its_source_are_read() {
        let record = json!({
            "eventSource": "lambda.amazonaws.com", "eventName": "Invoke", "awsRegion": "us-east-1",
            "eventTime": "2026-03-02T09:41:00Z", "requestID": "8f5c",
            "userIdentity": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"},
            "requestParameters": {
                "functionName": "arn:aws:lambda:us-east-1:841860927337:function:demo:PROD",
                "sourceArn": "arn:aws:s3:::uploads", "sourceAccount": "841860927337"
            },
            "resources": [{"ARN": "arn:aws:lambda:us-east-1:841860927337:function:demo"}]
        });
        assert!(is_record(&record));
        let found = facts(&record).unwrap();
        assert_eq!(found.principal, Some(Principal::Service("s3.amazonaws.com".into())));
        assert_eq!(found.qualifier.as_deref(), Some("PROD"));
        assert_eq!(found.source_arn.as_deref(), Some("arn:aws:s3:::uploads"));
        let arn = "arn:aws:lambda:us-east-1:841860927337:function:demo";
        assert_eq!(found.function.as_deref(), Some(arn));
    }

    #[test]
    fn a_role_that_invoked_is_read() {
        let session = "arn:aws:sts::841860927337:assumed-role/states/s-1";
        let record = json!({
            "eventSource": "lambda.amazonaws.com", "eventName": "Invoke20150331", "requestID": "1",
            "userIdentity": {"type": "AssumedRole", "invokedBy": "states.amazonaws.com",
                             "arn": session},
            "requestParameters": null,
        });
        let found = facts(&record).unwrap();
        assert_eq!(found.principal.unwrap().to_string(), session);
        assert_eq!(found.source_arn, None);
    }

    #[test]
    fn other_records_say_nothing_of_invocations() {
        let record = json!({
            "eventSource": "lambda.amazonaws.com", "eventName": "CreateFunction20150331",
            "requestID": "1",
        });
        assert_eq!(facts(&record), None);
        let of_s3 = json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                           "userIdentity": {}, "awsRegion": "us-east-1"});
        assert!(!is_record(&of_s3));
    }
}
