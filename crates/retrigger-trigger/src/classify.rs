//! From a payload to what is known of its invocation.

mod apps;
mod callers;
mod events;
mod http;
mod outline;
mod records;
mod sources;

pub use outline::outline;
use retrigger_iam::{Arn, ContextValue, Principal};
use serde_json::Value;

use crate::classification::Classification;
use crate::fact::Fact;
use crate::finding::TriggerFinding;
use crate::surroundings::Surroundings;
use crate::trigger::Trigger;

/// One row of the table: the trigger, how its payloads are told from others, what they show.
struct TellTale {
    trigger: Trigger,
    tells: fn(&Value) -> bool,
    shows: fn(&Value, &Surroundings<'_>) -> Evidence,
}

const fn row(
    trigger: Trigger,
    tells: fn(&Value) -> bool,
    shows: fn(&Value, &Surroundings<'_>) -> Evidence,
) -> TellTale {
    TellTale { trigger, tells, shows }
}

/// The tell-tales in the order they are tried: the first that tells decides. Where one payload
/// could tell of two, the narrower one stands first:
///
/// - a function URL before an HTTP API, whose payload format it shares;
/// - authorizers before the APIs they guard;
/// - payload format 1.0 of an HTTP API before REST APIs, which lack `version`;
/// - a schedule before other rules.
#[rustfmt::skip]
const TELL_TALES: &[TellTale] = &[
    row(Trigger::Alb, http::is_alb, http::alb),
    row(Trigger::VpcLattice, http::is_vpc_lattice, http::vpc_lattice),
    row(Trigger::LambdaDestination, callers::is_lambda_destination, callers::lambda_destination),
    row(Trigger::AppsyncAuthorizer, apps::is_appsync_authorizer, apps::appsync_authorizer),
    row(Trigger::ApigwAuthorizer, http::is_apigw_authorizer, http::apigw_authorizer),
    row(Trigger::FunctionUrl, http::is_function_url, http::function_url),
    row(Trigger::ApigwWebsocket, http::is_websocket, http::websocket),
    row(Trigger::ApigwHttpV2, http::is_http_v2, http::http_v2),
    row(Trigger::ApigwHttpV1fmt, http::is_http_v1fmt, http::rest),
    row(Trigger::ApigwRestV1, http::is_rest, http::rest),

    row(Trigger::S3, records::is_s3, records::s3),
    row(Trigger::Sns, records::is_sns, records::sns),
    row(Trigger::Sqs, records::is_sqs, records::polled),
    row(Trigger::Kinesis, records::is_kinesis, records::kinesis),
    row(Trigger::Dynamodb, records::is_dynamodb, records::polled),
    row(Trigger::Ses, records::is_ses, none),
    row(Trigger::Codecommit, records::is_codecommit, records::polled),
    row(Trigger::CloudfrontEdge, records::is_cloudfront, none),

    row(Trigger::Msk, sources::is_msk, sources::named),
    row(Trigger::SelfManagedKafka, sources::is_self_managed_kafka, none),
    row(Trigger::AmazonmqActivemq, sources::is_activemq, sources::named),
    row(Trigger::AmazonmqRabbitmq, sources::is_rabbitmq, sources::named),
    row(Trigger::Documentdb, sources::is_documentdb, sources::named),

    row(Trigger::EventbridgeScheduled, events::is_scheduled, events::scheduled),
    row(Trigger::Eventbridge, events::is_eventbridge, events::eventbridge),
    row(Trigger::CloudwatchLogs, events::is_logs, events::logs),
    row(Trigger::CloudwatchAlarm, events::is_alarm, events::alarm),
    row(Trigger::Config, events::is_config, events::config),
    row(Trigger::SecretsmanagerRotation, events::is_rotation, events::rotation),

    row(Trigger::CognitoUserpool, apps::is_cognito_userpool, apps::cognito_userpool),
    row(Trigger::CognitoSync, apps::is_cognito_sync, apps::cognito_sync),
    row(Trigger::Connect, apps::is_connect, apps::connect),
    row(Trigger::LexV2, apps::is_lex_v2, apps::lex_v2),
    row(Trigger::LexV1, apps::is_lex_v1, none),
    row(Trigger::BedrockAgent, apps::is_bedrock_agent, apps::bedrock_agent),
    row(Trigger::AlexaSkill, apps::is_alexa_skill, apps::alexa_skill),
    row(Trigger::AlexaSmartHome, apps::is_alexa_smart_home, apps::alexa_smart_home),
    row(Trigger::IotButton, apps::is_iot_button, none),
    row(Trigger::IotAuthorizer, apps::is_iot_authorizer, none),
    row(Trigger::IotPreprovisionHook, apps::is_iot_preprovision, apps::iot_preprovision),
    row(Trigger::IotEvents, apps::is_iot_events, apps::iot_events),
    row(Trigger::TransferIdentityProvider, apps::is_transfer, apps::transfer),

    row(Trigger::AppsyncResolver, callers::is_appsync_resolver, none),
    row(Trigger::S3ObjectLambda, callers::is_s3_object_lambda, callers::s3_object_lambda),
    row(Trigger::S3Batch, callers::is_s3_batch, none),
    row(Trigger::KinesisAnalytics, callers::is_kinesis_analytics, callers::kinesis_analytics),
    row(Trigger::Firehose, callers::is_firehose, callers::firehose),
    row(Trigger::CloudformationCustomResource, callers::is_custom_resource, callers::custom_resource),
    row(Trigger::CloudformationMacro, callers::is_macro, callers::cloudformation_macro),
    row(Trigger::CodepipelineJob, callers::is_codepipeline, callers::codepipeline),
    row(Trigger::CodedeployHook, callers::is_codedeploy, none),
    row(Trigger::StepFunctions, callers::is_step_functions, callers::step_functions),
    row(Trigger::Pipes, callers::is_pipes, none),
];

fn tell_tale(payload: &Value) -> Option<&'static TellTale> {
    TELL_TALES.iter().find(|row| (row.tells)(payload))
}

/// The trigger whose payloads look like this one; `None` where it looks like none, as free-form
/// payloads do (IoT rules, Scheduler, direct invocations).
pub fn recognise(payload: &Value) -> Option<Trigger> {
    tell_tale(payload).map(|row| row.trigger)
}

/// What a payload shows of its invocation, and what follows with the function's ARN.
///
/// `None` where the payload looks like that of no trigger. A fact that neither shows is
/// [`unknown`](crate::Provenance::Unknown), never guessed; an account that is taken from the
/// function because the payload leaves it out is [said to be](TriggerFinding::AccountAssumed).
///
/// ```
/// # use retrigger_trigger::{Surroundings, Trigger, classify};
/// let payload = serde_json::json!({"Records": [{
///     "messageId": "m1", "body": "hello", "eventSource": "aws:sqs",
///     "eventSourceARN": "arn:aws:sqs:us-east-1:841860927337:orders",
/// }]});
/// let found = classify(&payload, &Surroundings::none()).unwrap();
/// assert_eq!(found.trigger, Trigger::Sqs);
/// assert_eq!(found.source_account.value.as_deref(), Some("841860927337"));
/// ```
pub fn classify(payload: &Value, surroundings: &Surroundings<'_>) -> Option<Classification> {
    let row = tell_tale(payload)?;
    Some((row.shows)(payload, surroundings).into_classification(row.trigger))
}

/// The payload shows the trigger, and nothing more.
fn none(_: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::default()
}

/// What one payload shows.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) principal: Option<Principal>,
    pub(crate) source_arn: Option<String>,
    pub(crate) source_account: Option<String>,
    /// Condition keys; `None` marks one that the invocation carries and the payload does not show.
    pub(crate) context: Vec<(&'static str, Option<String>)>,
    pub(crate) findings: Vec<TriggerFinding>,
}

impl Evidence {
    /// The source ARN, and the account where the ARN carries one.
    pub(crate) fn from_arn(arn: Option<&str>) -> Self {
        let account = arn.and_then(Arn::parse).and_then(|arn| arn.account_id());
        Self {
            source_arn: arn.map(str::to_owned),
            source_account: account.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Only the account of an ARN that is not itself the source.
    pub(crate) fn from_account_of(arn: Option<&str>) -> Self {
        Self { source_arn: None, ..Self::from_arn(arn) }
    }

    /// An account the payload states outright.
    pub(crate) fn with_account(mut self, account: Option<&str>) -> Self {
        if let Some(account) = account {
            self.source_account = Some(account.to_owned());
        }
        self
    }

    /// The caller the payload names, by ARN; a finding where that is no principal.
    pub(crate) fn with_caller(mut self, arn: Option<&str>) -> Self {
        match arn.map(|text| text.parse().map_err(|_| text.to_owned())) {
            Some(Ok(principal)) => self.principal = Some(principal),
            Some(Err(text)) => self.findings.push(TriggerFinding::CallerUnreadable { text }),
            None => {}
        }
        self
    }

    fn into_classification(self, trigger: Trigger) -> Classification {
        let mut found = Classification::of_trigger(trigger);
        if let Some(principal) = self.principal {
            found.principal = Fact::derived(principal);
        }
        found.source_arn = self.source_arn.into();
        found.source_account = self.source_account.into();
        for (key, value) in self.context {
            found.context.insert(key.to_owned(), value.map(ContextValue::Single).into());
        }
        found.findings = self.findings;
        found
    }
}

#[cfg(test)]
mod tests;
