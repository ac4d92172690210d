//! `retrigger snapshot` where AWS answers well, badly, and not at all; `retrigger snapshot diff`.

use std::{
    io::{Read, Write},
    time::Duration,
};

use rstest::rstest;
use serde_json::{Value, json};
use wiremock::{
    Mock, ResponseTemplate,
    matchers::{header_regex, method, path},
};

use crate::{
    snapshot_scene::{ACCOUNT, Aws, Folder, lambda_error, query_error, role},
    support::retrigger,
};

#[test]
fn all_pages_are_read_and_nothing_that_aws_says_is_lost() {
    let (aws, folder) = (Aws::start(), Folder::new());
    let ran = folder.must_take("snapshot", &aws.url(), &[]);
    assert!(ran.stdout.contains("  added    lambda/orders/policy.json\n"), "{}", ran.text());
    let configuration: Value =
        serde_json::from_str(&folder.text("snapshot/lambda/orders/configuration.json")).unwrap();
    assert_eq!(configuration["NotKnownYet"], json!({"Kept": [1.5, "as it is"]}));
    let details: Value =
        serde_json::from_str(&folder.text("snapshot/account-authorization-details.json")).unwrap();
    let role = &details["RoleDetailList"][0];
    assert_eq!(role["CreateDate"], "2026-02-27T14:05:12+00:00");
    assert_eq!(
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"],
        "lambda.amazonaws.com"
    );
    assert_eq!(role["RolePolicyList"][0]["PolicyDocument"]["Statement"]["Action"], "logs:*");
    let names: Vec<&str> = details["Policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| policy["PolicyName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["first", "second"]);
    let about = folder.text("snapshot/snapshot.toml");
    assert!(about.contains(&format!("account = \"{ACCOUNT}\"\nregion = \"us-east-1\"\n")));
    assert!(about.contains(&format!("as arn:aws:iam::{ACCOUNT}:user/alice")), "{about}");
    assert_eq!(folder.names(), ["file", "function.toml", "handler", "queue", "snapshot"]);

    let replayed = retrigger(["replay", &folder.shown("file")]);
    assert_eq!(replayed.code, 0, "{}", replayed.text());
}

#[test]
fn throttling_is_waited_for() {
    let (aws, folder) = (Aws::start(), Folder::new());
    let throttled = lambda_error(429, "TooManyRequestsException", "Rate Exceeded.");
    aws.lambda_answers("policy", throttled, 1);
    folder.must_take("snapshot", &aws.url(), &[]);
    assert_eq!(aws.asked("policy"), 2);
}

#[test]
fn a_bucket_is_asked_for_in_its_own_region() {
    let (aws, folder) = (Aws::start(), Folder::new());
    let asked_in = |region: &str, answer: ResponseTemplate| {
        let mock = Mock::given(method("GET"))
            .and(path("/order-files/"))
            .and(header_regex("authorization", format!("/{region}/s3/").as_str()));
        aws.mount(mock.respond_with(answer));
    };
    let elsewhere = "<Error><Code>PermanentRedirect</Code><Message>Elsewhere.</Message></Error>";
    let elsewhere = ResponseTemplate::new(301).set_body_raw(elsewhere, "application/xml");
    asked_in("us-east-1", elsewhere.insert_header("x-amz-bucket-region", "eu-west-1"));
    let policy = json!({"Version": "2012-10-17", "Statement": []});
    asked_in("eu-west-1", ResponseTemplate::new(200).set_body_json(&policy));
    folder.must_take("snapshot", &aws.url(), &["--resource", "arn:aws:s3:::order-files/a/key"]);
    let file: Value =
        serde_json::from_str(&folder.text("snapshot/resource-policies/s3-order-files.json"))
            .unwrap();
    assert_eq!(file, json!({"ResourceArn": "arn:aws:s3:::order-files", "Policy": policy}));
}

#[test]
fn a_proxy_is_used_where_one_is_named() {
    let (aws, folder) = (Aws::start(), Folder::new());
    let url = aws.url();
    let environment = [("HTTP_PROXY", url.as_str())];
    let ran = folder.take_with("snapshot", "http://aws.invalid", &[], &environment);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let around = [environment[0], ("NO_PROXY", "aws.invalid"), ("AWS_MAX_ATTEMPTS", "1")];
    let ran = folder.take_with("snapshot", "http://aws.invalid", &[], &around);
    assert_eq!(ran.code, 2, "{}", ran.text());
}

#[test]
fn an_answer_that_is_cut_off_is_no_answer() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let half = "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n<GetCallerIdentityResponse>";
            let _ = stream.write_all(half.as_bytes());
        }
    });
    let ran = folder.take_with("snapshot", &url, &[], &[("AWS_MAX_ATTEMPTS", "2")]);
    assert!(ran.stderr.starts_with("error: sts:GetCallerIdentity: "), "{}", ran.text());
    assert!(ran.stderr.contains("help: check the network"), "{}", ran.text());
    assert_eq!((ran.code, folder.path("snapshot").exists()), (2, false));
}

