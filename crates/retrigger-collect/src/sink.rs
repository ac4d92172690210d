//! Where recordings can be left: objects of S3.

use aws_sdk_s3::{Client, primitives::ByteStream};

use crate::{
    Connection,
    error::{CollectError, called},
};

/// A prefix of S3 that objects are put under.
#[derive(Clone, Debug)]
pub struct S3Prefix {
    client: Client,
    bucket: String,
    prefix: String,
}

impl S3Prefix {
    /// For a URI such as `s3://bucket/recordings`; nothing is called yet.
    ///
    /// # Errors
    ///
    /// When it is no such URI.
    ///
    /// ```no_run
    /// # async fn example(connection: &retrigger_collect::Connection) {
    /// let sink = retrigger_collect::S3Prefix::new(connection, "s3://my-bucket/demo").unwrap();
    /// sink.put("a.json", "{}").await.unwrap();
    /// # }
    /// ```
    pub fn new(connection: &Connection, uri: &str) -> Result<Self, CollectError> {
        let named =
            uri.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
        match named {
            Some((bucket, prefix)) if !bucket.is_empty() => Ok(Self {
                client: connection.s3(),
                bucket: bucket.to_owned(),
                prefix: prefix.trim_matches('/').to_owned(),
            }),
            _ => Err(CollectError::bad_input(
                format!("`{uri}` names no place in S3"),
                "write it as `s3://BUCKET/PREFIX`",
            )),
        }
    }

    /// Puts an object under the prefix; gives its URI.
    ///
    /// # Errors
    ///
    /// When `PutObject` fails.
    pub async fn put(&self, name: &str, text: impl Into<String>) -> Result<String, CollectError> {
        let key = match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        let uri = format!("s3://{}/{key}", self.bucket);
        let body = ByteStream::from(text.into().into_bytes());
        let asked = self.client.put_object().bucket(&self.bucket).key(key).body(body);
        let asked = asked.content_type("application/json").send();
        Box::pin(called("s3:PutObject", &uri, asked)).await?;
        Ok(uri)
    }
}
