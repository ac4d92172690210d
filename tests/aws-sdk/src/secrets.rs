//! Calls of services that keep secrets and identities: KMS, Secrets Manager, SSM, STS.

use aws_config::SdkConfig;
use aws_sdk_kms::primitives::Blob;
use serde_json::{Value, json};

use crate::{ACCOUNT, NAME, Results, ended};

/// Encrypts and decrypts, reads a secret and a parameter, asks who it is, becomes another.
pub(crate) async fn all(config: &SdkConfig, key: &str) -> Results {
    let mut results = kms(config, key).await;
    let mut note = |name: &str, value: Value| results.insert(name.to_owned(), value);
    let secret = aws_sdk_secretsmanager::Client::new(config).get_secret_value().secret_id(NAME);
    let secret = secret.send().await;
    note("secretsmanager:GetSecretValue", ended(&secret, |secret| json!(secret.secret_string())));
    let parameter = aws_sdk_ssm::Client::new(config).get_parameter().name("/orders/colour");
    let parameter = parameter.send().await;
    note(
        "ssm:GetParameter",
        ended(&parameter, |got| json!(got.parameter().and_then(|parameter| parameter.value()))),
    );

    let client = aws_sdk_sts::Client::new(config);
    let identity = client.get_caller_identity().send().await;
    note("sts:GetCallerIdentity", ended(&identity, |identity| json!(identity.account())));
    let role = client.assume_role().role_arn(format!("arn:aws:iam::{ACCOUNT}:role/courier"));
    let role = role.role_session_name(NAME).send().await;
    note(
        "sts:AssumeRole",
        ended(&role, |assumed| {
            json!(assumed.assumed_role_user().map(aws_sdk_sts::types::AssumedRoleUser::arn))
        }),
    );
    results
}

async fn kms(config: &SdkConfig, key: &str) -> Results {
    let client = aws_sdk_kms::Client::new(config);
    let mut results = Results::new();
    let encrypt = client.encrypt().key_id(key).plaintext(Blob::new("one order"));
    let encrypt = encrypt.send().await;
    results.insert("kms:Encrypt".into(), ended(&encrypt, |_| json!("encrypted")));
    let ciphertext = encrypt.ok().and_then(|encrypt| encrypt.ciphertext_blob);
    let ciphertext = ciphertext.unwrap_or(Blob::new("nothing"));
    let decrypt = client.decrypt().key_id(key).ciphertext_blob(ciphertext).send().await;
    results.insert(
        "kms:Decrypt".into(),
        ended(&decrypt, |decrypted| {
            json!(decrypted.plaintext().map(|text| String::from_utf8_lossy(text.as_ref())))
        }),
    );
    results
}
