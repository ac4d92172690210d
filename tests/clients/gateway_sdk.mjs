// A handler that makes calls of AWS's services and tells what each got, or which exception it threw:
// the same as `gateway_sdk.py`. The path of the event says which calls, its body which key of
// KMS. What they are about is named after the function.

import http from "node:http";
import { Readable } from "node:stream";

import { AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import * as awslambda from "@aws-sdk/client-lambda";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as events from "@aws-sdk/client-eventbridge";
import * as kinesis from "@aws-sdk/client-kinesis";
import * as kms from "@aws-sdk/client-kms";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as s3 from "@aws-sdk/client-s3";
import * as secrets from "@aws-sdk/client-secrets-manager";
import * as sns from "@aws-sdk/client-sns";
import * as sqs from "@aws-sdk/client-sqs";
import * as ssm from "@aws-sdk/client-ssm";
import * as sts from "@aws-sdk/client-sts";

const NAME = process.env.AWS_LAMBDA_FUNCTION_NAME;
const ACCOUNT = "123456789012";
// 5 MiB: the least that S3 takes of a part that is not the last.
const PART = "0123456789abcdef".repeat(4096 * 80);
const QUEUE = `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/${NAME}`;

const arn = (service, rest) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${rest}`;
const clients = new Map();

function clientOf(sdk, more) {
  const name = Object.keys(sdk).find((name) => /^[^_].+Client$/.test(name));
  return new sdk[name]({ maxAttempts: 1, ...more });
}

/** Sends a command, such as `s3.PutObjectCommand`, with a client of its package. */
function send(sdk, operation, input) {
  if (!clients.has(sdk)) clients.set(sdk, clientOf(sdk));
  return clients.get(sdk).send(new sdk[`${operation}Command`](input));
}

/** A client that has a bucket as a part of the host's name, which no resolver is asked for. */
function byHost() {
  const lookup = (host, options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
  const requestHandler = { httpAgent: new http.Agent({ lookup }) };
  const endpoint = process.env.AWS_ENDPOINT_URL.replace("127.0.0.1", "localhost");
  return clientOf(s3, { endpoint, requestHandler });
}

const item = (number) => ({
  id: { S: NAME },
  at: { N: `${number}` },
  bytes: { B: Uint8Array.of(number, 255) },
});
const keyOf = (number) => ({ id: { S: NAME }, at: { N: `${number}` } });
const object = { Bucket: NAME, Key: "a folder/ü.txt" };
const text = (bytes) => Buffer.from(bytes).toString();

/** The calls by name, in order; `found` gives the result of an earlier one. */
const services = (found, key) => ({
  "s3 put": async () => (await send(s3, "PutObject", { ...object, Body: "hello" })).ETag,
  "s3 put stream": async () => {
    const Body = Readable.from([Buffer.alloc(5000, 255), Buffer.alloc(5000)]);
    return (await send(s3, "PutObject", { Bucket: NAME, Key: "stream", Body, ContentLength: 10000 }))
      .ETag;
  },
  "s3 get": async () => (await send(s3, "GetObject", object)).Body.transformToString(),
  "s3 head": async () => (await send(s3, "HeadObject", object)).ContentLength,
  "s3 list": async () => {
    const list = await send(s3, "ListObjectsV2", { Bucket: NAME, Prefix: "a folder/" });
    return list.Contents.map((one) => one.Key);
  },
  "s3 create upload": async () =>
    (await send(s3, "CreateMultipartUpload", { Bucket: NAME, Key: "parts" })).UploadId,
  "s3 part 1": () => part(1, PART, found),
  "s3 part 2": () => part(2, "the end", found),
  "s3 complete upload": async () => {
    const parts = [1, 2].map((PartNumber) => ({ PartNumber, ETag: found(`s3 part ${PartNumber}`) }));
    const upload = { Bucket: NAME, Key: "parts", UploadId: found("s3 create upload") };
    const input = { ...upload, MultipartUpload: { Parts: parts } };
    return (await send(s3, "CompleteMultipartUpload", input)).ETag;
  },
  "s3 copy": async () => {
    const CopySource = `${NAME}/${encodeURIComponent("a folder/ü.txt")}`;
    const input = { Bucket: NAME, Key: "copy.txt", CopySource };
    return (await send(s3, "CopyObject", input)).CopyObjectResult.ETag;
  },
  "s3 get by host": async () =>
    (await byHost().send(new s3.GetObjectCommand(object))).Body.transformToString(),
  "dynamodb put": async () =>
    (await send(dynamodb, "PutItem", { TableName: NAME, Item: item(1) })) && "put",
  "dynamodb get": async () =>
    (await send(dynamodb, "GetItem", { TableName: NAME, Key: keyOf(1) })).Item.at,
  "dynamodb batch write": async () => {
    const put = (number) => [{ PutRequest: { Item: item(number) } }];
    const RequestItems = { [NAME]: put(2), [`${NAME}-more`]: put(3) };
    return (await send(dynamodb, "BatchWriteItem", { RequestItems })).UnprocessedItems;
  },
  "dynamodb batch get": async () => {
    const RequestItems = { [NAME]: { Keys: [keyOf(2)] }, [`${NAME}-more`]: { Keys: [keyOf(3)] } };
    const { Responses } = await send(dynamodb, "BatchGetItem", { RequestItems });
    return Object.values(Responses).flat().map((item) => item.at.N).sort();
  },
  "dynamodb transact": async () => {
    const TransactItems = [
      { Put: { TableName: NAME, Item: item(4) } },
      { Delete: { TableName: `${NAME}-more`, Key: keyOf(3) } },
    ];
    return (await send(dynamodb, "TransactWriteItems", { TransactItems })) && "done";
  },
  "dynamodb query": async () =>
    (
      await send(dynamodb, "Query", {
        TableName: NAME,
        KeyConditionExpression: "id = :id",
        ExpressionAttributeValues: { ":id": { S: NAME } },
      })
    ).Count,
  "sqs send": async () =>
    (await send(sqs, "SendMessage", { QueueUrl: QUEUE, MessageBody: "hello" })).MessageId,
  "sqs receive": async () =>
    (await send(sqs, "ReceiveMessage", { QueueUrl: QUEUE })).Messages[0].ReceiptHandle,
  "sqs delete": async () => {
    const input = { QueueUrl: QUEUE, ReceiptHandle: found("sqs receive") };
    return (await send(sqs, "DeleteMessage", input)) && "deleted";
  },
  "sns publish": async () =>
    (await send(sns, "Publish", { TopicArn: arn("sns", NAME), Message: "hello" })).MessageId,
  "lambda invoke": async () =>
    text((await send(awslambda, "Invoke", { FunctionName: `${NAME}-other`, Payload: "{}" })).Payload),
  "kms encrypt": async () => {
    const input = { KeyId: key, Plaintext: Buffer.from("hello") };
    return Buffer.from((await send(kms, "Encrypt", input)).CiphertextBlob).toString("hex");
  },
  "kms decrypt": async () => {
    const CiphertextBlob = Buffer.from(found("kms encrypt"), "hex");
    const input = { KeyId: arn("kms", `key/${key}`), CiphertextBlob };
    return text((await send(kms, "Decrypt", input)).Plaintext);
  },
  "kms data key": async () => {
    const input = { KeyId: key, KeySpec: "AES_256" };
    return (await send(kms, "GenerateDataKey", input)).CiphertextBlob.length;
  },
  secret: async () => (await send(secrets, "GetSecretValue", { SecretId: NAME })).Name,
  "ssm parameter": async () =>
    (await send(ssm, "GetParameter", { Name: `/${NAME}/one` })).Parameter.Value,
  "ssm parameters": async () => {
    const { Parameters } = await send(ssm, "GetParameters", {
      Names: [`/${NAME}/one`, `/${NAME}/two`],
    });
    return Parameters.map((one) => one.Value).sort();
  },
  "sts identity": async () => (await send(sts, "GetCallerIdentity", {})).Account,
  "sts assume": async () => {
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${NAME}-other`;
    const input = { RoleArn, RoleSessionName: "session" };
    return (await send(sts, "AssumeRole", input)).AssumedRoleUser.Arn;
  },
  "events put": async () => {
    const entry = { Source: "shop", DetailType: "order", Detail: "{}", EventBusName: NAME };
    return (await send(events, "PutEvents", { Entries: [entry] })).FailedEntryCount;
  },
  "kinesis put": async () => {
    const input = { StreamName: NAME, Data: Buffer.from("one"), PartitionKey: "p" };
    return (await send(kinesis, "PutRecord", input)).ShardId;
  },
  "kinesis put many": async () => {
    const Records = [{ Data: Buffer.from("two"), PartitionKey: "p" }];
    return (await send(kinesis, "PutRecords", { StreamName: NAME, Records })).FailedRecordCount;
  },
  "logs put": async () => {
    const logEvents = [{ timestamp: 1_900_000_000_000, message: "hello" }];
    const input = { logGroupName: NAME, logStreamName: "s", logEvents };
    return (await send(logs, "PutLogEvents", input)) && "put";
  },
  "logs describe": async () => {
    const { logStreams } = await send(logs, "DescribeLogStreams", { logGroupName: NAME });
    return logStreams.map((one) => one.logStreamName);
  },
  ...metrics(clientOf(cloudwatch)),
});

