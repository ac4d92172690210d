//! What the SDK's calls come to: answered as recorded, or refused in AWS's words.

use retrigger::{RecordMode, Replay, Upstream, accept::Accept, event::CallAnswer};

use crate::{
    moto::{Moto, SECRET, cloud_watch},
    scene::{Scene, Shown, WAYS, Way, shown},
};

/// Every call of the handler: what is denied, the code of the refusal, and the SDK's class of it
/// where it has one.
const CALLS: [(&str, &str, &str, &str); 29] = [
    ("s3:PutObject", "s3:PutObject", "AccessDenied", UNHANDLED),
    ("s3:GetObject", "s3:GetObject", "AccessDenied", UNHANDLED),
    ("s3:CopyObject", "s3:GetObject", "AccessDenied", UNHANDLED),
    ("s3:ListObjectsV2", "s3:ListBucket", "AccessDenied", UNHANDLED),
    ("s3:CreateMultipartUpload", "s3:PutObject", "AccessDenied", UNHANDLED),
    ("s3:UploadPart (1)", "s3:PutObject", "AccessDenied", UNHANDLED),
    ("s3:UploadPart (2)", "s3:PutObject", "AccessDenied", UNHANDLED),
    ("s3:CompleteMultipartUpload", "s3:PutObject", "AccessDenied", UNHANDLED),
    ("dynamodb:PutItem", "dynamodb:PutItem", EXCEPTION, UNHANDLED),
    ("dynamodb:GetItem", "dynamodb:GetItem", EXCEPTION, UNHANDLED),
    ("dynamodb:Query", "dynamodb:Query", EXCEPTION, UNHANDLED),
    ("dynamodb:BatchWriteItem", "dynamodb:BatchWriteItem", EXCEPTION, UNHANDLED),
    ("dynamodb:BatchGetItem", "dynamodb:BatchGetItem", EXCEPTION, UNHANDLED),
    ("dynamodb:TransactWriteItems", "dynamodb:PutItem", EXCEPTION, UNHANDLED),
    ("sqs:GetQueueUrl", "sqs:GetQueueUrl", "AccessDenied", UNHANDLED),
    ("sqs:SendMessage", "sqs:SendMessage", "AccessDenied", UNHANDLED),
    ("sns:Publish", "sns:Publish", "AuthorizationError", "AuthorizationErrorException"),
    ("lambda:Invoke", "lambda:InvokeFunction", EXCEPTION, UNHANDLED),
    ("events:PutEvents", "events:PutEvents", EXCEPTION, UNHANDLED),
    ("kinesis:PutRecord", "kinesis:PutRecord", EXCEPTION, EXCEPTION),
    ("kms:Encrypt", "kms:Encrypt", EXCEPTION, UNHANDLED),
    ("kms:Decrypt", "kms:Decrypt", EXCEPTION, UNHANDLED),
    ("secretsmanager:GetSecretValue", "secretsmanager:GetSecretValue", EXCEPTION, UNHANDLED),
    ("ssm:GetParameter", "ssm:GetParameter", EXCEPTION, UNHANDLED),
    ("sts:AssumeRole", "sts:AssumeRole", "AccessDenied", UNHANDLED),
    ("cloudwatch:PutMetricData", "cloudwatch:PutMetricData", "AccessDenied", UNHANDLED),
    ("cloudwatch:PutMetricData (many)", "cloudwatch:PutMetricData", "AccessDenied", UNHANDLED),
    ("logs:PutLogEvents", "logs:PutLogEvents", EXCEPTION, UNHANDLED),
    ("sts:GetCallerIdentity", "", "", ""),
];

const EXCEPTION: &str = "AccessDeniedException";
const UNHANDLED: &str = "Unhandled";

/// Records every call, each way, from servers that have ended by then.
fn recorded() -> Option<Vec<(Way, Scene, Shown)>> {
    let moto = Moto::start()?;
    let recorded = WAYS.map(|way| {
        let scene = Scene::new();
        scene.encrypts_by(&moto.key, &moto.key);
        let mut shown = Shown::default();
        for (recording, url) in [("order-placed", &moto.url), ("metrics-put", &cloud_watch(2))] {
            let upstream = Upstream::endpoint(url).unwrap();
            let replay = scene.replay(way).filter(recording);
            replay.record_calls(RecordMode::Once).upstream(upstream).run(&mut shown).unwrap();
        }
        (way, scene, shown)
    });
    Some(recorded.into())
}

