//! Types of resource.

use super::{ConditionKey, Text, blob::TYPES, list};

/// A type of resource of a service, such as the object of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceType {
    at: usize,
}

impl ResourceType {
    pub(super) fn new(number: usize) -> Self {
        Self { at: 8 * number }
    }

    /// What the service calls it, such as `object`.
    pub fn name(self) -> Text {
        Text::new(TYPES.u24(self.at))
    }

    /// Its ARNs, with variables: `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    pub fn arn_pattern(self) -> Text {
        Text::new(TYPES.u24(self.at + 3))
    }

    /// The condition keys about such a resource.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = ConditionKey> + Clone {
        list::keys(TYPES.u16(self.at + 6))
    }
}
