//! IAM's answers, which are XML, as the AWS CLI prints them: JSON, with policy documents decoded and
//! as objects.

use aws_sdk_iam::types::{
    AttachedPermissionsBoundary, AttachedPolicy, GroupDetail, InstanceProfile, ManagedPolicyDetail,
    PermissionsBoundaryAttachmentType, Policy, PolicyDetail, PolicyVersion, Role, RoleDetail,
    RoleLastUsed, Tag, UserDetail,
};
use aws_smithy_types::{DateTime, date_time::Format};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::document;

/// A document, which IAM percent-encodes (IAM API Reference, `PolicyDetail`).
pub(super) fn decoded(text: &str) -> Value {
    document(&percent_decode_str(text).decode_utf8_lossy())
}

/// An object without the members that are not there.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

fn list<T>(items: Option<&[T]>, of: impl Fn(&T) -> Value) -> Value {
    items.unwrap_or_default().iter().map(of).collect::<Vec<_>>().into()
}

/// A list that the CLI prints only where it holds something.
fn some<T>(items: &[T], of: impl Fn(&T) -> Value) -> Value {
    if items.is_empty() { Value::Null } else { list(Some(items), of) }
}

fn date(date: Option<&DateTime>) -> Value {
    let text = date.and_then(|date| date.fmt(Format::DateTime).ok());
    text.map(|text| text.strip_suffix('Z').map_or(text.clone(), |time| format!("{time}+00:00")))
        .into()
}

fn tag(tag: &Tag) -> Value {
    json!({ "Key": tag.key, "Value": tag.value })
}

fn inline(policy: &PolicyDetail) -> Value {
    object([
        ("PolicyName", policy.policy_name().into()),
        ("PolicyDocument", policy.policy_document().map_or(Value::Null, decoded)),
    ])
}

/// An attached policy.
pub(super) fn attached(policy: &AttachedPolicy) -> Value {
    object([("PolicyName", policy.policy_name().into()), ("PolicyArn", policy.policy_arn().into())])
}

fn boundary(boundary: Option<&AttachedPermissionsBoundary>) -> Value {
    let Some(boundary) = boundary else { return Value::Null };
    let kind = boundary.permissions_boundary_type().map(PermissionsBoundaryAttachmentType::as_str);
    object([
        ("PermissionsBoundaryType", kind.into()),
        ("PermissionsBoundaryArn", boundary.permissions_boundary_arn().into()),
    ])
}

fn last_used(used: Option<&RoleLastUsed>) -> Value {
    let Some(used) = used else { return Value::Null };
    object([("LastUsedDate", date(used.last_used_date())), ("Region", used.region().into())])
}

/// A role that `GetRole` gives, with what a listing has of it; the listing has its policies besides.
pub(super) fn role(role: &Role) -> Value {
    let trust = role.assume_role_policy_document().map_or(Value::Null, decoded);
    object([
        ("Path", role.path().into()),
        ("RoleName", role.role_name().into()),
        ("RoleId", role.role_id().into()),
        ("Arn", role.arn().into()),
        ("CreateDate", date(Some(role.create_date()))),
        ("AssumeRolePolicyDocument", trust),
        ("InstanceProfileList", json!([])),
        ("RolePolicyList", json!([])),
        ("AttachedManagedPolicies", json!([])),
        ("PermissionsBoundary", boundary(role.permissions_boundary())),
        ("Tags", list(Some(role.tags()), tag)),
        ("RoleLastUsed", last_used(role.role_last_used())),
    ])
}

/// A role of a listing.
pub(super) fn role_detail(role: &RoleDetail) -> Value {
    let trust = role.assume_role_policy_document().map_or(Value::Null, decoded);
    object([
        ("Path", role.path().into()),
        ("RoleName", role.role_name().into()),
        ("RoleId", role.role_id().into()),
        ("Arn", role.arn().into()),
        ("CreateDate", date(role.create_date())),
        ("AssumeRolePolicyDocument", trust),
        ("InstanceProfileList", list(Some(role.instance_profile_list()), profile)),
        ("RolePolicyList", list(Some(role.role_policy_list()), inline)),
        ("AttachedManagedPolicies", list(Some(role.attached_managed_policies()), attached)),
        ("PermissionsBoundary", boundary(role.permissions_boundary())),
        ("Tags", list(Some(role.tags()), tag)),
        ("RoleLastUsed", last_used(role.role_last_used())),
    ])
}

