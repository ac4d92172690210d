//! Notifications of a bucket. Source: Amazon S3 User Guide, "Event message structure", "Amazon
//! EventBridge mapping", "EventBridge event message structure".

use serde_json::{Value, json};

use super::{NotificationError, Notified, Unsaid, text};

/// How deep messages are unpacked: a notification in a message of SNS in a message of SQS.
const MAX_DEPTH: usize = 3;

pub(super) fn read(body: &Value, unsaid: &Unsaid) -> Result<Notified, NotificationError> {
    let mut events = Vec::new();
    if unpack(body, unsaid, MAX_DEPTH, &mut events)? {
        return Ok(Notified::Test);
    }
    Ok(Notified::Events(events))
}

/// Adds the events in a message; whether it is a test.
fn unpack(
    body: &Value,
    unsaid: &Unsaid,
    depth: usize,
    events: &mut Vec<Value>,
) -> Result<bool, NotificationError> {
    if text(body, "Event") == Some("s3:TestEvent") {
        return Ok(true);
    }
    if text(body, "source") == Some("aws.s3") {
        events.push(mapped(body, unsaid)?);
        return Ok(false);
    }
    let Some(depth) = depth.checked_sub(1) else { return Err(unknown()) };
    // A message of SNS or SQS by itself.
    if let Some(message) = text(body, "Message").or_else(|| text(body, "Body")) {
        return unpack(&inner(message)?, unsaid, depth, events);
    }
    let records = body.get("Records").and_then(Value::as_array);
    let records = records.filter(|records| !records.is_empty()).ok_or_else(unknown)?;
    if records.iter().all(|record| text(record, "eventSource") == Some("aws:s3")) {
        events.push(body.clone());
        return Ok(false);
    }
    let mut is_test = true;
    for record in records {
        let message = record.pointer("/Sns/Message").or_else(|| record.get("body"));
        let message = message.and_then(Value::as_str).ok_or_else(unknown)?;
        is_test &= unpack(&inner(message)?, unsaid, depth, events)?;
    }
    Ok(is_test)
}

fn inner(message: &str) -> Result<Value, NotificationError> {
    serde_json::from_str(message).map_err(|error| {
        NotificationError(format!("the message in it is no notification of S3: {error}"))
    })
}

/// The notification that S3 sends beside an event of EventBridge.
fn mapped(event: &Value, unsaid: &Unsaid) -> Result<Value, NotificationError> {
    let detail = event.get("detail").unwrap_or(&Value::Null);
    let at = |pointer: &str| detail.pointer(pointer).and_then(Value::as_str);
    let (Some(bucket), Some(key)) = (at("/bucket/name"), at("/object/key")) else {
        return Err(unknown());
    };
    let name = event_name(text(event, "detail-type").unwrap_or_default(), detail)?;
    let mut object = json!({ "key": encoded(key) });
    for (member, pointer) in
        [("size", "/object/size"), ("eTag", "/object/etag"), ("versionId", "/object/version-id")]
    {
        if let Some(value) = detail.pointer(pointer) {
            object[member] = value.clone();
        }
    }
    object["sequencer"] = at("/object/sequencer").unwrap_or_default().into();
    let own = |name: &str, other: &str| text(event, name).unwrap_or(other).to_owned();
    Ok(json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": own("region", &unsaid.region),
        "eventTime": own("time", &unsaid.time),
        "eventName": name,
        "userIdentity": {"principalId": at("/requester").unwrap_or_default()},
        "requestParameters": {"sourceIPAddress": at("/source-ip-address").unwrap_or_default()},
        "responseElements": {
            "x-amz-request-id": at("/request-id").unwrap_or_default(), "x-amz-id-2": "",
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": ""},
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": object,
        },
    }]}))
}

fn event_name(detail_type: &str, detail: &Value) -> Result<&'static str, NotificationError> {
    let reason = text(detail, "reason").unwrap_or_default();
    match (detail_type, reason) {
        ("Object Created", "CopyObject") => Ok("ObjectCreated:Copy"),
        ("Object Created", "POST Object") => Ok("ObjectCreated:Post"),
        ("Object Created", "CompleteMultipartUpload") => {
            Ok("ObjectCreated:CompleteMultipartUpload")
        }
        ("Object Created", _) => Ok("ObjectCreated:Put"),
        ("Object Deleted", _) if text(detail, "deletion-type") == Some("Delete Marker Created") => {
            Ok("ObjectRemoved:DeleteMarkerCreated")
        }
        ("Object Deleted", _) => Ok("ObjectRemoved:Delete"),
        (other, _) => Err(NotificationError(format!(
            "`{other}` has no notification: expected `Object Created` or `Object Deleted`"
        ))),
    }
}

