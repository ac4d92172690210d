//! What a policy and an execution role must have for a trigger, through the library.

use retrigger::{
    trigger::{Permission, Trigger},
    triggers::{NewMapping, NewTrigger, TriggersError},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::trigger_scene::{Scene, arn};

/// As people write policies by hand: in a holder, with one statement that is no list, on one line.
#[rstest]
#[case(
    "{\n  \"Policy\": {\n    \"Statement\": [\n      OLD\n    ]\n  },\n  \"RevisionId\": \"r\"\n}\n",
    "/Policy"
)]
#[case("{\"RevisionId\": \"r\", \"Policy\": {\"Statement\": OLD}}", "/Policy")]
#[case("{\n  \"Statement\": OLD\n}\n", "")]
#[case("{\"Statement\": [OLD]}", "")]
fn every_form_of_a_policy_is_added_to(#[case] form: &str, #[case] policy: &str) {
    let scene = Scene::new(&json!({}), "");
    let function = "arn:aws:lambda:us-east-1:841860927337:function:demo";
    let old = Permission::invoke("old", "*").statement(function).unwrap();
    scene.write("snapshot/lambda/demo/policy.json", &form.replace("OLD", &old.to_string()));
    let mut triggers = scene.triggers();
    let added = triggers.add_permissions(&[Permission::invoke("new", "*")], None).unwrap();
    let text = std::fs::read_to_string(&added.file).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file.pointer(policy).unwrap()["Statement"], json!([old, added.written[0]]));
    assert_ne!(file.get("RevisionId"), Some(&json!("r")));
    assert_eq!(text.ends_with('\n'), form.ends_with('\n'));
    triggers.remove("old", None).unwrap();
    assert_eq!(triggers.list().unwrap().len(), 1);
}

#[test]
fn a_policy_ends_at_20_kilobytes() {
    let scene = Scene::new(&json!({}), "");
    let mut triggers = scene.triggers();
    let error = (0..1000).find_map(|index| {
        let permission = Permission {
            source_arn: Some(arn("sns", &format!("topic-{index}"))),
            ..Permission::invoke(format!("s{index}"), "sns.amazonaws.com")
        };
        triggers.add_permissions(&[permission], None).err()
    });
    let error = error.expect("a policy without end").to_string();
    let size = error.strip_prefix("PolicyLengthExceededException: The final policy size (");
    let (size, rest) = size.and_then(|size| size.split_once(')')).expect(&error);
    assert_eq!(rest, " is bigger than the limit (20480).");
    assert!((20_481..20_900).contains(&size.parse().unwrap()), "{error}");
    assert!((50..120).contains(&triggers.list().unwrap().len()));
}

#[test]
fn of_several_permissions_all_are_written_or_none() {
    let scene = Scene::new(&json!({}), "");
    let mut triggers = scene.triggers();
    let twice = [Permission::invoke("a", "*"), Permission::invoke("a", "*")];
    let error = triggers.add_permissions(&twice, None).unwrap_err();
    assert!(
        matches!(&error, TriggersError::Refused(refusal)
        if refusal.code == "ResourceConflictException"),
        "{error}"
    );
    assert_eq!(triggers.list().unwrap(), []);
}

#[test]
fn a_destination_for_failed_batches_needs_a_permission_too() {
    let scene = Scene::new(&json!({}), "");
    scene.grant_role(&[json!({"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"})]);
    let new = NewMapping {
        starting_position: Some("LATEST".to_owned()),
        on_failure: Some(arn("sqs", "lost")),
        ..NewMapping::new(Trigger::Kinesis, arn("kinesis", "stream/s"))
    };
    let error = scene.triggers().create_mapping(&new).unwrap_err();
    let TriggersError::Denied(denial) = error else { panic!("{error}") };
    let missing = json!([{"Effect": "Allow", "Action": "sqs:SendMessage",
        "Resource": arn("sqs", "lost")}]);
    assert_eq!(json!(denial.missing), missing);
}

#[test]
fn a_key_that_encrypts_the_source_is_asked_for() {
    let scene = Scene::new(&json!({}), "");
    scene.grant_role(&[json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})]);
    let source_kms_keys = vec![arn("kms", "key/k")];
    let new = NewMapping { source_kms_keys, ..NewMapping::new(Trigger::Sqs, arn("sqs", "q")) };
    let error = scene.triggers().create_mapping(&new).unwrap_err();
    let TriggersError::Denied(denial) = error else { panic!("{error}") };
    assert_eq!(denial.missing[0]["Action"], "kms:Decrypt");
}

#[test]
fn a_role_that_may_invoke_already_is_told_from_one_that_may_not() {
    let scene = Scene::new(&json!({}), "");
    let demo = "arn:aws:iam::841860927337:role/demo".to_owned();
    let new = NewTrigger { principal: Some(demo), ..NewTrigger::new(Trigger::StepFunctions) };
    let added = scene.triggers().add(&new).unwrap();
    assert_eq!(added.notes, Vec::<String>::new());
    scene.triggers().remove("step-functions", None).unwrap();
    scene.grant_role(&[json!({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})]);
    let added = scene.triggers().add(&new).unwrap();
    assert!(added.notes[0].ends_with("the statement is not needed"), "{:?}", added.notes);
}
