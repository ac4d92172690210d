//! How AWS's APIs are reached.

#[cfg(feature = "aws")]
use retrigger_collect::{CollectError, Connection, ConnectionOptions};

#[cfg(feature = "aws")]
use crate::exit::Failure;

/// The flags of every command that calls AWS.
#[derive(clap::Args)]
pub(crate) struct ConnectionArgs {
    /// The Region [default: where the AWS CLI looks, such as `AWS_REGION`]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// A profile of `~/.aws/config`
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Call this endpoint, such as `http://127.0.0.1:5000`, in place of AWS's
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

#[cfg(feature = "aws")]
impl ConnectionArgs {
    /// What the flags say; all else is the default.
    pub(crate) fn options(&self) -> ConnectionOptions {
        let mut options = ConnectionOptions::default();
        options.region.clone_from(&self.region);
        options.profile.clone_from(&self.profile);
        options.endpoint_url.clone_from(&self.endpoint_url);
        options
    }

    /// Opens the connection. Nothing is called yet.
    pub(crate) async fn open(&self) -> Result<Connection, Failure> {
        Connection::open(&self.options()).await.map_err(|error| failure(&error))
    }
}

/// The failure, and what to do about it.
#[cfg(feature = "aws")]
pub(crate) fn failure(error: &CollectError) -> Failure {
    Failure::new(format!("{error}\n  help: {}", error.help()))
}
