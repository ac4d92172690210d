//! Everything that triggers a function: one table, from which the type is made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::delivery::Delivery::{self, Caller, FunctionUrl, Poll, Push, Unchecked};
use crate::poll_actions;

/// Makes the enum and its look-ups of rows: variant, name, delivery, the shape of its source ARN.
macro_rules! triggers {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $delivery:expr, $shape:expr;)*) => {
        /// What triggers a function.
        ///
        /// Reads from and prints as its stable name in kebab-case, such as `apigw-rest-v1`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        #[non_exhaustive]
        pub enum Trigger {
            $($(#[$doc])* $variant,)*
        }

        impl Trigger {
            /// All triggers, in the order of their documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name: lower case, words joined by hyphens.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How its events reach the function, and therefore which policies decide.
            pub const fn delivery(self) -> Delivery {
                match self { $(Self::$variant => $delivery,)* }
            }

            /// The shape of its source ARN, with the parts that vary in capitals; `None` where it
            /// has no source ARN.
            pub const fn source_arn_shape(self) -> Option<&'static str> {
                match self { $(Self::$variant => $shape,)* }
            }
        }
    };
}

triggers! {
    // HTTP front doors
    /// A target group of an Application Load Balancer.
    Alb, "alb", Push { service: "elasticloadbalancing.amazonaws.com" },
        Some("arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID");
    /// An API Gateway REST API, Lambda proxy integration.
    ApigwRestV1, "apigw-rest-v1", Push { service: "apigateway.amazonaws.com" },
        Some("arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH");
    /// An API Gateway HTTP API with payload format 1.0.
    ApigwHttpV1fmt, "apigw-http-v1fmt", Push { service: "apigateway.amazonaws.com" },
        Some("arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH");
    /// An API Gateway HTTP API with payload format 2.0.
    ApigwHttpV2, "apigw-http-v2", Push { service: "apigateway.amazonaws.com" },
        Some("arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH");
    /// An API Gateway WebSocket API.
    ApigwWebsocket, "apigw-websocket", Push { service: "apigateway.amazonaws.com" },
        Some("arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/ROUTE");
    /// An API Gateway Lambda authorizer.
    ApigwAuthorizer, "apigw-authorizer", Push { service: "apigateway.amazonaws.com" },
        Some("arn:aws:execute-api:REGION:ACCOUNT:API/authorizers/AUTHORIZER");
    /// The function's own URL.
    FunctionUrl, "function-url", FunctionUrl, None;
    /// A VPC Lattice target group.
    VpcLattice, "vpc-lattice", Push { service: "vpc-lattice.amazonaws.com" },
        Some("arn:aws:vpc-lattice:REGION:ACCOUNT:targetgroup/ID");
    /// Lambda@Edge behind a CloudFront distribution.
    CloudfrontEdge, "cloudfront-edge", Unchecked, None;
    /// An AppSync resolver or function, under its data source's role.
    AppsyncResolver, "appsync-resolver", Caller, None;
    /// An AppSync Lambda authorizer.
    AppsyncAuthorizer, "appsync-authorizer", Push { service: "appsync.amazonaws.com" },
        Some("arn:aws:appsync:REGION:ACCOUNT:apis/API");

    // Notifications and events
    /// An S3 event notification.
    S3, "s3", Push { service: "s3.amazonaws.com" }, Some("arn:aws:s3:::BUCKET");
    /// S3 Object Lambda, called as the user who asks for the object.
    S3ObjectLambda, "s3-object-lambda", Caller, None;
    /// S3 Batch Operations, under the job's role.
    S3Batch, "s3-batch", Caller, None;
    /// An SNS subscription.
    Sns, "sns", Push { service: "sns.amazonaws.com" }, Some("arn:aws:sns:REGION:ACCOUNT:TOPIC");
    /// An EventBridge rule that matches events.
    Eventbridge, "eventbridge", Push { service: "events.amazonaws.com" },
        Some("arn:aws:events:REGION:ACCOUNT:rule/BUS/RULE");
    /// An EventBridge rule that runs on a schedule.
    EventbridgeScheduled, "eventbridge-scheduled", Push { service: "events.amazonaws.com" },
        Some("arn:aws:events:REGION:ACCOUNT:rule/RULE");
    /// A CloudWatch Logs subscription filter.
    CloudwatchLogs, "cloudwatch-logs", Push { service: "logs.amazonaws.com" },
        Some("arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:*");
    /// A CloudWatch alarm action.
    CloudwatchAlarm, "cloudwatch-alarm", Push { service: "lambda.alarms.cloudwatch.amazonaws.com" },
        Some("arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME");
    /// An SES receipt rule.
    Ses, "ses", Push { service: "ses.amazonaws.com" },
        Some("arn:aws:ses:REGION:ACCOUNT:receipt-rule-set/SET:receipt-rule/RULE");
    /// An AWS Config custom rule.
    Config, "config", Push { service: "config.amazonaws.com" },
        Some("arn:aws:config:REGION:ACCOUNT:config-rule/ID");
    /// A CodeCommit repository trigger.
    Codecommit, "codecommit", Push { service: "codecommit.amazonaws.com" },
        Some("arn:aws:codecommit:REGION:ACCOUNT:REPOSITORY");
    /// A Secrets Manager rotation.
    SecretsmanagerRotation, "secretsmanager-rotation",
        Push { service: "secretsmanager.amazonaws.com" },
        Some("arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME");

    // Queues, streams and brokers
    /// An SQS queue, standard or FIFO.
    Sqs, "sqs", Poll { actions: poll_actions::SQS }, Some("arn:aws:sqs:REGION:ACCOUNT:QUEUE");
    /// A Kinesis data stream.
    Kinesis, "kinesis", Poll { actions: poll_actions::KINESIS },
        Some("arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM");
    /// A DynamoDB stream.
    Dynamodb, "dynamodb", Poll { actions: poll_actions::DYNAMODB },
        Some("arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL");
    /// An Amazon MSK cluster.
    Msk, "msk", Poll { actions: poll_actions::MSK },
        Some("arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID");
    /// A Kafka cluster that AWS does not manage.
    SelfManagedKafka, "self-managed-kafka", Poll { actions: poll_actions::SELF_MANAGED_KAFKA },
        None;
    /// An Amazon MQ broker with ActiveMQ.
    AmazonmqActivemq, "amazonmq-activemq", Poll { actions: poll_actions::AMAZON_MQ },
        Some("arn:aws:mq:REGION:ACCOUNT:broker:NAME:ID");
    /// An Amazon MQ broker with RabbitMQ.
    AmazonmqRabbitmq, "amazonmq-rabbitmq", Poll { actions: poll_actions::AMAZON_MQ },
        Some("arn:aws:mq:REGION:ACCOUNT:broker:NAME:ID");
    /// A DocumentDB change stream.
    Documentdb, "documentdb", Poll { actions: poll_actions::DOCUMENT_DB },
        Some("arn:aws:rds:REGION:ACCOUNT:cluster:NAME");
    /// Data transformation of a Firehose stream, under the stream's role.
    Firehose, "firehose", Caller, None;
    /// Pre-processing or output of a Kinesis Data Analytics application, under its role.
    KinesisAnalytics, "kinesis-analytics", Caller, None;

    // Applications
    /// A Cognito user pool trigger.
    CognitoUserpool, "cognito-userpool", Push { service: "cognito-idp.amazonaws.com" },
        Some("arn:aws:cognito-idp:REGION:ACCOUNT:userpool/POOL");
    /// A Cognito Sync trigger.
    CognitoSync, "cognito-sync", Push { service: "cognito-sync.amazonaws.com" },
        Some("arn:aws:cognito-sync:REGION:ACCOUNT:identitypool/POOL");
    /// An Amazon Connect contact flow.
    Connect, "connect", Push { service: "connect.amazonaws.com" },
        Some("arn:aws:connect:REGION:ACCOUNT:instance/ID");
    /// A Lex V1 code hook.
    LexV1, "lex-v1", Push { service: "lex.amazonaws.com" },
        Some("arn:aws:lex:REGION:ACCOUNT:intent:NAME:VERSION");
    /// A Lex V2 code hook.
    LexV2, "lex-v2", Push { service: "lexv2.amazonaws.com" },
        Some("arn:aws:lex:REGION:ACCOUNT:bot-alias/BOT/ALIAS");
    /// An action group of a Bedrock agent.
    BedrockAgent, "bedrock-agent", Push { service: "bedrock.amazonaws.com" },
        Some("arn:aws:bedrock:REGION:ACCOUNT:agent/ID");
    /// A custom Alexa skill.
    AlexaSkill, "alexa-skill", Push { service: "alexa-appkit.amazon.com" }, None;
    /// An Alexa smart home skill.
    AlexaSmartHome, "alexa-smart-home", Push { service: "alexa-connectedhome.amazon.com" }, None;
    /// An AWS IoT rule; its payload is whatever the rule selects.
    IotRule, "iot-rule", Push { service: "iot.amazonaws.com" },
        Some("arn:aws:iot:REGION:ACCOUNT:rule/NAME");
    /// An AWS IoT button.
    IotButton, "iot-button", Push { service: "iot.amazonaws.com" },
        Some("arn:aws:iot:REGION:ACCOUNT:rule/NAME");
    /// An AWS IoT custom authorizer.
    IotAuthorizer, "iot-authorizer", Push { service: "iot.amazonaws.com" },
        Some("arn:aws:iot:REGION:ACCOUNT:authorizer/NAME");
    /// The pre-provisioning hook of an AWS IoT fleet provisioning template.
    IotPreprovisionHook, "iot-preprovision-hook", Push { service: "iot.amazonaws.com" },
        Some("arn:aws:iot:REGION:ACCOUNT:provisioningtemplate/NAME");
    /// An AWS IoT Events detector model.
    IotEvents, "iot-events", Push { service: "iotevents.amazonaws.com" },
        Some("arn:aws:iotevents:REGION:ACCOUNT:detectorModel/NAME");
    /// A Transfer Family custom identity provider.
    TransferIdentityProvider, "transfer-identity-provider",
        Push { service: "transfer.amazonaws.com" },
        Some("arn:aws:transfer:REGION:ACCOUNT:server/ID");

    // Callers with a role of their own
    /// A CloudFormation custom resource, called as whoever runs the stack.
    CloudformationCustomResource, "cloudformation-custom-resource", Caller, None;
    /// A CloudFormation macro, called as whoever runs the stack.
    CloudformationMacro, "cloudformation-macro", Caller, None;
    /// An action of a CodePipeline pipeline, under the pipeline's role.
    CodepipelineJob, "codepipeline-job", Caller, None;
    /// A lifecycle hook of a CodeDeploy deployment, under the deployment's role.
    CodedeployHook, "codedeploy-hook", Caller, None;
    /// A destination of another function's asynchronous invocations, under that function's role.
    LambdaDestination, "lambda-destination", Caller, None;
    /// A Step Functions state, under the state machine's role.
    StepFunctions, "step-functions", Caller, None;
    /// An EventBridge Scheduler schedule, under the schedule's role.
    Scheduler, "scheduler", Caller, None;
    /// An EventBridge pipe, under the pipe's role.
    Pipes, "pipes", Caller, None;
    /// Anyone who calls the Invoke API.
    DirectInvoke, "direct-invoke", Caller, None;
}

