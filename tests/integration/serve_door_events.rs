//! Events that front doors make, beside those of a corpus, by their members and types.

use std::collections::{BTreeMap, BTreeSet};

use retrigger::trigger::{
    Notified, Notifier, Unsaid,
    http::{Alb, FrontDoor, FunctionUrl, HttpApi, HttpRequest, PayloadFormat, RestApi, UrlCaller},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::shared;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:demo";

/// Members of which the names are whatever a client or a person chose.
const MAPS: [&str; 7] = [
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "MessageAttributes",
];

/// The types of each member, by its place.
type Shape = BTreeMap<String, BTreeSet<&'static str>>;

fn add(shape: &mut Shape, place: &str, value: &Value) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    shape.entry(place.to_owned()).or_default().insert(kind);
    match value {
        Value::Object(members) => {
            let is_map = MAPS.iter().any(|name| place.ends_with(&format!("/{name}")));
            for (name, value) in members {
                let name = if is_map { "*" } else { name };
                add(shape, &format!("{place}/{name}"), value);
            }
        }
        Value::Array(values) => {
            for value in values {
                add(shape, &format!("{place}/-"), value);
            }
        }
        _ => {}
    }
}

fn corpus(trigger: &str) -> Option<Vec<Shape>> {
    let folder = shared("corpus/events")?.join(trigger);
    let mut shapes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // Some files begin with a byte order mark, and some are no JSON.
        let Ok(event) = serde_json::from_str(text.trim_start_matches('\u{feff}')) else { continue };
        let mut shape = Shape::new();
        add(&mut shape, "", &event);
        shapes.push(shape);
    }
    Some(shapes)
}

fn request() -> HttpRequest {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HttpRequest {
        query: "a=1&a=2".to_owned(),
        headers: vec![
            header("user-agent", "curl"),
            header("cookie", "a=1"),
            header("content-type", "application/json"),
        ],
        body: b"{}".to_vec(),
        request_id: "0b8c5f3e-6f0d-4d0e-9a57-2d1c7e84b6f1".to_owned(),
        ..HttpRequest::new("GET", "/pets/1")
    }
}

fn doors() -> Vec<(&'static str, Vec<FrontDoor>)> {
    let alb = Alb::new(FUNCTION).unwrap();
    let multi = Alb { multi_value_headers: true, ..alb.clone() };
    let routes = vec!["GET /pets/{id}".parse().unwrap()];
    let mut rest = RestApi::of_policy(FUNCTION, &[], None).unwrap();
    rest.routes.clone_from(&routes);
    let mut v2 = HttpApi::of_policy(FUNCTION, &[], None, &[]).unwrap();
    v2.routes = routes;
    let mut v1 = v2.clone();
    v1.payload_format = PayloadFormat::V1;
    let url = FunctionUrl::new(FUNCTION, None).unwrap();
    let caller = UrlCaller {
        access_key: "AKIA".to_owned(),
        account_id: "841860927337".to_owned(),
        arn: "arn:aws:iam::841860927337:user/a".to_owned(),
        unique_id: "AIDA".to_owned(),
    };
    let signed = FunctionUrl { caller: Some(caller), ..url.clone() };
    vec![
        ("alb", vec![FrontDoor::Alb(alb), FrontDoor::Alb(multi)]),
        ("apigw-rest-v1", vec![FrontDoor::Rest(rest)]),
        ("apigw-http-v1fmt", vec![FrontDoor::Http(v1)]),
        ("apigw-http-v2", vec![FrontDoor::Http(v2)]),
        ("function-url", vec![FrontDoor::Url(url), FrontDoor::Url(signed)]),
    ]
}

/// Members that no file of the corpus has. AWS has sent the ids of deployments and organizations
/// since its files were written; the others stand in AWS's own samples of function URLs, of which the corpus has one.
const NOT_IN_CORPUS: [&str; 8] = [
    "/requestContext/identity/principalOrgId",
    "/requestContext/deploymentId",
    "/requestContext/authentication",
    "/requestContext/routeKey",
    "/requestContext/stage",
    "/requestContext/authorizer/iam/cognitoIdentity",
    "/requestContext/authorizer/iam/principalOrgId",
    "/routeKey",
];

/// Members that all files of the corpus have and that come from what a front door has not: an
/// authorizer, or the certificate of a client.
const OF_OTHERS: [&str; 3] =
    ["/requestContext/authorizer", "/requestContext/authentication", "/stageVariables"];

#[test]
fn events_have_the_members_and_types_of_real_ones() {
    for (trigger, doors) in doors() {
        let Some(shapes) = corpus(trigger) else { return };
        let mut made = Shape::new();
        for door in doors {
            let mut request = request();
            if matches!(door, FrontDoor::Rest(_)) {
                request.path = "/default/pets/1".to_owned();
            }
            add(&mut made, "", &door.event(&request).unwrap());
        }
        compare(trigger, &made, &shapes);
    }
}

#[rstest]
#[case(Notifier::Sns, json!({"TopicArn": "arn:aws:sns:us-east-1:841860927337:a", "Message": "m"}))]
#[case(Notifier::Eventbridge, json!({"Source": "a", "DetailType": "b", "Detail": "{}"}))]
#[case(Notifier::S3, json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {
    "bucket": {"name": "b"}, "object": {"key": "k", "size": 1, "etag": "e", "sequencer": "0"}}}))]
fn notifications_have_the_members_and_types_of_real_ones(
    #[case] notifier: Notifier,
    #[case] body: Value,
) {
    let Some(shapes) = corpus(notifier.name()) else { return };
    let unsaid = Unsaid { time: "2026-03-02T09:41:00.000Z".into(), ..Unsaid::default() };
    let read = notifier.read(body.to_string().as_bytes(), &unsaid).unwrap();
    let Notified::Events(events) = read else { panic!("{read:?}") };
    let mut made = Shape::new();
    for event in &events {
        add(&mut made, "", event);
    }
    compare(notifier.name(), &made, &shapes);
}

#[track_caller]
fn compare(trigger: &str, made: &Shape, shapes: &[Shape]) {
    assert!(!shapes.is_empty());
    for (place, kinds) in made {
        let known: BTreeSet<_> =
            shapes.iter().filter_map(|shape| shape.get(place)).flatten().copied().collect();
        if known.is_empty() {
            let is_allowed = NOT_IN_CORPUS.iter().any(|it| place.starts_with(it));
            assert!(is_allowed || place.ends_with("/*"), "{trigger}: {place} is in no file");
            continue;
        }
        let other: Vec<_> =
            kinds.iter().filter(|kind| **kind != "null" && !known.contains(**kind)).collect();
        let is_null = known.iter().all(|kind| *kind == "null");
        assert!(other.is_empty() || is_null, "{trigger}: {place} is {kinds:?}, not {known:?}");
    }
    for place in shapes[0].keys() {
        let is_in_all = shapes.iter().all(|shape| shape.contains_key(place));
        let is_given = |place: &str| {
            made.contains_key(place)
                || OF_OTHERS.iter().any(|it| place.starts_with(it))
                || place.contains("/detail/")
                || place.contains("Attributes/")
        };
        assert!(!is_in_all || is_given(place), "{trigger}: {place} is in all files");
    }
}
