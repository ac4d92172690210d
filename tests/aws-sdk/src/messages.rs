//! Calls of services that pass things on: SQS, SNS, Lambda, EventBridge, Kinesis.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::primitives::Blob;
use serde_json::{Value, json};

use crate::{ACCOUNT, NAME, Results, ended};

/// Sends an order on, each way that there is.
pub(crate) async fn all(config: &SdkConfig) -> Results {
    let (queued, others) = tokio::join!(sqs(config), others(config));
    queued.into_iter().chain(others).collect()
}

/// The queue's URL is asked for, and so is that of the place that answers.
async fn sqs(config: &SdkConfig) -> Results {
    let client = aws_sdk_sqs::Client::new(config);
    let mut results = Results::new();
    let url = client.get_queue_url().queue_name(NAME).send().await;
    let ends = |url: Option<&str>| url.is_some_and(|url| url.ends_with("/123456789012/orders"));
    results.insert("sqs:GetQueueUrl".into(), ended(&url, |url| json!(ends(url.queue_url()))));
    let by_hand = format!("https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{NAME}");
    let url = url.ok().and_then(|url| url.queue_url).unwrap_or(by_hand);
    let send = client.send_message().queue_url(url).message_body("one order").send().await;
    results.insert("sqs:SendMessage".into(), ended(&send, |sent| json!(sent.message_id())));
    results
}

async fn others(config: &SdkConfig) -> Results {
    let mut results = Results::new();
    let mut note = |name: &str, value: Value| results.insert(name.to_owned(), value);
    let arn = |service: &str, what: &str| format!("arn:aws:{service}:us-east-1:{ACCOUNT}:{what}");

    let publish = aws_sdk_sns::Client::new(config).publish().topic_arn(arn("sns", NAME));
    let publish = publish.message("one order").send().await;
    note("sns:Publish", ended(&publish, |published| json!(published.message_id())));

    let invoke = aws_sdk_lambda::Client::new(config).invoke().function_name("courier");
    let invoke = invoke.payload(Blob::new(r#"{"order":1}"#)).send().await;
    note(
        "lambda:Invoke",
        ended(&invoke, |invoked| {
            json!(invoked.payload().map(|payload| String::from_utf8_lossy(payload.as_ref())))
        }),
    );

    let entry = PutEventsRequestEntry::builder().event_bus_name(NAME).source("shop");
    let entry = entry.detail_type("order").detail("{}").build();
    let put = aws_sdk_eventbridge::Client::new(config).put_events().entries(entry).send().await;
    note("events:PutEvents", ended(&put, |put| json!(put.failed_entry_count())));

    let record = aws_sdk_kinesis::Client::new(config).put_record().stream_name(NAME);
    let record = record.partition_key("1").data(Blob::new("one order")).send().await;
    note("kinesis:PutRecord", ended(&record, |record| json!(record.sequence_number())));
    results
}
