"""boto3 against Millrace: prints "ok NAME" or "not ok NAME: why" for each check."""

import datetime
import itertools
import os
import re
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import EventStreamError

from checks import check, refused, until

config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
client = boto3.client("kinesis", config=config)
names = (f"py{i}" for i in itertools.count())
HALF = str(2**127)


def settled(name):
    until(f"{name} is ACTIVE", lambda: client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")


def stream(shards=1):
    name = next(names)
    client.create_stream(StreamName=name, ShardCount=shards)
    settled(name)
    return name


def iterator(name, shard="shardId-000000000000", kind="TRIM_HORIZON", **more):
    return client.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def read(it):
    return client.get_records(ShardIterator=it)


def data(page):
    return [r["Data"] for r in page["Records"]]


def arn(name):
    return f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"


def consumer(name):
    c = client.register_stream_consumer(StreamARN=arn(name), ConsumerName="c")["Consumer"]
    until("the consumer is ACTIVE", lambda: client.describe_stream_consumer(ConsumerARN=c["ConsumerARN"])["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE")
    return c["ConsumerARN"]


@check
def streams_are_made_waited_for_listed_and_deleted():
    name = next(names)
    client.create_stream(StreamName=name, ShardCount=2)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert refused("ResourceInUseException", client.create_stream, StreamName=name, ShardCount=2) == f"Stream {name} under account 000000000000 already exists."
    shards = client.describe_stream(StreamName=name)["StreamDescription"]["Shards"]
    assert [s["HashKeyRange"] for s in shards] == [
        {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)},
        {"StartingHashKey": HALF, "EndingHashKey": str(2**128 - 1)},
    ], shards
    assert name in [n for page in client.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1}) for n in page["StreamNames"]]
    client.delete_stream(StreamName=name)
    client.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    refused("ResourceNotFoundException", client.describe_stream, StreamName=name)


