//! The handler as it is deployed: AWS is found as the environment says.

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Without TLS, which loopback does not need.
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    run(service_fn(|event: LambdaEvent<Value>| async {
        let payload = event.payload;
        Ok::<_, Error>(retrigger_sdk_tests::handle(&config, &payload).await)
    }))
    .await
}
