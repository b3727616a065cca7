// The JavaScript SDK, which speaks HTTP/2 to Kinesis, against Millrace: prints
// "ok NAME" or "not ok NAME: why" for each check.
import * as K from "@aws-sdk/client-kinesis";
import assert from "node:assert/strict";
import { check, until } from "./checks.mjs";

process.removeAllListeners("warning");
const client = new K.KinesisClient({ maxAttempts: 1 });
const call = (Command, input) => client.send(new Command(input));
const arn = (name) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;
const text = (records) => records.map((r) => Buffer.from(r.Data).toString());
const HALF = (2n ** 127n).toString();
let streams = 0;

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

await check("all iterator types find their place", async () => {
  const name = await stream();
  const it = async (type, more = {}) => (await call(K.GetShardIteratorCommand, { StreamName: name, ShardId: "shardId-000000000000", ShardIteratorType: type, ...more })).ShardIterator;
  const get = async (ShardIterator, Limit) => call(K.GetRecordsCommand, { ShardIterator, Limit });
  const latest = await it("LATEST");
  const numbers = [];
  for (const i of [0, 1, 2]) numbers.push((await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.from(`${i}`) })).SequenceNumber);
  assert.deepEqual(text((await get(latest)).Records), ["0", "1", "2"]);
  assert.deepEqual(text((await get(latest)).Records), ["0", "1", "2"]);
  assert.deepEqual(text((await read(name, "AT_SEQUENCE_NUMBER", { StartingSequenceNumber: numbers[1] })).Records), ["1", "2"]);
  assert.deepEqual(text((await read(name, "AFTER_SEQUENCE_NUMBER", { StartingSequenceNumber: numbers[1] })).Records), ["2"]);
  assert.deepEqual((await read(name, "LATEST")).Records, []);
  assert.deepEqual(text((await get(await it("TRIM_HORIZON"), 2)).Records), ["0", "1"]);
  const bad = { StreamName: name, ShardId: "shardId-000000000000" };
  await refused(K.InvalidArgumentException, K.GetShardIteratorCommand, { ...bad, ShardIteratorType: "AT_SEQUENCE_NUMBER" });
  await refused(K.InvalidArgumentException, K.GetShardIteratorCommand, { ...bad, ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(Date.now() + 3600_000) });
  await refused(K.ResourceNotFoundException, K.GetShardIteratorCommand, { ...bad, ShardId: "shardId-000000000009", ShardIteratorType: "LATEST" });
});

await check("pages are bounded", async () => {
  const name = await stream();
  for (let i = 0; i < 12; i++) await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.alloc((1 << 20) - 1, i) });
  const page = await read(name);
  const size = page.Records.reduce((sum, r) => sum + r.Data.length, 0);
  assert(size > 0 && size <= 10 << 20 && page.MillisBehindLatest > 0, `${size} bytes, ${page.MillisBehindLatest} ms behind`);
  const rest = await call(K.GetRecordsCommand, { ShardIterator: page.NextShardIterator });
  assert.deepEqual([...page.Records, ...rest.Records].map((r) => r.Data[0]), [...Array(12).keys()]);
  assert.equal(rest.MillisBehindLatest, 0);
});

await check("batches are refused whole", async () => {
  const name = await stream();
  const one = { PartitionKey: "a", Data: Buffer.from("x") };
  await refused("ValidationException", K.PutRecordsCommand, { StreamName: name, Records: Array(501).fill(one) });
  await refused("ValidationException", K.PutRecordsCommand, { StreamName: name, Records: [one, { ...one, PartitionKey: "k".repeat(257) }] });
  await refused(K.InvalidArgumentException, K.PutRecordsCommand, { StreamName: name, Records: [one, { ...one, ExplicitHashKey: (2n ** 128n).toString() }] });
  assert.deepEqual((await read(name)).Records, []);
});

await check("shards are merged, counted and listed", async () => {
  const name = await stream(4);
  const out = await call(K.UpdateShardCountCommand, { StreamName: name, TargetShardCount: 3, ScalingType: "UNIFORM_SCALING" });
  assert.deepEqual([out.CurrentShardCount, out.TargetShardCount], [4, 3]);
  await settled(name);
  const ids = async (input) => {
    const all = [];
    for (let page = await call(K.ListShardsCommand, { StreamName: name, MaxResults: 2, ...input }); ; page = await call(K.ListShardsCommand, { NextToken: page.NextToken, MaxResults: 2 })) {
      all.push(...page.Shards.map((s) => Number(s.ShardId.slice(-2))));
      if (!page.NextToken) return all;
    }
  };
  assert.deepEqual(await ids({}), [...Array(11).keys()]);
  assert.deepEqual(await ids({ ShardFilter: { Type: "AT_LATEST" } }), [6, 9, 10]);
  assert.deepEqual(await ids({ ShardFilter: { Type: "AT_TRIM_HORIZON" } }), [0, 1, 2, 3]);
  assert.deepEqual(await ids({ ShardFilter: { Type: "FROM_TIMESTAMP", Timestamp: new Date(Date.now() + 1) } }), [6, 9, 10]);
  await call(K.MergeShardsCommand, { StreamName: name, ShardToMerge: "shardId-000000000009", AdjacentShardToMerge: "shardId-000000000010" });
  await settled(name);
  assert.deepEqual(await ids({ ShardFilter: { Type: "AFTER_SHARD_ID", ShardId: "shardId-000000000010" } }), [11]);
  await refused(K.LimitExceededException, K.UpdateShardCountCommand, { StreamName: name, TargetShardCount: 5, ScalingType: "UNIFORM_SCALING" });
});

