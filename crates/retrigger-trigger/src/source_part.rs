//! Where payloads carry the parts of their source.

use crate::trigger::Trigger;

/// A part of what a payload says of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourcePart {
    /// The source ARN, whole or as the start of a longer ARN.
    Arn,
    /// The source's own name beside its ARN, such as a bucket's.
    Name,
    /// The account of the source.
    Account,
    /// The id of an API, also within the domain names that hold it.
    Api,
    /// The stage of an API.
    Stage,
    /// The HTTP method, also within a route key.
    Method,
    /// The path or route of an API as configured, also within a route key.
    Route,
}

impl SourcePart {
    /// The places where payloads of a trigger carry this part: JSON pointers in which `*` stands
    /// for every element of an array. A payload need not have all of them; none means that no
    /// payload of the trigger carries the part.
    ///
    /// ```
    /// # use retrigger_trigger::{SourcePart, Trigger};
    /// assert_eq!(SourcePart::Arn.places(Trigger::Sqs), ["/Records/*/eventSourceARN"]);
    /// assert!(SourcePart::Arn.places(Trigger::Eventbridge).is_empty());
    /// ```
    pub const fn places(self, trigger: Trigger) -> &'static [&'static str] {
        match self {
            Self::Arn => arn(trigger),
            Self::Name => match trigger {
                Trigger::S3 => &["/Records/*/s3/bucket/name"],
                _ => &[],
            },
            Self::Account => account(trigger),
            _ if !is_api(trigger) => &[],
            Self::Api => &[
                "/requestContext/apiId",
                "/requestContext/domainName",
                "/requestContext/domainPrefix",
                "/headers/Host",
                "/headers/host",
                "/multiValueHeaders/Host/*",
                "/multiValueHeaders/host/*",
            ],
            Self::Stage => &["/requestContext/stage"],
            Self::Method => &[
                "/httpMethod",
                "/requestContext/httpMethod",
                "/requestContext/http/method",
                "/routeKey",
                "/requestContext/routeKey",
            ],
            Self::Route => &[
                "/resource",
                "/requestContext/resourcePath",
                "/routeKey",
                "/requestContext/routeKey",
            ],
        }
    }
}

const fn is_api(trigger: Trigger) -> bool {
    matches!(
        trigger,
        Trigger::ApigwRestV1
            | Trigger::ApigwHttpV1fmt
            | Trigger::ApigwHttpV2
            | Trigger::ApigwWebsocket
    )
}

const fn arn(trigger: Trigger) -> &'static [&'static str] {
    match trigger {
        Trigger::Alb => &["/requestContext/elb/targetGroupArn"],
        Trigger::VpcLattice => &["/requestContext/targetGroupArn", "/requestContext/serviceArn"],
        Trigger::S3 => &["/Records/*/s3/bucket/arn"],
        Trigger::Sns => &["/Records/*/Sns/TopicArn", "/Records/*/EventSubscriptionArn"],
        Trigger::Sqs | Trigger::Kinesis | Trigger::Dynamodb | Trigger::Codecommit => {
            &["/Records/*/eventSourceARN"]
        }
        Trigger::Msk
        | Trigger::AmazonmqActivemq
        | Trigger::AmazonmqRabbitmq
        | Trigger::Documentdb => &["/eventSourceArn"],
        Trigger::EventbridgeScheduled => &["/resources/0"],
        Trigger::CloudwatchAlarm => &["/alarmArn"],
        Trigger::Config => &["/configRuleArn"],
        Trigger::SecretsmanagerRotation => &["/SecretId"],
        Trigger::Connect => &["/Details/ContactData/InstanceARN"],
        Trigger::IotPreprovisionHook => &["/templateArn"],
        _ => &[],
    }
}

const fn account(trigger: Trigger) -> &'static [&'static str] {
    match trigger {
        Trigger::Eventbridge | Trigger::EventbridgeScheduled => &["/account"],
        Trigger::CloudwatchAlarm | Trigger::Config => &["/accountId"],
        Trigger::AppsyncAuthorizer => &["/requestContext/accountId"],
        _ if is_api(trigger) => &["/requestContext/accountId"],
        _ => &[],
    }
}
