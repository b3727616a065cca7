// The JavaScript SDK's client of SQS and sqs-consumer, which stands on it, against
// Millrace: prints "ok NAME" or "not ok NAME: why" for each check.
import * as Q from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import assert from "node:assert/strict";
import { check, until } from "./checks.mjs";

process.removeAllListeners("warning");
const client = new Q.SQSClient({ maxAttempts: 1 });
const call = (Command, input) => client.send(new Command(input));
let queues = 0;

async function queue(Attributes = {}) {
  const QueueName = `js${queues++}${Attributes.FifoQueue ? ".fifo" : ""}`;
  return (await call(Q.CreateQueueCommand, { QueueName, Attributes })).QueueUrl;
}

async function receive(QueueUrl, more = {}) {
  return (await call(Q.ReceiveMessageCommand, { QueueUrl, MaxNumberOfMessages: 10, ...more })).Messages ?? [];
}

async function counts(QueueUrl) {
  const a = (await call(Q.GetQueueAttributesCommand, { QueueUrl, AttributeNames: ["All"] })).Attributes;
  return ["", "NotVisible", "Delayed"].map((kind) => Number(a[`ApproximateNumberOfMessages${kind}`]));
}

async function sendAll(QueueUrl, n) {
  for (let i = 0; i < n; i += 10) {
    const Entries = [...Array(10).keys()].map((k) => ({ Id: `${k}`, MessageBody: `${i + k}` }));
    const out = await call(Q.SendMessageBatchCommand, { QueueUrl, Entries });
    assert.equal(out.Successful.length, 10);
    assert.equal(out.Failed, undefined);
  }
}

// consume runs a consumer until a condition holds. What its handlers return is
// deleted.
async function consume(queueUrl, options, what, condition) {
  const errors = [];
  const consumer = Consumer.create({ queueUrl, sqs: client, waitTimeSeconds: 1, ...options });
  for (const kind of ["error", "processing_error", "timeout_error"]) consumer.on(kind, (e) => errors.push(e));
  consumer.start();
  try {
    await until(what, () => condition(errors));
  } finally {
    const stopped = new Promise((r) => consumer.once("stopped", r));
    consumer.stop({ abort: true });
    await stopped;
  }
  return errors;
}

await check("errors have classes and codes", async () => {
  const missing = `${process.env.AWS_ENDPOINT_URL}/000000000000/nowhere`;
  await assert.rejects(call(Q.SendMessageCommand, { QueueUrl: missing, MessageBody: "x" }), (e) => {
    assert(e instanceof Q.QueueDoesNotExist, e);
    assert.equal(e.name, "QueueDoesNotExist");
    assert.equal(e.Code ?? e.Error?.Code, "AWS.SimpleQueueService.NonExistentQueue");
    assert.equal(e.message, "The specified queue does not exist.");
    assert.equal(e.$metadata.httpStatusCode, 400);
    assert(e.$metadata.requestId);
    return true;
  });
  const QueueUrl = await queue();
  await assert.rejects(call(Q.DeleteMessageCommand, { QueueUrl, ReceiptHandle: "garbage" }), (e) => e instanceof Q.ReceiptHandleIsInvalid && e.$metadata.httpStatusCode === 404);
  await assert.rejects(call(Q.SendMessageBatchCommand, { QueueUrl, Entries: [] }), (e) => e instanceof Q.EmptyBatchRequest);
  await assert.rejects(call(Q.SetQueueAttributesCommand, { QueueUrl, Attributes: { Foobar: "1" } }), (e) => e instanceof Q.InvalidAttributeName && e.message === "Unknown Attribute Foobar.");
  await assert.rejects(call(Q.ReceiveMessageCommand, { QueueUrl, MaxNumberOfMessages: 11 }), /Value 11 for parameter MaxNumberOfMessages is invalid\. Reason: Must be between 1 and 10, if provided\./);
});