#[test]
fn what_was_recorded_is_answered_again_whichever_way_the_handler_runs() {
    let Some(recorded) = recorded() else { return };
    for (way, scene, first) in recorded {
        for (call, ..) in CALLS {
            let result = first.results.get(call);
            let failed = result.is_none_or(|result| result.get("error").is_some());
            assert!(!failed, "{way:?} {call} {:#?}", first.results);
        }
        assert!(first.all_are(CallAnswer::Upstream), "{way:?} {:#?}", first.answered);
        check_calls(&scene);
        accept(&scene.replay(way));
        for again in WAYS {
            let replay = scene.replay(again);
            let shown = shown(&replay);
            assert!(shown.all_are(CallAnswer::Recorded), "{way:?} {again:?} {:#?}", shown.answered);
            check_results(&first, &shown);
            replay.assert();
        }
    }
}

/// The same, but for the secret that was read.
#[track_caller]
fn check_results(first: &Shown, again: &Shown) {
    assert_eq!(first.results.len(), again.results.len());
    for (call, result) in &again.results {
        match call.as_str() {
            // The first is KMS's plaintext.
            "secretsmanager:GetSecretValue" => assert_eq!(result, "<secret:2>"),
            _ => assert_eq!(result, &first.results[call], "{call}"),
        }
    }
}

/// They are readable, and secrets are not in them.
fn check_calls(scene: &Scene) {
    let text = |name: &str| std::fs::read_to_string(scene.path(name)).unwrap();
    let calls = text("order-placed/calls.jsonl");
    for secret in [SECRET, "AWS4-HMAC", "amz-security-token"] {
        assert!(!calls.contains(secret), "{calls}");
    }
    // What came compressed.
    assert!(text("metrics-put/calls.jsonl").contains("shop number 299"));
}

fn accept(replay: &Replay) {
    for proposal in Accept::new(replay.clone()).run().unwrap().proposals {
        proposal.accept().unwrap();
    }
}

#[test]
fn a_refused_call_fails_with_the_error_of_the_sdk_and_the_text_of_aws() {
    for way in WAYS {
        let scene = Scene::new();
        let shown = shown(&scene.replay(way).deny("*").unwrap());
        for (call, action, code, class) in CALLS {
            let result = &shown.results[call];
            if action.is_empty() {
                // Nobody needs a permission for it: it is not recorded, and so no answer.
                assert_eq!(result["error"], "UnrecordedCall", "{way:?} {call} {result}");
                continue;
            }
            assert_eq!(
                (&result["error"], &result["class"]),
                (&code.into(), &class.into()),
                "{call}"
            );
            // SQS says it in small letters.
            let said = result["message"].as_str().unwrap().to_ascii_lowercase();
            let text = format!(
                "user: arn:aws:sts::123456789012:assumed-role/orders/orders is not authorized to \
                 perform: {} ",
                action.to_ascii_lowercase()
            );
            let text = said.starts_with(&text) && said.contains("with an explicit deny");
            assert!(text, "{way:?} {call} {said}");
        }
    }
}

#[test]
fn a_statement_of_the_role_that_is_taken_away_refuses_just_what_it_allowed() {
    let Some(recorded) = recorded() else { return };
    let (_, scene, _) = &recorded[0];
    let first = shown(&scene.replay(Way::InProcess));
    for (sid, actions) in scene.statements() {
        let shown = shown(&scene.replay(Way::InProcess).snapshot(scene.without(&sid)));
        for (call, action, ..) in CALLS {
            let result = &shown.results[call];
            let is_refused = result["message"]
                .as_str()
                .is_some_and(|text| text.contains("no identity-based policy allows the "));
            let needs = actions.iter().any(|allowed| allowed == action);
            assert_eq!(is_refused, needs, "without `{sid}`: {call} {result}");
            let is_same = result == &first.results[call];
            assert!(is_refused || is_same || needs, "without `{sid}`: {call} {result}");
        }
    }
}

#[test]
fn a_key_that_is_called_by_its_alias_is_decided_on_once_its_id_is_assumed() {
    let scene = Scene::new();
    scene.encrypts_by("alias/orders", "arn:aws:kms:us-east-1:123456789012:key/1234abcd");
    let replay = scene.replay(Way::InProcess).filter("order-placed");
    for (replay, code, text) in [
        (replay.clone(), EXCEPTION, "the policies depend on ${KeyId}, of"),
        (replay.clone().assume("${KeyId}", "other"), EXCEPTION, "no resource-based policy allows"),
        (replay.assume("${KeyId}", "1234abcd"), "UnrecordedCall", "kms:Encrypt on "),
    ] {
        let result = &shown(&replay).results["kms:Encrypt"];
        assert_eq!(result["error"], code, "{result}");
        assert!(result["message"].as_str().unwrap().contains(text), "{result}");
    }
}
