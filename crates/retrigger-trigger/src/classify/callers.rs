//! Callers with a role of their own. Their source ARN, where the payload names one, tells who
//! called; it is no condition key of the invocation.

use serde_json::Value;

use super::Evidence;
use crate::payload::{account, has, has_all, text};
use crate::surroundings::Surroundings;

pub(super) fn is_lambda_destination(payload: &Value) -> bool {
    has_all(payload, &["/requestContext/functionArn", "/requestContext/condition"])
}

pub(super) fn lambda_destination(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/requestContext/functionArn"))
}

pub(super) fn is_appsync_resolver(payload: &Value) -> bool {
    has_all(payload, &["/info/fieldName", "/info/parentTypeName"])
}

pub(super) fn is_s3_object_lambda(payload: &Value) -> bool {
    has(payload, "/getObjectContext")
}

/// The function is called as the user who asks for the object.
pub(super) fn s3_object_lambda(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/configuration/accessPointArn"))
        .with_caller(text(payload, "/userIdentity/arn"))
}

pub(super) fn is_s3_batch(payload: &Value) -> bool {
    has_all(payload, &["/invocationSchemaVersion", "/tasks", "/job/id"])
}

fn transforms_records(payload: &Value) -> bool {
    has_all(payload, &["/invocationId", "/records"])
}

pub(super) fn is_kinesis_analytics(payload: &Value) -> bool {
    transforms_records(payload) && has(payload, "/applicationArn")
}

pub(super) fn kinesis_analytics(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/applicationArn"))
}

pub(super) fn is_firehose(payload: &Value) -> bool {
    transforms_records(payload) && (has(payload, "/deliveryStreamArn") || has(payload, "/region"))
}

pub(super) fn firehose(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/deliveryStreamArn"))
}

pub(super) fn is_custom_resource(payload: &Value) -> bool {
    has_all(payload, &["/RequestType", "/ResponseURL", "/LogicalResourceId"])
}

pub(super) fn custom_resource(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/StackId"))
}

pub(super) fn is_macro(payload: &Value) -> bool {
    has_all(payload, &["/transformId", "/fragment"])
}

pub(super) fn cloudformation_macro(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::default().with_account(account(payload, "/accountId"))
}

pub(super) fn is_codepipeline(payload: &Value) -> bool {
    has(payload, "/CodePipeline.job")
}

pub(super) fn codepipeline(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::default().with_account(account(payload, "/CodePipeline.job/accountId"))
}

pub(super) fn is_codedeploy(payload: &Value) -> bool {
    has_all(payload, &["/DeploymentId", "/LifecycleEventHookExecutionId"])
}

/// The context object, where the state machine passes it on; other input is free-form.
pub(super) fn is_step_functions(payload: &Value) -> bool {
    has_all(payload, &["/Execution/Id", "/StateMachine/Id"])
}

pub(super) fn step_functions(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/StateMachine/Id"))
}

/// A pipe hands over the bare list of records.
pub(super) fn is_pipes(payload: &Value) -> bool {
    text(payload, "/0/eventSource").is_some_and(|source| source.starts_with("aws:"))
}