@check
def a_summary_names_no_stream_id():
    summary = client.describe_stream_summary(StreamName=stream())["StreamDescriptionSummary"]
    assert "StreamId" not in summary and summary["MaxRecordSizeInKiB"] == 1024, summary
    assert summary["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}] and summary["EncryptionType"] == "NONE", summary
    age = datetime.datetime.now(datetime.timezone.utc) - summary["StreamCreationTimestamp"]
    assert abs(age.total_seconds()) < 30, age


@check
def keys_decide_shards_and_sequence_numbers_grow():
    name = stream(2)
    a = client.put_record(StreamName=name, PartitionKey="a", Data=b"\x00\xff1")
    b = client.put_record(StreamName=name, PartitionKey="a", Data=b"2", SequenceNumberForOrdering=a["SequenceNumber"])
    assert a["ShardId"] == b["ShardId"] == "shardId-000000000000"  # md5("a") is 0cc1...
    assert re.fullmatch(r"49\d{54}", a["SequenceNumber"]) and int(b["SequenceNumber"]) > int(a["SequenceNumber"])
    top = client.put_record(StreamName=name, PartitionKey="a", ExplicitHashKey=str(2**128 - 1), Data=b"3")
    assert top["ShardId"] == "shardId-000000000001"
    page = read(iterator(name))
    assert data(page) == [b"\x00\xff1", b"2"] and page["Records"][0]["PartitionKey"] == "a"
    age = datetime.datetime.now(datetime.timezone.utc) - page["Records"][0]["ApproximateArrivalTimestamp"]
    assert abs(age.total_seconds()) < 5 and "EncryptionType" not in page["Records"][0], page


@check
def batches_are_answered_in_order_or_refused_whole():
    name = stream(4)
    entries = [{"PartitionKey": str(i), "Data": str(i).encode()} for i in range(500)]
    out = client.put_records(StreamName=name, Records=entries)
    assert out["FailedRecordCount"] == 0 and len(out["Records"]) == 500
    where = {r["SequenceNumber"]: i for i, r in enumerate(out["Records"])}
    assert len(where) == 500
    stored = {}
    for s in range(4):
        for r in read(iterator(name, f"shardId-{s:012d}"))["Records"]:
            stored[where[r["SequenceNumber"]]] = r["Data"]
    assert stored == {i: str(i).encode() for i in range(500)}
    one = {"PartitionKey": "k", "Data": b"x"}
    refused("ValidationException", client.put_records, StreamName=name, Records=entries + [one])
    refused("ValidationException", client.put_records, StreamName=name, Records=[one, {"PartitionKey": "k" * 257, "Data": b"x"}])
    refused("InvalidArgumentException", client.put_records, StreamName=name, Records=[one, {**one, "ExplicitHashKey": str(2**128)}])
    refused("ValidationException", client.put_records, StreamName=name, Records=[one, {**one, "Data": b"x" * (1 << 20)}])
    assert sum(len(read(iterator(name, f"shardId-{s:012d}"))["Records"]) for s in range(4)) == 500


@check
def all_iterator_types_find_their_place():
    name = stream()
    latest = iterator(name, kind="LATEST")
    shard = client.list_shards(StreamName=name)["Shards"][0]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    fresh = iterator(name, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=start)
    numbers = [client.put_record(StreamName=name, PartitionKey="a", Data=str(i).encode())["SequenceNumber"] for i in range(3)]
    everything = [b"0", b"1", b"2"]
    assert data(read(latest)) == everything and data(read(fresh)) == everything
    assert data(read(iterator(name, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=start))) == everything
    assert data(read(iterator(name, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1]))) == everything[1:]
    assert data(read(iterator(name, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1]))) == everything[2:]
    now = datetime.datetime.now(datetime.timezone.utc)
    assert data(read(iterator(name, kind="AT_TIMESTAMP", Timestamp=now - datetime.timedelta(minutes=1)))) == everything
    assert data(read(iterator(name, kind="LATEST"))) == []
    bad = dict(StreamName=name, ShardId="shardId-000000000000")
    refused("InvalidArgumentException", client.get_shard_iterator, **bad, ShardIteratorType="AT_SEQUENCE_NUMBER")
    refused("InvalidArgumentException", client.get_shard_iterator, **bad, ShardIteratorType="LATEST", StartingSequenceNumber=numbers[0])
    refused("InvalidArgumentException", client.get_shard_iterator, **bad, ShardIteratorType="AT_TIMESTAMP")
    refused("InvalidArgumentException", client.get_shard_iterator, **bad, ShardIteratorType="AT_TIMESTAMP", Timestamp=now + datetime.timedelta(hours=1))
    made = time.time() // 1  # sequence numbers tell streams apart by the second of their creation
    until("the next second begins", lambda: time.time() // 1 > made)
    other = client.put_record(StreamName=stream(), PartitionKey="a", Data=b"x")["SequenceNumber"]
    refused("InvalidArgumentException", client.get_shard_iterator, **bad, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=other)
    refused("ResourceNotFoundException", client.get_shard_iterator, StreamName=name, ShardId="shardId-000000000007", ShardIteratorType="LATEST")
    refused("InvalidArgumentException", client.get_records, ShardIterator="AAAAAAAAAAGnonsense")


@check
def pages_are_bounded_and_the_same_iterator_gives_the_same_page():
    name = stream()
    for i in range(12):
        client.put_record(StreamName=name, PartitionKey="a", Data=bytes([i]) * ((1 << 20) - 1))
    it = iterator(name)
    page, again = read(it), read(it)
    assert data(page) == data(again)
    assert 0 < sum(len(d) for d in data(page)) <= 10 << 20 and page["MillisBehindLatest"] > 0, page["MillisBehindLatest"]
    rest = read(page["NextShardIterator"])
    assert len(page["Records"]) + len(rest["Records"]) == 12 and rest["MillisBehindLatest"] == 0
    assert [d[0] for d in data(page) + data(rest)] == list(range(12))
    assert len(client.get_records(ShardIterator=it, Limit=2)["Records"]) == 2


@check
def a_split_shard_ends_with_its_children():
    name = stream()
    client.put_record(StreamName=name, PartitionKey="a", Data=b"parent")
    client.split_shard(StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
    settled(name)
    message = refused("InvalidArgumentException", client.split_shard, StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
    assert "has already been merged or split" in message, message
    page = read(iterator(name))
    assert data(page) == [b"parent"] and "NextShardIterator" not in page, page
    assert [(c["ShardId"], c["ParentShards"]) for c in page["ChildShards"]] == [
        ("shardId-000000000001", ["shardId-000000000000"]),
        ("shardId-000000000002", ["shardId-000000000000"]),
    ]
    shards = client.list_shards(StreamName=name)["Shards"]
    parent = shards[0]["SequenceNumberRange"]
    assert int(parent["EndingSequenceNumber"]) < int(shards[1]["SequenceNumberRange"]["StartingSequenceNumber"])
    past = read(iterator(name, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=parent["EndingSequenceNumber"]))
    assert past["Records"] == [] and "NextShardIterator" not in past and len(past["ChildShards"]) == 2, past
    client.merge_shards(StreamName=name, ShardToMerge="shardId-000000000002", AdjacentShardToMerge="shardId-000000000001")
    settled(name)
    merged = client.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    assert [(s["ShardId"], s["ParentShardId"], s["AdjacentParentShardId"]) for s in merged] == [
        ("shardId-000000000003", "shardId-000000000002", "shardId-000000000001")
    ]


@check
def shard_counts_scale_uniformly():
    name = stream(4)
    out = client.update_shard_count(StreamName=name, TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    assert (out["CurrentShardCount"], out["TargetShardCount"]) == (4, 3)
    settled(name)
    shards = client.list_shards(StreamName=name)["Shards"]
    opened = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    assert [s["ShardId"][-2:] for s in shards] == [f"{i:02d}" for i in range(11)]
    assert [s["ShardId"][-2:] for s in opened] == ["06", "09", "10"]
    third = 2**128 // 3
    assert [int(s["HashKeyRange"]["StartingHashKey"]) for s in opened] == [0, third, 2 * third]
    refused("LimitExceededException", client.update_shard_count, StreamName=name, TargetShardCount=7, ScalingType="UNIFORM_SCALING")


@check
def shards_are_listed_by_filters_and_tokens():
    name = stream(5)
    first = client.list_shards(StreamName=name, MaxResults=2)
    ids = [s["ShardId"] for s in first["Shards"]]
    token = first["NextToken"]
    refused("InvalidArgumentException", client.list_shards, StreamName=name, NextToken=token)
    while token:
        page = client.list_shards(NextToken=token, MaxResults=2)
        ids += [s["ShardId"] for s in page["Shards"]]
        token = page.get("NextToken")
    assert ids == [f"shardId-{i:012d}" for i in range(5)]
    after = client.list_shards(StreamName=name, ShardFilter={"Type": "AFTER_SHARD_ID", "ShardId": ids[2]})["Shards"]
    assert [s["ShardId"] for s in after] == ids[3:]
    assert len(client.list_shards(StreamName=name, ExclusiveStartShardId=ids[3])["Shards"]) == 1
    refused("InvalidArgumentException", client.list_shards)
    paged = client.get_paginator("describe_stream").paginate(StreamName=name, PaginationConfig={"PageSize": 2})
    assert len([s for p in paged for s in p["StreamDescription"]["Shards"]]) == 5


@check
def retention_moves_both_ways_within_its_bounds():
    name = stream()
    hours = lambda: client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["RetentionPeriodHours"]
    client.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=24)
    settled(name)
    client.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=8760)
    settled(name)
    assert hours() == 8760
    refused("InvalidArgumentException", client.increase_stream_retention_period, StreamName=name, RetentionPeriodHours=8761)
    client.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=24)
    settled(name)
    assert hours() == 24
    refused("InvalidArgumentException", client.decrease_stream_retention_period, StreamName=name, RetentionPeriodHours=23)


@check
def tags_have_two_forms():
    name = stream()
    client.add_tags_to_stream(StreamName=name, Tags={"a": "1", "b": "2"})
    client.tag_resource(ResourceARN=arn(name), Tags={"c": "3", "a": "4"})
    listed = client.list_tags_for_stream(StreamName=name, Limit=2)
    assert listed["Tags"] == [{"Key": "a", "Value": "4"}, {"Key": "b", "Value": "2"}] and listed["HasMoreTags"]
    client.remove_tags_from_stream(StreamName=name, TagKeys=["b", "missing"])
    client.untag_resource(ResourceARN=arn(name), TagKeys=["c"])
    assert client.list_tags_for_resource(ResourceARN=arn(name))["Tags"] == [{"Key": "a", "Value": "4"}]
    refused("InvalidArgumentException", client.tag_resource, ResourceARN=arn(name), Tags={"aws:x": "1"})


@check
def encryption_is_switched_on_and_off():
    name = stream()
    client.put_record(StreamName=name, PartitionKey="a", Data=b"clear")
    refused("KMSNotFoundException", client.start_stream_encryption, StreamName=name, EncryptionType="KMS", KeyId="alias/mine")
    client.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    settled(name)
    assert client.put_record(StreamName=name, PartitionKey="a", Data=b"secret")["EncryptionType"] == "KMS"
    client.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    settled(name)
    records = read(iterator(name))["Records"]
    assert [(r["Data"], r.get("EncryptionType")) for r in records] == [(b"clear", None), (b"secret", "KMS")], records


@check
def monitoring_modes_sizes_and_policies_change():
    name = stream()
    out = client.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["IncomingBytes"])
    assert out["CurrentShardLevelMetrics"] == [] and out["DesiredShardLevelMetrics"] == ["IncomingBytes"], out
    settled(name)
    client.update_max_record_size(StreamARN=arn(name), MaxRecordSizeInKiB=10240)
    settled(name)
    client.put_record(StreamName=name, PartitionKey="a", Data=b"x" * ((10 << 20) - 1))
    assert client.get_resource_policy(ResourceARN=arn(name))["Policy"] == "{}"
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kinesis:PutRecord","Resource":"%s"}]}' % arn(name)
    client.put_resource_policy(ResourceARN=arn(name), Policy=policy)
    assert client.get_resource_policy(ResourceARN=arn(name))["Policy"] == policy
    client.delete_resource_policy(ResourceARN=arn(name))
    refused("ResourceNotFoundException", client.delete_resource_policy, ResourceARN=arn(name))
    client.update_stream_mode(StreamARN=arn(name), StreamModeDetails={"StreamMode": "ON_DEMAND"})
    settled(name)
    refused("ValidationException", client.split_shard, StreamName=name, ShardToSplit="0", NewStartingHashKey=HALF)
    client.update_stream_record_distribution_strategy(StreamARN=arn(name), RecordDistributionStrategy="AUTO")
    client.put_record(StreamName=name, Data=b"no key")
    limits = client.describe_limits()
    assert limits["OnDemandStreamCount"] >= 1 and limits["OpenShardCount"] >= 1, limits
    assert client.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"] == "DISABLED"
    off = client.disable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["ALL"])
    assert off["CurrentShardLevelMetrics"] == ["IncomingBytes"] and off["DesiredShardLevelMetrics"] == [], off


