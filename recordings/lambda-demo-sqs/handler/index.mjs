// Does with each order what its message asks for, and reports those that failed.
export const handler = async (event) => {
  const batchItemFailures = [];
  for (const { body, messageId } of event.Records) {
    const { order, then, report } = JSON.parse(body);
    console.log(`order ${order}: ${then}`);
    if (then === "throw") {
      throw new Error(`order ${order} cannot be read`);
    } else if (then === "fail") {
      batchItemFailures.push({ itemIdentifier: messageId });
    } else if (then === "report") {
      batchItemFailures.push({ itemIdentifier: report });
    }
  }
  return { batchItemFailures };
};
