//! A server that speaks AWS's APIs, with all in it that the handler calls.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_lambda::{
    primitives::Blob,
    types::{FunctionCode, Runtime},
};
use aws_sdk_ssm::types::ParameterType;
use retrigger_sdk_tests::{ACCOUNT, NAME};

/// What the secret holds, which must reach no file.
pub(crate) const SECRET: &str = "tea-with-milk-8316";

/// A server of its own, which ends with its value.
pub(crate) struct Moto {
    pub(crate) url: String,
    /// The ARN of the key that encrypts.
    pub(crate) key: String,
    child: Child,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// A server with all in it that the handler calls. Without one a test says loudly what is
    /// skipped, except in CI, where it fails.
    pub(crate) fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("RETRIGGER_MOTO_PYTHON") else {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "CI must test moto: install it and set RETRIGGER_MOTO_PYTHON");
            // Not by eprintln!, whose output a passing test keeps to itself.
            let notice = b"SKIPPED: moto is not tested, as RETRIGGER_MOTO_PYTHON is not set\n";
            std::io::stderr().write_all(notice).unwrap();
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("S3_UPLOAD_PART_MIN_SIZE", "65536")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let mut moto = Self { url, key: String::new(), child };
        let until = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "moto does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        moto.prepare();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        moto.key = runtime.block_on(make(&moto.config()));
        Some(moto)
    }

    /// What is done without the SDK: functions answer what they are given, without Docker, and there
    /// is the role of one.
    fn prepare(&self) {
        let lambda = r#"{"lambda": {"use_docker": false}}"#;
        self.post("/moto-api/config", "application/json", lambda);
        let role = "Action=CreateRole&Version=2010-05-08&RoleName=courier&AssumeRolePolicyDocument=\
                    %7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22\
                    Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D\
                    %2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D";
        self.post("/", "application/x-www-form-urlencoded", role);
    }

    fn post(&self, path: &str, content: &str, body: &str) {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, \
             SignedHeaders=host, Signature=0\r\nContent-Type: {content}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(&self.url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new("us-east-1"))
            .build()
    }
}

/// Makes what the handler calls; gives the ARN of the key.
async fn make(config: &SdkConfig) -> String {
    aws_sdk_s3::Client::new(config).create_bucket().bucket(NAME).send().await.unwrap();
    let (attribute, kind) = ("id", ScalarAttributeType::S);
    let attribute =
        AttributeDefinition::builder().attribute_name(attribute).attribute_type(kind).build();
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build();
    let table = aws_sdk_dynamodb::Client::new(config).create_table().table_name(NAME);
    let table = table.attribute_definitions(attribute.unwrap()).key_schema(key.unwrap());
    table.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    aws_sdk_sqs::Client::new(config).create_queue().queue_name(NAME).send().await.unwrap();
    aws_sdk_sns::Client::new(config).create_topic().name(NAME).send().await.unwrap();
    let bus = aws_sdk_eventbridge::Client::new(config).create_event_bus().name(NAME);
    bus.send().await.unwrap();
    let stream = aws_sdk_kinesis::Client::new(config).create_stream().stream_name(NAME);
    stream.shard_count(1).send().await.unwrap();
    let logs = aws_sdk_cloudwatchlogs::Client::new(config);
    logs.create_log_group().log_group_name(NAME).send().await.unwrap();
    let stream = logs.create_log_stream().log_group_name(NAME).log_stream_name(NAME);
    stream.send().await.unwrap();
    function(config).await;
    secrets(config).await
}

async fn function(config: &SdkConfig) {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/courier");
    let code = FunctionCode::builder().zip_file(Blob::new(EMPTY_ZIP)).build();
    let function = aws_sdk_lambda::Client::new(config).create_function().function_name("courier");
    let function = function.runtime(Runtime::Nodejs20x).handler("index.handler");
    function.role(role).code(code).send().await.unwrap();
}

/// A ZIP file without entries.
const EMPTY_ZIP: [u8; 22] =
    [0x50, 0x4b, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

async fn secrets(config: &SdkConfig) -> String {
    let secret = aws_sdk_secretsmanager::Client::new(config).create_secret().name(NAME);
    secret.secret_string(SECRET).send().await.unwrap();
    let parameter = aws_sdk_ssm::Client::new(config).put_parameter().name("/orders/colour");
    parameter.value("blue").r#type(ParameterType::String).send().await.unwrap();
    let key = aws_sdk_kms::Client::new(config).create_key().send().await.unwrap();
    key.key_metadata.and_then(|key| key.arn).unwrap()
}

/// The URL of a server that answers so many calls as CloudWatch answers PutMetricData, in CBOR, which
/// moto does not speak. Then it ends.
pub(crate) fn cloud_watch(calls: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(calls) {
            answer(stream.unwrap());
        }
    });
    url
}

fn answer(stream: TcpStream) {
    let mut reader = BufReader::new(&stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).unwrap() > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    let head = "HTTP/1.1 200 OK\r\nsmithy-protocol: rpc-v2-cbor\r\n\
                content-type: application/cbor\r\ncontent-length: 2\r\nconnection: close\r\n\r\n";
    (&stream).write_all(&[head.as_bytes(), b"\xbf\xff"].concat()).unwrap();
}
