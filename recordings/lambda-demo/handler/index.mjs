// Logs the event and gives it back.
export const handler = async (event) => {
  console.log(JSON.stringify(event));
  return { statusCode: 200, body: event };
};
