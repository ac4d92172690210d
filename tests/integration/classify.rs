//! `retrigger classify`.

use crate::support::retrigger;

#[test]
fn what_is_not_in_the_payload_is_said_to_be_unknown() {
    let ran = retrigger(["classify", "recordings/lambda-demo/s3-object-created/event.json"]);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.stdout, @"
    recordings/lambda-demo/s3-object-created/event.json
      trigger         s3
      principal       s3.amazonaws.com
      action          lambda:InvokeFunction
      source ARN      arn:aws:s3:::athena-demo-kodekloud
      source account  unknown: the payload does not say
    ");
}

#[test]
fn json_output_is_one_line_a_file() {
    let ran = retrigger([
        "classify",
        "--format",
        "json",
        "recordings/lambda-demo/alb-get-root/event.json",
        "recordings/lambda-demo/snapshot/lambda/lambdaDemo/configuration.json",
    ]);
    assert_eq!(ran.code, 1, "one of the files is no event");
    insta::assert_snapshot!(ran.stdout, @r#"
    {"file":"recordings/lambda-demo/alb-get-root/event.json","trigger":"alb","principal":"elasticloadbalancing.amazonaws.com","action":"lambda:InvokeFunction","source_arn":{"value":"arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/my-targets/73e2d6bc24d8a067","provenance":"derived"},"source_account":{"value":"841860927337","provenance":"derived"}}
    {"file":"recordings/lambda-demo/snapshot/lambda/lambdaDemo/configuration.json","trigger":null}
    "#);
}

#[test]
fn a_file_that_is_no_json_does_not_stop_the_others() {
    let ran =
        retrigger(["classify", "Cargo.toml", "recordings/lambda-demo/alb-get-root/event.json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("Cargo.toml: the event is not JSON"), "{}", ran.stderr);
    assert!(ran.stdout.contains("trigger         alb"), "{}", ran.stdout);
}
