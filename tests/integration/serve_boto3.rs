//! `retrigger serve` through the command and AWS's own client for Python.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    serve_scene::{Commanded, Serving, boto3, call_with, handler},
    support::{copy, retrigger},
    trigger_scene::{CALLER, Scene, arn},
};

fn demo() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for part in ["snapshot", "handler"] {
        copy(&Path::new("recordings/lambda-demo").join(part), &root.path().join(part));
    }
    std::fs::copy("recordings/lambda-demo/function.toml", root.path().join("function.toml"))
        .unwrap();
    root
}

#[test]
fn boto3_invokes_a_function_whose_recordings_replay() {
    let Some(python) = boto3() else { return };
    let root = demo();
    let folder = root.path().to_str().unwrap();
    let serve = Commanded::start(&[folder, "--record", "recorded"]);
    assert_eq!(serve.about["functions"][0]["name"], "lambdaDemo");
    let invoke = |more: Value| {
        let mut with = json!({"FunctionName": "lambdaDemo", "Payload": "{\"a\":1}"});
        with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"do": "invoke", "with": with})
    };
    let mut streamed = invoke(json!({}));
    streamed["do"] = "invoke_with_response_stream".into();
    let made = call_with(
        &python,
        serve.url(),
        &[
            invoke(json!({"LogType": "Tail"})),
            invoke(json!({"InvocationType": "Event"})),
            invoke(json!({"InvocationType": "DryRun"})),
            invoke(json!({"Qualifier": "$LATEST"})),
            invoke(json!({"FunctionName": "nobody"})),
            invoke(json!({"Payload": "{"})),
            streamed,
        ],
    );
    let answer = &made[0]["answer"];
    assert_eq!(answer["Payload"], r#"{"statusCode":200,"body":{"a":1}}"#);
    assert_eq!(
        (&answer["StatusCode"], &answer["ExecutedVersion"]),
        (&json!(200), &json!("$LATEST"))
    );
    let log = answer["LogResult"].as_str().unwrap();
    assert!(log.starts_with("START RequestId: ") && log.contains("\n{\"a\":1}\nEND RequestId: "));
    assert_eq!(made[1]["answer"]["StatusCode"], 202);
    assert_eq!(made[2]["answer"]["StatusCode"], 204);
    assert_eq!(made[3]["answer"]["StatusCode"], 200);
    assert_eq!(made[4]["Code"], "ResourceNotFoundException");
    assert_eq!(made[5]["Code"], "InvalidRequestContentException");
    let stream = &made[6]["answer"]["EventStream"];
    assert_eq!(stream[0]["PayloadChunk"]["Payload"], r#"{"statusCode":200,"body":{"a":1}}"#);
    assert_eq!(stream[1], json!({"InvokeComplete": {}}));
    assert_eq!(serve.stop("TERM"), Some(0));

    let recorded = root.path().join("recorded");
    let ran = retrigger(["replay", recorded.to_str().unwrap()]);
    assert!(ran.stdout.contains("4 recordings: 4 passed"), "{}", ran.text());
    assert_eq!(ran.code, 0);
}

#[test]
fn boto3_changes_a_policy() {
    let Some(python) = boto3() else { return };
    let root = demo();
    let serve = Commanded::start(&[root.path().to_str().unwrap()]);
    let call = |name: &str, with: Value| {
        let mut with = with;
        with["FunctionName"] = "lambdaDemo".into();
        json!({"do": name, "with": with})
    };
    let add = call(
        "add_permission",
        json!({"StatementId": "topic", "Action": "lambda:InvokeFunction",
            "Principal": "sns.amazonaws.com", "SourceArn": arn("sns", "orders")}),
    );
    let remove = call("remove_permission", json!({"StatementId": "topic"}));
    let mut stale = remove.clone();
    stale["with"]["RevisionId"] = "stale".into();
    let get = call("get_policy", json!({}));
    let calls = [get.clone(), add.clone(), get.clone(), add, stale, remove.clone(), remove];
    let made = call_with(&python, serve.url(), &calls);
    let policy = |made: &Value| -> Value {
        serde_json::from_str(made["answer"]["Policy"].as_str().unwrap()).unwrap()
    };
    let (before, after) = (policy(&made[0]), policy(&made[2]));
    let count = before["Statement"].as_array().unwrap().len();
    let statement: Value =
        serde_json::from_str(made[1]["answer"]["Statement"].as_str().unwrap()).unwrap();
    assert_eq!(after["Statement"][count], statement);
    assert_eq!(statement["Condition"]["ArnLike"]["AWS:SourceArn"], arn("sns", "orders"));
    assert_ne!(made[0]["answer"]["RevisionId"], made[2]["answer"]["RevisionId"]);
    assert_eq!(made[3]["Code"], "ResourceConflictException");
    assert_eq!(made[4]["Code"], "PreconditionFailedException");
    assert_eq!(made[5], json!({"answer": {}}));
    assert_eq!(made[6]["Code"], "ResourceNotFoundException");
    assert_eq!(serve.stop("TERM"), Some(0));
}

#[test]
fn boto3_makes_a_mapping_where_the_role_may_poll() {
    let Some(python) = boto3() else { return };
    let scene = Scene::new(&json!({}), "kind = \"sqs\"\n");
    let serve = || retrigger::serve::Serve::new([scene.root.path()]).in_process("demo", handler());
    let serving = Serving::start(serve());
    let create = json!({"do": "create_event_source_mapping", "with": {
        "FunctionName": "demo", "EventSourceArn": arn("sqs", "orders"), "BatchSize": 5,
        "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}});
    let made = call_with(&python, &serving.url(), std::slice::from_ref(&create));
    let text =
        "The provided execution role does not have permissions to call ReceiveMessage on SQS";
    let denied = json!({"Code": "InvalidParameterValueException", "Message": text, "Status": 400});
    let has = |name: &str| made[0][name] == denied[name];
    assert!(has("Code") && has("Message") && has("Status"), "{}", made[0]);

    scene.grant_role(&[json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})]);
    let list = json!({"do": "list_event_source_mappings", "with": {"FunctionName": "demo"}});
    let made = call_with(&python, &serving.url(), &[create, list.clone()]);
    let mapping = &made[0]["answer"];
    assert_eq!((&mapping["BatchSize"], &mapping["State"]), (&json!(5), &json!("Enabled")));
    assert_eq!(mapping["FunctionArn"], arn("lambda", "function:demo"));
    assert_eq!(mapping["FilterCriteria"]["Filters"][0]["Pattern"], "{}");
    let uuid = &mapping["UUID"];
    assert_eq!(&made[1]["answer"]["EventSourceMappings"], &json!([mapping]));
    let named = |name: &str, mut with: Value| {
        with["UUID"] = uuid.clone();
        json!({"do": format!("{name}_event_source_mapping"), "with": with})
    };
    let made = call_with(
        &python,
        &serving.url(),
        &[
            named("update", json!({"BatchSize": 7, "Enabled": false})),
            named("get", json!({})),
            json!({"do": "list_tags", "with": {"Resource": mapping["EventSourceMappingArn"]}}),
            named("update", json!({"BatchSize": 0})),
            named("delete", json!({})),
            named("get", json!({})),
            list,
        ],
    );
    let updated = &made[1]["answer"];
    assert_eq!((&updated["BatchSize"], &updated["State"]), (&json!(7), &json!("Disabled")));
    assert_eq!((&made[0]["answer"], &updated["UUID"]), (updated, uuid));
    assert_eq!(made[2], json!({"answer": {"Tags": {}}}));
    assert_eq!(made[3]["Code"], "ValidationException");
    assert_eq!(made[4]["answer"]["State"], "Deleting");
    assert_eq!(made[5]["Code"], "ResourceNotFoundException");
    assert_eq!(made[6]["answer"]["EventSourceMappings"], json!([]));
}

#[test]
fn boto3_is_told_who_may_not() {
    let Some(python) = boto3() else { return };
    let scene = Scene::new(&json!({}), "kind = \"sqs\"\n");
    let serve = retrigger::serve::Serve::new([scene.root.path()])
        .in_process("demo", handler())
        .record("recorded")
        .caller_of("AKIDCALLER", CALLER)
        .unwrap()
        .caller_of("AKIDROOT", "arn:aws:iam::841860927337:root")
        .unwrap();
    let serving = Serving::start(serve);
    let invoke = |key: &str, event: &str| json!({"do": "invoke", "key": key, "with": {"FunctionName": "demo", "Payload": event}});
    let made = call_with(
        &python,
        &serving.url(),
        &[
            invoke("AKIDCALLER", "{}"),
            invoke("AKIDOTHER", "{}"),
            invoke("AKIDROOT", "{\"fail\":\"boom\"}"),
            json!({"do": "list_functions", "key": "AKIDROOT"}),
            json!({"do": "get_function", "key": "AKIDROOT", "with": {"FunctionName": "demo"}}),
            json!({"do": "create_function_url_config", "key": "AKIDROOT",
                "with": {"FunctionName": "demo", "AuthType": "AWS_IAM"}}),
            json!({"do": "get_function_url_config", "key": "AKIDROOT",
                "with": {"FunctionName": "demo"}}),
        ],
    );
    assert_eq!(
        (&made[0]["Code"], &made[0]["Status"]),
        (&json!("AccessDeniedException"), &json!(403))
    );
    let message = made[0]["Message"].as_str().unwrap();
    assert!(message.starts_with(&format!("User: {CALLER} is not authorized to perform: ")));
    assert_eq!(made[1]["Code"], "UnrecognizedClientException");
    assert_eq!(made[2]["answer"]["FunctionError"], "Unhandled");
    assert!(made[2]["answer"]["Payload"].as_str().unwrap().contains("boom"));
    assert_eq!(made[3]["answer"]["Functions"][0]["FunctionName"], "demo");
    assert_eq!(made[4]["answer"]["Configuration"]["Handler"], "bootstrap");
    let url = made[5]["answer"]["FunctionUrl"].as_str().unwrap();
    assert!(url.ends_with(".lambda-url.us-east-1.on.aws/"), "{url}");
    assert_eq!(made[6]["answer"]["AuthType"], "AWS_IAM");
    drop(serving);
    let recorded = std::fs::read_dir(scene.root.path().join("recorded")).unwrap().count();
    assert_eq!(recorded, 2, "the denied one and the failed one");
}

/// The calls that Terraform's provider makes for `aws_lambda_function_url`, `aws_lambda_permission`
/// and `data.aws_lambda_function`, in its order: it reads what it made, and after it removed it
/// reads once more to see that it is gone.
#[test]
fn what_terraform_asks_is_answered() {
    let Some(python) = boto3() else { return };
    let scene = Scene::new(&json!({}), "kind = \"sqs\"\n");
    let serve = retrigger::serve::Serve::new([scene.root.path()]).in_process("demo", handler());
    let serving = Serving::start(serve);
    let call = |name: &str, with: Value| {
        let mut with = with;
        with["FunctionName"] = "demo".into();
        json!({"do": name, "with": with})
    };
    let url = |name: &str, with| call(&format!("{name}_function_url_config"), with);
    let cors = json!({"AllowOrigins": ["*"], "MaxAge": 60});
    let permission = json!({"StatementId": "FunctionURLAllowPublicAccess",
        "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"});
    let made = call_with(
        &python,
        &serving.url(),
        &[
            call("get_function", json!({})),
            call("list_versions_by_function", json!({})),
            call("get_function_code_signing_config", json!({})),
            url("create", json!({"AuthType": "NONE"})),
            call("add_permission", permission),
            url("get", json!({})),
            url("update", json!({"AuthType": "AWS_IAM", "Cors": cors, "InvokeMode": "BUFFERED"})),
            url("update", json!({"AuthType": "ANYONE"})),
            json!({"do": "list_function_url_configs", "with": {"FunctionName": "demo"}}),
            url("delete", json!({})),
            url("get", json!({})),
            url("delete", json!({})),
        ],
    );
    let answers: Vec<&Value> = made.iter().map(|made| &made["answer"]).collect();
    assert_eq!(answers[0]["Configuration"]["FunctionName"], "demo");
    assert_eq!(answers[1]["Versions"][0]["Version"], "$LATEST");
    assert_eq!(answers[2], &json!({"FunctionName": "demo"}));
    assert_eq!(answers[3]["FunctionUrl"], answers[5]["FunctionUrl"]);
    let statement: Value = serde_json::from_str(answers[4]["Statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement["Condition"]["StringEquals"]["lambda:FunctionUrlAuthType"], "NONE");
    let updated = answers[6];
    assert_eq!((&updated["AuthType"], &updated["Cors"]), (&json!("AWS_IAM"), &cors));
    assert_eq!(updated["FunctionUrl"], answers[3]["FunctionUrl"]);
    assert_eq!(made[7]["Code"], "ValidationException");
    assert_eq!(answers[8]["FunctionUrlConfigs"], json!([updated]));
    assert_eq!(answers[9], &json!({}));
    assert_eq!(made[10]["Code"], "ResourceNotFoundException");
    assert_eq!(made[11]["Code"], "ResourceNotFoundException");
}

#[test]
fn boto3_loses_nothing_at_fifty_at_a_time() {
    let Some(python) = boto3() else { return };
    let scene = Scene::new(&json!({}), "kind = \"sqs\"\n");
    let serve = retrigger::serve::Serve::new([scene.root.path()]).in_process("demo", handler());
    let serving = Serving::start(serve);
    let calls = [json!({"do": "invoke", "times": 500, "at_once": 50,
        "with": {"FunctionName": "demo", "Payload": "{\"n\":{n}}"}})];
    let made = call_with(&python, &serving.url(), &calls);
    let made = made[0].as_array().unwrap();
    assert_eq!(made.len(), 500);
    for (n, one) in made.iter().enumerate() {
        assert_eq!(one["answer"]["Payload"], format!("{{\"n\":{n}}}"));
    }
}
