use rstest::rstest;

use super::*;

#[test]
fn every_record_decodes_and_is_found_by_its_name() {
    let mut count = 0;
    for service in services() {
        let prefix = service.prefix().to_string();
        assert_eq!(super::service(&prefix), Some(service), "{prefix}");
        assert_ne!(service.name().to_string(), "");
        for action in service.actions() {
            let name = action.name().to_string();
            assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{prefix}:{name}");
            assert_eq!(super::action(&prefix.to_uppercase(), &name), Some(action));
            assert_eq!(service.action(&name.to_lowercase()), Some(action), "{prefix}:{name}");
            assert_eq!(action.service(), service, "{prefix}:{name}");
            for used in action.resource_types() {
                let is_listed = service.resource_types().any(|one| one == used.resource_type());
                assert!(is_listed, "{action}");
                used.condition_keys().for_each(check_key);
            }
            action.condition_keys().for_each(check_key);
            assert!(action.dependent_actions().all(|one| one.to_string().contains(':')));
            count += 1;
        }
        for resource in service.resource_types() {
            let arn = resource.arn_pattern().to_string();
            assert!(arn.starts_with("arn:${Partition}:"), "{arn}");
            assert!(arn.split(':').count() >= 6, "{arn}");
            resource.condition_keys().for_each(check_key);
        }
        service.condition_keys().for_each(check_key);
    }
    assert_eq!(count, blob::ACTIONS.count);
}

#[track_caller]
fn check_key(key: ConditionKey) {
    let name = key.name().to_string();
    assert_eq!(condition_key(&name.to_uppercase()), Some(key), "{name}");
}

#[test]
fn numbers_that_lead_out_of_the_data_are_no_panic() {
    let nowhere = usize::MAX / 64;
    assert_eq!(Text::new(u32::MAX as usize).to_string(), "");
    assert_eq!(list::members(nowhere).count(), 0);
    let action = Action::new(nowhere);
    assert_eq!(action.condition_keys().count(), action.condition_keys().len());
}

#[rstest]
#[case("s3:GetObject", &[AccessLevel::Read], &["object"])]
#[case("lambda:InvokeFunction", &[AccessLevel::Write], &["function"])]
#[case("iam:PassRole", &[AccessLevel::Write], &["role"])]
#[case("sqs:SendMessage", &[AccessLevel::Write], &["queue"])]
#[case("s3:ListAllMyBuckets", &[AccessLevel::List], &[])]
fn actions_have_their_levels_and_resources(
    #[case] name: &str,
    #[case] levels: &[AccessLevel],
    #[case] resources: &[&str],
) {
    let (prefix, rest) = name.split_once(':').unwrap();
    let action = action(prefix, rest).unwrap();
    assert_eq!(action.access_levels(), levels);
    let used: Vec<String> =
        action.resource_types().map(|used| used.resource_type().name().to_string()).collect();
    assert!(resources.iter().all(|one| used.iter().any(|name| name == one)), "{used:?}");
    assert_eq!(resources.is_empty(), used.is_empty());
}

#[test]
fn an_action_names_what_it_depends_on() {
    let run = action("ecs", "RunTask").unwrap();
    assert!(run.dependent_actions().any(|one| one.to_string() == "iam:PassRole"));
}

#[rstest]
#[case("aws:TagKeys", KeyType::String, true, true)]
#[case("kms:ViaService", KeyType::String, false, false)]
#[case("kms:EncryptionContext:department", KeyType::String, false, false)]
#[case("dynamodb:LeadingKeys", KeyType::String, true, false)]
#[case("dynamodb:Attributes", KeyType::String, true, false)]
#[case("lambda:FunctionArn", KeyType::Arn, false, false)]
#[case("aws:SourceArn", KeyType::Arn, false, true)]
#[case("aws:EpochTime", KeyType::DateOrNumeric, false, true)]
#[case("aws:SourceIp", KeyType::IpAddress, false, true)]
#[case("s3:ExistingObjectTag/team", KeyType::String, false, false)]
#[case("github.com/enterprises/acme:actor", KeyType::String, false, false)]
fn keys_have_their_types(
    #[case] name: &str,
    #[case] key_type: KeyType,
    #[case] is_multi: bool,
    #[case] is_global: bool,
) {
    let key = condition_key(name).unwrap();
    assert_eq!(
        (key.key_type(), key.is_multi_valued(), key.is_global()),
        (key_type, is_multi, is_global)
    );
}

#[rstest]
#[case("")]
#[case(":")]
#[case("aws:")]
#[case("aws:RequestTag/")]
#[case("é:é")]
#[case("s3:ExistingObjectTag/")]
fn what_is_no_key_is_not_found(#[case] name: &str) {
    assert_eq!(condition_key(name), None);
    let _ = (service(name), action(name, name), nearest_service(name), nearest_condition_key(name));
}

#[rstest]
#[case("events:metadata/a", "events:Metadata/${MetadataKey}")]
#[case("events:Metadata/a/matcher", "events:Metadata/${MetadataKey}/Matcher")]
#[case("agent.eu.buildkite.dev:cluster_id", "agent.${Domain}.buildkite.dev:cluster_id")]
#[case("aws:RequestTag/a/b:c", "aws:RequestTag/${TagKey}")]
#[case("codebuild:fileSystemLocations/a.type", "codebuild:fileSystemLocations/${identifier}.type")]
fn keys_with_a_variable_part_are_found_by_the_whole_name(#[case] name: &str, #[case] key: &str) {
    assert_eq!(condition_key(name).map(|key| key.name().to_string()).as_deref(), Some(key));
}

#[test]
fn retired_actions_are_known_as_such() {
    let closed = service("evidently").unwrap();
    assert!(closed.actions().len() > 0 && closed.actions().all(Action::is_retired));
    assert!(!action("s3", "GetObject").unwrap().is_retired());
}

#[rstest]
#[case("lamda", Some("lambda"))]
#[case("zzzzzzzzzz", None)]
fn nearest_services(#[case] prefix: &str, #[case] expected: Option<&str>) {
    assert_eq!(nearest_service(prefix).as_deref(), expected);
}

#[test]
fn nearest_keys_are_of_the_same_service_first() {
    assert_eq!(nearest_condition_key("aws:SourceArm").as_deref(), Some("aws:SourceArn"));
    assert_eq!(nearest_condition_key("s3:prefx").as_deref(), Some("s3:prefix"));
}
