//! Function URLs of `retrigger serve`, called by curl.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use retrigger::serve::Serve;
use serde_json::json;

use crate::{
    serve_door_scene::{Doors, curl, has_curl},
    serve_scene::Serving,
    support::{copy, retrigger},
    trigger_scene::arn,
};

#[test]
fn a_url_that_streams_sends_the_response_as_it_comes() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("streaming");
    scene.configure_url(&json!({"InvokeMode": "RESPONSE_STREAM"}));
    let serving = Serving::start(scene.serve(&["url"]));
    let url = &serving.doors[0].url;
    // Until the sandbox is warm.
    let got = curl(&[url], b"");
    assert_eq!(
        (got.status.as_str(), got.body.as_slice()),
        ("HTTP/1.1 201 Created", &b"first last"[..])
    );
    assert_eq!(
        (got.header("content-type"), got.header("set-cookie")),
        (Some("text/plain"), Some("a=1"))
    );
    let mut child =
        Command::new("curl").args(["-sSN", url]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 6];
    out.read_exact(&mut first).unwrap();
    let begun = Instant::now();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!((&first, rest.as_str()), (b"first ", "last"));
    assert!(begun.elapsed() > Duration::from_millis(400), "{:?}", begun.elapsed());
    assert!(child.wait().unwrap().success());
    let broken = Command::new("curl").args(["-sS", &format!("{url}/fail")]).output().unwrap();
    assert!(!broken.status.success(), "{broken:?}");
    assert_eq!(broken.stdout, b"first ");
    drop(serving);
    let recorded = scene.recorded();
    let outcomes: Vec<_> = recorded.iter().map(|(_, it)| it["outcome"].clone()).collect();
    assert_eq!(outcomes, ["completed", "completed", "function-error"]);
}

#[test]
fn an_invocation_that_streams_sends_chunks_as_they_come() {
    let scene = Doors::new("streaming");
    let serving = Serving::start(scene.serve(&[]));
    let head = "POST /2021-11-15/functions/lambdaDemo/response-streaming-invocations";
    let begun = |event: &[u8]| {
        let mut connection = serving.connect();
        connection.send(head, &[("connection", "close")], event).unwrap();
        let has_begun = |got: &[u8]| got.windows(6).any(|six| six == b"first ");
        let first = connection.receive_until(has_begun).unwrap();
        let begun = Instant::now();
        let rest = connection.receive_until(|_| false).unwrap();
        (begun.elapsed(), [first, rest].map(|got| String::from_utf8_lossy(&got).into_owned()))
    };
    // Until the sandbox is warm.
    begun(b"{}");
    let (waited, [first, rest]) = begun(b"{}");
    assert!(first.contains("application/vnd.amazon.eventstream"), "{first}");
    assert!(first.contains("PayloadChunk") && !first.contains("last"), "{first}");
    assert!(rest.contains("last") && rest.contains("InvokeComplete"), "{rest}");
    assert!(waited > Duration::from_millis(400), "{waited:?}");
    let (_, [_, rest]) = begun(br#"{"rawPath": "/fail"}"#);
    assert!(rest.contains(r#""ErrorCode":"TypeError""#) && rest.contains("boom"), "{rest}");
    drop(serving);
    let recorded = scene.recorded();
    let outcomes: Vec<_> = recorded.iter().map(|(_, it)| it["outcome"].clone()).collect();
    assert_eq!(outcomes, ["completed", "completed", "function-error"]);
}

#[test]
fn a_function_that_does_not_stream_is_answered_with_all_it_returned() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["url,invoke-mode=RESPONSE_STREAM"]));
    let url = &serving.doors[0].url;
    let got = curl(&[&format!("{url}/described")], b"");
    assert_eq!(got.status, "HTTP/1.1 200 OK");
    assert_eq!(got.json()["statusCode"], 404);
    assert_eq!(curl(&[&format!("{url}/fail")], b"").status, "HTTP/1.1 502 Bad Gateway");
}

