//! A catalogue of a few names, for tests.

use crate::catalogue::{Catalogue, KeyFacts, Named, ServiceFacts, ValueType};

pub(crate) struct Few;

const ACTIONS: [(&str, &str, &[&str]); 6] = [
    ("s3", "GetObject", &["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]),
    ("s3", "ListBucket", &["arn:${Partition}:s3:::${BucketName}"]),
    ("s3", "ListAllMyBuckets", &[]),
    ("lambda", "InvokeFunction", &["arn:${Partition}:lambda:${Region}:${Account}:function:${F}"]),
    ("sts", "AssumeRole", &["arn:${Partition}:iam::${Account}:role/${Role}"]),
    ("sqs", "SendMessage", &["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]),
];

fn find(prefix: &str, name: &str) -> Option<&'static [&'static str]> {
    let is_it = |(service, action, _): &&(&str, &str, _)| {
        service.eq_ignore_ascii_case(prefix) && action.eq_ignore_ascii_case(name)
    };
    ACTIONS.iter().find(is_it).map(|(.., arns)| *arns)
}

impl Catalogue for Few {
    fn service(&self, prefix: &str) -> Option<ServiceFacts> {
        let mut prefixes = ACTIONS.iter().map(|(service, ..)| service);
        prefixes
            .any(|service| service.eq_ignore_ascii_case(prefix))
            .then_some(ServiceFacts { lists_actions: true })
    }

    fn has_action(&self, prefix: &str, name: &str) -> bool {
        find(prefix, name).is_some()
    }

    fn actions(&self, prefix: &str) -> Vec<String> {
        let of_it = ACTIONS.iter().filter(|(service, ..)| *service == prefix);
        of_it.map(|(_, name, _)| (*name).to_owned()).collect()
    }

    fn resource_arns(&self, prefix: &str, name: &str) -> Option<Vec<String>> {
        Some(find(prefix, name)?.iter().map(|arn| (*arn).to_owned()).collect())
    }

    fn condition_key(&self, name: &str) -> Option<KeyFacts> {
        let (value_type, is_multi_valued) = match name.to_ascii_lowercase().as_str() {
            "aws:tagkeys" => (ValueType::String, true),
            "aws:sourcearn" | "aws:principalarn" => (ValueType::Arn, false),
            "aws:securetransport" => (ValueType::Bool, false),
            "aws:sourceip" => (ValueType::IpAddress, false),
            "aws:currenttime" => (ValueType::Date, false),
            "s3:max-keys" => (ValueType::Numeric, false),
            name if name.starts_with("aws:") || name == "s3:prefix" => (ValueType::String, false),
            _ => return None,
        };
        let is_global = name.to_ascii_lowercase().starts_with("aws:");
        Some(KeyFacts { value_type, is_multi_valued, is_global })
    }

    fn takes_key(&self, prefix: &str, _: &str, key: &str) -> bool {
        key.starts_with(prefix)
    }

    fn nearest(&self, what: Named<'_>) -> Option<String> {
        match what {
            Named::Service(prefix) => {
                let prefixes = ACTIONS.map(|(service, ..)| service);
                crate::finding::nearest(prefix, prefixes).map(str::to_owned)
            }
            Named::Action(prefix, name) => {
                let names = ACTIONS.iter().filter(|(service, ..)| *service == prefix);
                let nearest = crate::finding::nearest(name, names.map(|(_, name, _)| *name))?;
                Some(format!("{prefix}:{nearest}"))
            }
            Named::ConditionKey(name) => {
                crate::finding::nearest(name, ["s3:prefix", "s3:max-keys"]).map(str::to_owned)
            }
        }
    }
}
