"""boto3's queues on streams against Millrace: prints "ok NAME" or "not ok NAME: why" for each check."""

import datetime
import itertools
import re
import threading
import time

import boto3
from botocore.config import Config

from checks import check, refused, until

config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
client = boto3.client("kinesis", config=config)
streams = (f"pyq{i}" for i in itertools.count())
ARN = "arn:aws:kinesis:us-east-1:000000000000"
NOWHERE = f"{ARN}:queue/nowhere"
SETTLED = {"ResponseMetadata", "Successful", "Failed"}


def stream():
    """Makes an on-demand stream."""
    name = next(streams)
    client.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    until(f"{name} is ACTIVE", lambda: client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")
    return name


def arn_of(name):
    return f"{ARN}:stream/{name}"


def describe(queue):
    return client.describe_queue(QueueARN=queue)["QueueDescription"]


def active(queue):
    until(f"{queue} is ACTIVE", lambda: describe(queue)["QueueStatus"] == "ACTIVE")


def queue(of, name=None, position="TRIM_HORIZON", **attributes):
    """Makes a queue on a stream, and returns its ARN."""
    more = {"QueueAttributes": attributes} if attributes else {}
    made = client.create_queue(
        QueueName=name or of, StreamConfigurationList=[{"StreamARN": arn_of(of), "StartingPosition": {"Type": position}}], **more
    )["QueueDescription"]
    active(made["QueueARN"])
    return made["QueueARN"]


def put(name, *data):
    records = [{"PartitionKey": f"k{i}", "Data": d} for i, d in enumerate(data)]
    assert client.put_records(StreamName=name, Records=records)["FailedRecordCount"] == 0


def receive(q, dead=False, **more):
    call = client.receive_dead_letter_queue_records if dead else client.receive_queue_records
    return call(QueueARN=q, **{"WaitTimeSeconds": 1, **more})["QueueRecords"]


def receive_all(q, n, **more):
    """Receives until n records are there: a receive may return fewer than there are."""
    got = []
    until(f"{n} records", lambda: got.extend(receive(q, **more)) or len(got) >= n)
    assert len(got) == n, got
    return got


def handles(records):
    return [{"ReceiptHandle": r["ReceiptHandle"]} for r in records]


def settle(call, q, entries):
    """Settles by a call that must take every entry, in order."""
    out = call(QueueARN=q, Entries=entries)
    assert set(out) == SETTLED and out["Failed"] == [], out
    assert [s["ReceiptHandle"] for s in out["Successful"]] == [e["ReceiptHandle"] for e in entries], out


def show(q, records, seconds, call=client.update_queue_records_visibility):
    settle(call, q, [{**h, "VisibilityTimeoutSeconds": seconds} for h in handles(records)])


def bury(q, times):
    """Receives the one record of a queue so often that it is a dead letter."""
    for _ in range(times):
        show(q, receive_all(q, 1), 0)


@check
def a_queue_is_made_described_listed_and_deleted():
    of, other = stream(), stream()
    put(of, b"before")
    made = client.create_queue(QueueName=of, StreamConfigurationList=[{"StreamARN": arn_of(of)}], Tags={"a": "b"})["QueueDescription"]
    q = made["QueueARN"]
    assert made["QueueStatus"] == "CREATING" and re.fullmatch(f"{ARN}:queue/[a-z0-9]+", q), made
    active(q)
    d = describe(q)
    assert (d["QueueName"], d["QueueARN"]) == (of, q), d
    assert d["QueueAttributes"] == {"VisibilityTimeoutSeconds": 30, "DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 6}}, d
    [source] = d["StreamConfigurationList"]
    assert source["StreamARN"] == arn_of(of) and source["StartingPosition"]["Type"] == "LATEST", d
    age = datetime.datetime.now(datetime.timezone.utc) - d["QueueCreationTimestamp"]
    assert abs(age.total_seconds()) < 30, d
    second = queue(other)
    listed = client.list_queues(StreamFilter=[{"StreamARN": arn_of(of)}])["QueueSummaries"]
    assert [(s["QueueName"], s["QueueARN"], s["QueueStatus"]) for s in listed] == [(of, q, "ACTIVE")], listed
    [source] = listed[0]["Streams"]
    created = source["StreamCreationTimestamp"]
    assert source["StreamARN"] == arn_of(of) and created == client.describe_stream_summary(StreamName=of)["StreamDescriptionSummary"]["StreamCreationTimestamp"], listed
    both = [{"StreamARN": arn_of(of), "StreamCreationTimestamp": created}, {"StreamARN": arn_of(other)}]
    pages = client.get_paginator("list_queues").paginate(StreamFilter=both, PaginationConfig={"PageSize": 1})
    assert [s["QueueARN"] for page in pages for s in page["QueueSummaries"]] == [q, second]
    earlier = created - datetime.timedelta(days=1)
    assert client.list_queues(StreamFilter=[{"StreamARN": arn_of(of), "StreamCreationTimestamp": earlier}])["QueueSummaries"] == []
    put(of, b"after")  # LATEST: what was there before is not delivered
    assert [r["Data"] for r in receive_all(q, 1)] == [b"after"]

    refused("ResourceInUseException", client.create_queue, QueueName=of, StreamConfigurationList=[{"StreamARN": arn_of(other)}])
    client.delete_queue(QueueARN=q)
    until("the queue is gone", lambda: q not in [s["QueueARN"] for s in client.list_queues()["QueueSummaries"]])
    refused("ResourceNotFoundException", client.describe_queue, QueueARN=q)
    assert describe(queue(of))["QueueARN"] != q  # the name is free


@check
def records_are_received_and_acknowledged_one_by_one():
    of = stream()
    q = queue(of)
    sent = [str(i).encode() for i in range(25)]
    put(of, *sent)
    got = receive_all(q, 25)
    assert sorted(r["Data"] for r in got) == sorted(sent)
    assert len({r["RecordId"] for r in got}) == len({r["ReceiptHandle"] for r in got}) == 25
    for r in got:
        assert r["ReceiveCount"] == 1 and re.fullmatch("[a-z0-9]{1,64}", r["RecordId"]) and len(r["ReceiptHandle"]) <= 1024, r
        assert r["PartitionKey"] == f"k{int(r['Data'])}", r
        assert r["ApproximateArrivalTimestamp"] <= r["FirstReceiveTimestamp"] + datetime.timedelta(milliseconds=1), r
    for i in range(0, 25, 10):
        settle(client.acknowledge_queue_records, q, handles(got[i : i + 10]))
    assert receive(q) == []
    # The stream, and another queue of it, have everything still.
    other = queue(of, f"{of}-other")
    again = receive_all(other, 25)
    assert {r["RecordId"] for r in again} == {r["RecordId"] for r in got}


@check
def visibility_decides_when_a_record_comes_back():
    of = stream()
    q = queue(of, VisibilityTimeoutSeconds=600)
    put(of, b"x")
    first = receive_all(q, 1)
    assert receive(q) == []
    show(q, first, 0)
    second = receive_all(q, 1)
    assert second[0]["ReceiveCount"] == 2 and second[0]["RecordId"] == first[0]["RecordId"] and second[0]["FirstReceiveTimestamp"] == first[0]["FirstReceiveTimestamp"], second
    out = client.acknowledge_queue_records(QueueARN=q, Entries=handles(first + second))
    assert [e["ReceiptHandle"] for e in out["Successful"]] == [second[0]["ReceiptHandle"]], out
    assert [(e["ReceiptHandle"], e["ErrorCode"]) for e in out["Failed"]] == [(first[0]["ReceiptHandle"], "InvalidArgumentException")] and out["Failed"][0]["ErrorMessage"], out
    put(of, b"y")
    receive_all(q, 1, VisibilityTimeoutSeconds=1)
    began = time.monotonic()
    back = receive(q, WaitTimeSeconds=10)  # wakes up when the lease ends
    assert [r["Data"] for r in back] == [b"y"] and time.monotonic() - began < 5, back


@check
def a_receive_that_waits_wakes_up_at_a_put():
    of = stream()
    q = queue(of)
    putting = threading.Timer(0.3, put, (of, b"late"))
    putting.start()
    began = time.monotonic()
    got = receive(q, WaitTimeSeconds=20)
    assert [r["Data"] for r in got] == [b"late"] and time.monotonic() - began < 5, got
    putting.join()


@check
def dead_letters_are_received_restored_and_acknowledged():
    of = stream()
    q = queue(of, VisibilityTimeoutSeconds=600, DeadLetterConfiguration={"TargetType": "BUILT_IN", "MaxReceiveCount": 2})
    put(of, b"bad")
    bury(q, 2)
    assert receive(q) == []
    [dead] = receive_all(q, 1, dead=True)
    assert dead["Data"] == b"bad" and dead["ReceiveCount"] == 3, dead
    # Its handle is none of the living.
    [failed] = client.acknowledge_queue_records(QueueARN=q, Entries=handles([dead]))["Failed"]
    assert failed["ErrorCode"] == "InvalidArgumentException", failed
    show(q, [dead], 0, client.update_dead_letter_queue_records_visibility)
    dead = receive_all(q, 1, dead=True)
    settle(client.restore_dead_letter_queue_records, q, handles(dead))
    [failed] = client.restore_dead_letter_queue_records(QueueARN=q, Entries=handles(dead))["Failed"]
    assert failed["ErrorCode"] == "ResourceNotFoundException", failed
    [alive] = receive_all(q, 1)
    assert alive["ReceiveCount"] == 1 and alive["RecordId"] == dead[0]["RecordId"], alive
    show(q, [alive], 0)
    bury(q, 1)
    settle(client.acknowledge_dead_letter_queue_records, q, handles(receive_all(q, 1, dead=True)))
    assert receive(q, dead=True) == []


@check
def attributes_are_updated():
    q = queue(stream())
    was = describe(q)["QueueAttributes"]
    out = client.update_queue(QueueARN=q, QueueAttributes={"VisibilityTimeoutSeconds": 7})["QueueDescription"]
    assert out["QueueStatus"] == "UPDATING", out
    active(q)
    assert describe(q)["QueueAttributes"] == {**was, "VisibilityTimeoutSeconds": 7}
    client.update_queue(QueueARN=q, QueueAttributes={"DeadLetterConfiguration": {"TargetType": "NONE"}})
    active(q)
    assert describe(q)["QueueAttributes"] == {"VisibilityTimeoutSeconds": 7, "DeadLetterConfiguration": {"TargetType": "NONE"}}


@check
def a_stream_with_a_queue_stays():
    of = stream()
    q = queue(of)
    refused("ResourceInUseException", client.delete_stream, StreamName=of)
    refused("ResourceInUseException", client.update_stream_mode, StreamARN=arn_of(of), StreamModeDetails={"StreamMode": "PROVISIONED"})
    client.delete_queue(QueueARN=q)
    until("the queue is gone", lambda: client.list_queues(StreamFilter=[{"StreamARN": arn_of(of)}])["QueueSummaries"] == [])
    client.delete_stream(StreamName=of)


@check
def tags_of_queues():
    q = queue(stream())
    client.tag_resource(ResourceARN=q, Tags={"a": "1", "b": "2"})
    client.untag_resource(ResourceARN=q, TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceARN=q)["Tags"] == [{"Key": "b", "Value": "2"}]
    refused("ResourceNotFoundException", client.list_tags_for_resource, ResourceARN=NOWHERE)


@check
def errors_have_classes():
    of, e = stream(), client.exceptions
    q = queue(of)
    entry = [{"ReceiptHandle": "x"}]
    for cls, call, arguments in [
        (e.ResourceNotFoundException, client.describe_queue, dict(QueueARN=NOWHERE)),
        (e.ResourceNotFoundException, client.receive_queue_records, dict(QueueARN=NOWHERE)),
        (e.ResourceNotFoundException, client.acknowledge_queue_records, dict(QueueARN=NOWHERE, Entries=entry)),
        (e.ResourceNotFoundException, client.delete_queue, dict(QueueARN=NOWHERE)),
        (e.ResourceNotFoundException, client.create_queue, dict(QueueName="n", StreamConfigurationList=[{"StreamARN": arn_of("nowhere")}])),
        (e.ResourceInUseException, client.create_queue, dict(QueueName=of, StreamConfigurationList=[{"StreamARN": arn_of(of)}])),
        (e.ValidationException, client.receive_queue_records, dict(QueueARN=q, Limit=11)),
        (e.ValidationException, client.acknowledge_queue_records, dict(QueueARN=q, Entries=entry * 11)),
    ]:
        try:
            call(**arguments)
        except cls:
            continue
        raise AssertionError(f"{call.__name__} succeeded")


print("done")
