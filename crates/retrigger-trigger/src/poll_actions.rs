//! What the execution role must be allowed for each source that Lambda polls, and what AWS says
//! where it is not.

/// One action that an event source mapping performs under the function's execution role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollAction {
    /// The action, such as `sqs:ReceiveMessage`.
    pub action: &'static str,
    /// On what it is performed.
    pub resource: PollResource,
}

/// The resource of a [`PollAction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PollResource {
    /// The event source as the mapping names it.
    Source,
    /// The stream, where the mapping names one of its enhanced fan-out consumers.
    Stream,
    /// The secret that holds the credentials of a broker or cluster.
    Secret,
    /// `*`: no resource is named, or the mapping cannot tell which.
    Any,
    /// As [`Any`](Self::Any), and only asked where the mapping connects to a VPC.
    AnyInVpc,
    /// As [`Secret`](Self::Secret), and only asked where the mapping names a secret.
    OptionalSecret,
}

const fn on(resource: PollResource, action: &'static str) -> PollAction {
    PollAction { action, resource }
}

use PollResource::{Any, AnyInVpc, OptionalSecret, Secret, Source, Stream};

/// Source: Lambda Developer Guide, "Create and configure an Amazon SQS event source mapping".
pub(crate) const SQS: &[PollAction] = &[
    on(Source, "sqs:ReceiveMessage"),
    on(Source, "sqs:DeleteMessage"),
    on(Source, "sqs:GetQueueAttributes"),
];

/// Source: AWS Managed Policy Reference, "AWSLambdaKinesisExecutionRole".
pub(crate) const KINESIS: &[PollAction] = &[
    on(Stream, "kinesis:DescribeStream"),
    on(Stream, "kinesis:DescribeStreamSummary"),
    on(Stream, "kinesis:GetRecords"),
    on(Stream, "kinesis:GetShardIterator"),
    on(Stream, "kinesis:ListShards"),
    on(Any, "kinesis:ListStreams"),
    on(Source, "kinesis:SubscribeToShard"),
];

/// Source: AWS Managed Policy Reference, "AWSLambdaDynamoDBExecutionRole".
pub(crate) const DYNAMODB: &[PollAction] = &[
    on(Source, "dynamodb:DescribeStream"),
    on(Source, "dynamodb:GetRecords"),
    on(Source, "dynamodb:GetShardIterator"),
    on(Any, "dynamodb:ListStreams"),
];

/// Source: AWS Managed Policy Reference, "AWSLambdaMSKExecutionRole"; a secret for SASL/SCRAM.
pub(crate) const MSK: &[PollAction] = &[
    on(Source, "kafka:DescribeCluster"),
    on(Source, "kafka:DescribeClusterV2"),
    on(Source, "kafka:GetBootstrapBrokers"),
    on(OptionalSecret, "secretsmanager:GetSecretValue"),
    on(Any, "ec2:CreateNetworkInterface"),
    on(Any, "ec2:DescribeNetworkInterfaces"),
    on(Any, "ec2:DescribeVpcs"),
    on(Any, "ec2:DeleteNetworkInterface"),
    on(Any, "ec2:DescribeSubnets"),
    on(Any, "ec2:DescribeSecurityGroups"),
];

/// Source: Lambda Developer Guide, "Using self-managed Apache Kafka with Lambda". Without secret
/// and VPC there is nothing to ask but logging, which is a step of its own.
pub(crate) const SELF_MANAGED_KAFKA: &[PollAction] = &[
    on(OptionalSecret, "secretsmanager:GetSecretValue"),
    on(AnyInVpc, "ec2:CreateNetworkInterface"),
    on(AnyInVpc, "ec2:DescribeNetworkInterfaces"),
    on(AnyInVpc, "ec2:DescribeVpcs"),
    on(AnyInVpc, "ec2:DeleteNetworkInterface"),
    on(AnyInVpc, "ec2:DescribeSubnets"),
    on(AnyInVpc, "ec2:DescribeSecurityGroups"),
];