/// Keys are encoded in notifications, with a plus sign for a space, and plain in EventBridge.
fn encoded(key: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'*')
        .remove(b'/')
        .remove(b' ');
    utf8_percent_encode(key, KEPT).to_string().replace(' ', "+")
}

fn unknown() -> NotificationError {
    let text = "no notification of S3: expected `Records` of `aws:s3`, messages of SNS or SQS with \
                them, or an event `Object Created` of EventBridge";
    NotificationError(text.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Surroundings, Trigger, classify};

    fn records() -> Value {
        json!({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"arn": "arn:aws:s3:::b"}}}]})
    }

    fn sns(message: &Value) -> Value {
        json!({"Type": "Notification", "TopicArn": "t", "Message": message.to_string()})
    }

    #[rstest]
    #[case(records())]
    #[case(sns(&records()))]
    #[case(json!({"Records": [{"Sns": {"Message": records().to_string()}}]}))]
    #[case(json!({"Records": [{"eventSource": "aws:sqs", "body": records().to_string()}]}))]
    #[case(json!({"Records": [{"eventSource": "aws:sqs", "body": sns(&records()).to_string()}]}))]
    #[case(json!({"MessageId": "m", "Body": sns(&records()).to_string()}))]
    fn a_notification_is_unpacked(#[case] body: Value) {
        assert_eq!(read(&body, &Unsaid::default()), Ok(Notified::Events(vec![records()])));
    }

    #[rstest]
    #[case("Object Created", json!({"reason": "PutObject"}), "ObjectCreated:Put")]
    #[case("Object Created", json!({"reason": "CopyObject"}), "ObjectCreated:Copy")]
    #[case("Object Deleted", json!({"deletion-type": "Permanently Deleted"}), "ObjectRemoved:Delete")]
    #[case("Object Deleted", json!({"deletion-type": "Delete Marker Created"}),
        "ObjectRemoved:DeleteMarkerCreated")]
    fn an_event_of_eventbridge_is_mapped(
        #[case] detail_type: &str,
        #[case] mut detail: Value,
        #[case] name: &str,
    ) {
        detail["bucket"] = json!({"name": "b"});
        detail["object"] = json!({"key": "a b/ü+", "size": 5, "etag": "e", "sequencer": "0A"});
        let event = json!({"source": "aws.s3", "detail-type": detail_type, "region": "eu-west-1",
            "time": "2026-03-02T09:41:00Z", "detail": detail});
        let Ok(Notified::Events(events)) = read(&event, &Unsaid::default()) else { panic!() };
        let record = &events[0]["Records"][0];
        assert_eq!(
            (&record["eventName"], &record["awsRegion"]),
            (&json!(name), &json!("eu-west-1"))
        );
        assert_eq!(record["s3"]["object"]["key"], "a+b/%C3%BC%2B");
        let found = classify(&events[0], &Surroundings::none()).unwrap();
        assert_eq!(found.trigger, Trigger::S3);
        assert_eq!(found.source_arn.value.as_deref(), Some("arn:aws:s3:::b"));
    }

    #[test]
    fn a_test_is_no_event() {
        let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"});
        assert_eq!(read(&test, &Unsaid::default()), Ok(Notified::Test));
        assert_eq!(read(&sns(&test), &Unsaid::default()), Ok(Notified::Test));
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({"Records": []}))]
    #[case(json!({"Records": [{"eventSource": "aws:sqs", "body": "hello"}]}))]
    #[case(json!({"Records": [{"eventSource": "aws:ses"}]}))]
    #[case(json!({"source": "aws.s3", "detail-type": "Object Tags Added", "detail": {
        "bucket": {"name": "b"}, "object": {"key": "k"}}}))]
    #[case(sns(&sns(&sns(&records()))))]
    fn other_bodies_are_refused(#[case] body: Value) {
        assert!(read(&body, &Unsaid::default()).is_err());
    }
}
