// Does with each order of a stream what it asks for, and reports those that failed.
const read = ({ kinesis, dynamodb }) => {
  if (kinesis) {
    const order = JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8"));
    return { ...order, sequenceNumber: kinesis.sequenceNumber };
  }
  const { order, then } = dynamodb.NewImage;
  return { order: order.N, then: then.S, sequenceNumber: dynamodb.SequenceNumber };
};

export const handler = async (event) => {
  const batchItemFailures = [];
  for (const record of event.Records) {
    const { order, then, sequenceNumber } = read(record);
    console.log(`order ${order}: ${then}`);
    if (then === "throw") {
      throw new Error(`order ${order} cannot be read`);
    } else if (then === "fail") {
      batchItemFailures.push({ itemIdentifier: sequenceNumber });
    }
  }
  return { batchItemFailures };
};
