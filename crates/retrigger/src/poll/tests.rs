use std::{
    fs,
    sync::{Mutex, PoisonError},
};

use retrigger_recording::Recording;
use retrigger_runtime::json_handler;
use retrigger_trigger::{KinesisRecord, SqsMessage};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::Replay;

const QUEUE: &str = "arn:aws:sqs:us-east-1:841860927337:orders";
const STREAM: &str = "arn:aws:kinesis:us-east-1:841860927337:stream/clicks";

/// A function folder whose role may poll both sources, with one mapping.
fn function(mapping: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "function.toml",
        "format = 1\nruntime = \"nodejs20.x\"\nhandler = \"index.handler\"\n\
         arn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\n",
    );
    write(
        "snapshot/snapshot.toml",
        "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n\
         region = \"us-east-1\"\n",
    );
    write(
        "snapshot/lambda/demo/configuration.json",
        r#"{"Role": "arn:aws:iam::841860927337:role/demo"}"#,
    );
    let mut whole = json!({"UUID": "5d1e0f6a-93b2-4c58-8e47-b1a6d0c29f73", "State": "Enabled",
        "FunctionArn": "arn:aws:lambda:us-east-1:841860927337:function:demo",
        "FunctionResponseTypes": ["ReportBatchItemFailures"]});
    for (name, value) in mapping.as_object().unwrap() {
        whole[name] = value.clone();
    }
    let mappings = json!({ "EventSourceMappings": [whole] });
    write("snapshot/lambda/demo/event-source-mappings.json", &mappings.to_string());
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["sqs:*", "kinesis:*", "logs:*"], "Resource": "*"}]});
    let role = json!({"RoleName": "demo", "Arn": "arn:aws:iam::841860927337:role/demo",
        "AssumeRolePolicyDocument": trust, "AttachedManagedPolicies": [],
        "RolePolicyList": [{"PolicyName": "poll", "PolicyDocument": policy}]});
    let details = json!({"UserDetailList": [], "GroupDetailList": [], "Policies": [],
        "RoleDetailList": [role]});
    write("snapshot/account-authorization-details.json", &details.to_string());
    folder
}

