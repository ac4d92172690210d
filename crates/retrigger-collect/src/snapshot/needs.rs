//! The least policy under which a snapshot can be taken.

use std::collections::{BTreeMap, BTreeSet};

use retrigger_recording::Snapshot;
use serde_json::{Value, json};

use super::{
    SnapshotRequest,
    function::named_as_source,
    resource::{self, Kind},
};
use crate::{
    arn::{Arn, FunctionName},
    error::CollectError,
};

/// What is known of what will be read, from an earlier snapshot or from the caller: the more, the
/// narrower the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// The account, as 12 digits.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The ARNs of the execution role and of others that are read.
    pub roles: Vec<String>,
    /// The ARNs of the managed policies that they refer to.
    pub policies: Vec<String>,
    /// The ARNs of the event sources.
    pub sources: Vec<String>,
}

impl Known {
    /// What an earlier snapshot says of a function.
    pub fn of(snapshot: &Snapshot, function: &str) -> Self {
        let about = snapshot.about();
        let mut known = Self {
            account: Some(about.account.clone()),
            region: Some(about.region.clone()),
            ..Self::default()
        };
        let Ok(function) = snapshot.function(function) else { return known };
        let mut sources = BTreeSet::new();
        for mapping in &function.event_source_mappings {
            sources.extend(mapping.event_source_arn.clone());
            sources.extend(mapping.secret_arns());
        }
        for (_, policy) in function.policies() {
            let policy: Value = serde_json::from_str(policy.text()).unwrap_or_default();
            named_as_source(&policy, &mut sources);
        }
        known.sources = sources.into_iter().collect();
        known.roles.extend(function.configuration.iter().map(|one| one.role.clone()));
        if let Some(role) = known.roles.first().and_then(|arn| snapshot.role(arn).ok()) {
            let policies = role.managed.iter().chain(&role.boundary);
            known.policies = policies.filter_map(|one| one.arn()).map(str::to_owned).collect();
        }
        known
    }
}

/// The least IAM policy with which [`take`](super::take) reads all that is asked for: what is not
/// known stands as `*`. Nobody needs a permission for `sts:GetCallerIdentity`.
///
/// Actions and the resources on which they are decided: Service Authorization Reference.
///
/// # Errors
///
/// As for [`take`](super::take), before it calls anything.
///
/// ```
/// use retrigger_collect::{Known, SnapshotRequest, needed_policy};
///
/// let policy = needed_policy(&SnapshotRequest::of("orders"), &Known::default()).unwrap();
/// assert_eq!(policy["Statement"][0]["Resource"][0], "arn:aws:lambda:*:*:function:orders");
/// ```
pub fn needed_policy(request: &SnapshotRequest, known: &Known) -> Result<Value, CollectError> {
    let function = FunctionName::parse(&request.function)?;
    resource::check(&request.resources)?;
    let any = || "*".to_owned();
    let (partition, region, account) = function.place.clone().unwrap_or_else(|| {
        let region = known.region.clone().unwrap_or_else(any);
        (partition_of(&region).to_owned(), region, known.account.clone().unwrap_or_else(any))
    });
    let place = Place { partition: &partition, account: &account };
    let mut statements = Vec::new();
    let own = format!("arn:{partition}:lambda:{region}:{account}:function:{}", function.name);
    statements.push(statement(
        "ReadFunction",
        &[
            "lambda:GetFunctionConfiguration",
            "lambda:GetFunctionUrlConfig",
            "lambda:GetPolicy",
            "lambda:ListAliases",
        ],
        vec![own.clone(), format!("{own}:*")],
    ));
    // It is decided on no resource.
    let all = || vec!["*".to_owned()];
    statements.push(statement("ListMappings", &["lambda:ListEventSourceMappings"], all()));
    statements.extend(place.roles(request, known));
    if request.account {
        let actions = ["iam:GetAccountAuthorizationDetails"];
        statements.push(statement("ReadAccount", &actions, all()));
    }
    statements.extend(resources(request, known));
    if request.organization {
        statements.extend(place.organization());
    }
    Ok(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// What ARNs start with.
struct Place<'p> {
    partition: &'p str,
    account: &'p str,
}

impl Place<'_> {
    fn roles(&self, request: &SnapshotRequest, known: &Known) -> [Value; 2] {
        let Self { partition, account } = self;
        let mut roles = known.roles.clone();
        if roles.is_empty() {
            roles.push(format!("arn:{partition}:iam::{account}:role/*"));
        }
        roles.extend(resource::roles(&request.resources));
        let mut policies = known.policies.clone();
        if policies.is_empty() {
            policies = vec![
                format!("arn:{partition}:iam::aws:policy/*"),
                format!("arn:{partition}:iam::{account}:policy/*"),
            ];
        }
        let of_roles = [
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
        ];
        [
            statement("ReadRole", &of_roles, roles),
            statement("ReadManagedPolicies", &["iam:GetPolicy", "iam:GetPolicyVersion"], policies),
        ]
    }

    fn organization(&self) -> [Value; 4] {
        let Self { partition, account } = self;
        let of = |what: &str| format!("arn:{partition}:organizations::*:{what}");
        let (own, units) = (of(&format!("account/o-*/{account}")), of("ou/o-*/ou-*"));
        let policies =
            ["service_control_policy", "resource_control_policy"].iter().flat_map(|kind| {
                let of_aws = format!("arn:{partition}:organizations::aws:policy/{kind}/p-*");
                [of_aws, of(&format!("policy/o-*/{kind}/p-*"))]
            });
        [
            statement(
                "ReadOrganization",
                &["organizations:DescribeOrganization"],
                vec!["*".to_owned()],
            ),
            statement(
                "ListParents",
                &["organizations:ListParents"],
                vec![own.clone(), units.clone()],
            ),
            statement(
                "ListPolicies",
                &["organizations:ListPoliciesForTarget"],
                vec![own, units, of("root/o-*/r-*")],
            ),
            statement("ReadPolicies", &["organizations:DescribePolicy"], policies.collect()),
        ]
    }
}