await check("settings change", async () => {
  const name = await stream();
  const change = async (Command, input) => {
    await call(Command, input);
    await settled(name);
  };
  const summary = async () => (await call(K.DescribeStreamSummaryCommand, { StreamName: name })).StreamDescriptionSummary;
  assert.equal((await summary()).StreamId, undefined);
  assert(Math.abs(Date.now() - (await summary()).StreamCreationTimestamp) < 30_000);
  await change(K.IncreaseStreamRetentionPeriodCommand, { StreamName: name, RetentionPeriodHours: 24 });
  await refused(K.InvalidArgumentException, K.IncreaseStreamRetentionPeriodCommand, { StreamName: name, RetentionPeriodHours: 8761 });
  await refused(K.InvalidArgumentException, K.DecreaseStreamRetentionPeriodCommand, { StreamName: name, RetentionPeriodHours: 23 });
  await change(K.IncreaseStreamRetentionPeriodCommand, { StreamName: name, RetentionPeriodHours: 48 });
  assert.equal((await summary()).RetentionPeriodHours, 48);
  await change(K.AddTagsToStreamCommand, { StreamName: name, Tags: { a: "1", b: "2" } });
  await change(K.UntagResourceCommand, { ResourceARN: arn(name), TagKeys: ["b"] });
  assert.deepEqual((await call(K.ListTagsForResourceCommand, { ResourceARN: arn(name) })).Tags, [{ Key: "a", Value: "1" }]);
  await change(K.StartStreamEncryptionCommand, { StreamName: name, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
  assert.equal((await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.from("secret") })).EncryptionType, "KMS");
  await change(K.StopStreamEncryptionCommand, { StreamName: name, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
  assert.deepEqual((await read(name)).Records.map((r) => [Buffer.from(r.Data).toString(), r.EncryptionType]), [["secret", "KMS"]]);
  assert.equal((await call(K.EnableEnhancedMonitoringCommand, { StreamName: name, ShardLevelMetrics: ["ALL"] })).DesiredShardLevelMetrics.length, 7);
  await settled(name);
  await change(K.UpdateMaxRecordSizeCommand, { StreamARN: arn(name), MaxRecordSizeInKiB: 2048 });
  await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.alloc(3 << 19) });
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "kinesis:PutRecord", Resource: arn(name) }] });
  await call(K.PutResourcePolicyCommand, { ResourceARN: arn(name), Policy });
  assert.equal((await call(K.GetResourcePolicyCommand, { ResourceARN: arn(name) })).Policy, Policy);
  await call(K.DeleteResourcePolicyCommand, { ResourceARN: arn(name) });
  await change(K.UpdateStreamModeCommand, { StreamARN: arn(name), StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  assert.equal((await summary()).StreamModeDetails.StreamMode, "ON_DEMAND");
  assert((await call(K.DescribeLimitsCommand, {})).OnDemandStreamCount >= 1);
  assert.equal((await call(K.DescribeAccountSettingsCommand, {})).MinimumThroughputBillingCommitment.Status, "DISABLED");
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
  let events = (await subscribe({ Type: "TRIM_HORIZON" })).EventStream[Symbol.asyncIterator]();
  const next = async () => (await events.next()).value.SubscribeToShardEvent;
  assert.deepEqual(text((await next()).Records), ["0"]);
  await refused(K.ResourceInUseException, K.SubscribeToShardCommand, { ConsumerARN, ShardId: "shardId-000000000000", StartingPosition: { Type: "LATEST" } });
  const began = Date.now();
  const idle = await next();
  assert.equal(idle.Records.length, 0);
  assert(idle.ContinuationSequenceNumber && Date.now() - began < 6000);
  await call(K.PutRecordCommand, { StreamName: name, PartitionKey: "a", Data: Buffer.from("1") });
  assert.deepEqual(text((await next()).Records), ["1"]);
  // The first is 5 s old by now: another takes over where the idle one was, and the first ends.
  const takeover = (await subscribe({ Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: idle.ContinuationSequenceNumber })).EventStream[Symbol.asyncIterator]();
  assert.deepEqual(text((await takeover.next()).value.SubscribeToShardEvent.Records), ["1"]);
  await assert.rejects(async () => {
    while (!(await events.next()).done);
  }, K.ResourceInUseException);
  events = takeover;
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