await check("messages come back as they were sent", async () => {
  const QueueUrl = await queue();
  const MessageAttributes = {
    s: { DataType: "String", StringValue: "é" },
    b: { DataType: "Binary", BinaryValue: Uint8Array.from([0, 255, 1]) },
  };
  const MessageBody = '{"a":"b"}\r\n \u2028 \u{1f600}';
  const sent = await call(Q.SendMessageCommand, { QueueUrl, MessageBody, MessageAttributes });
  const [m] = await receive(QueueUrl, { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] });
  assert.equal(m.Body, MessageBody);
  assert.equal(m.MessageId, sent.MessageId);
  assert.equal(m.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  assert.deepEqual([...m.MessageAttributes.b.BinaryValue], [0, 255, 1]);
  assert.equal(m.MessageAttributes.s.StringValue, "é");
  assert.equal(m.Attributes.ApproximateReceiveCount, "1");
  await call(Q.ChangeMessageVisibilityCommand, { QueueUrl, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 60 });
  assert.deepEqual(await counts(QueueUrl), [0, 1, 0]);
  await call(Q.DeleteMessageCommand, { QueueUrl, ReceiptHandle: m.ReceiptHandle });
  assert.deepEqual(await counts(QueueUrl), [0, 0, 0]);
});

await check("queues are paged", async () => {
  for (let i = 0; i < 5; i++) await call(Q.CreateQueueCommand, { QueueName: `page-${i}` });
  const sizes = [];
  for await (const page of Q.paginateListQueues({ client, pageSize: 2 }, { QueueNamePrefix: "page-" })) sizes.push(page.QueueUrls.length);
  assert.deepEqual(sizes, [2, 2, 1]);
});

await check("FIFO queues keep order", async () => {
  const QueueUrl = await queue({ FifoQueue: "true", ContentBasedDeduplication: "true" });
  for (const MessageBody of ["a", "b", "a", "c"]) await call(Q.SendMessageCommand, { QueueUrl, MessageBody, MessageGroupId: "g" });
  const seen = [];
  await consume(QueueUrl, { suppressFifoWarning: true, handleMessage: async (m) => (seen.push(m.Body), m) }, "three messages", () => seen.length === 3);
  assert.deepEqual(seen, ["a", "b", "c"]);
});

await check("a consumer takes 1,000 messages, each once", async () => {
  const QueueUrl = await queue();
  await sendAll(QueueUrl, 1000);
  const seen = new Map();
  const errors = await consume(
    QueueUrl,
    { batchSize: 10, attributeNames: ["ApproximateReceiveCount"], handleMessageBatch: async (all) => (all.forEach((m) => seen.set(m.Body, (seen.get(m.Body) ?? 0) + 1)), all) },
    "1,000 messages",
    async () => seen.size === 1000 && (await counts(QueueUrl)).every((n) => n === 0),
  );
  assert.deepEqual(errors, []);
  assert([...seen.values()].every((n) => n === 1), "one came twice");
});

await check("a consumer takes messages one by one", async () => {
  const QueueUrl = await queue();
  await sendAll(QueueUrl, 50);
  const seen = new Set();
  const errors = await consume(QueueUrl, { batchSize: 5, handleMessage: async (m) => (seen.add(m.Body), m) }, "50 messages", async () => seen.size === 50 && (await counts(QueueUrl)).every((n) => n === 0));
  assert.deepEqual(errors, []);
});

await check("a heartbeat holds a message", async () => {
  const QueueUrl = await queue({ VisibilityTimeout: "2" });
  await call(Q.SendMessageCommand, { QueueUrl, MessageBody: "slow" });
  let times = 0;
  const slow = async (m) => {
    times++;
    await new Promise((r) => setTimeout(r, 3500)); // between two heartbeats: one beside the deletion would be refused
    return m;
  };
  const errors = await consume(QueueUrl, { visibilityTimeout: 2, heartbeatInterval: 1, concurrency: 2, handleMessage: slow }, "it is done", async () => times > 0 && (await counts(QueueUrl)).every((n) => n === 0));
  assert.deepEqual(errors, []);
  assert.equal(times, 1);
});

await check("a message that fails comes again", async () => {
  const QueueUrl = await queue();
  await call(Q.SendMessageCommand, { QueueUrl, MessageBody: "fails twice" });
  let times = 0;
  const failing = async (m) => {
    if (++times < 3) throw new Error("not yet");
    return m;
  };
  const errors = await consume(QueueUrl, { terminateVisibilityTimeout: true, handleMessage: failing }, "it is done", async () => times === 3 && (await counts(QueueUrl)).every((n) => n === 0));
  assert.equal(errors.length, 2);
});

await check("a consumer of no queue is told so", async () => {
  const errors = await consume(`${process.env.AWS_ENDPOINT_URL}/000000000000/nowhere`, { handleMessage: async () => {} }, "an error", (seen) => seen.length > 0);
  assert.match(String(errors[0]), /The specified queue does not exist/);
});

console.log("done");