/// What polled sources and named resources are read with.
fn resources(request: &SnapshotRequest, known: &Known) -> Vec<Value> {
    let mut by_kind: BTreeMap<&str, (&[&str], BTreeSet<String>)> = BTreeMap::new();
    for text in known.sources.iter().chain(&request.resources) {
        let Some(arn) = Arn::parse(text) else { continue };
        let Some(kind) = Kind::of(&arn) else { continue };
        let (sid, actions): (&str, &[&str]) = match kind {
            Kind::Bucket => ("ReadBuckets", &["s3:GetBucketPolicy"]),
            Kind::Queue => ("ReadQueues", &["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]),
            Kind::Topic => ("ReadTopics", &["sns:GetTopicAttributes"]),
            Kind::Key => ("ReadKeys", &["kms:GetKeyPolicy"]),
            Kind::Secret => ("ReadSecretPolicies", &["secretsmanager:GetResourcePolicy"]),
            Kind::Stream => ("ReadStreams", &["kinesis:GetResourcePolicy"]),
            Kind::Table => ("ReadTablePolicies", &["dynamodb:GetResourcePolicy"]),
            Kind::Function => ("ReadOtherFunctions", &["lambda:GetPolicy"]),
        };
        let own = match kind {
            Kind::Bucket => {
                let bucket = arn.resource.split('/').next().unwrap_or(arn.resource);
                format!("arn:{}:s3:::{bucket}", arn.partition)
            }
            _ => text.clone(),
        };
        by_kind.entry(sid).or_insert((actions, BTreeSet::new())).1.insert(own);
    }
    let statements = by_kind.into_iter();
    statements
        .map(|(sid, (actions, on))| statement(sid, actions, on.into_iter().collect()))
        .collect()
}

fn statement(sid: &str, actions: &[&str], mut resources: Vec<String>) -> Value {
    resources.sort();
    resources.dedup();
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
}

/// The partition of a Region, by how Regions are named (AWS General Reference, "AWS Regions").
fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
