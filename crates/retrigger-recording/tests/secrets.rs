//! Nothing secret on disk: secrets of every kind, planted wherever a recording has room, are in none
//! of its files, however they are encoded.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    path::Path,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use retrigger_recording::{
    Anonymize, Body, Call, CallKey, CallResponse, Expected, Fact, KeepForm, Manifest, Outcome,
    Recording, Redactor,
};
use serde_json::{Value, json};

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTE3In0.Qm9ndXNTaWduYXR1cmUx";
const PEM: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+\n-----END RSA PRIVATE KEY-----";

/// Each kind with a secret of its own.
const SECRETS: [(&str, &str); 24] = [
    ("bearer token", "opaque.Tok3n~of+the/caller0"),
    ("password of basic authentication", "b4sic-p4ss:word"),
    ("JSON Web Token", JWT),
    ("cookie", "c00kie%2Fvalue-8f2b"),
    ("cookie that is set", "set-c00kie-77aa+=="),
    ("API key", "da2-apikey0123456789"),
    ("access key", "AKIAQ7RM2X5W3KJ4T6HB"),
    ("secret access key", "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"),
    ("session token", "FwoGZXIvYXdzEBYaDJzess1on/t0ken+zz=="),
    (
        "signature of a presigned URL",
        "5d41402abc4b2a76b9719d911017c592aaaa0f1e2d3c4b5a69788796a5b4c3d2",
    ),
    ("token of a presigned URL", "IQoJb3JpZ2luX2VjEPres1gned/zz=="),
    ("signature of an old presigned URL", "0ldS1gn/ature+zz="),
    ("signature in a ResponseURL", "cfnS1gnature%2Fzz0%3D"),
    ("password with every kind of character", "p\"ä\\ /+=%&?<x>'\tß"),
    ("passphrase", "correct horse battery staple"),
    ("secret of CodePipeline", "c0dePipelineSecretKey/zz"),
    ("private key", PEM),
    ("client secret", "cl1ent_s3cret-zz"),
    ("refresh token", "r3fresh.t0ken.zz"),
    ("answer to a challenge", "ch4llenge answer"),
    ("secret of Secrets Manager", "s3crets-m4nager-zz"),
    ("password in the URL of a database", "d4tabase-p4ss"),
    ("token of GitHub", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("value of a key of the user's", "1nternal-p1n"),
];

fn secret(kind: &str) -> &'static str {
    SECRETS.iter().find(|(name, _)| *name == kind).map(|(_, secret)| *secret).unwrap()
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn form(text: &str) -> String {
    percent(text).replace("%20", "+")
}

fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn gzip(text: &str) -> String {
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

/// The secret in every encoding, by itself and within other text.
fn echoes(secret: &str) -> Value {
    let text = |before: &str| format!("{before}, then {secret} and more");
    let binary = |before: &[u8]| STANDARD.encode([before, secret.as_bytes(), &[0xFE]].concat());
    let aligned = ["", "a", "ab"].map(|before| URL_SAFE_NO_PAD.encode(text(before)));
    json!({
        "raw": secret,
        "text": text("a log line"),
        "percent": format!("/path?x=1&y={}&z", percent(secret)),
        "form": format!("x=1&y={}", form(secret)),
        "twice": format!("next={}", percent(&format!("/q?y={}", percent(secret)))),
        "escaped": format!("request {{\"x\":\"{}\"}}", escaped(secret)),
        "json": json!({ "inner": json!({ "x": secret }).to_string() }).to_string(),
        "base64": [
            STANDARD.encode(secret), STANDARD_NO_PAD.encode(secret),
            URL_SAFE.encode(secret), URL_SAFE_NO_PAD.encode(secret),
        ],
        "aligned": aligned,
        "in text": format!("data:text/plain;base64,{}; x/{}", STANDARD.encode(text("")), STANDARD.encode(secret)),
        "packed json": STANDARD.encode(json!({ "x": [secret] }).to_string()),
        "in a url": format!("?d={}", percent(&STANDARD.encode(text("a")))),
        "binary": [binary(&[0xFF]), binary(&[0xFF, 0]), binary(&[0xFF, 0, 1])],
        "gzip": gzip(&json!({ "logEvents": [{ "message": text("") }] }).to_string()),
        secret: "as a key",
    })
}

fn all_echoes() -> Value {
    SECRETS.iter().map(|(_, secret)| echoes(secret)).collect()
}

/// Each secret where its name or its shape gives it away, and nowhere else.
fn event() -> Value {
    let presigned = format!(
        "https://b.s3.amazonaws.com/k?X-Amz-Expires=900&X-Amz-Security-Token={}&X-Amz-Signature={}",
        percent(secret("token of a presigned URL")),
        secret("signature of a presigned URL"),
    );
    let basic = STANDARD.encode(format!("user:{}", secret("password of basic authentication")));
    json!({
        "headers": {
            "Authorization": format!("Bearer {}", secret("bearer token")),
            "proxy-authorization": format!("Basic {basic}"),
            "Cookie": format!("theme=dark; sid={}", secret("cookie")),
            "X-API-Key": secret("API key"),
            "x-amz-security-token": secret("session token"),
            "x-id": secret("JSON Web Token"),
            "x-pin": secret("value of a key of the user's"),
        },
        "multiValueHeaders": {
            "Set-Cookie": [format!("sid={}; Path=/; Domain=example.com", secret("cookie that is set"))],
        },
        "body": json!({
            "user": { "password": secret("password with every kind of character") },
            "wrapped": json!({ "passphrase": secret("passphrase") }).to_string(),
        }).to_string(),
        "packed": STANDARD.encode(format!(
            "grant=x&client_secret={}&refresh_token={}",
            form(secret("client secret")),
            form(secret("refresh token"))
        )),
        "presigned": presigned,
        "old": format!("?AWSAccessKeyId=x&Signature={}", percent(secret("signature of an old presigned URL"))),
        "ResponseURL": format!(
            "https://cloudformation.s3.amazonaws.com/x?Signature={}&Expires=1",
            secret("signature in a ResponseURL")
        ),
        "CodePipeline.job": { "data": { "artifactCredentials": {
            "accessKeyId": secret("access key"),
            "secretAccessKey": secret("secret of CodePipeline"),
        } } },
        "request": { "challengeAnswer": secret("answer to a challenge") },
        "key": secret("private key"),
        "config": format!("[default]\naws_secret_access_key = {}\n", secret("secret access key")),
        "dsn": format!("postgres://app:{}@db.internal/x", secret("password in the URL of a database")),
        "hook": format!("push with {}", secret("token of GitHub")),
    })
}

fn call(operation: &str, occurrence: u32, body: Body) -> Call {
    let key = CallKey {
        service: "logs".into(),
        operation: operation.into(),
        resource: Some("arn:aws:logs:us-east-1:841860927337:log-group:/aws/lambda/demo".into()),
        parameters: json!({ "logEvents": [{ "message": all_echoes().to_string() }] }),
        occurrence,
    };
    let values = SECRETS.iter().map(|(_, secret)| format!("x {}", percent(secret))).collect();
    Call {
        key,
        response: CallResponse { status: 200, headers: [("x-echo".into(), values)].into(), body },
    }
}

fn planted() -> Recording {
    let mut event = event();
    event["echo"] = all_echoes();
    let mut binary = vec![0xFF, 0xFE, 0];
    for (_, secret) in SECRETS {
        binary.extend_from_slice(secret.as_bytes());
    }
    let large = [binary.clone(), vec![0xFF; 20_000]].concat();
    let secret_string = json!({ "SecretString": secret("secret of Secrets Manager") });
    let mut manifest = Manifest::default();
    manifest.invocation.client_context = Some(json!({ "custom": all_echoes() }).to_string());
    manifest.invocation.trace_id = Some(format!("Root=1;Lineage={}", secret("API key")));
    manifest.trigger.source_arn =
        Some(Fact::declared(format!("arn:x:{}", secret("client secret"))));
    let mut expected = Expected::default();
    expected.outcome = Some(Outcome::Completed);
    expected.error = Some(format!("not for {}", secret("passphrase")));
    expected.response = Some(json!({ "statusCode": 200, "body": all_echoes().to_string() }).into());
    expected.function_error = Some(json!({ "errorMessage": "at x", "trace": all_echoes() }));
    expected.batch = Some(all_echoes());
    Recording {
        event: event.to_string().into_bytes(),
        manifest,
        calls: vec![
            call("GetSecretValue", 1, Body::from_bytes(secret_string.to_string())),
            call("PutLogEvents", 1, Body::from_bytes(all_echoes().to_string())),
            call("PutLogEvents", 2, Body::from_bytes(binary)),
            call("PutLogEvents", 3, Body::from_bytes(large)),
        ],
        expected: Some(expected),
    }
}

fn redactor() -> Redactor {
    Redactor::with(&["x-pin".into()], &[])
}

/// All bytes on disk by file, and what is in gzip there.
fn on_disk(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let entries = entries.filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
        (name, std::fs::read(entry.path()).unwrap())
    };
    let mut files: BTreeMap<_, _> = entries.map(read).collect();
    let text = String::from_utf8_lossy(&files.values().flatten().copied().collect::<Vec<u8>>())
        .into_owned();
    let packed = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    for (index, run) in packed.filter(|run| run.starts_with("H4sI")).enumerate() {
        let mut unpacked = Vec::new();
        let bytes = STANDARD.decode(run).unwrap();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
        files.insert(format!("gzip {index}"), unpacked);
    }
    files
}

/// Everything that a secret may look like on disk.
fn looks(secret: &str) -> Vec<String> {
    let mut looks = vec![
        secret.to_owned(),
        escaped(secret),
        escaped(&escaped(secret)),
        percent(secret),
        form(secret),
        percent(&percent(secret)),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    // At each of the three places in a group of three bytes, what the secret alone decides.
    for before in 0..3 {
        let bytes = [&b"\0\0"[..before], secret.as_bytes()].concat();
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        looks.push(STANDARD_NO_PAD.encode(&bytes)[first..last].to_owned());
        looks.push(URL_SAFE_NO_PAD.encode(&bytes)[first..last].to_owned());
    }
    looks
}

#[track_caller]
fn assert_clean(files: &BTreeMap<String, Vec<u8>>) {
    for (file, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        for (kind, secret) in SECRETS {
            for look in looks(secret) {
                if let Some(at) = text.find(&look) {
                    let around = text.get(at.saturating_sub(60)..at + look.len()).unwrap_or(&look);
                    panic!("{file}: the {kind} as {look}: {around}");
                }
            }
        }
    }
}

#[test]
fn no_secret_is_on_disk_however_it_is_encoded() {
    for redactor in [redactor(), redactor().keep_form(&[KeepForm::Jwt])] {
        let folder = tempfile::tempdir().unwrap();
        let mut recording = planted();
        recording.redact(&redactor).unwrap();
        recording.save(folder.path(), &redactor).unwrap();
        let files = on_disk(folder.path());
        let bodies = files.keys().filter(|name| name.starts_with("calls/")).count();
        assert_eq!(bodies, 2, "{:?}", files.keys());
        assert_eq!(files.keys().filter(|name| !name.starts_with("gzip")).count(), 4 + bodies);
        assert!(files.len() > 6 + SECRETS.len(), "the packed logs are looked into");
        assert_clean(&files);
        for (name, bytes) in &files {
            let found = redactor.scan_file(bytes);
            // A body may be no text.
            assert!(found.is_ok() || name.starts_with("calls/"), "{name}");
            assert_eq!(found.unwrap_or_default(), [], "{name}");
        }
    }
}

#[test]
fn every_planted_secret_is_found_by_itself() {
    let text = event().to_string();
    let (redacted, _) = redactor().redact_text(&text);
    for (kind, secret) in SECRETS.iter().filter(|(kind, _)| *kind != "secret of Secrets Manager") {
        assert!(!redacted.contains(secret) && !redacted.contains(&percent(secret)), "{kind}");
    }
}

#[test]
fn an_unredacted_recording_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let error = planted().save(folder.path().join("new"), &redactor()).unwrap_err().to_string();
    assert!(error.contains("holds what the redaction rule"), "{error}");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn equality_survives_and_differences_too() {
    let mut recording = planted();
    recording.redact(&redactor()).unwrap();
    let event: Value = serde_json::from_slice(&recording.event).unwrap();
    let raw = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|echo| echo["raw"].as_str().unwrap().to_owned())
            .collect()
    };
    let tokens = raw(&event["echo"]);
    let message = recording.calls[1].key.parameters["logEvents"][0]["message"].as_str().unwrap();
    assert_eq!(tokens, raw(&serde_json::from_str(message).unwrap()));
    assert_eq!(tokens, raw(recording.expected.as_ref().unwrap().batch.as_ref().unwrap()));
    let mut distinct = tokens.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), SECRETS.len(), "{tokens:?}");
    assert_eq!(event["headers"]["Authorization"], format!("Bearer {}", tokens[0]));
    for (echo, token) in event["echo"].as_array().unwrap().iter().zip(&tokens) {
        assert_eq!(echo["percent"], format!("/path?x=1&y={token}&z"));
        let json: Value = serde_json::from_str(echo["json"].as_str().unwrap()).unwrap();
        let inner: Value = serde_json::from_str(json["inner"].as_str().unwrap()).unwrap();
        assert_eq!(inner["x"], *token);
        let aligned = echo["aligned"][1].as_str().unwrap().replace('+', "-");
        assert_eq!(
            aligned.trim_end_matches('='),
            URL_SAFE_NO_PAD.encode(format!("a, then {token} and more"))
        );
    }
}