@check
def a_dry_run_stores_nothing():
    name = stream()
    refused("DryRunOperationException", client.put_record, StreamName=name, PartitionKey="a", Data=b"x", DryRun=True)
    refused("DryRunOperationException", client.put_records, StreamName=name, Records=[{"PartitionKey": "a", "Data": b"x"}], DryRun=True)
    refused("DryRunOperationException", client.get_shard_iterator, StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="LATEST", DryRun=True)
    refused("ResourceNotFoundException", client.put_record, StreamName="nowhere", PartitionKey="a", Data=b"x", DryRun=True)
    it = iterator(name)
    refused("DryRunOperationException", client.get_records, ShardIterator=it, DryRun=True)
    position = dict(ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"})
    refused("DryRunOperationException", client.subscribe_to_shard, ConsumerARN=consumer(name), **position, DryRun=True)
    assert read(it)["Records"] == []


@check
def a_recreated_stream_is_another():
    name = stream()
    old = client.put_record(StreamName=name, PartitionKey="a", Data=b"old")["SequenceNumber"]
    it = iterator(name)
    client.delete_stream(StreamName=name)
    client.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    refused("ResourceNotFoundException", client.get_records, ShardIterator=it)
    client.create_stream(StreamName=name, ShardCount=1)
    settled(name)
    refused("ResourceNotFoundException", client.get_records, ShardIterator=it)
    refused("InvalidArgumentException", iterator, name=name, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=old)
    assert data(read(iterator(name))) == []


@check
def channels_are_unknown_operations():
    refused("UnknownOperationException", client.list_channels)


@check
def consumers_are_pushed_what_is_put():
    name = stream()
    c = consumer(name)
    refused("ResourceInUseException", client.register_stream_consumer, StreamARN=arn(name), ConsumerName="c")
    client.put_record(StreamName=name, PartitionKey="a", Data=b"0")
    subscribe = lambda kind, **more: client.subscribe_to_shard(ConsumerARN=c, ShardId="shardId-000000000000", StartingPosition={"Type": kind, **more})["EventStream"]
    events = iter(subscribe("TRIM_HORIZON"))
    first = next(events)["SubscribeToShardEvent"]
    assert data(first) == [b"0"], first
    client.put_record(StreamName=name, PartitionKey="a", Data=b"1")
    second = next(events)["SubscribeToShardEvent"]
    assert data(second) == [b"1"] and second["MillisBehindLatest"] == 0
    began = time.monotonic()
    idle = next(events)["SubscribeToShardEvent"]
    assert data(idle) == [] and time.monotonic() - began < 6 and idle["ContinuationSequenceNumber"]
    refused_now = time.monotonic()
    # Another subscription takes over once the first is 5 s old, and that one ends.
    client.put_record(StreamName=name, PartitionKey="a", Data=b"2")
    other = iter(subscribe("AT_SEQUENCE_NUMBER", SequenceNumber=second["ContinuationSequenceNumber"]))
    assert data(next(other)["SubscribeToShardEvent"]) == [b"2"]
    refused("ResourceInUseException", subscribe, kind="LATEST")
    try:
        while True:
            next(events)
    except EventStreamError as e:
        assert "ResourceInUseException" in str(e), e
    assert time.monotonic() - refused_now < 5
    listed = client.list_stream_consumers(StreamARN=arn(name))["Consumers"]
    assert [x["ConsumerName"] for x in listed] == ["c"]
    client.register_stream_consumer(StreamARN=arn(name), ConsumerName="d", Tags={"a": "1"})
    pages = client.get_paginator("list_stream_consumers").paginate(StreamARN=arn(name), PaginationConfig={"PageSize": 1})
    assert [x["ConsumerName"] for p in pages for x in p["Consumers"]] == ["c", "d"]
    refused("ResourceInUseException", client.delete_stream, StreamName=name)
    client.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


@check
def a_subscription_ends_with_its_shard():
    name = stream()
    c = consumer(name)
    events = client.subscribe_to_shard(ConsumerARN=c, ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"})["EventStream"]
    split = threading.Thread(target=client.split_shard, kwargs=dict(StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF))
    split.start()
    last = [e["SubscribeToShardEvent"] for e in events][-1]
    split.join()
    assert "ContinuationSequenceNumber" not in last and len(last["ChildShards"]) == 2, last


@check
def tls_is_trusted_by_its_authority():
    secure = boto3.client("kinesis", endpoint_url=os.environ["TLS_ENDPOINT"], verify=os.environ["CA_FILE"], config=config)
    assert isinstance(secure.list_streams()["StreamNames"], list)


@check
def signatures_are_verified():
    wrong = boto3.client("kinesis", aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], config=config)
    refused("InvalidSignatureException", wrong.list_streams)
    unknown = boto3.client("kinesis", aws_secret_access_key="x", aws_access_key_id="AKIAUNKNOWN", config=config)
    refused("UnrecognizedClientException", unknown.list_streams)


print("done")