/// What makes a failure of an answer.
enum Failing {
    Lambda(&'static str, ResponseTemplate),
    Query(&'static str, ResponseTemplate),
}

fn failing(case: &str) -> (Failing, &'static str) {
    let cut = "<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies/>\
               <IsTruncated>true</IsTruncated></ListAttachedRolePoliciesResult>\
               </ListAttachedRolePoliciesResponse>";
    let ok = |body: &str| ResponseTemplate::new(200).set_body_raw(body.to_owned(), "text/xml");
    let expired = "The security token included in the request is expired";
    match case {
        "throttled" => (
            Failing::Lambda(
                "policy",
                lambda_error(429, "TooManyRequestsException", "Rate Exceeded."),
            ),
            "error: lambda:GetPolicy of `orders`: TooManyRequestsException: Rate Exceeded.\n  help: \
             try again later",
        ),
        "expired" => (
            Failing::Query("Action=GetCallerIdentity", query_error(403, "ExpiredToken", expired)),
            "error: sts:GetCallerIdentity: ExpiredToken: The security token included in the request \
             is expired\n  help: sign in again",
        ),
        "expired in the middle" => (
            Failing::Lambda("policy", lambda_error(403, "ExpiredTokenException", expired)),
            "error: lambda:GetPolicy of `orders`: ExpiredTokenException: The security token",
        ),
        "500" => (
            Failing::Query("Action=ListRolePolicies", query_error(500, "ServiceFailure", "Oh.")),
            "error: iam:ListRolePolicies of `orders-role`: ServiceFailure: Oh.\n  help: try again later",
        ),
        "500 without a word" => (
            Failing::Lambda("event-source-mappings", ResponseTemplate::new(500)),
            "error: lambda:ListEventSourceMappings of `orders`: the answer has status 500\n  help: try",
        ),
        "second page" => (
            Failing::Query("Marker=next", query_error(503, "ServiceUnavailable", "")),
            "error: iam:ListAttachedRolePolicies of `orders-role`: ServiceUnavailable\n",
        ),
        "page without a marker" => (
            Failing::Query("Action=ListAttachedRolePolicies", ok(cut)),
            "error: iam:ListAttachedRolePolicies of `orders-role`: there are more pages, and the \
             answer does not say where\n",
        ),
        "no JSON" => (
            Failing::Lambda("policy", ResponseTemplate::new(200).set_body_string("<html>")),
            "error: lambda:GetPolicy of `orders`: the answer, of status 200, cannot be read",
        ),
        "no XML" => (
            Failing::Query("Action=GetRole&", ok("{}")),
            "error: iam:GetRole of `orders-role`: the answer, of status 200, cannot be read",
        ),
        "timeout" => (
            Failing::Lambda(
                "aliases",
                ResponseTemplate::new(200).set_delay(Duration::from_secs(20)),
            ),
            "error: lambda:ListAliases of `orders`: it took too long\n  help: check the network",
        ),
        "no function" => (
            Failing::Lambda(
                "configuration",
                lambda_error(404, "ResourceNotFoundException", "Function not found: orders"),
            ),
            "error: lambda:GetFunctionConfiguration of `orders`: ResourceNotFoundException: Function \
             not found: orders\n  help: check the name, the Region and the account",
        ),
        "refused function" => (
            Failing::Lambda("configuration", lambda_error(403, "AccessDeniedException", "no")),
            "error: lambda:GetFunctionConfiguration of `orders`: AccessDeniedException: no\n  help: \
             allow the caller `lambda:GetFunctionConfiguration`; `retrigger snapshot --print-policy`",
        ),
        other => panic!("{other}"),
    }
}

/// What was there stays, and nothing half-written is left.
#[rstest]
fn a_failure_says_which_call_and_what_to_do(
    #[values(
        "throttled",
        "expired",
        "expired in the middle",
        "500",
        "500 without a word",
        "second page",
        "page without a marker",
        "no JSON",
        "no XML",
        "timeout",
        "no function",
        "refused function"
    )]
    case: &str,
) {
    let (aws, folder) = (Aws::start(), Folder::new());
    folder.put("snapshot/snapshot.toml", "format = 1\n# mine\n");
    folder.put("snapshot/lambda/orders/policy.json", "{}");
    let before = folder.files("snapshot");
    let (failing, expected) = failing(case);
    match failing {
        Failing::Lambda(end, answer) => aws.lambda_answers(end, answer, 100),
        Failing::Query(text, answer) => aws.query_answers(text, answer),
    }
    let environment = [("AWS_MAX_ATTEMPTS", "2")];
    let ran = folder.take_with("snapshot", &aws.url(), &["--timeout", "1"], &environment);
    assert!(ran.stderr.starts_with(expected), "{}", ran.text());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert_eq!(folder.files("snapshot"), before);
    assert_eq!(folder.names(), ["file", "function.toml", "handler", "queue", "snapshot"]);
    let ran = folder.take_with("other", &aws.url(), &["--timeout", "1"], &environment);
    assert_eq!((ran.code, folder.path("other").exists()), (2, false));
}