/// A word that names no trigger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` names no trigger{hint}")]
pub struct ParseTriggerError {
    name: String,
    hint: String,
}

impl ParseTriggerError {
    fn new(name: &str) -> Self {
        let hint = match candidates(name).as_slice() {
            [] => ": expected a name such as `alb`, `sqs` or `step-functions`".to_owned(),
            some => format!(": did you mean {}?", some.join(" or ")),
        };
        Self { name: name.to_owned(), hint }
    }
}

/// The three triggers whose names hold this word or are closest to it, quoted.
fn candidates(name: &str) -> Vec<String> {
    let distance = |trigger: &Trigger| match trigger.name() {
        known if name.len() > 2 && known.contains(name) => 0,
        known => strsim::damerau_levenshtein(known, name),
    };
    let mut near: Vec<_> = Trigger::ALL.iter().map(|known| (distance(known), known)).collect();
    near.retain(|(distance, _)| distance * 3 <= name.len());
    near.sort_by_key(|(distance, _)| *distance);
    near.iter()
        .filter(|_| !name.is_empty())
        .take(3)
        .map(|(_, known)| format!("`{known}`"))
        .collect()
}

impl FromStr for Trigger {
    type Err = ParseTriggerError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.iter().copied().find(|trigger| trigger.name() == name);
        named.ok_or_else(|| ParseTriggerError::new(name))
    }
}

