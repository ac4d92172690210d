// Does with each order what its message asks for, and reports those that failed.
export const handler = async (event) => {
  const batchItemFailures = [];
  let isWrapped = false;
  for (const { body, messageId } of event.Records) {
    const { order, then, report, wrap } = JSON.parse(body);
    console.log(`order ${order}: ${then}`);
    isWrapped ||= wrap;
    if (then === "throw") {
      throw new Error(`order ${order} cannot be read`);
    } else if (then === "fail") {
      batchItemFailures.push({ itemIdentifier: messageId });
    } else if (then === "report") {
      batchItemFailures.push({ itemIdentifier: report });
    }
  }
  const answer = { batchItemFailures };
  return isWrapped ? { statusCode: 200, body: JSON.stringify(answer) } : answer;
};
