//! Linting every document that AWS has, or refused, where the shared suites are.

use std::{collections::BTreeMap, fs, io::Read, path::Path};

use retrigger::{
    iam::{Linted, PolicyKind, Severity},
    lint::lint_text as lint,
};
use serde_json::Value;

use crate::support::{retrigger, shared};

/// One document of the shared suite.
struct Case {
    id: String,
    text: String,
    /// `None` for what every kind of policy has in common.
    kind: Option<PolicyKind>,
    must_be_refused: bool,
}

/// The documents of `conformance/documents.jsonl`. Those that say what `CreatePolicy` answered are
/// managed policies, which the suite calls identity policies as it does inline ones: the two
/// differ in the `Version` that they need.
fn shared_documents() -> Option<Vec<Case>> {
    let path = shared("conformance/documents.jsonl")?;
    let lines = fs::read_to_string(path).unwrap();
    let case = |line| {
        let case: Value = serde_json::from_str(line).unwrap();
        let is_managed = case["why"].as_str().unwrap().contains("CreatePolicy");
        let kind = match case["policy_type"].as_str().unwrap() {
            "any" => None,
            "identity" if is_managed => Some(PolicyKind::Managed),
            kind => Some(kind.parse().unwrap()),
        };
        Case {
            id: case["id"].as_str().unwrap().to_owned(),
            text: case["policy_text"].as_str().expect("a document as text").to_owned(),
            kind,
            must_be_refused: case["expected"] == "error",
        }
    };
    Some(lines.lines().map(case).collect())
}

#[test]
fn every_document_that_aws_refuses_has_an_error_and_no_other() {
    let Some(cases) = shared_documents() else { return };
    assert!(!cases.is_empty());
    let failed: Vec<_> = cases
        .iter()
        .map(|case| (case, lint(&case.text, case.kind)))
        .filter(|(case, linted)| linted.has_errors() != case.must_be_refused)
        .map(|(case, linted)| (&case.id, linted.findings))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn the_command_line_agrees_with_the_library_on_every_document() {
    let Some(cases) = shared_documents() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut by_kind: BTreeMap<Option<PolicyKind>, Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        fs::write(folder.path().join(format!("{}.json", case.id)), &case.text).unwrap();
        by_kind.entry(case.kind).or_default().push(case);
    }
    for (kind, cases) in by_kind {
        let mut arguments = vec!["lint".to_owned(), "--format=json".to_owned()];
        arguments.extend(kind.map(|kind| format!("--kind={kind}")));
        let path = |case: &&Case| folder.path().join(format!("{}.json", case.id));
        let paths = cases.iter().map(|case| path(case).to_str().unwrap().to_owned());
        let ran = retrigger(arguments.into_iter().chain(paths));
        let lines = ran.json_lines();
        for case in &cases {
            let file = path(case);
            let count = |line: &&Value| line["file"] == file.to_str().unwrap();
            let expected = lint(&case.text, case.kind).findings.len();
            assert_eq!(lines.iter().filter(count).count(), expected, "{}", case.id);
        }
    }
}

#[track_caller]
fn assert_no_error(name: &str, linted: &Linted) {
    assert!(!linted.has_errors(), "{name}: {:#?}", linted.findings);
}

#[test]
fn none_of_awss_managed_policies_has_an_error() {
    let Some(path) = shared("corpus/policies/aws-managed.jsonl.zst") else { return };
    let mut decoder =
        ruzstd::decoding::StreamingDecoder::new(fs::File::open(path).unwrap()).unwrap();
    let mut lines = String::new();
    decoder.read_to_string(&mut lines).unwrap();
    let mut count = 0;
    for line in lines.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let text = entry["document"].to_string();
        for kind in [None, Some(PolicyKind::Managed), Some(PolicyKind::Boundary)] {
            assert_no_error(entry["name"].as_str().unwrap(), &lint(&text, kind));
        }
        count += 1;
    }
    assert_eq!(count, 1_644);
}

/// The files of a folder of policies that have errors, each with how many.
fn files_with_errors(folder: &Path, kind: PolicyKind) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let linted = lint(&fs::read_to_string(&path).unwrap(), Some(kind));
        let is_error = |severity: Severity| severity == Severity::Error;
        let errors = linted.findings.iter().filter(|finding| is_error(finding.severity)).count();
        if errors > 0 {
            found.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), errors);
        }
    }
    found
}

/// What is broken in these files: a blank that was not filled in (`<action>`), an operator in
/// wrong case, a statement pasted into another, and the policies of resources (the last two) kept
/// among resource control policies.
#[test]
fn organization_and_endpoint_policies_have_no_error_but_where_they_are_broken() {
    let Some(policies) = shared("corpus/policies") else { return };
    let found = |folder: &str, kind| files_with_errors(&policies.join(folder), kind);
    let named = |names: &[(&str, usize)]| {
        names.iter().map(|(name, errors)| ((*name).to_owned(), *errors)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(found("scp", PolicyKind::Scp), named(&[]));
    assert_eq!(found("vpce", PolicyKind::Endpoint), named(&[("s3_endpoint_policy.json", 2)]));
    let broken = named(&[
        ("STS-protect-IAMRA-session-tags.json", 1),
        ("Shared-Issuers.json", 2),
        ("api_gateway_policy.json", 4),
        ("sns_topic_policy.json", 1),
    ]);
    assert_eq!(found("rcp", PolicyKind::Rcp), broken);
    for name in ["api_gateway_policy.json", "sns_topic_policy.json"] {
        let text = fs::read_to_string(policies.join("rcp").join(name)).unwrap();
        assert_no_error(name, &lint(&text, Some(PolicyKind::Resource)));
    }
}

/// The documents of SAM's policy templates, their functions replaced by what they make.
#[test]
fn no_policy_that_a_sam_template_makes_has_an_error() {
    let Some(folder) = shared("corpus/policies/sam-template") else { return };
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let template: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let text = made(&template["Definition"]).to_string();
        assert_no_error(&path.display().to_string(), &lint(&text, Some(PolicyKind::Identity)));
        count += 1;
    }
    assert!(count > 0);
}

/// The value with its `Ref` and `Fn::Sub` replaced, each parameter by its own name.
fn made(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.iter().next() {
            Some((name, parameter)) if name == "Ref" => parameter.clone(),
            Some((name, template)) if name == "Fn::Sub" => {
                Value::String(filled(template.as_str().or(template[0].as_str()).unwrap()))
            }
            _ => object.iter().map(|(name, value)| (name.clone(), made(value))).collect(),
        },
        Value::Array(values) => values.iter().map(made).collect(),
        other => other.clone(),
    }
}

/// A parameter that is a whole ARN is filled with one.
fn filled(template: &str) -> String {
    let known = [
        ("${AWS::Partition}", "aws"),
        ("${AWS::Region}", "us-east-1"),
        ("${AWS::AccountId}", "841860927337"),
    ];
    let text =
        known.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value));
    let parameter = text.strip_prefix("${").and_then(|rest| rest.split('}').next());
    match parameter.filter(|name| name.to_ascii_lowercase().ends_with("arn")) {
        Some(name) => text.replace(&format!("${{{name}}}"), "arn:aws:s3:::athena-demo"),
        None => text.replace("${", "").replace('}', ""),
    }
}