/// Source: Lambda Developer Guide, "Using Lambda with Amazon MQ".
pub(crate) const AMAZON_MQ: &[PollAction] = &[
    on(Source, "mq:DescribeBroker"),
    on(Secret, "secretsmanager:GetSecretValue"),
    on(Any, "ec2:CreateNetworkInterface"),
    on(Any, "ec2:DescribeNetworkInterfaces"),
    on(Any, "ec2:DescribeVpcs"),
    on(Any, "ec2:DeleteNetworkInterface"),
    on(Any, "ec2:DescribeSubnets"),
    on(Any, "ec2:DescribeSecurityGroups"),
];

/// Source: Lambda Developer Guide, "Using AWS Lambda with Amazon DocumentDB".
pub(crate) const DOCUMENT_DB: &[PollAction] = &[
    on(Source, "rds:DescribeDBClusters"),
    on(Any, "rds:DescribeDBClusterParameters"),
    on(Any, "rds:DescribeDBSubnetGroups"),
    on(Secret, "secretsmanager:GetSecretValue"),
    on(Any, "ec2:CreateNetworkInterface"),
    on(Any, "ec2:DescribeNetworkInterfaces"),
    on(Any, "ec2:DescribeVpcs"),
    on(Any, "ec2:DeleteNetworkInterface"),
    on(Any, "ec2:DescribeSubnets"),
    on(Any, "ec2:DescribeSecurityGroups"),
];

/// What AWS answers where the execution role lacks a poll action.
///
/// `CreateEventSourceMapping` answers with status 400, code `InvalidParameterValueException` and
/// this text. Queues and everything else follow one pattern, seen for SQS and EC2; for Kinesis and
/// DynamoDB AWS names the stream and what it needs, whichever action was refused.
///
/// ```
/// # use retrigger_trigger::poll_denial_text;
/// let queue = "arn:aws:sqs:us-east-1:841860927337:orders";
/// assert_eq!(
///     poll_denial_text("sqs:ReceiveMessage", Some(queue)),
///     "The provided execution role does not have permissions to call ReceiveMessage on SQS",
/// );
/// ```
pub fn poll_denial_text(action: &str, source_arn: Option<&str>) -> String {
    let (service, api) = action.split_once(':').unwrap_or(("", action));
    if let (Some(needed), Some(arn)) = (stream_needs(service), source_arn) {
        return format!(
            "Cannot access stream {arn}. Please ensure the role can perform the {needed} Actions \
             on your stream in IAM."
        );
    }
    let service = service_in_denials(service);
    format!("The provided execution role does not have permissions to call {api} on {service}")
}

/// The permissions which AWS lists for a stream it cannot read.
fn stream_needs(service: &str) -> Option<&'static str> {
    match service {
        "kinesis" => {
            Some("GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams")
        }
        "dynamodb" => Some("GetRecords, GetShardIterator, DescribeStream, and ListStreams"),
        _ => None,
    }
}

/// A service as AWS's message spells it. `SQS`, `EC2` and `XRAY` are seen; the rest follow the
/// pattern of capitals and are not.
fn service_in_denials(service: &str) -> String {
    service.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("sqs:ReceiveMessage", "call ReceiveMessage on SQS")]
    #[case("ec2:CreateNetworkInterface", "call CreateNetworkInterface on EC2")]
    #[case("mq:DescribeBroker", "call DescribeBroker on MQ")]
    fn denials_name_api_and_service(#[case] action: &str, #[case] end: &str) {
        let text = poll_denial_text(action, Some("arn:aws:x:r:111122223333:y"));
        assert_eq!(text, format!("The provided execution role does not have permissions to {end}"));
    }

    #[test]
    fn a_stream_is_named_with_all_it_needs() {
        let arn = "arn:aws:dynamodb:us-east-1:111122223333:table/t/stream/2026-01-01T00:00:00.000";
        let text = poll_denial_text("dynamodb:GetRecords", Some(arn));
        assert!(text.starts_with(&format!("Cannot access stream {arn}. Please ensure the role")));
        assert!(text.ends_with("DescribeStream, and ListStreams Actions on your stream in IAM."));
    }
}