const metrics = (client) => ({
  "cloudwatch put": async () => {
    const MetricData = [{ MetricName: "orders", Value: 1.5, Unit: "Count" }];
    const input = { Namespace: "shop", MetricData };
    return (await client.send(new cloudwatch.PutMetricDataCommand(input))) && "put";
  },
  "cloudwatch list": async () => {
    const command = new cloudwatch.ListMetricsCommand({ Namespace: "shop" });
    return (await client.send(command)).Metrics.map((one) => one.MetricName);
  },
});

async function part(PartNumber, Body, found) {
  const input = { Bucket: NAME, Key: "parts", UploadId: found("s3 create upload"), PartNumber, Body };
  return (await send(s3, "UploadPart", input)).ETag;
}

async function ended(call) {
  try {
    return await call();
  } catch (error) {
    const { name, message, $metadata } = error;
    return { class: error.constructor.name, code: name, status: $metadata?.httpStatusCode, message };
  }
}

const cbor = () => metrics(clientOf(cloudwatch, { protocol: AwsSmithyRpcV2CborProtocol }));

export const handler = async (event) => {
  const got = {};
  const found = (name) => (typeof got[name] === "string" ? got[name] : "0".repeat(20));
  const made = { "/services": services, "/cbor": cbor }[event.path](found, event.body);
  for (const [name, call] of Object.entries(made)) got[name] = await ended(call);
  return got;
};