#[test]
fn redacting_again_changes_nothing_and_new_secrets_are_numbered_on() {
    let mut recording = planted();
    recording.redact(&redactor()).unwrap();
    let once = recording.clone();
    recording.redact(&redactor()).unwrap();
    assert!(recording == once);
    let mut again = planted();
    again.redact(&redactor()).unwrap();
    assert!(again == once, "the same input gives the same bytes");

    let highest = highest_token(&recording);
    recording.expected.as_mut().unwrap().batch = Some(json!({ "password": "new-passw0rd" }));
    recording.redact(&redactor()).unwrap();
    let batch = recording.expected.unwrap().batch.unwrap();
    assert_eq!(batch, json!({ "password": format!("<password:{}>", highest + 1) }));
}

fn highest_token(recording: &Recording) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    recording.save(folder.path(), &redactor()).unwrap();
    let bytes: Vec<u8> = on_disk(folder.path()).into_values().flatten().collect();
    let text = String::from_utf8_lossy(&bytes);
    let number = |part: &str| part.split_once('>')?.0.rsplit(':').next()?.parse().ok();
    text.split('<').filter_map(number).max().unwrap()
}

#[test]
fn accounts_are_the_same_in_event_manifest_and_expectation() {
    let mut expected = Expected::default();
    expected.error = Some("user a@b.org of 111122223333 from 10.0.0.7 is not allowed".into());
    let mut recording = Recording {
        event: br#"{"Records":[{"eventSourceARN":"arn:aws:sqs:us-east-1:111122223333:q"}]}"#
            .to_vec(),
        manifest: Manifest::default(),
        calls: Vec::new(),
        expected: Some(expected),
    };
    recording.manifest.trigger.source_account = Some(Fact::declared("111122223333".into()));
    let redactor =
        Redactor::default().anonymize(&[Anonymize::Account, Anonymize::Email, Anonymize::Ip]);
    recording.redact(&redactor).unwrap();
    let event = String::from_utf8(recording.event).unwrap();
    assert!(event.contains("arn:aws:sqs:us-east-1:999900000001:q"), "{event}");
    let account = recording.manifest.trigger.source_account.unwrap();
    assert_eq!(account.value().unwrap(), "999900000001");
    let error = recording.expected.unwrap().error.unwrap();
    assert_eq!(error, "user user-1@example.com of 999900000001 from 192.0.2.1 is not allowed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A secret of any characters, told by its key, is gone in every encoding.
    #[test]
    fn any_password_is_gone_everywhere(secret in "[ -~é]{6,24}") {
        prop_assume!(secret.trim() == secret && !secret.contains('<') && !secret.contains("REDACTED"));
        prop_assume!(secret.chars().collect::<std::collections::BTreeSet<_>>().len() > 3);
        prop_assume!(secret.chars().any(|c| !c.is_ascii_alphanumeric() && c != '-'));
        let event = json!({ "password": secret, "echo": echoes(&secret) }).to_string();
        let (redacted, _) = Redactor::default().redact_text(&event);
        for look in looks(&secret) {
            prop_assert!(!redacted.contains(&look), "{}: {}", look, redacted);
        }
        prop_assert_eq!(Redactor::default().redact_text(&redacted), (redacted.clone(), vec![]));
    }
}
