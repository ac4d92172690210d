//! How AWS's APIs are reached: Region, credentials, endpoint, and a client for each service.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::{error::CollectError, http};

/// What a connection is made from. What is not said is looked for where the AWS CLI looks: in
/// environment variables, `~/.aws/config` and `~/.aws/credentials`, and on AWS in what the machine
/// or container is given. Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionOptions {
    /// The Region, such as `us-east-1`.
    pub region: Option<String>,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// An endpoint that speaks AWS's APIs, such as `http://127.0.0.1:5000`, for every service.
    /// `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_SQS` and their like work too.
    pub endpoint_url: Option<String>,
    /// How long one attempt of one call may take; 30 seconds by default.
    pub timeout: Option<Duration>,
}

/// Region, credentials and endpoint, from which the clients of all services are made.
///
/// A call that fails for a reason that may pass (throttling, a server's error, a lost connection,
/// a timeout) is tried up to three times, or as often as `AWS_MAX_ATTEMPTS` says.
#[derive(Clone, Debug)]
pub struct Connection {
    config: SdkConfig,
    region: String,
}

const TIMEOUT: Duration = Duration::from_secs(30);

impl Connection {
    /// Reads settings; nothing is called yet, unless the Region has to be asked for.
    ///
    /// # Errors
    ///
    /// When no Region is named anywhere, or the endpoint is no URL.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), retrigger_collect::CollectError> {
    /// use retrigger_collect::{Connection, ConnectionOptions};
    ///
    /// let mut options = ConnectionOptions::default();
    /// options.endpoint_url = Some("http://127.0.0.1:5000".to_owned());
    /// let connection = Connection::open(&options).await?;
    /// let queues = connection.sqs().list_queues().send().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(options: &ConnectionOptions) -> Result<Self, CollectError> {
        let config = config(options).await?;
        let region = config.region().ok_or_else(CollectError::no_region)?.to_string();
        Ok(Self { config, region })
    }

    /// The Region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The endpoint of all services, where one is set.
    pub fn endpoint_url(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// The same in another Region.
    pub fn in_region(&self, region: &str) -> Self {
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        Self { config, region: region.to_owned() }
    }

    /// The same, with calls tried so many times.
    pub fn attempts(&self, attempts: u32) -> Self {
        let retries = RetryConfig::standard().with_max_attempts(attempts);
        let config = self.config.to_builder().retry_config(retries).build();
        Self { config, region: self.region.clone() }
    }

    /// A client of Lambda.
    pub fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    /// A client of IAM.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.config)
    }

    /// A client of STS.
    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.config)
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// A client of SNS.
    pub fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config)
    }

    /// A client of S3. An endpoint of one's own gets the bucket in the path, as few of them have a
    /// host name for each bucket.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config)
            .force_path_style(self.config.endpoint_url().is_some());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// A client of KMS.
    pub fn kms(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(&self.config)
    }

    /// A client of Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// A client of Organizations.
    pub fn organizations(&self) -> aws_sdk_organizations::Client {
        aws_sdk_organizations::Client::new(&self.config)
    }

    /// A client of Kinesis.
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.config)
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// A client of DynamoDB Streams.
    pub fn dynamodb_streams(&self) -> aws_sdk_dynamodbstreams::Client {
        aws_sdk_dynamodbstreams::Client::new(&self.config)
    }
}

/// Where credentials come from: what the AWS CLI finds too, in the profile and with the settings that
/// `options` names. They are looked for when they are asked for; no Region needs to be known.
///
/// # Errors
///
/// When the endpoint is no URL.
pub async fn credentials(
    options: &ConnectionOptions,
) -> Result<SharedCredentialsProvider, CollectError> {
    let provider = config(options).await?.credentials_provider();
    provider.ok_or_else(CollectError::no_credentials)
}

async fn config(options: &ConnectionOptions) -> Result<SdkConfig, CollectError> {
    let timeout = options.timeout.unwrap_or(TIMEOUT);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(timeout.min(Duration::from_secs(5)))
        .operation_attempt_timeout(timeout);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client())
        .timeout_config(timeouts.build());
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        check_url(url)?;
        loader = loader.endpoint_url(url);
    }
    Ok(loader.load().await)
}

fn check_url(url: &str) -> Result<(), CollectError> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(()),
        _ => Err(CollectError::bad_input(
            format!("`{url}` is no endpoint"),
            "write it as a URL, such as http://127.0.0.1:5000",
        )),
    }
}
