//! A queue of SQS.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{
        DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
    },
};
use retrigger_trigger::{SqsMessage, SqsMessageAttribute};

use crate::{
    Connection,
    error::{CollectError, called},
};

/// A queue of SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
    arn: String,
}

impl SqsQueue {
    /// Asks for the queue's ARN.
    ///
    /// # Errors
    ///
    /// When `GetQueueAttributes` fails, or the answer lacks the ARN.
    pub async fn open(connection: &Connection, url: &str) -> Result<Self, CollectError> {
        let client = connection.sqs();
        let asked = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::QueueArn);
        let answer = called("sqs:GetQueueAttributes", url, asked.send()).await?;
        let arn = answer.attributes().and_then(|all| all.get(&QueueAttributeName::QueueArn));
        let arn = arn.cloned().ok_or_else(|| {
            CollectError::bad_input(
                format!("the attributes of `{url}` have no ARN"),
                "name a queue by its URL, as `aws sqs get-queue-url` prints it",
            )
        })?;
        Ok(Self { client, url: url.to_owned(), arn })
    }

    /// The queue's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Receives up to `most` messages, ten at most, with all their attributes, and waits for the
    /// first as long as `wait`, in whole seconds up to 20.
    ///
    /// # Errors
    ///
    /// When `ReceiveMessage` fails.
    pub async fn receive(
        &self,
        most: u32,
        wait: Duration,
    ) -> Result<Vec<SqsMessage>, CollectError> {
        let asked = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most.clamp(1, 10)).unwrap_or(10))
            .wait_time_seconds(i32::try_from(wait.as_secs().min(20)).unwrap_or(20))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        let answer = called("sqs:ReceiveMessage", &self.url, asked.send()).await?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(message).collect())
    }

    /// Deletes messages by their receipt handles, ten at most.
    ///
    /// # Errors
    ///
    /// When `DeleteMessageBatch` fails, or some of them are not deleted.
    pub async fn delete(&self, receipt_handles: &[String]) -> Result<(), CollectError> {
        let entry = |(index, handle): (usize, &String)| {
            let entry = DeleteMessageBatchRequestEntry::builder();
            entry.id(index.to_string()).receipt_handle(handle).build().ok()
        };
        let entries: Vec<_> = receipt_handles.iter().enumerate().filter_map(entry).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let asked =
            self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = called("sqs:DeleteMessage", &self.url, asked.send()).await?;
        match answer.failed.first() {
            None => Ok(()),
            Some(first) => Err(CollectError::bad_input(
                format!(
                    "{} of {} messages of `{}` were not deleted: {}: {}",
                    answer.failed.len(),
                    receipt_handles.len(),
                    self.url,
                    first.code,
                    first.message.as_deref().unwrap_or_default()
                ),
                "they come again; a visibility timeout that is shorter than the function runs is \
                 the usual reason",
            )),
        }
    }
}

fn message(message: Message) -> SqsMessage {
    let attributes = message.attributes.unwrap_or_default().into_iter();
    let added = message.message_attributes.unwrap_or_default().into_iter();
    SqsMessage {
        message_id: message.message_id.unwrap_or_default(),
        receipt_handle: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        attributes: attributes.map(|(name, value)| (name.as_str().to_owned(), value)).collect(),
        message_attributes: added
            .map(|(name, value)| {
                let attribute = SqsMessageAttribute {
                    data_type: value.data_type,
                    string_value: value.string_value,
                    binary_value: value.binary_value.map(aws_sdk_sqs::primitives::Blob::into_inner),
                };
                (name, attribute)
            })
            .collect(),
        md5_of_body: message.md5_of_body.unwrap_or_default(),
        md5_of_message_attributes: message.md5_of_message_attributes,
    }
}
