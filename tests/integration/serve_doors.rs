//! Front doors of `retrigger serve`, called by curl.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use retrigger::{
    serve::{FrontDoor, Serve},
    trigger::{Trigger, recognise},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    serve_door_scene::{Doors, TARGET_GROUP, curl, has_curl, service},
    serve_scene::{Commanded, Serving},
    support::retrigger,
    trigger_scene::arn,
};

const ALL: [&str; 5] = ["alb", "rest", "http", "http,payload=1.0,api=http123456", "url"];

#[test]
fn a_request_becomes_the_event_of_its_front_door() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&ALL));
    let triggers = ["alb", "apigw-rest-v1", "apigw-http-v2", "apigw-http-v1fmt", "function-url"];
    for (door, trigger) in serving.doors.iter().zip(triggers) {
        let url = format!("{}/a%20b/c?x=1%202&x=3&y", door.url);
        let got = curl(&[&url, "-H", "X-Two: 1", "-H", "X-Two: 2"], b"");
        assert_eq!(got.status, "HTTP/1.1 200 OK", "{trigger}");
        let event = got.json();
        assert_eq!(recognise(&event).map(Trigger::name), Some(trigger));
        let query = &event["queryStringParameters"]["x"];
        let expected = match trigger {
            "apigw-http-v2" | "function-url" => "1 2,3",
            _ => "3",
        };
        assert_eq!(query, expected, "{trigger}");
        let host = event["headers"].get("host").or(event["headers"].get("Host"));
        assert_eq!(host, Some(&json!(door.domain_name)));
    }
    drop(serving);
    let recorded = scene.recorded();
    assert_eq!(recorded.len(), 5);
    for (_, expected) in &recorded {
        assert_eq!(expected["decisions"][0]["decision"], "Allowed");
    }
}

#[test]
fn the_snapshot_says_what_a_front_door_is_called() {
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["http", "alb", "rest", "url"]));
    let sources: Vec<_> = serving.doors.iter().map(|door| door.source_arn.clone()).collect();
    assert_eq!(
        sources,
        [
            Some(arn("execute-api", "http123456/$default")),
            Some(arn("elasticloadbalancing", TARGET_GROUP)),
            Some(arn("execute-api", "rest123456/default")),
            None,
        ]
    );
    assert!(serving.doors.iter().all(|door| door.is_known));
    assert_eq!(serving.doors[2].routes, ["ANY /{proxy+}", "ANY /"]);
}

#[rstest]
#[case("alb", "fail", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>")]
#[case("alb", "slow", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>")]
#[case("alb", "malformed", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>")]
#[case("alb", "large", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>")]
#[case("alb", "inferred", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>")]
#[case("alb", "described", "404 Nothing Here", "")]
#[case("rest", "fail", "502 Bad Gateway", r#"{"message":"Internal server error"}"#)]
#[case("rest", "malformed", "502 Bad Gateway", r#"{"message":"Internal server error"}"#)]
#[case(
    "rest,route=GET /pets",
    "dogs",
    "403 Forbidden",
    r#"{"message":"Missing Authentication Token"}"#
)]
#[case("http", "fail", "500 Internal Server Error", r#"{"message":"Internal Server Error"}"#)]
#[case("http", "malformed", "500 Internal Server Error", r#"{"message":"Internal Server Error"}"#)]
#[case("http,route=GET /pets", "dogs", "404 Not Found", r#"{"message":"Not Found"}"#)]
#[case("http", "inferred", "200 OK", r#"{"a":1}"#)]
#[case(
    "http,payload=1.0",
    "inferred",
    "500 Internal Server Error",
    r#"{"message":"Internal Server Error"}"#
)]
#[case("url", "fail", "502 Bad Gateway", "Internal Server Error")]
#[case("url", "slow", "502 Bad Gateway", "Internal Server Error")]
#[case("url", "malformed", "502 Bad Gateway", "Internal Server Error")]
#[case("url", "inferred", "200 OK", r#"{"a":1}"#)]
fn what_goes_wrong_is_answered_as_on_aws(
    #[case] door: &str,
    #[case] path: &str,
    #[case] status: &str,
    #[case] body: &str,
) {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&[door]));
    let got = curl(&[&format!("{}/{path}", serving.doors[0].url)], b"");
    assert_eq!(got.status, format!("HTTP/1.1 {status}"));
    let text = String::from_utf8_lossy(&got.body).into_owned();
    assert!(text.contains(body), "{text}");
    drop(serving);
    if !matches!(path, "dogs") {
        assert_eq!(scene.recorded().len(), 1);
    }
}