/// Fails the items whose body or data says so.
async fn handle(event: Value, _: retrigger_runtime::Context) -> Result<Value, String> {
    let mut failures = Vec::new();
    for record in event["Records"].as_array().unwrap() {
        let id = record["messageId"].as_str().or(record["kinesis"]["sequenceNumber"].as_str());
        // "fail" and "crash" in base64 too.
        match record["body"].as_str().or(record["kinesis"]["data"].as_str()).unwrap() {
            "fail" | "ZmFpbA==" => failures.push(json!({ "itemIdentifier": id })),
            "crash" | "Y3Jhc2g=" => return Err("crashed".to_owned()),
            _ => {}
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

fn poll(folder: &TempDir) -> Poll {
    Poll::new(folder.path()).handler(json_handler(handle)).until_empty(true)
}

/// The bodies or data of each recording's event, and how often it was retried.
fn recorded(folder: &TempDir, pointer: &str, name: &str) -> Vec<(Vec<String>, u32)> {
    let path = |number: usize| {
        folder.path().join(if number == 1 { name.to_owned() } else { format!("{name}-{number}") })
    };
    let recordings = (1..).map(path).take_while(|path| path.is_dir());
    let read = |path: PathBuf| {
        let recording = Recording::load(path).unwrap();
        let event: Value = serde_json::from_slice(&recording.event).unwrap();
        let records = event["Records"].as_array().unwrap().iter();
        let texts = records.map(|record| record.pointer(pointer).unwrap().as_str().unwrap().into());
        (texts.collect(), recording.manifest.invocation.retries.unwrap_or(0))
    };
    recordings.map(read).collect()
}

#[derive(Default)]
struct FakeQueue {
    messages: Vec<String>,
    deleted: Mutex<Vec<String>>,
    asked: Vec<u32>,
}

impl FakeQueue {
    fn of(bodies: &[&str]) -> Self {
        let messages = bodies.iter().rev().map(|body| (*body).to_owned()).collect();
        Self { messages, ..Self::default() }
    }

    fn deleted(&self) -> Vec<String> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Queue for FakeQueue {
    fn arn(&self) -> &str {
        QUEUE
    }

    fn receive(&mut self, most: u32, wait: Duration) -> SourceFuture<'_, Vec<SqsMessage>> {
        self.asked.push(most);
        // A queue gives as many as it likes.
        let count = self.messages.len().min(most as usize).min(3);
        let bodies = self.messages.split_off(self.messages.len() - count);
        let number = self.messages.len();
        let message = |(index, body): (usize, String)| SqsMessage {
            message_id: format!("m{}", number + index),
            receipt_handle: format!("handle of {}", &body[..body.len().min(9)]),
            body,
            ..SqsMessage::default()
        };
        let messages: Vec<_> = bodies.into_iter().rev().enumerate().map(message).collect();
        Box::pin(async move {
            if messages.is_empty() {
                tokio::time::sleep(wait).await;
            }
            Ok(messages)
        })
    }

    fn delete<'q>(&'q mut self, receipt_handles: &'q [String]) -> SourceFuture<'q, ()> {
        self.deleted.lock().unwrap().extend_from_slice(receipt_handles);
        Box::pin(async { Ok(()) })
    }
}

async fn poll_queue(folder: &TempDir, queue: &mut FakeQueue) -> Result<Polled, PollError> {
    poll(folder).queue(queue, &mut (), std::future::pending()).await
}

#[tokio::test(start_paused = true)]
async fn what_the_function_is_done_with_is_deleted() {
    let folder = function(&json!({"EventSourceArn": QUEUE}));
    let mut queue = FakeQueue::of(&["a", "fail", "b"]);
    let polled = poll_queue(&folder, &mut queue).await.unwrap();
    assert_eq!((polled.batches, polled.items, polled.done, polled.again), (1, 3, 2, 1));
    assert_eq!(queue.deleted(), ["handle of a", "handle of b"]);
    let expected = ["a", "fail", "b"].map(str::to_owned).to_vec();
    assert_eq!(recorded(&folder, "/body", "sqs"), [(expected, 0)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_replays_green() {
    let folder = function(&json!({"EventSourceArn": QUEUE}));
    let mut queue = FakeQueue::of(&["a", "fail", "b", "crash"]);
    poll_queue(&folder, &mut queue).await.unwrap();
    let replay = Replay::new([folder.path()]).handler(json_handler(handle));
    let totals = replay.run_async(&mut ()).await.unwrap();
    assert!(totals.all_as_expected() && totals.passed == 2, "{totals:?}");
    let recording = Recording::load(folder.path().join("sqs")).unwrap();
    let source = recording.manifest.trigger.source_arn.unwrap();
    assert_eq!(source.value().map(String::as_str), Some(QUEUE));
    assert_eq!(source.provenance(), retrigger_recording::Provenance::Declared);
}

#[tokio::test(start_paused = true)]
async fn a_crash_deletes_nothing() {
    let folder = function(&json!({"EventSourceArn": QUEUE}));
    let mut queue = FakeQueue::of(&["a", "crash"]);
    let polled = poll_queue(&folder, &mut queue).await.unwrap();
    assert_eq!((polled.done, polled.again), (0, 2));
    assert!(queue.deleted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_window_fills_a_batch_up_to_its_size() {
    let mapping = json!({"EventSourceArn": QUEUE, "BatchSize": 4,
        "MaximumBatchingWindowInSeconds": 60});
    let folder = function(&mapping);
    let mut queue = FakeQueue::of(&["a", "b", "c", "d", "e"]);
    let poll = poll(&folder).batches(1);
    poll.queue(&mut queue, &mut (), std::future::pending()).await.unwrap();
    assert_eq!(queue.asked, [4, 1]);
    let expected = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    assert_eq!(recorded(&folder, "/body", "sqs"), [(expected, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_fits_into_a_payload() {
    let mapping = json!({"EventSourceArn": QUEUE, "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 60});
    let folder = function(&mapping);
    let large = "x".repeat(2_000_000);
    let mut queue = FakeQueue::of(&[&large, &large, &large, &large[..500_000]]);
    let polled = poll_queue(&folder, &mut queue).await.unwrap();
    let sizes: Vec<usize> =
        recorded(&folder, "/body", "sqs").iter().map(|(bodies, _)| bodies.len()).collect();
    assert_eq!((polled.items, sizes), (4, vec![3, 1]));
}

#[tokio::test(start_paused = true)]
async fn what_is_filtered_out_is_deleted_and_never_seen() {
    let pattern = r#"{"body": [{"prefix": "keep"}]}"#;
    let mapping = json!({"EventSourceArn": QUEUE,
        "FilterCriteria": {"Filters": [{"Pattern": pattern}]}});
    let folder = function(&mapping);
    let mut queue = FakeQueue::of(&["drop 1", "keep 1", "drop 2", "drop 3"]);
    let polled = poll_queue(&folder, &mut queue).await.unwrap();
    assert_eq!((polled.batches, polled.items, polled.filtered_out), (1, 1, 3));
    assert_eq!(recorded(&folder, "/body", "sqs"), [(vec!["keep 1".to_owned()], 0)]);
    assert_eq!(queue.deleted().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_may_not_poll_reads_nothing() {
    let folder = function(&json!({"EventSourceArn": QUEUE}));
    let details = folder.path().join("snapshot/account-authorization-details.json");
    let text = fs::read_to_string(&details).unwrap().replace("sqs:*", "sqs:Send*");
    fs::write(details, text).unwrap();
    let mut queue = FakeQueue::of(&["a"]);
    let error = poll_queue(&folder, &mut queue).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    );
    assert!(queue.asked.is_empty());
}

#[rstest]
#[case(json!({"EventSourceArn": "arn:aws:sqs:us-east-1:841860927337:other"}),
    "the snapshot has no event source mapping of arn:aws:sqs:us-east-1:841860927337:orders: \
     nothing polls it for the function")]
#[case(json!({"EventSourceArn": QUEUE, "State": "Disabled"}),
    "the event source mapping of arn:aws:sqs:us-east-1:841860927337:orders is `Disabled`: AWS \
     polls when it is `Enabled`")]
#[case(json!({"EventSourceArn": QUEUE, "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}),
    "the event source mapping's filter criteria: the pattern of filter 1: it is no JSON object \
     with members")]
#[tokio::test(start_paused = true)]
async fn a_mapping_that_polls_nothing_is_said(#[case] mapping: Value, #[case] expected: &str) {
    let folder = function(&mapping);
    let mut queue = FakeQueue::of(&["a"]);
    let error = poll_queue(&folder, &mut queue).await.unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_the_wait() {
    let folder = function(&json!({"EventSourceArn": QUEUE}));
    let mut queue = FakeQueue::of(&[]);
    let poll = Poll::new(folder.path()).handler(json_handler(handle));
    let polled = poll.queue(&mut queue, &mut (), std::future::ready(())).await.unwrap();
    assert_eq!(polled, Polled::default());
}

/// Shards with their data; an iterator is a shard and a place in it.
struct FakeStream {
    shards: Vec<(Shard, Vec<&'static str>)>,
    /// Shards that are there from the second look on.
    later: usize,
    looks: usize,
}

impl Stream for FakeStream {
    fn arn(&self) -> &str {
        STREAM
    }

    fn shards(&mut self) -> SourceFuture<'_, Vec<Shard>> {
        self.looks += 1;
        let hidden = if self.looks == 1 { self.later } else { 0 };
        let seen = self.shards.len() - hidden;
        let shards = self.shards.iter().take(seen).map(|(shard, _)| shard.clone()).collect();
        Box::pin(async { Ok(shards) })
    }

    fn iterator<'s>(
        &'s mut self,
        shard: &'s str,
        position: &'s Position,
    ) -> SourceFuture<'s, String> {
        let data = &self.shards.iter().find(|(known, _)| known.id == shard).unwrap().1;
        let start = if *position == Position::Latest { data.len() } else { 0 };
        Box::pin(async move { Ok(start.to_string()) })
    }

    fn records<'s>(
        &'s mut self,
        shard: &'s str,
        iterator: String,
        most: u32,
    ) -> SourceFuture<'s, Page> {
        let data = &self.shards.iter().find(|(known, _)| known.id == shard).unwrap().1;
        let start: usize = iterator.parse().unwrap();
        let end = data.len().min(start + most as usize);
        let record = |at: usize| {
            StreamRecord::Kinesis(KinesisRecord {
                shard_id: shard.to_owned(),
                sequence_number: at.to_string(),
                data: data[at].as_bytes().to_vec(),
                ..KinesisRecord::default()
            })
        };
        let records = (start..end).map(record).collect();
        // A shard with children has an end.
        let is_parent =
            self.shards.iter().any(|(other, _)| other.parents.iter().any(|p| p == shard));
        let next = (!is_parent || end < data.len()).then(|| end.to_string());
        Box::pin(async move { Ok(Page { records, next }) })
    }
}

fn stream(data: &[&'static str]) -> FakeStream {
    let shard = Shard { id: "shard-0".to_owned(), parents: Vec::new() };
    FakeStream { shards: vec![(shard, data.to_vec())], later: 0, looks: 0 }
}

async fn poll_stream(folder: &TempDir, stream: &mut FakeStream) -> Polled {
    poll(folder).stream(stream, &mut (), std::future::pending()).await.unwrap()
}

fn data(folder: &TempDir) -> Vec<(Vec<String>, u32)> {
    let decode = |text: &String| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
    };
    let all = recorded(folder, "/kinesis/data", "kinesis").into_iter();
    all.map(|(texts, retries)| (texts.iter().map(decode).collect(), retries)).collect()
}

fn batch(data: &[&str], retries: u32) -> (Vec<String>, u32) {
    (data.iter().map(|&text| text.to_owned()).collect(), retries)
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_read_in_batches() {
    let folder = function(&json!({"EventSourceArn": STREAM, "BatchSize": 2}));
    let polled = poll_stream(&folder, &mut stream(&["a", "b", "c"])).await;
    assert_eq!((polled.batches, polled.items, polled.done), (2, 3, 3));
    assert_eq!(data(&folder), [batch(&["a", "b"], 0), batch(&["c"], 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_record_comes_again_with_what_follows_until_it_is_given_up() {
    let folder = function(&json!({"EventSourceArn": STREAM, "MaximumRetryAttempts": 1}));
    let polled = poll_stream(&folder, &mut stream(&["a", "fail", "b"])).await;
    assert_eq!(data(&folder), [batch(&["a", "fail", "b"], 0), batch(&["fail", "b"], 1)]);
    assert_eq!((polled.done, polled.again, polled.given_up, polled.left), (1, 2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn halves_cost_no_retry() {
    let folder = function(&json!({"EventSourceArn": STREAM, "MaximumRetryAttempts": 0,
        "BisectBatchOnFunctionError": true}));
    let polled = poll_stream(&folder, &mut stream(&["a", "crash"])).await;
    assert_eq!(data(&folder), [batch(&["a", "crash"], 0), batch(&["a"], 0), batch(&["crash"], 0)]);
    assert_eq!((polled.done, polled.given_up), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_retried_for_ever_is_left() {
    let folder = function(&json!({"EventSourceArn": STREAM, "MaximumRetryAttempts": -1}));
    let polled = poll_stream(&folder, &mut stream(&["crash"])).await;
    let expected: Vec<_> = (0..=2).map(|retries| batch(&["crash"], retries)).collect();
    assert_eq!(data(&folder), expected);
    assert_eq!(polled.left, 1);
}

#[tokio::test(start_paused = true)]
async fn the_latest_position_skips_what_is_there() {
    let folder = function(&json!({"EventSourceArn": STREAM, "StartingPosition": "LATEST"}));
    assert_eq!(poll_stream(&folder, &mut stream(&["a"])).await, Polled::default());
}

#[tokio::test(start_paused = true)]
async fn children_are_read_after_their_parents() {
    let shard = |id: &str, parents: &[&str]| Shard {
        id: id.to_owned(),
        parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
    };
    let shards = vec![
        (shard("shard-5", &[]), vec!["a", "b"]),
        (shard("shard-1", &["shard-5"]), vec!["c"]),
        (shard("shard-2", &["shard-5"]), vec!["d"]),
    ];
    let folder = function(&json!({"EventSourceArn": STREAM, "BatchSize": 1}));
    let mut stream = FakeStream { shards, later: 1, looks: 0 };
    poll_stream(&folder, &mut stream).await;
    let order: Vec<String> = data(&folder).into_iter().flat_map(|(data, _)| data).collect();
    assert_eq!(order, ["a", "b", "c", "d"]);
}
