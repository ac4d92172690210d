//! Calls of S3 and DynamoDB.

use std::io::Write;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, PutRequest, TransactWriteItem, WriteRequest,
};
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use serde_json::{Value, json};

use crate::{NAME, Results, ended};

/// The key of an object, which has to be escaped in a path.
const KEY: &str = "in/a b+ü.txt";

/// The size of the first part. S3 takes none under 5 MiB that is not the last; moto is told to.
const PART: usize = 100_000;

/// Puts, reads, lists, copies and uploads objects.
pub(crate) async fn s3(config: &SdkConfig) -> Results {
    let client = aws_sdk_s3::Client::new(config);
    let mut results = Results::new();
    let mut note = |name: &str, value: Value| results.insert(format!("s3:{name}"), value);

    let body = ByteStream::from_static(b"one order");
    let put = client.put_object().bucket(NAME).key(KEY).content_type("text/plain").body(body);
    note("PutObject", ended(&put.send().await, |put| json!(put.e_tag())));
    let get = client.get_object().bucket(NAME).key(KEY).send().await;
    note("GetObject", ended(&get, |get| json!(get.content_type())));
    if let Ok(get) = get {
        let bytes = get.body.collect().await.map(|body| body.into_bytes().to_vec());
        let text = bytes.map_err(|error| error.to_string()).map(String::from_utf8);
        note("GetObject (body)", json!(text.map(Result::unwrap_or_default)));
    }
    let copy = client.copy_object().bucket(NAME).key("copy.txt");
    let copy = copy.copy_source(format!("{NAME}/in/a%20b%2B%C3%BC.txt")).send().await;
    note(
        "CopyObject",
        ended(&copy, |copy| json!(copy.copy_object_result().and_then(|result| result.e_tag()))),
    );
    let list = client.list_objects_v2().bucket(NAME).prefix("in/").send().await;
    note(
        "ListObjectsV2",
        ended(&list, |list| list.contents().iter().map(|object| object.key()).collect::<Value>()),
    );
    results.extend(multipart(&client).await);
    results
}

/// An upload in two parts: the first from memory, the second from a file, which is sent in chunks
/// with its checksum after them.
async fn multipart(client: &aws_sdk_s3::Client) -> Results {
    let mut results = Results::new();
    let mut note = |name: &str, value: Value| results.insert(format!("s3:{name}"), value);
    let object = client.create_multipart_upload().bucket(NAME).key("large.bin");
    let created = object.send().await;
    note("CreateMultipartUpload", ended(&created, |created| json!(created.upload_id())));
    let upload = created.ok().and_then(|created| created.upload_id).unwrap_or("none".into());

    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(b"the end").expect("a temporary file can be written");
    let from_file = ByteStream::from_path(file.path()).await.expect("the file is there");
    let mut parts = Vec::new();
    for (number, body) in [(1, ByteStream::from(vec![b'x'; PART])), (2, from_file)] {
        let part = client.upload_part().bucket(NAME).key("large.bin").upload_id(&upload);
        let part = part.part_number(number).body(body).send().await;
        note(&format!("UploadPart ({number})"), ended(&part, |part| json!(part.e_tag())));
        let tag = part.ok().and_then(|part| part.e_tag).unwrap_or_default();
        parts.push(CompletedPart::builder().part_number(number).e_tag(tag).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = client.complete_multipart_upload().bucket(NAME).key("large.bin");
    let complete = complete.upload_id(upload).multipart_upload(parts).send().await;
    note("CompleteMultipartUpload", ended(&complete, |complete| json!(complete.e_tag())));
    results
}

/// Puts, reads and queries items; alone, in batches and in a transaction.
pub(crate) async fn dynamodb(config: &SdkConfig) -> Results {
    let client = aws_sdk_dynamodb::Client::new(config);
    let mut results = Results::new();
    let mut note = |name: &str, value: Value| results.insert(format!("dynamodb:{name}"), value);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = client.put_item().table_name(NAME).item("id", text("1")).item("what", text("tea"));
    note("PutItem", ended(&put.send().await, |_| json!("put")));
    let get = client.get_item().table_name(NAME).key("id", text("1")).send().await;
    note("GetItem", ended(&get, |get| what(get.item())));
    let query = client.query().table_name(NAME).key_condition_expression("id = :id");
    let query = query.expression_attribute_values(":id", text("1")).send().await;
    note(
        "Query",
        ended(&query, |query| query.items().iter().map(|item| what(Some(item))).collect::<Value>()),
    );

    let item = PutRequest::builder().item("id", text("2")).item("what", text("milk")).build();
    let item = item.expect("an item");
    let write = client.batch_write_item();
    let write = write.request_items(NAME, vec![WriteRequest::builder().put_request(item).build()]);
    note(
        "BatchWriteItem",
        ended(&write.send().await, |write| {
            json!(write.unprocessed_items().map(std::collections::HashMap::len))
        }),
    );
    let keys = ["1", "2"].map(|id| [("id".to_owned(), text(id))].into());
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).build();
    let keys = keys.expect("keys");
    let get = client.batch_get_item().request_items(NAME, keys).send().await;
    note(
        "BatchGetItem",
        ended(&get, |get| {
            let items = get.responses().and_then(|tables| tables.get(NAME));
            let mut items: Vec<String> =
                items.into_iter().flatten().map(|item| what(Some(item)).to_string()).collect();
            items.sort();
            json!(items)
        }),
    );
    let put = Put::builder().table_name(NAME).item("id", text("3")).build().expect("an item");
    // Its `ClientRequestToken` is made anew each time, by the SDK.
    let write = client.transact_write_items();
    let write = write.transact_items(TransactWriteItem::builder().put(put).build()).send().await;
    note("TransactWriteItems", ended(&write, |_| json!("written")));
    results
}

fn what(item: Option<&std::collections::HashMap<String, AttributeValue>>) -> Value {
    let what = item.and_then(|item| item.get("what")?.as_s().ok());
    json!(what)
}
