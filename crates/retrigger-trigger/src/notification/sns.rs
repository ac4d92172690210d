//! Notifications of a topic. Source: Amazon SNS Developer Guide, "Parsing Amazon SNS message
//! formats", "Amazon SNS raw message delivery"; Lambda Developer Guide, "Invoking Lambda functions
//! with Amazon SNS notifications".

use serde_json::{Map, Value, json};

use super::{NotificationError, Notified, Unsaid, text};

pub(super) fn read(body: &[u8], unsaid: &Unsaid) -> Result<Notified, NotificationError> {
    let header = |name: &str| unsaid.headers.get(name).map(String::as_str);
    if header("x-amz-sns-rawdelivery") == Some("true") {
        return raw(body, unsaid);
    }
    let value = super::json(body)?;
    let is_record = |record: &Value| record.get("Sns").is_some();
    if let Some(Value::Array(records)) = value.get("Records") {
        if !records.is_empty() && records.iter().all(is_record) {
            return Ok(Notified::Events(vec![value]));
        }
        return Err(unknown());
    }
    let topic = text(&value, "TopicArn").or_else(|| header("x-amz-sns-topic-arn"));
    match (text(&value, "Type"), topic) {
        (Some(kind @ ("SubscriptionConfirmation" | "UnsubscribeConfirmation")), Some(topic)) => {
            let url = text(&value, "SubscribeURL").unwrap_or_default().to_owned();
            let (kind, topic_arn) = (kind.to_owned(), topic.to_owned());
            Ok(Notified::Subscription { kind, topic_arn, url })
        }
        (None | Some("Notification"), Some(topic)) if text(&value, "Message").is_some() => {
            Ok(Notified::Events(vec![event(&value, topic, unsaid)]))
        }
        _ => Err(unknown()),
    }
}

/// The body is the message, and headers say the rest.
fn raw(body: &[u8], unsaid: &Unsaid) -> Result<Notified, NotificationError> {
    let header = |name: &str| unsaid.headers.get(name).map(String::as_str);
    let Some(topic) = header("x-amz-sns-topic-arn") else {
        let text = "a raw message names its topic in the header `x-amz-sns-topic-arn`";
        return Err(NotificationError(text.to_owned()));
    };
    let message = String::from_utf8_lossy(body);
    let mut notification = json!({ "Message": message });
    if let Some(id) = header("x-amz-sns-message-id") {
        notification["MessageId"] = id.into();
    }
    Ok(Notified::Events(vec![event(&notification, topic, unsaid)]))
}

/// The event of a notification. Members are spelled as functions get them, with `Url` for `URL`.
fn event(notification: &Value, topic: &str, unsaid: &Unsaid) -> Value {
    let member = |name: &str| notification.get(name).cloned();
    let or = |name: &str, other: Value| member(name).unwrap_or(other);
    let subscription = unsaid.headers.get("x-amz-sns-subscription-arn").cloned();
    let subscription = subscription.unwrap_or_else(|| format!("{topic}:{}", unsaid.id));
    let members = [
        ("Type", "Notification".into()),
        ("MessageId", or("MessageId", unsaid.id.as_str().into())),
        ("TopicArn", topic.into()),
        ("Subject", or("Subject", Value::Null)),
        ("Message", or("Message", Value::Null)),
        ("Timestamp", or("Timestamp", unsaid.time.as_str().into())),
        ("SignatureVersion", or("SignatureVersion", "1".into())),
        ("Signature", or("Signature", "EXAMPLE".into())),
        ("SigningCertUrl", member("SigningCertURL").unwrap_or_else(|| "EXAMPLE".into())),
        ("UnsubscribeUrl", member("UnsubscribeURL").unwrap_or_else(|| "EXAMPLE".into())),
        ("MessageAttributes", or("MessageAttributes", json!({}))),
    ];
    let sns: Map<String, Value> =
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": sns,
    }]})
}

fn unknown() -> NotificationError {
    let text = "no notification of SNS: expected `Records` with `Sns` as functions get them, or a \
                message with `TopicArn` and `Message` as HTTP(S) subscriptions get it";
    NotificationError(text.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Surroundings, Trigger, classify};

    const TOPIC: &str = "arn:aws:sns:us-east-1:841860927337:orders";

    fn unsaid(headers: &[(&str, &str)]) -> Unsaid {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Unsaid {
            time: "2026-03-02T09:41:00.000Z".into(),
            id: "id-1".into(),
            headers: headers.collect(),
            ..Unsaid::default()
        }
    }

    fn events(body: &str, headers: &[(&str, &str)]) -> Vec<Value> {
        match read(body.as_bytes(), &unsaid(headers)).unwrap() {
            Notified::Events(events) => events,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_for_http_becomes_the_event_of_a_function() {
        let body = json!({"Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC,
            "Message": "hi", "Timestamp": "2026-03-02T09:40:00.000Z", "SignatureVersion": "1",
            "Signature": "s", "SigningCertURL": "c", "UnsubscribeURL": "u"});
        let event = &events(&body.to_string(), &[])[0];
        let sns = &event["Records"][0]["Sns"];
        assert_eq!((&sns["SigningCertUrl"], &sns["UnsubscribeUrl"]), (&json!("c"), &json!("u")));
        assert_eq!((&sns["Subject"], &sns["MessageAttributes"]), (&Value::Null, &json!({})));
        assert_eq!(event["Records"][0]["EventSubscriptionArn"], format!("{TOPIC}:id-1"));
        let found = classify(event, &Surroundings::none()).unwrap();
        assert_eq!(found.trigger, Trigger::Sns);
        assert_eq!(found.source_arn.value.as_deref(), Some(TOPIC));
    }

    #[test]
    fn a_raw_message_has_its_topic_in_a_header() {
        let raw = ("x-amz-sns-rawdelivery", "true");
        let topic = ("x-amz-sns-topic-arn", TOPIC);
        let sns = &events("not JSON", &[raw, topic])[0]["Records"][0]["Sns"];
        assert_eq!((&sns["Message"], &sns["TopicArn"]), (&json!("not JSON"), &json!(TOPIC)));
        assert!(read(b"hi", &unsaid(&[raw])).is_err());
    }

    #[test]
    fn records_are_taken_as_they_are() {
        let body = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": TOPIC}}]});
        assert_eq!(events(&body.to_string(), &[]), [body]);
    }

    #[test]
    fn a_subscription_is_not_an_event() {
        let body = json!({"Type": "SubscriptionConfirmation", "TopicArn": TOPIC,
            "SubscribeURL": "https://sns.example/", "Message": "visit it"});
        let read = read(body.to_string().as_bytes(), &unsaid(&[])).unwrap();
        let Notified::Subscription { url, .. } = read else { panic!("{read:?}") };
        assert_eq!(url, "https://sns.example/");
    }

    #[rstest]
    #[case("{")]
    #[case("[]")]
    #[case("{}")]
    #[case(r#"{"Records":[]}"#)]
    #[case(r#"{"Records":[{"eventSource":"aws:s3"}]}"#)]
    #[case(r#"{"Type":"Other","TopicArn":"t","Message":"m"}"#)]
    #[case(r#"{"Message":"m"}"#)]
    fn other_bodies_are_refused(#[case] body: &str) {
        assert!(read(body.as_bytes(), &unsaid(&[])).is_err());
    }
}
