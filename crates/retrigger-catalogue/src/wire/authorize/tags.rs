//! The tags that a request gives or takes away, in the shapes that services have for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Asked;
use super::context::{Context, plain};

/// Members that hold tags: lists of key and value, or maps.
const GIVEN: [&str; 11] = [
    "Tags",
    "tags",
    "TagList",
    "TagsList",
    "TagSpecifications",
    "TagsToAdd",
    "AddTags",
    "UserPoolTags",
    "IdentityPoolTags",
    "BackupVaultTags",
    "jobTags",
];
/// The same where the operation is `TagResource` or `UntagResource`; elsewhere they are what others
/// are to be tagged with, or are looked for by.
const OF_RESOURCES: [&str; 2] = ["ResourceTags", "resourceTags"];
/// Members that hold keys of tags to be taken away.
const TAKEN: [&str; 7] = [
    "TagKeys",
    "tagKeys",
    "TagKeyList",
    "ResourceTagKeys",
    "resourceTagKeys",
    "TagsToRemove",
    "RemoveTags",
];
/// What stands around the tags in a member: `Items` in CloudFront, `Tag` in EC2 and XML.
const AROUND: [&str; 5] = ["Tags", "Tag", "TagSet", "Items", "member"];

/// `aws:RequestTag/…` and `aws:TagKeys` (IAM User Guide, "AWS global condition context keys"). A
/// tag that is given with several values, as EC2 takes for each type of resource, is not told.
pub(super) fn of_request(asked: &Asked<'_>, context: &mut Context, unknown: &mut Vec<String>) {
    let is_of_resources = matches!(asked.operation.as_str(), "TagResource" | "UntagResource");
    let more = OF_RESOURCES.iter().filter(|_| is_of_resources);
    let mut tags = Tags::default();
    for name in GIVEN.iter().chain(more) {
        asked.parameters.get(name).into_iter().for_each(|value| tags.add(value));
    }
    let taken = TAKEN.iter().filter_map(|name| asked.parameters.get(name));
    taken.for_each(|keys| tags.add_keys(keys));
    tags.put(context, unknown, ("aws:RequestTag/", "aws:TagKeys"));
}

/// `x-amz-tagging`, or the body of PutObjectTagging (Amazon S3 User Guide, "Tagging and access
/// control policies").
pub(super) fn of_object(asked: &Asked<'_>, context: &mut Context, unknown: &mut Vec<String>) {
    let mut tags = Tags::default();
    match asked.parameters.get("Tagging") {
        Some(Value::String(header)) => tags.add_query(header),
        Some(body) if asked.operation == "PutObjectTagging" => tags.add(body),
        _ => return,
    }
    tags.put(context, unknown, ("s3:RequestObjectTag/", "s3:RequestObjectTagKeys"));
}

/// Keys in their order, with the values that they are given.
#[derive(Default)]
struct Tags {
    keys: Vec<String>,
    values: BTreeMap<String, Vec<String>>,
}

impl Tags {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|each| self.add(each)),
            Value::Object(members) => {
                let part = |names: &[&str]| names.iter().find_map(|name| plain(value.get(name)?));
                let key = part(&["Key", "key", "TagKey", "tagKey"]);
                let inner = AROUND.iter().find_map(|name| members.get(*name));
                match (key, inner.filter(|inner| !inner.is_string())) {
                    (Some(key), _) => {
                        let value = part(&["Value", "value", "TagValue", "tagValue"]);
                        self.add_pair(key, value);
                    }
                    (None, Some(inner)) => self.add(inner),
                    (None, None) => members.iter().for_each(|(key, value)| {
                        self.add_pair(key.clone(), plain(value));
                    }),
                }
            }
            _ => {}
        }
    }

    fn add_pair(&mut self, key: String, value: Option<String>) {
        self.add_key(key.clone());
        let values = self.values.entry(key).or_default();
        values.extend(value.filter(|value| !values.contains(value)));
    }

    fn add_key(&mut self, key: String) {
        if !self.values.contains_key(&key) {
            self.values.insert(key.clone(), Vec::new());
            self.keys.push(key);
        }
    }

    fn add_keys(&mut self, keys: &Value) {
        match keys {
            Value::Array(keys) => {
                keys.iter().filter_map(plain).for_each(|key| self.add_key(key));
            }
            one => plain(one).into_iter().for_each(|key| self.add_key(key)),
        }
    }

    /// Tags as a query has them: `team=a&stage=b`.
    fn add_query(&mut self, query: &str) {
        let decoded = |text: &str| super::super::form::decode(text).ok();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Some(key) = decoded(key) {
                self.add_pair(key, decoded(value));
            }
        }
    }

    fn put(
        self,
        context: &mut Context,
        unknown: &mut Vec<String>,
        (of_tag, of_keys): (&str, &str),
    ) {
        for (key, values) in self.values {
            match values.len() {
                0 => {}
                1 => context.push((format!("{of_tag}{key}"), values)),
                _ => unknown.push(format!("{of_tag}{key}")),
            }
        }
        if !self.keys.is_empty() {
            context.push((of_keys.to_owned(), self.keys));
        }
    }
}