impl TryFrom<String> for Trigger {
    type Error = ParseTriggerError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Trigger> for &'static str {
    fn from(trigger: Trigger) -> Self {
        trigger.name()
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_name_reads_back_as_its_trigger() {
        for &trigger in Trigger::ALL {
            assert_eq!(trigger.name().parse(), Ok(trigger));
            let json = serde_json::to_string(&trigger).unwrap();
            assert_eq!(json, format!("\"{trigger}\""));
            assert_eq!(serde_json::from_str::<Trigger>(&json).unwrap(), trigger);
        }
    }

    #[test]
    fn every_service_is_a_service_principal() {
        for trigger in Trigger::ALL {
            if let Some(service) = trigger.delivery().service() {
                let principal = service.parse();
                assert_eq!(principal, Ok(retrigger_iam::Principal::Service(service.to_owned())));
            }
        }
    }

    #[rstest]
    #[case("sqss", ": did you mean `sqs`?")]
    #[case("kafka", ": did you mean `self-managed-kafka`?")]
    #[case("apigw-http", ": did you mean `apigw-http-v1fmt` or `apigw-http-v2`?")]
    #[case("", ": expected a name such as `alb`, `sqs` or `step-functions`")]
    fn an_unknown_name_gets_a_few_candidates(#[case] name: &str, #[case] hint: &str) {
        let message = name.parse::<Trigger>().unwrap_err().to_string();
        assert_eq!(message, format!("`{name}` names no trigger{hint}"));
    }
}
