// The JavaScript SDK, which speaks HTTP/2 to Kinesis, against Millrace: prints
// "ok NAME" or "not ok NAME: why" for each check.
import * as K from "@aws-sdk/client-kinesis";
import assert from "node:assert/strict";

process.removeAllListeners("warning");
const client = new K.KinesisClient({ maxAttempts: 1 });
const call = (Command, input) => client.send(new Command(input));
const arn = (name) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;
const text = (records) => records.map((r) => Buffer.from(r.Data).toString());
const HALF = (2n ** 127n).toString();
let streams = 0;

async function check(name, f) {
  try {
    await f();
    console.log(`ok ${name}`);
  } catch (e) {
    console.log(`not ok ${name}: ${String(e.stack ?? e).replaceAll("\n", " ")}`);
  }
}

async function until(what, condition) {
  for (const end = Date.now() + 20_000; !(await condition()); await new Promise((r) => setTimeout(r, 20))) {
    assert(Date.now() < end, `not within 20 s: ${what}`);
  }
}

const settled = (name) =>
  until(`${name} is ACTIVE`, async () => (await call(K.DescribeStreamSummaryCommand, { StreamName: name })).StreamDescriptionSummary.StreamStatus === "ACTIVE");

async function stream(shards = 1) {
  const name = `js${streams++}`;
  await call(K.CreateStreamCommand, { StreamName: name, ShardCount: shards });
  await settled(name);
  return name;
}

async function read(name, type = "TRIM_HORIZON", more = {}) {
  const it = await call(K.GetShardIteratorCommand, { StreamName: name, ShardId: "shardId-000000000000", ShardIteratorType: type, ...more });
  return call(K.GetRecordsCommand, { ShardIterator: it.ShardIterator });
}

async function refused(type, Command, input) {
  await assert.rejects(call(Command, input), (e) => (assert.equal(e.name, type.name ?? type), typeof type === "string" || e instanceof type));
}

await check("create, wait, list, delete", async () => {
  await call(K.CreateStreamCommand, { StreamName: "made", ShardCount: 2 });
  const waiting = { client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };
  await K.waitUntilStreamExists(waiting, { StreamName: "made" });
  const names = [];
  for await (const page of K.paginateListStreams({ client, pageSize: 1 }, {})) names.push(...page.StreamNames);
  assert(names.includes("made"));
  await refused(K.ResourceInUseException, K.CreateStreamCommand, { StreamName: "made", ShardCount: 2 });
  await call(K.DeleteStreamCommand, { StreamName: "made" });
  await K.waitUntilStreamNotExists(waiting, { StreamName: "made" });
});

await check("put and read", async () => {
  const name = await stream();
  const put = await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.from([0, 255, 1]) });
  assert.match(put.SequenceNumber, /^49\d{54}$/);
  const batch = await call(K.PutRecordsCommand, { StreamName: name, Records: [...Array(500).keys()].map((i) => ({ PartitionKey: `${i}`, Data: Buffer.from(`${i}`) })) });
  assert.equal(batch.FailedRecordCount, 0);
  const page = await read(name);
  assert.deepEqual([...page.Records[0].Data], [0, 255, 1]);
  assert.deepEqual(text(page.Records.slice(1)), [...Array(500).keys()].map(String));
  assert(Math.abs(Date.now() - page.Records[0].ApproximateArrivalTimestamp) < 5000);
  assert.equal(page.MillisBehindLatest, 0);
  assert.deepEqual(text((await read(name, "AT_TIMESTAMP", { Timestamp: new Date(Date.now() - 60_000) })).Records).length, 501);
});

await check("a split ends its parent", async () => {
  const name = await stream();
  await call(K.SplitShardCommand, { StreamName: name, ShardToSplit: "shardId-000000000000", NewStartingHashKey: HALF });
  await settled(name);
  const page = await read(name);
  assert.equal(page.NextShardIterator, undefined);
  assert.deepEqual(page.ChildShards.map((c) => c.ShardId), ["shardId-000000000001", "shardId-000000000002"]);
});

await check("errors have their types", async () => {
  const name = await stream();
  await refused(K.ResourceNotFoundException, K.DescribeStreamCommand, { StreamName: "nowhere" });
  await refused(K.InvalidArgumentException, K.GetRecordsCommand, { ShardIterator: "nonsense" });
  await refused("ValidationException", K.PutRecordCommand, { StreamName: name, PartitionKey: "k".repeat(257), Data: Buffer.from("x") });
  await refused("DryRunOperationException", K.PutRecordCommand, { StreamName: name, PartitionKey: "k", Data: Buffer.from("x"), DryRun: true });
  await refused(K.KMSNotFoundException, K.StartStreamEncryptionCommand, { StreamName: name, EncryptionType: "KMS", KeyId: "alias/mine" });
  assert.equal((await read(name)).Records.length, 0);
});

await check("a consumer is pushed what is put", async () => {
  const name = await stream();
  const { Consumer } = await call(K.RegisterStreamConsumerCommand, { StreamARN: arn(name), ConsumerName: "c" });
  const ConsumerARN = Consumer.ConsumerARN;
  await until("the consumer is ACTIVE", async () => (await call(K.DescribeStreamConsumerCommand, { ConsumerARN })).ConsumerDescription.ConsumerStatus === "ACTIVE");
  await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.from("0") });
  const subscribe = (StartingPosition) => call(K.SubscribeToShardCommand, { ConsumerARN, ShardId: "shardId-000000000000", StartingPosition });
  const events = (await subscribe({ Type: "TRIM_HORIZON" })).EventStream[Symbol.asyncIterator]();
  const next = async () => (await events.next()).value.SubscribeToShardEvent;
  assert.deepEqual(text((await next()).Records), ["0"]);
  await refused(K.ResourceInUseException, K.SubscribeToShardCommand, { ConsumerARN, ShardId: "shardId-000000000000", StartingPosition: { Type: "LATEST" } });
  const began = Date.now();
  const idle = await next();
  assert.equal(idle.Records.length, 0);
  assert(idle.ContinuationSequenceNumber && Date.now() - began < 6000);
  await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.from("1") });
  assert.deepEqual(text((await next()).Records), ["1"]);
  await call(K.SplitShardCommand, { StreamName: name, ShardToSplit: "shardId-000000000000", NewStartingHashKey: HALF });
  let last;
  for (;;) {
    const { value, done } = await events.next();
    if (done) break;
    last = value.SubscribeToShardEvent;
  }
  assert.equal(last.ContinuationSequenceNumber, undefined);
  assert.equal(last.ChildShards.length, 2);
});

console.log("done");
process.exit(0);