#[rstest]
#[case("alb", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>")]
#[case("rest,api=other", "500 Internal Server Error", r#"{"message":"Internal server error"}"#)]
#[case("http,api=other", "500 Internal Server Error", r#"{"message":"Internal Server Error"}"#)]
#[case("url", "403 Forbidden", r#"{"Message":"Forbidden. For troubleshooting"#)]
fn what_the_policy_denies_runs_nothing(
    #[case] door: &str,
    #[case] status: &str,
    #[case] body: &str,
) {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    scene.permit(&[service("apigateway", &arn("execute-api", "someone/*/*/*"))]);
    let serving = Serving::start(scene.serve(&[door]));
    let got = curl(&[&format!("{}/x", serving.doors[0].url)], b"");
    assert_eq!(got.status, format!("HTTP/1.1 {status}"));
    assert!(String::from_utf8_lossy(&got.body).starts_with(body) || door == "alb");
    drop(serving);
    let recorded = scene.recorded();
    assert_eq!(recorded[0].1["outcome"], "denied");
}

#[test]
fn a_front_door_may_lead_to_an_alias_with_a_policy_of_its_own() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let mut permitted = service("elasticloadbalancing", &arn("elasticloadbalancing", TARGET_GROUP));
    permitted["Resource"] = arn("lambda", "function:lambdaDemo:PROD").into();
    let policy = json!({"Version": "2012-10-17", "Statement": [permitted]});
    scene.write("snapshot/lambda/lambdaDemo/policy.PROD.json", &policy.to_string());
    scene.permit(&[]);
    let serving = Serving::start(scene.serve(&["alb", "alb,function=lambdaDemo:PROD"]));
    let [plain, alias] = [0, 1].map(|index| curl(&[&serving.doors[index].url], b"").status);
    assert_eq!((plain.as_str(), alias.as_str()), ("HTTP/1.1 502 Bad Gateway", "HTTP/1.1 200 OK"));
    assert!(!serving.doors[0].is_known && serving.doors[1].is_known);
    drop(serving);
    assert_eq!(scene.recorded().len(), 2);
}

#[test]
fn what_a_person_changes_the_next_request_sees() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["url"]));
    let url = &serving.doors[0].url;
    assert_eq!(curl(&[url], b"").status, "HTTP/1.1 200 OK");
    scene.permit(&[]);
    assert_eq!(curl(&[url], b"").status, "HTTP/1.1 403 Forbidden");
}

#[rstest]
#[case("alb", "text/plain", b"hello", "hello", false)]
#[case("alb", "image/png", b"\x89PNG", "iVBORw==", true)]
#[case("rest", "image/png", b"\x89PNG", "\u{fffd}PNG", false)]
#[case("rest,binary=image/*", "image/png", b"\x89PNG", "iVBORw==", true)]
#[case("http", "application/json", b"{}", "{}", false)]
#[case("http,payload=1.0", "application/x-www-form-urlencoded", b"a=1", "YT0x", true)]
#[case("url", "application/x-www-form-urlencoded", b"a=1", "YT0x", true)]
fn bodies_reach_the_function(
    #[case] door: &str,
    #[case] content_type: &str,
    #[case] body: &[u8],
    #[case] text: &str,
    #[case] is_base64: bool,
) {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&[door]));
    let url = format!("{}/x", serving.doors[0].url);
    let header = format!("content-type: {content_type}");
    for more in [&[][..], &["-H", "transfer-encoding: chunked"]] {
        let arguments = [&[url.as_str(), "--data-binary", "@-", "-H", &header], more].concat();
        let event = curl(&arguments, body).json();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(text), &json!(is_base64)));
        assert_eq!(event["headers"].get("transfer-encoding"), None);
    }
}