fn profile(profile: &InstanceProfile) -> Value {
    object([
        ("Path", profile.path().into()),
        ("InstanceProfileName", profile.instance_profile_name().into()),
        ("InstanceProfileId", profile.instance_profile_id().into()),
        ("Arn", profile.arn().into()),
        ("CreateDate", date(Some(profile.create_date()))),
        ("Roles", list(Some(profile.roles()), profile_role)),
    ])
}

fn profile_role(role: &Role) -> Value {
    object([
        ("Path", role.path().into()),
        ("RoleName", role.role_name().into()),
        ("RoleId", role.role_id().into()),
        ("Arn", role.arn().into()),
        ("CreateDate", date(Some(role.create_date()))),
        (
            "AssumeRolePolicyDocument",
            role.assume_role_policy_document().map_or(Value::Null, decoded),
        ),
    ])
}

/// A user of a listing.
pub(super) fn user_detail(user: &UserDetail) -> Value {
    object([
        ("Path", user.path().into()),
        ("UserName", user.user_name().into()),
        ("UserId", user.user_id().into()),
        ("Arn", user.arn().into()),
        ("CreateDate", date(user.create_date())),
        ("UserPolicyList", some(user.user_policy_list(), inline)),
        ("GroupList", list(Some(user.group_list()), |name| name.as_str().into())),
        ("AttachedManagedPolicies", list(Some(user.attached_managed_policies()), attached)),
        ("PermissionsBoundary", boundary(user.permissions_boundary())),
        ("Tags", list(Some(user.tags()), tag)),
    ])
}

/// A group of a listing.
pub(super) fn group_detail(group: &GroupDetail) -> Value {
    object([
        ("Path", group.path().into()),
        ("GroupName", group.group_name().into()),
        ("GroupId", group.group_id().into()),
        ("Arn", group.arn().into()),
        ("CreateDate", date(group.create_date())),
        ("GroupPolicyList", list(Some(group.group_policy_list()), inline)),
        ("AttachedManagedPolicies", list(Some(group.attached_managed_policies()), attached)),
    ])
}

/// A version of a managed policy.
pub(super) fn version(version: &PolicyVersion) -> Value {
    object([
        ("Document", version.document().map_or(Value::Null, decoded)),
        ("VersionId", version.version_id().into()),
        ("IsDefaultVersion", version.is_default_version().into()),
        ("CreateDate", date(version.create_date())),
    ])
}

/// A managed policy that `GetPolicy` gives, with some of its versions, as a listing has it.
pub(super) fn policy(policy: &Policy, versions: Vec<Value>) -> Value {
    object([
        ("PolicyName", policy.policy_name().into()),
        ("PolicyId", policy.policy_id().into()),
        ("Arn", policy.arn().into()),
        ("Path", policy.path().into()),
        ("DefaultVersionId", policy.default_version_id().into()),
        ("AttachmentCount", policy.attachment_count().into()),
        ("PermissionsBoundaryUsageCount", policy.permissions_boundary_usage_count().into()),
        ("IsAttachable", policy.is_attachable().into()),
        ("Description", policy.description().into()),
        ("CreateDate", date(policy.create_date())),
        ("UpdateDate", date(policy.update_date())),
        ("PolicyVersionList", versions.into()),
    ])
}

/// A managed policy of a listing.
pub(super) fn policy_detail(policy: &ManagedPolicyDetail) -> Value {
    // AWS names each; another server may leave it to the ARN.
    let name = policy.policy_name().or_else(|| policy.arn()?.rsplit('/').next());
    object([
        ("PolicyName", name.into()),
        ("PolicyId", policy.policy_id().into()),
        ("Arn", policy.arn().into()),
        ("Path", policy.path().into()),
        ("DefaultVersionId", policy.default_version_id().into()),
        ("AttachmentCount", policy.attachment_count().into()),
        ("PermissionsBoundaryUsageCount", policy.permissions_boundary_usage_count().into()),
        ("IsAttachable", policy.is_attachable().into()),
        ("Description", policy.description().into()),
        ("CreateDate", date(policy.create_date())),
        ("UpdateDate", date(policy.update_date())),
        ("PolicyVersionList", list(Some(policy.policy_version_list()), version)),
    ])
}
