//! Notifications of S3, SNS and EventBridge, in the forms in which they reach other receivers than
//! Lambda, as the events that Lambda would get.

mod eventbridge;
mod s3;
mod sns;

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde_json::Value;

use crate::trigger::Trigger;

/// A service that notifies functions. Reads from and prints as `s3`, `sns`, `eventbridge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notifier {
    /// A bucket. Its notifications may come as they are, in messages of SNS or SQS, or as an event
    /// `Object Created` or `Object Deleted` of EventBridge.
    S3,
    /// A topic. Its notifications may come in records, as to a function, or as to a subscription of
    /// HTTP(S), with the envelope or raw.
    Sns,
    /// A rule. Its events may come as they are, or as the entries of `PutEvents`.
    Eventbridge,
}

/// What a notification does not say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsaid {
    /// The time, in RFC 3339.
    pub time: String,
    /// An id of which others are made.
    pub id: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The headers of the request it came in, with names in lower case: those of SNS name the topic
    /// and the subscription.
    pub headers: BTreeMap<String, String>,
}

/// What a notification is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notified {
    /// Events, each of which invokes the function.
    Events(Vec<Value>),
    /// SNS asks whether a subscription of HTTP(S) is wanted, or tells that there is none any more:
    /// whoever wants it visits the URL.
    Subscription {
        /// `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
        kind: String,
        /// The topic.
        topic_arn: String,
        /// The URL.
        url: String,
    },
    /// The test event with which S3 tries out a receiver other than a function.
    Test,
}

/// Why a body is no notification. Prints what was found and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotificationError(String);

impl Notifier {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::S3, Self::Sns, Self::Eventbridge];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Sns => "sns",
            Self::Eventbridge => "eventbridge",
        }
    }

    /// Whether an event of this trigger is one of its own.
    pub fn notifies_as(self, trigger: Trigger) -> bool {
        match self {
            Self::S3 => trigger == Trigger::S3,
            Self::Sns => trigger == Trigger::Sns,
            Self::Eventbridge => {
                matches!(trigger, Trigger::Eventbridge | Trigger::EventbridgeScheduled)
            }
        }
    }

    /// Reads the body of a request.
    ///
    /// ```
    /// use retrigger_trigger::{Notified, Notifier, Unsaid};
    ///
    /// let body = br#"{"Type": "Notification", "MessageId": "m-1", "Message": "hello",
    ///     "TopicArn": "arn:aws:sns:us-east-1:841860927337:orders"}"#;
    /// let Ok(Notified::Events(events)) = Notifier::Sns.read(body, &Unsaid::default()) else {
    ///     panic!("a notification")
    /// };
    /// assert_eq!(events[0]["Records"][0]["Sns"]["Message"], "hello");
    /// ```
    ///
    /// # Errors
    ///
    /// Where it has none of the forms that this service's notifications have.
    pub fn read(self, body: &[u8], unsaid: &Unsaid) -> Result<Notified, NotificationError> {
        match self {
            Self::S3 => s3::read(&json(body)?, unsaid),
            Self::Sns => sns::read(body, unsaid),
            Self::Eventbridge => eventbridge::read(json(body)?, unsaid),
        }
    }
}

impl FromStr for Notifier {
    type Err = NotificationError;

    fn from_str(name: &str) -> Result<Self, NotificationError> {
        let found = Self::ALL.into_iter().find(|notifier| notifier.name() == name);
        found.ok_or_else(|| {
            let text = "does not notify functions here: expected `s3`, `sns` or `eventbridge`";
            NotificationError(format!("`{name}` {text}"))
        })
    }
}

impl fmt::Display for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

fn json(body: &[u8]) -> Result<Value, NotificationError> {
    serde_json::from_slice(body)
        .map_err(|error| NotificationError(format!("the body is not JSON: {error}")))
}

fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member).and_then(Value::as_str)
}