#[rstest]
#[case("alb", &[], b"\x89PNG")]
#[case("rest", &[], b"iVBORw==")]
#[case("rest,binary=image/png", &["-H", "accept: image/png"], b"\x89PNG")]
#[case("http", &[], b"\x89PNG")]
#[case("url", &[], b"\x89PNG")]
fn binary_responses_are_decoded(#[case] door: &str, #[case] more: &[&str], #[case] body: &[u8]) {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&[door]));
    let url = format!("{}/binary", serving.doors[0].url);
    let got = curl(&[&[url.as_str()], more].concat(), b"");
    assert_eq!((got.header("content-type"), got.body.as_slice()), (Some("image/png"), body));
}

#[test]
fn a_target_group_may_have_multi_value_headers() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["alb", "alb,multi-value-headers"]));
    let [plain, multi] = [0, 1].map(|index| serving.doors[index].url.clone());
    let header = ["-H", "X-A: 1", "-H", "X-A: 2"];
    let event =
        |url: &str| curl(&[&[&*format!("{url}/described")], &header[..]].concat(), b"").status;
    assert_eq!(event(&plain), "HTTP/1.1 404 Nothing Here");
    let got = curl(&[&format!("{multi}/lists")], b"");
    assert_eq!(got.all("x-a"), ["1", "2"]);
    assert_eq!(curl(&[&format!("{plain}/lists")], b"").all("x-a"), Vec::<&str>::new());
    let got = curl(&[&[&*format!("{multi}/x?a=1&a=2")], &header[..]].concat(), b"").json();
    assert_eq!(got["multiValueHeaders"]["x-a"], json!(["1", "2"]));
    assert_eq!(got["multiValueQueryStringParameters"]["a"], json!(["1", "2"]));
}

#[test]
fn head_and_options_reach_the_function() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["alb", "url"]));
    for door in &serving.doors {
        let head = curl(&["--head", &door.url], b"");
        assert_eq!(head.status, "HTTP/1.1 200 OK");
        assert!(head.header("content-length").is_some_and(|length| length != "0"));
        let event = curl(&["-X", "OPTIONS", &door.url], b"").json();
        let method = event.pointer("/requestContext/http/method").or(event.get("httpMethod"));
        assert_eq!(method, Some(&json!("OPTIONS")));
    }
    let cookies = curl(&[&format!("{}/cookies", serving.doors[1].url)], b"");
    assert_eq!(cookies.all("set-cookie"), ["a=1", "b=2"]);
}

#[rstest]
#[case("alb", 1024 * 1024, "HTTP/1.1 413 Request Entity Too Large")]
#[case("http", 10 * 1024 * 1024, "HTTP/1.1 413 Payload Too Large")]
#[case("rest", 10 * 1024 * 1024, "HTTP/1.1 413 Payload Too Large")]
#[case("url", 6 * 1024 * 1024, "HTTP/1.1 413 Payload Too Large")]
fn requests_have_a_size(#[case] door: &str, #[case] limit: usize, #[case] status: &str) {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&[door]));
    let url = format!("{}/described", serving.doors[0].url);
    let post = |size: usize| {
        let arguments = [&*url, "--data-binary", "@-", "-H", "content-type: text/plain"];
        curl(&arguments, &vec![b'x'; size]).status
    };
    assert_eq!(post(limit + 1), status);
    // An event has a limit too, which may be met before that of the body.
    let most = if limit > 6 * 1024 * 1024 { 5 * 1024 * 1024 } else { limit - 10_000 };
    assert!(post(most).starts_with("HTTP/1.1 404"), "{most}");
}