#[test]
fn a_url_may_want_signatures() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    scene.configure_url(&json!({"AuthType": "AWS_IAM"}));
    let root = arn("iam", "root").replace("us-east-1", "");
    let serve = scene.serve(&["url"]).caller_of("AKIDROOT", &root).unwrap();
    let serving = Serving::start(serve);
    let url = &serving.doors[0].url;
    assert_eq!(curl(&[url], b"").status, "HTTP/1.1 403 Forbidden");
    let signed = |key: &str| {
        let user = format!("{key}:secret");
        curl(&[url, "--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", &user], b"")
    };
    assert_eq!(signed("AKIDOTHER").status, "HTTP/1.1 403 Forbidden");
    let event = signed("AKIDROOT").json();
    let iam = &event["requestContext"]["authorizer"]["iam"];
    assert_eq!((&iam["userArn"], &iam["accessKey"]), (&json!(root), &json!("AKIDROOT")));
    assert_eq!(event["requestContext"]["accountId"], "841860927337");
    drop(serving);
    assert_eq!(scene.recorded().len(), 1);
}

#[test]
fn a_session_of_a_role_calls_under_the_policies_of_the_role() {
    if !has_curl() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    for part in ["snapshot", "snapshots"] {
        copy(&Path::new("recordings/lambda-demo").join(part), &root.path().join(part));
    }
    std::fs::copy("recordings/lambda-demo/function.toml", root.path().join("function.toml"))
        .unwrap();
    std::fs::create_dir(root.path().join("handler")).unwrap();
    let handler = "export const handler = async (event) => event;\n";
    std::fs::write(root.path().join("handler/index.mjs"), handler).unwrap();
    let session = "arn:aws:sts::841860927337:assumed-role/reporting/nightly";
    let serve = Serve::new([root.path()])
        .snapshot("snapshots/function-url-iam")
        .record("recorded")
        .caller_of("AKIDREPORTING", session)
        .unwrap()
        .front_door("url".parse().unwrap());
    let serving = Serving::start(serve);
    let url = &serving.doors[0].url;
    let user = ["--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", "AKIDREPORTING:secret"];
    let event = curl(&[&user[..], &[url]].concat(), b"").json();
    let iam = &event["requestContext"]["authorizer"]["iam"];
    assert_eq!(iam["userArn"], session);
    assert!(iam["callerId"].as_str().unwrap().ends_with(":nightly"), "{iam}");
    drop(serving);
    let ran = retrigger(["replay", root.path().join("recorded").to_str().unwrap()]);
    assert!(ran.code == 0 && ran.stdout.contains("1 passed"), "{}", ran.text());
}

#[test]
fn a_url_answers_pages_of_other_origins_as_it_is_configured() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    scene.configure_url(&json!({"Cors": {"AllowOrigins": ["https://shop.example"],
        "AllowMethods": ["GET"], "MaxAge": 60}}));
    let serving = Serving::start(scene.serve(&["url"]));
    let url = &serving.doors[0].url;
    let origin = ["-H", "Origin: https://shop.example"];
    let preflight = ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET", url];
    let got = curl(&[&origin[..], &preflight].concat(), b"");
    assert_eq!(got.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(got.body, b"");
    let got = curl(&[&origin[..], &[url]].concat(), b"");
    assert_eq!(got.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(got.json()["headers"]["origin"], "https://shop.example");
    drop(serving);
    assert_eq!(scene.recorded().len(), 1);
}

#[test]
fn a_page_whose_name_was_made_to_lead_here_is_refused() {
    if !has_curl() {
        return;
    }
    let scene = Doors::new("buffered");
    let serving = Serving::start(scene.serve(&["url", "url,host=shop.example"]));
    let call = |index: usize, host: &str| {
        let header = format!("Host: {host}");
        curl(&[&serving.doors[index].url, "-H", &header], b"")
    };
    assert_eq!(call(0, "shop.example").status, "HTTP/1.1 403 Forbidden");
    assert_eq!(call(1, "shop.example:8080").json()["headers"]["host"], "shop.example:8080");
    let own = &serving.doors[0].domain_name;
    assert_eq!(call(0, own).json()["headers"]["host"], *own);
    assert_eq!(call(0, "localhost").json()["headers"]["host"], *own);
}

#[test]
fn the_url_of_an_alias_leads_to_it() {
    let scene = Doors::new("buffered");
    scene.configure_url(&json!({"FunctionArn": arn("lambda", "function:lambdaDemo:PROD")}));
    let serving = Serving::start(scene.serve(&["url"]));
    let door = &serving.doors[0];
    assert_eq!(door.function_arn, arn("lambda", "function:lambdaDemo:PROD"));
    assert_eq!(door.domain_name, "x3q7c2n5.lambda-url.us-east-1.on.aws");
}