#[test]
fn without_credentials_or_a_region_it_says_so() {
    let (aws, folder) = (Aws::start(), Folder::new());
    let url = aws.url();
    let ran = folder.take_with("snapshot", &url, &[], &[("AWS_ACCESS_KEY_ID", "")]);
    assert!(ran.stderr.contains("no credentials"), "{}", ran.text());
    assert!(ran.stderr.contains("help: sign in again"), "{}", ran.text());
    assert_eq!(ran.code, 2);
    let ran = folder.take("snapshot", "localhost:5000", &[]);
    assert!(ran.stderr.starts_with("error: `localhost:5000` is no endpoint\n"), "{}", ran.text());
    let ran =
        folder.take("snapshot", &url, &["--resource", "arn:aws:dynamodb:r:1:table/t/index/i"]);
    assert!(ran.stderr.contains("policies of `arn:aws:dynamodb:r:1:table/t/index/i` are not read"));
    assert_eq!(ran.code, 2);
}

#[test]
fn what_may_not_be_read_is_listed_and_a_replay_that_needs_it_says_so() {
    let (aws, folder) = (Aws::start(), Folder::new());
    folder.must_take("whole", &aws.url(), &[]);
    let denied = "User: alice is not authorized to perform: iam:ListRolePolicies";
    aws.query_answers("Action=ListRolePolicies", query_error(403, "AccessDenied", denied));
    aws.lambda_answers("url", lambda_error(403, "AccessDeniedException", "no"), 100);
    let ran = folder.take("snapshot", &aws.url(), &[]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.stdout.contains("not read: the inline policies of"), "{}", ran.text());
    let about = folder.text("snapshot/snapshot.toml");
    let entry = format!(
        "[[not_read]]\nwhat = \"inline-policies\"\nof = \"{}\"\nreason = \"AccessDenied: {denied}\"\n",
        role()
    );
    assert!(about.contains(&entry) && about.contains("what = \"function-url\""), "{about}");

    let file = folder.shown("file");
    let replayed = retrigger(["replay", &file]);
    assert_eq!(replayed.code, 2, "{}", replayed.text());
    let words = replayed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in ["ERR file", "the inline policies of", "could not be read when"] {
        assert!(words.contains(expected), "{}", replayed.text());
    }

    let diff = retrigger(["snapshot", "diff", &folder.shown("whole"), &folder.shown("snapshot")]);
    assert_eq!(diff.code, 1);
    assert!(
        diff.stdout.contains("not read for the newer snapshot: AccessDenied"),
        "{}",
        diff.text()
    );
    assert!(!diff.stdout.contains("removed"), "{}", diff.text());

    // Once it may be read, nothing is left of it.
    let allowed = Aws::start();
    folder.must_take("snapshot", &allowed.url(), &[]);
    assert!(!folder.text("snapshot/snapshot.toml").contains("not_read"));
    assert_eq!(retrigger(["replay", &file]).code, 0);
}

#[rstest]
#[case("function-policy", "arn:aws:lambda:us-east-1:ACCOUNT:function:orders", "file")]
#[case("event-source-mappings", "arn:aws:lambda:us-east-1:ACCOUNT:function:orders", "queue")]
#[case("resource-policy", "arn:aws:sqs:us-east-1:ACCOUNT:orders", "queue")]
#[case("queue-attributes", "arn:aws:sqs:us-east-1:ACCOUNT:orders", "queue")]
#[case("organization", "ACCOUNT", "file")]
#[case("attached-policies", "arn:aws:iam::ACCOUNT:role/orders-role", "file")]
fn absence_of_what_was_not_read_is_not_taken_for_none(
    #[case] what: &str,
    #[case] of: &str,
    #[case] recording: &str,
) {
    let folder = Folder::new();
    let of = of.replace("ACCOUNT", ACCOUNT);
    folder.put(
        "snapshot/snapshot.toml",
        &format!(
            "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"{ACCOUNT}\"\n\
             region = \"us-east-1\"\n[[not_read]]\nwhat = \"{what}\"\nof = \"{of}\"\n\
             reason = \"AccessDenied: no\"\n"
        ),
    );
    folder.put("snapshot/lambda/orders/configuration.json", &json!({ "Role": role() }).to_string());
    let statement = json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole"});
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let document = |statement: &Value| json!({"Version": "2012-10-17", "Statement": statement});
    let role = json!({
        "RoleName": "orders-role", "Arn": role(), "AssumeRolePolicyDocument": document(&statement),
        "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": document(&all)}],
    });
    folder.put(
        "snapshot/account-authorization-details.json",
        &json!({ "RoleDetailList": [role] }).to_string(),
    );
    let invoke = json!({"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders")});
    if what != "function-policy" {
        folder.put("snapshot/lambda/orders/policy.json", &document(&invoke).to_string());
    }
    let replayed = retrigger(["replay", &folder.shown(recording)]);
    assert_eq!(replayed.code, 2, "{}", replayed.text());
    let said = "could not be read when the snapshot was taken: AccessDenied: no";
    let flat = replayed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(said) && flat.contains("snapshot.toml:5:1"), "{}", replayed.text());
    // Where it is not said, there is none.
    let about = folder.text("snapshot/snapshot.toml");
    let (about, _) = about.split_once("[[not_read]]").unwrap();
    folder.put("snapshot/snapshot.toml", about);
    let replayed = retrigger(["replay", &folder.shown(recording)]);
    assert!(!replayed.text().contains("could not be read"), "{}", replayed.text());
}

