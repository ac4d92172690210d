//! Events of EventBridge. Source: Amazon EventBridge User Guide, "Event structure reference";
//! Amazon EventBridge API Reference, "PutEvents".

use serde_json::{Map, Value, json};

use super::{NotificationError, Notified, Unsaid, text};

pub(super) fn read(body: Value, unsaid: &Unsaid) -> Result<Notified, NotificationError> {
    let many = match body {
        Value::Array(events) => events,
        Value::Object(mut members) => match members.remove("Entries") {
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(unknown(0)),
            None => vec![Value::Object(members)],
        },
        _ => return Err(unknown(0)),
    };
    if many.is_empty() {
        return Err(NotificationError("there is no event in it".to_owned()));
    }
    let one = |(index, event)| event_of(event, index, unsaid);
    many.into_iter().enumerate().map(one).collect::<Result<_, _>>().map(Notified::Events)
}

fn event_of(value: Value, index: usize, unsaid: &Unsaid) -> Result<Value, NotificationError> {
    let is_event = ["source", "detail-type", "detail"].iter().all(|it| value.get(it).is_some());
    let (source, detail_type, detail, own) = if is_event {
        let member = |name: &str| value.get(name).cloned().unwrap_or_default();
        (member("source"), member("detail-type"), member("detail"), value)
    } else {
        let missing = || unknown(index);
        let source = text(&value, "Source").ok_or_else(missing)?;
        let detail_type = text(&value, "DetailType").ok_or_else(missing)?;
        (source.into(), detail_type.into(), detail(&value, index)?, lower(&value))
    };
    let account = unsaid.account.as_str();
    let or = |name: &str, other: Value| own.get(name).cloned().unwrap_or(other);
    let id = if index == 0 { unsaid.id.clone() } else { format!("{}-{index}", unsaid.id) };
    let mut event: Map<String, Value> = [
        ("version", or("version", "0".into())),
        ("id", or("id", id.into())),
        ("detail-type", detail_type),
        ("source", source),
        ("account", or("account", account.into())),
        ("time", or("time", seconds(&unsaid.time).into())),
        ("region", or("region", unsaid.region.as_str().into())),
        ("resources", or("resources", json!([]))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    // Such as `replay-name`, in its place before the detail.
    if let Value::Object(own) = own {
        for (name, value) in own.into_iter().filter(|(name, _)| name != "detail") {
            event.entry(name).or_insert(value);
        }
    }
    event.insert("detail".to_owned(), detail);
    Ok(event.into())
}

/// What of an entry stands in its event by another name.
fn lower(entry: &Value) -> Value {
    let member = |name: &str| entry.get(name).filter(|value| !value.is_null()).cloned();
    let members = [("time", member("Time")), ("resources", member("Resources"))];
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect())
}

/// The detail of an entry is text of a JSON object.
fn detail(entry: &Value, index: usize) -> Result<Value, NotificationError> {
    match entry.get("Detail") {
        None | Some(Value::Null) => Ok(json!({})),
        Some(Value::Object(detail)) => Ok(detail.clone().into()),
        Some(Value::String(text)) => {
            let detail = serde_json::from_str(text).ok().filter(Value::is_object);
            detail.ok_or_else(|| {
                let text = format!("`Detail` of entry {index} is not the text of a JSON object");
                NotificationError(text)
            })
        }
        Some(_) => Err(unknown(index)),
    }
}

/// Events have their time in whole seconds.
fn seconds(time: &str) -> String {
    let whole = time.split(['.', 'Z']).next().unwrap_or_default();
    format!("{whole}Z")
}

fn unknown(index: usize) -> NotificationError {
    NotificationError(format!(
        "event {index} is none of EventBridge: expected `source`, `detail-type` and `detail`, or an \
         entry of `PutEvents` with `Source`, `DetailType` and `Detail`"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Surroundings, Trigger, classify};

    fn unsaid() -> Unsaid {
        Unsaid {
            time: "2026-03-02T09:41:00.123Z".into(),
            id: "id".into(),
            account: "841860927337".into(),
            region: "us-east-1".into(),
            ..Unsaid::default()
        }
    }

    fn events(body: Value) -> Vec<Value> {
        match read(body, &unsaid()).unwrap() {
            Notified::Events(events) => events,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn entries_become_events() {
        let events = events(json!({"Entries": [
            {"Source": "shop", "DetailType": "Order", "Detail": "{\"a\":1}", "Resources": ["r"]},
            {"Source": "shop", "DetailType": "Order", "Detail": "{}", "EventBusName": "b"},
        ]}));
        assert_eq!(
            events[0],
            json!({"version": "0", "id": "id", "detail-type": "Order", "source": "shop",
                "account": "841860927337", "time": "2026-03-02T09:41:00Z", "region": "us-east-1",
                "resources": ["r"], "detail": {"a": 1}})
        );
        assert_eq!(events[1]["id"], "id-1");
        let found = classify(&events[0], &Surroundings::none()).unwrap();
        assert_eq!((found.trigger, found.source_arn.value), (Trigger::Eventbridge, None));
    }

    #[test]
    fn an_event_keeps_what_it_says() {
        let event = json!({"version": "0", "id": "e-1", "detail-type": "Order", "source": "shop",
            "account": "111122223333", "time": "2026-01-01T00:00:00Z", "region": "eu-west-1",
            "resources": [], "replay-name": "again", "detail": {}});
        assert_eq!(events(event.clone()), std::slice::from_ref(&event));
        assert_eq!(events(json!([event, event])).len(), 2);
    }

    #[rstest]
    #[case(json!([]), "there is no event in it")]
    #[case(json!({"Entries": {}}), "event 0 is none of EventBridge")]
    #[case(json!([{"source": "a"}]), "event 0 is none of EventBridge")]
    #[case(json!({"Source": "a", "DetailType": "b", "Detail": "c"}),
        "`Detail` of entry 0 is not the text of a JSON object")]
    fn other_bodies_are_refused(#[case] body: Value, #[case] start: &str) {
        let error = read(body, &unsaid()).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
}
