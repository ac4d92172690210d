//! Policies of resources: of event sources, and of those that are named.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::{error::SdkError, operation::get_bucket_policy::GetBucketPolicyError};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use retrigger_recording::Unread;
use serde_json::{Value, json};

use super::{Read, Taking, document, role::name_of_role, sorted};
use crate::{
    answer::Answer,
    arn::{Arn, FunctionName},
    connection::Connection,
    error::{CollectError, called},
};

/// The kinds of resource whose policies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bucket,
    Queue,
    Topic,
    Key,
    Secret,
    Stream,
    /// Or the stream of one.
    Table,
    Function,
}

impl Kind {
    pub(super) fn of(arn: &Arn<'_>) -> Option<Self> {
        match arn.service {
            "s3" if arn.account.is_empty() => Some(Self::Bucket),
            "sqs" => Some(Self::Queue),
            "sns" if !arn.resource.contains(':') => Some(Self::Topic),
            "kms" if arn.resource.starts_with("key/") => Some(Self::Key),
            "secretsmanager" if arn.resource.starts_with("secret:") => Some(Self::Secret),
            "kinesis" if arn.resource.starts_with("stream/") => Some(Self::Stream),
            "dynamodb" if is_table(arn.resource) => Some(Self::Table),
            "lambda" if arn.resource.starts_with("function:") => Some(Self::Function),
            _ => None,
        }
    }
}

/// A table or its stream, `table/NAME/stream/LABEL`; an index and a backup have no policy of their
/// own (Amazon DynamoDB Developer Guide, "Using resource-based policies for DynamoDB").
fn is_table(resource: &str) -> bool {
    let mut parts = resource.split('/').skip(2);
    resource.starts_with("table/") && parts.next().is_none_or(|part| part == "stream")
}

/// Refuses what is named and cannot be read, before anything is called.
pub(super) fn check(named: &[String]) -> Result<(), CollectError> {
    for text in named {
        let Some(arn) = Arn::parse(text) else {
            let help = "write `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`";
            return Err(CollectError::bad_input(format!("`{text}` is no ARN"), help));
        };
        if Kind::of(&arn).is_none() && name_of_role(&arn).is_none() {
            return Err(CollectError::bad_input(
                format!("policies of `{text}` are not read"),
                help_for(&arn),
            ));
        }
    }
    Ok(())
}

