//! Calls of services that watch: CloudWatch and CloudWatch Logs.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use serde_json::json;

use crate::{NAME, Results, ended};

/// Puts a metric, and many metrics at once, which the SDK compresses.
pub(crate) async fn metrics(config: &SdkConfig) -> Results {
    let mut results = Results::new();
    let client = aws_sdk_cloudwatch::Client::new(config);
    for (name, count) in [("PutMetricData", 1), ("PutMetricData (many)", 300)] {
        let data = (0..count).map(datum).collect();
        let put = client.put_metric_data().namespace(NAME).set_metric_data(Some(data));
        let put = ended(&put.send().await, |_| json!("put"));
        results.insert(format!("cloudwatch:{name}"), put);
    }
    results
}

/// Puts a line of log.
pub(crate) async fn log(config: &SdkConfig) -> Results {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let line = InputLogEvent::builder().timestamp(now).message("one order").build();
    let put = aws_sdk_cloudwatchlogs::Client::new(config).put_log_events();
    let put = put.log_group_name(NAME).log_stream_name(NAME).log_events(line.expect("a line"));
    let put = ended(&put.send().await, |put| json!(put.rejected_log_events_info().is_none()));
    Results::from_iter([("logs:PutLogEvents".to_owned(), put)])
}

fn datum(number: i32) -> MetricDatum {
    let shop = Dimension::builder().name("shop").value(format!("shop number {number}")).build();
    MetricDatum::builder().metric_name("orders").value(f64::from(number)).dimensions(shop).build()
}
