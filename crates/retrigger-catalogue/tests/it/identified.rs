//! Every operation, as botocore asks for it, is told exactly.

use crate::botocore::{Built, requests};

/// The services that are used most, 3,823 operations in botocore 1.44.8.
const MOST_USED: [&str; 35] = [
    "apigateway",
    "apigatewayv2",
    "athena",
    "autoscaling",
    "cloudformation",
    "cloudfront",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "events",
    "firehose",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
    "elasticache",
    "eks",
    "redshift",
    "batch",
    "dynamodbstreams",
];

/// Counts of requests: exact, built, and asked for.
struct Counts {
    exact: usize,
    built: usize,
    all: usize,
}

fn count(requests: &[Built]) -> Counts {
    let (mut exact, mut built) = (0, 0);
    for request in requests {
        if let Some(refusal) = request.refusal() {
            println!("not built: {} ({refusal})", request.name());
            continue;
        }
        built += 1;
        match request.identify() {
            Ok(found) if found.to_string() == request.name() => exact += 1,
            Ok(found) => println!("not exact: {} told as {found}", request.name()),
            Err(error) => println!("not told: {}: {error}", request.name()),
        }
    }
    let all = requests.len();
    println!("{exact} exact of {built} built of {all} operations");
    Counts { exact, built, all }
}

#[test]
fn operations_of_the_most_used_services_are_told() {
    let Some(requests) = requests(&MOST_USED) else { return };
    let counts = count(&requests);
    // 3,800 of 3,823.
    assert!(counts.exact * 3823 >= counts.all * 3800, "{} of {}", counts.exact, counts.all);
}

#[test]
fn operations_of_all_services_are_told() {
    let Some(requests) = requests(&[]) else { return };
    let counts = count(&requests);
    assert!(counts.exact * 100 >= counts.all * 98, "{} of {}", counts.exact, counts.all);
    assert!(counts.built * 100 >= counts.all * 98, "{} of {}", counts.built, counts.all);
}