fn help_for(arn: &Arn<'_>) -> &'static str {
    match arn.service {
        "kms" => "name the key, `arn:…:key/ID`, as an alias has no policy",
        "iam" => "users, groups and policies are taken with `--account`",
        _ => {
            "what is read is an S3 bucket, an SQS queue, an SNS topic, a KMS key, a Secrets Manager \
             secret, a Kinesis stream, a DynamoDB table or its stream, a Lambda function, or an IAM \
             role; add another's policy by hand, as `resource-policies/NAME.json`"
        }
    }
}

/// The roles among what is named.
pub(super) fn roles(named: &[String]) -> Vec<String> {
    let is_role = |text: &&String| Arn::parse(text).is_some_and(|arn| name_of_role(&arn).is_some());
    named.iter().filter(is_role).cloned().collect()
}

/// What is read of a resource.
#[derive(Default)]
struct Found {
    policy: Option<String>,
    attributes: Option<Value>,
}

impl Taking<'_> {
    /// The policies of the event sources and of what is named, and the attributes of queues.
    pub(super) async fn resources(
        &mut self,
        sources: &[String],
        named: &[String],
    ) -> Result<(), CollectError> {
        let mut files = BTreeSet::new();
        let all: BTreeMap<&String, bool> = sources
            .iter()
            .map(|arn| (arn, false))
            .chain(named.iter().map(|arn| (arn, true)))
            .collect();
        for (text, is_named) in all {
            let Some(arn) = Arn::parse(text).filter(|arn| name_of_role(arn).is_none()) else {
                continue;
            };
            let Some(kind) = Kind::of(&arn) else {
                self.notes.push(format!("the policy of the event source `{text}` is not read"));
                continue;
            };
            self.resource(kind, arn, is_named, &mut files).await?;
        }
        Ok(())
    }

    async fn resource(
        &mut self,
        kind: Kind,
        arn: Arn<'_>,
        is_named: bool,
        files: &mut BTreeSet<String>,
    ) -> Result<(), CollectError> {
        let own = match kind {
            Kind::Bucket => {
                let bucket = arn.resource.split('/').next().unwrap_or(arn.resource);
                format!("arn:{}:s3:::{bucket}", arn.partition)
            }
            _ => arn.text.to_owned(),
        };
        let read = sorted(self.found(kind, arn).await)?;
        let found = match read {
            Read::There(found) => found,
            Read::Nothing(error) if is_named => return Err(error),
            Read::Nothing(error) | Read::Refused(error) => {
                self.not_read(Unread::ResourcePolicy, &own, &error);
                if kind == Kind::Queue {
                    self.not_read(Unread::QueueAttributes, &own, &error);
                }
                return Ok(());
            }
        };
        let name = file_name(&own, files);
        if let Some(attributes) = found.attributes {
            self.put(format!("queue-attributes/{name}.json"), &attributes);
        }
        if let Some(policy) = found.policy.filter(|policy| !policy.is_empty()) {
            let value = json!({ "ResourceArn": own, "Policy": document(&policy) });
            self.put(format!("resource-policies/{name}.json"), &value);
        }
        self.resources.insert(own);
        Ok(())
    }

    async fn found(&self, kind: Kind, arn: Arn<'_>) -> Result<Found, CollectError> {
        let connection = match arn.region {
            "" => self.connection.clone(),
            region => self.connection.in_region(region),
        };
        let policy = match kind {
            Kind::Queue => return self.queue(&connection, arn).await,
            Kind::Bucket => self.bucket(&connection, arn).await?,
            Kind::Topic => self.topic(&connection, arn).await?,
            Kind::Key => self.key(&connection, arn).await?,
            Kind::Secret => self.secret(&connection, arn).await?,
            Kind::Stream => self.stream(&connection, arn).await?,
            Kind::Table => self.table(&connection, arn).await?,
            Kind::Function => self.other_function(&connection, arn).await?,
        };
        Ok(Found { policy, attributes: None })
    }

    async fn queue(&self, connection: &Connection, arn: Arn<'_>) -> Result<Found, CollectError> {
        const CALL: &str = "sqs:GetQueueAttributes";
        let call = connection.sqs().get_queue_url().queue_name(arn.resource);
        let call = call.queue_owner_aws_account_id(arn.account).send();
        let url = self.call("sqs:GetQueueUrl", arn.text, call).await?.queue_url;
        let answer = Answer::default();
        let call = connection.sqs().get_queue_attributes().set_queue_url(url);
        let call = call.attribute_names(QueueAttributeName::All);
        let call = call.customize().interceptor(answer.clone()).send();
        self.call(CALL, arn.text, call).await?;
        let attributes = answer.json(CALL, arn.text)?;
        let policy = attributes["Attributes"]["Policy"].as_str().map(str::to_owned);
        Ok(Found { policy, attributes: Some(attributes) })
    }

    /// A bucket's ARN does not say its Region, which S3 says where it is asked in another one
    /// (Amazon S3 User Guide, "Virtual hosting of general purpose buckets").
    async fn bucket(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let bucket = arn.resource.split('/').next().unwrap_or(arn.resource);
        let call = || connection.s3().get_bucket_policy().bucket(bucket).send();
        (self.on_call)("s3:GetBucketPolicy", bucket);
        let mut answer = call().await;
        if let Some(region) = answer.as_ref().err().and_then(other_region)
            && region != connection.region()
        {
            let there = connection.in_region(&region).s3();
            answer = there.get_bucket_policy().bucket(bucket).send().await;
        }
        let answer = called("s3:GetBucketPolicy", bucket, async { answer }).await;
        let policy = answer.map(|answer| answer.policy);
        none_where(policy, |error| error.code() == Some("NoSuchBucketPolicy"))
    }

    async fn topic(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let call = connection.sns().get_topic_attributes().topic_arn(arn.text).send();
        let answer = self.call("sns:GetTopicAttributes", arn.text, call).await?;
        Ok(answer.attributes.and_then(|mut attributes| attributes.remove("Policy")))
    }

    async fn key(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let call = connection.kms().get_key_policy().key_id(arn.text).policy_name("default").send();
        Ok(self.call("kms:GetKeyPolicy", arn.text, call).await?.policy)
    }

    async fn secret(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let call = connection.secrets_manager().get_resource_policy().secret_id(arn.text).send();
        let answer = self.call("secretsmanager:GetResourcePolicy", arn.text, call).await?;
        Ok(answer.resource_policy)
    }

    async fn stream(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let call = connection.kinesis().get_resource_policy().resource_arn(arn.text).send();
        let policy = self.call("kinesis:GetResourcePolicy", arn.text, call).await?.policy;
        let document: Value = serde_json::from_str(&policy).unwrap_or_default();
        // Where there is none, the answer is an empty document.
        Ok(document["Statement"].is_null().then_some(()).map_or(Some(policy), |()| None))
    }

    async fn table(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let call = connection.dynamodb().get_resource_policy().resource_arn(arn.text).send();
        let answer = self.call("dynamodb:GetResourcePolicy", arn.text, call).await;
        none_where(answer.map(|answer| answer.policy), |error| match error.code() {
            Some("PolicyNotFoundException") => true,
            // A stream that is gone has none; moto's server knows the policies of tables only.
            Some("ResourceNotFoundException") => arn.resource.contains("/stream/"),
            _ => false,
        })
    }

    async fn other_function(
        &self,
        connection: &Connection,
        arn: Arn<'_>,
    ) -> Result<Option<String>, CollectError> {
        let qualifier = FunctionName::parse(arn.text)?.qualifier;
        let name = match &qualifier {
            Some(qualifier) => arn.text.strip_suffix(&format!(":{qualifier}")).unwrap_or(arn.text),
            None => arn.text,
        };
        let call = connection.lambda().get_policy().function_name(name);
        let call = call.set_qualifier(qualifier).send();
        let answer = self.call("lambda:GetPolicy", arn.text, call).await;
        none_where(answer.map(|answer| answer.policy), CollectError::is_no_policy)
    }
}

