//! What it costs to tell what a request is and what it needs.

use criterion::{Criterion, criterion_group, criterion_main};
use retrigger_catalogue::wire::{Account, SigningScope, WireRequest, authorizations, identify};

fn wire(criterion: &mut Criterion) {
    let target = [
        ("x-amz-target", "DynamoDB_20120810.GetItem"),
        ("content-type", "application/x-amz-json-1.0"),
        ("host", "dynamodb.us-east-1.amazonaws.com"),
    ];
    let item = br#"{"TableName":"orders","Key":{"id":{"S":"7"}}}"#;
    let object = [("host", "orders.s3.us-east-1.amazonaws.com")];
    let rows: [(&str, &str, WireRequest<'_>); 3] = [
        (
            "dynamodb GetItem",
            "dynamodb",
            WireRequest { method: "POST", uri: "/", headers: &target, body: item },
        ),
        (
            "s3 GetObject",
            "s3",
            WireRequest { method: "GET", uri: "/2026/7.json", headers: &object, body: b"" },
        ),
        (
            "lambda Invoke",
            "lambda",
            WireRequest {
                method: "POST",
                uri: "/2015-03-31/functions/orders/invocations",
                headers: &[],
                body: b"{}",
            },
        ),
    ];
    for (name, service, request) in rows {
        let scope = SigningScope { service, region: "us-east-1" };
        criterion.bench_function(&format!("identify {name}"), |bencher| {
            bencher.iter(|| identify(&request, Some(&scope)));
        });
        let account = Account { partition: "aws", region: "us-east-1", account: "111122223333" };
        criterion.bench_function(&format!("authorizations {name}"), |bencher| {
            bencher.iter(|| {
                let found = identify(&request, Some(&scope)).ok()?;
                let parameters = found.parameters(&request).ok()?;
                Some(authorizations(&found, &parameters, &account))
            });
        });
    }
}

criterion_group!(benches, wire);
criterion_main!(benches);