#[test]
fn more_requests_than_may_run_are_throttled() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["url", "alb"]).concurrency(1));
    let [url, alb] = [0, 1].map(|index| serving.doors[index].url.clone());
    let waiting = std::thread::spawn({
        let url = format!("{url}/wait");
        move || curl(&[&url], b"").status
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(curl(&[&url], b"").status, "HTTP/1.1 429 Too Many Requests");
    assert_eq!(curl(&[&alb], b"").status, "HTTP/1.1 502 Bad Gateway");
    assert_eq!(waiting.join().unwrap(), "HTTP/1.1 200 OK");
}

#[test]
fn a_load_balancer_checks_the_functions_health() {
    let scene = Doors::new("buffered");
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let tell = Arc::clone(&told);
    let doors = ["alb,health-check=/up", "alb,health-check=/fail"];
    let serve = scene.serve(&doors).on_call(move |called| {
        tell.lock().unwrap().push(called.to_string());
    });
    let serving = Serving::start(serve);
    let started = Instant::now();
    while told.lock().unwrap().len() < 2 && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(serving);
    let mut told = told.lock().unwrap().clone();
    told.sort();
    assert!(told[0].starts_with("alb health check of /fail -> 502"), "{told:?}");
    assert!(told[1].starts_with("alb health check of /up -> 200"), "{told:?}");
    let recorded = scene.recorded();
    assert_eq!(recorded.len(), 2);
    let text = std::fs::read_to_string(
        scene.root.path().join("recorded").join(&recorded[0].0).join("event.json"),
    );
    let event: Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert_eq!(event["headers"], json!({"user-agent": "ELB-HealthChecker/2.0"}));
}

#[test]
fn a_recording_states_what_triggered_it() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["rest"]));
    curl(&[&format!("{}/pets", serving.doors[0].url)], b"");
    drop(serving);
    let (name, _) = &scene.recorded()[0];
    let path = scene.root.path().join("recorded").join(name).join("recording.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let source = arn("execute-api", "rest123456/default/GET/{proxy+}");
    for line in [
        "kind = \"apigw-rest-v1\"".to_owned(),
        format!("source_arn = {{ value = \"{source}\", provenance = \"declared\" }}"),
        "source_account = { value = \"841860927337\", provenance = \"declared\" }".to_owned(),
        "principal = { value = \"apigateway.amazonaws.com\", provenance = \"declared\" }"
            .to_owned(),
    ] {
        assert!(text.contains(&line), "{line}\n{text}");
    }
}

#[test]
fn the_command_opens_front_doors() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let folder = scene.root.path().to_str().unwrap();
    let serve = Commanded::start(&[folder, "--front-door", "alb", "--front-door", "url:0"]);
    let doors = &serve.about["front_doors"];
    assert_eq!(doors[0]["source_arn"], arn("elasticloadbalancing", TARGET_GROUP));
    for door in doors.as_array().unwrap() {
        let got = curl(&[door["url"].as_str().unwrap()], b"");
        assert_eq!(got.status, "HTTP/1.1 200 OK");
    }
    assert_eq!(serve.stop("TERM"), Some(0));
}

#[rstest]
#[case("gate", "`gate` is no front door: expected `alb`, `rest`, `http` or `url`")]
#[case("alb,stage=x", "`stage=x` is no option of `alb`")]
#[case("alb,function=nobody", "front door `alb` leads to `nobody`, which is not served")]
#[case("alb,function=lambdaDemo:PROD", "the snapshot knows of no `arn:aws:lambda:")]
fn the_command_refuses_what_is_no_front_door(#[case] door: &str, #[case] text: &str) {
    let scene = Doors::new("buffered");
    let ran = retrigger(["serve", scene.root.path().to_str().unwrap(), "--front-door", door]);
    assert!(ran.code == 2 && ran.stderr.contains(text), "{}", ran.text());
}

#[tokio::test]
async fn a_front_door_of_several_functions_names_one() {
    let (one, other) = (Doors::new("buffered"), Doors::new("buffered"));
    let toml = std::fs::read_to_string(other.root.path().join("function.toml")).unwrap();
    other.write("function.toml", &toml.replace("lambdaDemo", "other"));
    let lambda = other.root.path().join("snapshot/lambda");
    std::fs::rename(lambda.join("lambdaDemo"), lambda.join("other")).unwrap();
    let serve = Serve::new([one.root.path(), other.root.path()]);
    let door: FrontDoor = "alb".parse().unwrap();
    let error = serve.clone().front_door(door).start().await.unwrap_err().to_string();
    let text = "front door `alb` leads to none of several functions: name one of `lambdaDemo`, \
                `other` by `function=NAME`";
    assert_eq!(error, text);
    let door: FrontDoor = "alb,function=other".parse().unwrap();
    let running = serve.front_door(door).start().await.unwrap();
    assert_eq!(running.front_doors()[0].function_arn, arn("lambda", "function:other"));
}