#[test]
fn the_policy_that_is_needed_is_printed_without_a_call() {
    let folder = Folder::new();
    let policy = |more: &[&str]| {
        let ran = folder.take("snapshot", "http://127.0.0.1:1", more);
        assert_eq!(ran.code, 0, "{}", ran.text());
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let wide = policy(&["--print-policy"]);
    let resource = |policy: &Value, sid: &str| {
        let statements = policy["Statement"].as_array().unwrap();
        let found = statements.iter().find(|statement| statement["Sid"] == sid);
        found.map(|statement| statement["Resource"].clone())
    };
    assert_eq!(
        resource(&wide, "ReadRole"),
        Some(json!([format!("arn:aws:iam::{ACCOUNT}:role/*")]))
    );
    assert_eq!(resource(&wide, "ReadAccount"), None);
    let aws = Aws::start();
    folder.must_take("snapshot", &aws.url(), &[]);
    // It lists what was asked for, and nothing else.
    let listed = policy(&["--print-policy"]);
    let statements = listed["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    let mut actions: Vec<&str> = actions.map(|action| action.as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(aws.actions(), actions);
    let narrow = policy(&["--print-policy", "--account", "--organization"]);
    assert_eq!(resource(&narrow, "ReadRole"), Some(json!([role()])));
    assert_eq!(
        resource(&narrow, "ReadManagedPolicies"),
        Some(json!(["arn:aws:iam::aws:policy/first", "arn:aws:iam::aws:policy/second"]))
    );
    assert_eq!(resource(&narrow, "ReadAccount"), Some(json!(["*"])));
    folder.put("needed.json", &narrow.to_string());
    let lint = retrigger(["lint", &folder.shown("needed.json")]);
    assert_eq!(lint.code, 0, "{}", lint.text());
}

#[test]
fn a_difference_is_shown_statement_by_statement() {
    let folder = Folder::new();
    let about = "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"123456789012\"\n\
                 region = \"us-east-1\"\n";
    let put = |name: &str, timeout: u32, actions: Value, source: &str| {
        folder.put(&format!("{name}/snapshot.toml"), about);
        let configuration = json!({"Role": "r", "Timeout": timeout}).to_string();
        folder.put(&format!("{name}/lambda/orders/configuration.json"), &configuration);
        let statement = json!({
            "Sid": "files", "Effect": "Allow", "Action": actions,
            "Condition": {"ArnLike": {"AWS:SourceArn": source}},
        });
        let policy = json!({ "Statement": [statement] }).to_string();
        folder.put(&format!("{name}/lambda/orders/policy.json"), &policy);
    };
    let invoke = "lambda:InvokeFunction";
    put("before", 3, json!([invoke, "lambda:GetFunction"]), "arn:aws:s3:::order-*");
    put("after", 5, json!(invoke), "arn:aws:s3:::order-files");
    let ran = retrigger(["snapshot", "diff", &folder.shown("before"), &folder.shown("after")]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.text(), @"
    configuration of `orders`
      changed setting `Timeout`
        - 3
        + 5

    function policy of `orders`
      changed statement `files`
        Action
        - lambda:GetFunction
        Condition ArnLike AWS:SourceArn
        - arn:aws:s3:::order-*
        + arn:aws:s3:::order-files

    2 differences
    ");
    let same = ["recordings/lambda-demo/snapshot"; 2];
    let ran = retrigger(["snapshot", "diff"].into_iter().chain(same));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "no difference\n"));
    let ran = retrigger(["snapshot", "diff", "recordings/lambda-demo/snapshot", "nowhere"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("nowhere/snapshot.toml"), "{}", ran.text());
}