/// The policy; none where an error says that there is none.
fn none_where(
    policy: Result<Option<String>, CollectError>,
    says_so: impl Fn(&CollectError) -> bool,
) -> Result<Option<String>, CollectError> {
    match policy {
        Err(error) if says_so(&error) => Ok(None),
        other => other,
    }
}

/// The Region that S3 says a bucket is in, where it refuses to answer in another.
fn other_region(error: &SdkError<GetBucketPolicyError, HttpResponse>) -> Option<String> {
    let response = error.raw_response()?;
    let is_elsewhere = matches!(response.status().as_u16(), 301 | 307 | 400);
    let region = response.headers().get("x-amz-bucket-region").filter(|_| is_elsewhere);
    region.map(str::to_owned)
}

/// A name for the files of a resource: its service and its own name, and a number where another has
/// that name.
fn file_name(arn: &str, names: &mut BTreeSet<String>) -> String {
    let parsed = Arn::parse(arn);
    let (service, resource) = parsed.map_or(("resource", arn), |arn| (arn.service, arn.resource));
    let resource = ["secret:", "function:", "key/", "stream/", "table/"]
        .iter()
        .find_map(|prefix| resource.strip_prefix(prefix))
        .unwrap_or(resource);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let word = |c: char| if allowed(c) { c } else { '-' };
    let name: String = format!("{service}-{resource}").chars().map(word).take(200).collect();
    let mut free = name.clone();
    let mut number = 2;
    while !names.insert(free.clone()) {
        free = format!("{name}-{number}");
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("orders", "`orders` is no ARN")]
    #[case(
        "arn:aws:dynamodb:us-east-1:841860927337:table/t/index/i",
        "policies of `arn:aws:dynamodb"
    )]
    #[case("arn:aws:kms:us-east-1:841860927337:alias/k", "policies of `arn:aws:kms")]
    #[case("arn:aws:iam::841860927337:user/u", "policies of `arn:aws:iam")]
    fn what_cannot_be_read_is_refused(#[case] named: &str, #[case] message: &str) {
        let error = check(&[named.to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(!error.help().is_empty());
    }

    #[rstest]
    #[case("arn:aws:s3:::b/key", Kind::Bucket)]
    #[case("arn:aws:sqs:us-east-1:841860927337:q.fifo", Kind::Queue)]
    #[case("arn:aws:sns:us-east-1:841860927337:t", Kind::Topic)]
    #[case("arn:aws:kms:us-east-1:841860927337:key/1", Kind::Key)]
    #[case("arn:aws:secretsmanager:us-east-1:841860927337:secret:s-1", Kind::Secret)]
    #[case("arn:aws:kinesis:us-east-1:841860927337:stream/s", Kind::Stream)]
    #[case("arn:aws:dynamodb:us-east-1:841860927337:table/t", Kind::Table)]
    #[case(
        "arn:aws:dynamodb:us-east-1:841860927337:table/t/stream/2026-03-01T00:00:00.000",
        Kind::Table
    )]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:f:PROD", Kind::Function)]
    fn a_resource_is_known_by_its_arn(#[case] arn: &str, #[case] kind: Kind) {
        assert_eq!(Kind::of(&Arn::parse(arn).unwrap()), Some(kind));
        assert_eq!(check(&[arn.to_owned()]), Ok(()));
    }

    #[test]
    fn files_are_named_after_their_resources() {
        let mut names = BTreeSet::new();
        let mut name = |arn: &str| file_name(arn, &mut names);
        assert_eq!(name("arn:aws:sqs:us-east-1:841860927337:orders"), "sqs-orders");
        assert_eq!(name("arn:aws:sqs:eu-west-1:841860927337:orders"), "sqs-orders-2");
        assert_eq!(name("arn:aws:s3:::b"), "s3-b");
        assert_eq!(
            name("arn:aws:secretsmanager:us-east-1:841860927337:secret:a/b-1"),
            "secretsmanager-a-b-1"
        );
    }
}
