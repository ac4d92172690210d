//! All policy documents of one file, each with what its place in the file makes it.

use std::{path::Path, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    document::PolicyDocument,
    error::Error,
    snapshot,
    source::{DOCUMENT, Source},
};

/// What the place of a policy document in its file makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentRole {
    /// A role's trust policy.
    Trust,
    /// A role's inline policy.
    Inline,
    /// A managed policy.
    Managed,
    /// The policy of a function or another resource.
    Resource,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
}

/// A policy document with what its place makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// The document.
    pub document: PolicyDocument,
    /// What its place makes it; `None` for a file that is the document.
    pub role: Option<DocumentRole>,
}

impl StoredDocument {
    pub(crate) fn new(document: PolicyDocument, role: DocumentRole) -> Self {
        Self { document, role: Some(role) }
    }
}

/// The keys by which the files of a snapshot are told apart.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: Option<&'a RawValue>,
    #[serde(borrow, rename = "RoleDetailList")]
    roles: Option<&'a RawValue>,
    #[serde(borrow, rename = "Policies")]
    policies: Option<&'a RawValue>,
    #[serde(borrow)]
    scps: Option<&'a RawValue>,
    #[serde(borrow)]
    rcps: Option<&'a RawValue>,
    #[serde(borrow, rename = "Policy")]
    policy: Option<&'a RawValue>,
}

impl PolicyDocument {
    /// Reads all policy documents of a file, which is one of:
    ///
    /// - a document by itself, which is a resource's where the file is `lambda/NAME/policy.json`
    ///   or `lambda/NAME/policy.QUALIFIER.json`;
    /// - `{"Policy": …}`, as `aws lambda get-policy` prints it, or a file of `resource-policies/`;
    /// - `account-authorization-details.json`: trust, inline and managed policies of roles;
    /// - `organization.json`: service and resource control policies.
    ///
    /// A file that is no JSON, or none of these, is taken for a document, and whether it is one is
    /// for the reader of policies to say.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or a listing is malformed around its documents.
    pub fn all_in(path: &Path) -> Result<Vec<StoredDocument>, Error> {
        documents(Source::read(path, DOCUMENT)?)
    }

    /// [`all_in`](Self::all_in) for bytes that were read already; `path` is what messages call
    /// them.
    pub fn all_in_bytes(path: &Path, bytes: Vec<u8>) -> Result<Vec<StoredDocument>, Error> {
        documents(Source::from_bytes(path, bytes)?)
    }
}

fn documents(source: Source) -> Result<Vec<StoredDocument>, Error> {
    let source = Arc::new(source);
    let whole = |source: Arc<Source>| {
        let role = is_of_function(&source.path).then_some(DocumentRole::Resource);
        let document = PolicyDocument::whole("policy".to_owned(), source);
        Ok(vec![StoredDocument { document, role }])
    };
    let Ok(keys) = serde_json::from_str::<Keys<'_>>(&source.text) else { return whole(source) };
    let mut found = match keys {
        Keys { statement: Some(_), .. } => return whole(source),
        Keys { policy: Some(policy), .. } => {
            let document = PolicyDocument::within("policy".to_owned(), None, policy, &source)?;
            vec![StoredDocument::new(document, DocumentRole::Resource)]
        }
        Keys { roles, policies, .. } if roles.or(policies).is_some() => {
            snapshot::authorization_documents(&source)?
        }
        Keys { scps, rcps, .. } if scps.or(rcps).is_some() => {
            snapshot::organization_documents(&source)?
        }
        _ => return whole(source),
    };
    found.sort_by_key(|stored| stored.document.outer_span(0..0).start);
    Ok(found)
}

/// Whether a snapshot has a function's policy at this path.
fn is_of_function(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = path.ancestors().nth(2).and_then(Path::file_name);
    snapshot::is_policy_file(name) && folder.is_some_and(|folder| folder == "lambda")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"Statement": []}"#, &[None])]
    #[case("not json", &[None])]
    #[case("[]", &[None])]
    #[case(r#"{"Policy": "{\"Statement\":[]}"}"#, &[Some(DocumentRole::Resource)])]
    #[case(
        r#"{"Policies": [{"PolicyName": "m", "Arn": "arn:m",
             "PolicyVersionList": [{"Document": {}, "IsDefaultVersion": true}]}],
            "RoleDetailList": [{"RoleName": "r", "Arn": "arn:r", "AssumeRolePolicyDocument": {},
             "RolePolicyList": [{"PolicyName": "i", "PolicyDocument": "%7B%7D"}]}]}"#,
        &[Some(DocumentRole::Managed), Some(DocumentRole::Trust), Some(DocumentRole::Inline)]
    )]
    #[case(
        r#"{"format": 1, "rcps": [{"target": "r", "policies": [{"Name": "n", "Content": {}}]}],
            "scps": [{"target": "r", "policies": [{"Name": "n", "Content": "{}"}]}]}"#,
        &[Some(DocumentRole::Rcp), Some(DocumentRole::Scp)]
    )]
    fn documents_are_found_in_the_order_of_the_file(
        #[case] text: &str,
        #[case] expected: &[Option<DocumentRole>],
    ) {
        let found = PolicyDocument::all_in_bytes(Path::new("f.json"), text.into()).unwrap();
        let roles: Vec<_> = found.iter().map(|stored| stored.role).collect();
        assert_eq!(roles, expected);
    }

    #[rstest]
    #[case("snapshot/lambda/demo/policy.json", true)]
    #[case("snapshot/lambda/demo/policy.PROD.json", true)]
    #[case("lambda/demo/configuration.json", false)]
    #[case("demo/policy.json", false)]
    fn a_functions_policy_is_known_by_its_path(#[case] path: &str, #[case] expected: bool) {
        let found = PolicyDocument::all_in_bytes(Path::new(path), "{}".into()).unwrap();
        assert_eq!(found[0].role == Some(DocumentRole::Resource), expected);
    }

    #[test]
    fn a_malformed_listing_is_an_error_with_its_place() {
        let text = r#"{"RoleDetailList": [{"RoleName": 5}]}"#;
        let error = PolicyDocument::all_in_bytes(Path::new("f.json"), text.into()).unwrap_err();
        assert!(error.to_string().starts_with("f.json:1:"), "{error}");
    }
}
