"""boto3's client of SQS against Millrace: prints "ok NAME" or "not ok NAME: why" for each check."""

import hashlib
import itertools
import json
import re
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from checks import check, refused, until

config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
client = boto3.client("sqs", config=config)
names = (f"py{i}" for i in itertools.count())


def queue(fifo=False, **attributes):
    name = next(names)
    if fifo:
        name, attributes = name + ".fifo", {"FifoQueue": "true", **attributes}
    return client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def arn(url):
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def received(url, **more):
    return client.receive_message(QueueUrl=url, **{"MaxNumberOfMessages": 10, **more}).get("Messages", [])


def bodies(messages):
    return [m["Body"] for m in messages]


def counts(url):
    a = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return tuple(int(a["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible", "Delayed"))


@check
def errors_have_classes_codes_and_names():
    missing = client.meta.endpoint_url + "/000000000000/nowhere"
    for call, arguments in [
        (client.send_message, {"MessageBody": "x"}),
        (client.receive_message, {}),
        (client.get_queue_attributes, {"AttributeNames": ["All"]}),
        (client.delete_queue, {}),
    ]:
        try:
            call(QueueUrl=missing, **arguments)
            raise AssertionError("succeeded")
        except client.exceptions.QueueDoesNotExist as e:
            error = e.response["Error"]
            assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue" and error["QueryErrorCode"] == "QueueDoesNotExist", error
            assert error["Type"] == "Sender" and error["Message"] == "The specified queue does not exist.", error
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400, e.response
    url = queue()
    try:
        client.delete_message(QueueUrl=url, ReceiptHandle="garbage")
        raise AssertionError("succeeded")
    except client.exceptions.ReceiptHandleIsInvalid as e:
        assert e.response["Error"]["Code"] == "ReceiptHandleIsInvalid" and e.response["ResponseMetadata"]["HTTPStatusCode"] == 404, e.response
    try:
        client.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "x"}] * 2)
        raise AssertionError("succeeded")
    except client.exceptions.BatchEntryIdsNotDistinct as e:
        assert e.response["Error"]["Code"] == "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", e.response
    try:
        client.set_queue_attributes(QueueUrl=url, Attributes={"Foobar": "1"})
        raise AssertionError("succeeded")
    except client.exceptions.InvalidAttributeName as e:
        assert e.response["Error"]["Message"] == "Unknown Attribute Foobar.", e.response
    try:
        client.create_queue(QueueName=url.rsplit("/", 1)[1], Attributes={"VisibilityTimeout": "5"})
        raise AssertionError("succeeded")
    except client.exceptions.QueueNameExists as e:
        assert e.response["Error"]["Code"] == "QueueAlreadyExists", e.response
    refused("InvalidParameterValue", client.receive_message, QueueUrl=url, MaxNumberOfMessages=11)
    refused("MissingParameter", client.send_message, QueueUrl=url, MessageBody="")


@check
def queues_are_paged():
    made = {client.create_queue(QueueName=f"page-{i}")["QueueUrl"] for i in range(7)}
    pages = list(client.get_paginator("list_queues").paginate(QueueNamePrefix="page-", PaginationConfig={"PageSize": 3}))
    assert [len(p["QueueUrls"]) for p in pages] == [3, 3, 1], pages
    assert {u for p in pages for u in p["QueueUrls"]} == made
    assert "QueueUrls" not in client.list_queues(QueueNamePrefix="none")
    dead = queue()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 5})
    sources = {queue(RedrivePolicy=policy) for _ in range(5)}
    pages = client.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=dead, PaginationConfig={"PageSize": 2})
    assert {u for p in pages for u in p["queueUrls"]} == sources


@check
def messages_come_back_as_they_were_sent():
    url = queue()
    body = '{"a":"b"}\r\n\t<&> \u2028 \U0001f600'
    attributes = {
        "text": {"DataType": "String.mine", "StringValue": "é"},
        "number": {"DataType": "Number", "StringValue": "00012.50"},
        "bytes": {"DataType": "Binary.gif", "BinaryValue": bytes(range(256))},
    }
    sent = client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest() and "SequenceNumber" not in sent, sent
    got = received(url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], VisibilityTimeout=0)
    assert bodies(got) == [body] and got[0]["MessageAttributes"] == attributes, got
    assert got[0]["MessageId"] == sent["MessageId"] and got[0]["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"], got
    assert set(got[0]["Attributes"]) == {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}, got
    plain = received(url, VisibilityTimeout=0)[0]
    assert set(plain) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}, plain
    old = received(url, AttributeNames=["ApproximateReceiveCount"], VisibilityTimeout=0)[0]
    assert old["Attributes"] == {"ApproximateReceiveCount": "3"}, old
    some = received(url, MessageAttributeNames=["te.*", "number"])[0]
    assert set(some["MessageAttributes"]) == {"number", "text"}, some
    assert "-" not in some["ReceiptHandle"]


@check
def digests_are_those_of_the_documentation():
    url = queue()
    client.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}})
    got = received(url, MessageAttributeNames=["timestamp"])[0]
    assert got["MD5OfMessageAttributes"] == "235c5c510d26fb653d073faed50ae77c" and got["MD5OfBody"] == hashlib.md5(b"x").hexdigest(), got


@check
def batches_fail_entry_by_entry():
    url = queue(MaximumMessageSize="1024")
    out = client.send_message_batch(QueueUrl=url, Entries=[{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "x" * 1025}])
    assert [s["Id"] for s in out["Successful"]] == ["good"], out
    assert out["Failed"] == [
        {"Id": "bad", "SenderFault": True, "Code": "InvalidParameterValue", "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."}
    ], out
    got = received(url)
    out = client.change_message_visibility_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": got[0]["ReceiptHandle"], "VisibilityTimeout": 0}])
    assert "Failed" not in out and out["Successful"] == [{"Id": "1"}], out
    got = received(url)
    out = client.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": got[0]["ReceiptHandle"]}, {"Id": "2", "ReceiptHandle": "garbage"}])
    assert out["Successful"] == [{"Id": "1"}] and [f["Code"] for f in out["Failed"]] == ["ReceiptHandleIsInvalid"], out
    assert counts(url) == (0, 0, 0)


@check
def visibility_is_given_changed_and_lost():
    url = queue(VisibilityTimeout="1000")
    client.send_message(QueueUrl=url, MessageBody="x")
    assert bodies(received(url, VisibilityTimeout=0)) == ["x"] and counts(url) == (1, 0, 0)
    first = received(url)[0]
    assert received(url) == [] and counts(url) == (0, 1, 0)
    client.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    second = received(url, VisibilityTimeout=1, AttributeNames=["All"])[0]
    assert second["Attributes"]["ApproximateReceiveCount"] == "3", second
    third = received(url, WaitTimeSeconds=20)[0]  # when the second is over
    client.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])  # does nothing
    assert counts(url) == (0, 1, 0)
    for _ in range(2):
        client.delete_message(QueueUrl=url, ReceiptHandle=third["ReceiptHandle"])
    assert counts(url) == (0, 0, 0)
    message = refused("InvalidParameterValue", client.change_message_visibility, QueueUrl=url, ReceiptHandle=third["ReceiptHandle"], VisibilityTimeout=1)
    assert message.endswith("Reason: Message does not exist or is not available for visibility timeout change."), message


@check
def long_polls_end_with_a_message_or_in_time():
    url = queue(ReceiveMessageWaitTimeSeconds="20")
    begun = time.monotonic()
    assert received(url, WaitTimeSeconds=1) == [] and 0.9 < time.monotonic() - begun < 10
    begun = time.monotonic()
    assert received(url, WaitTimeSeconds=0) == [] and time.monotonic() - begun < 10
    got = []
    waiting = [threading.Thread(target=lambda: got.extend(received(url))) for _ in range(5)]
    for w in waiting:
        w.start()
    for i in range(5):
        client.send_message(QueueUrl=url, MessageBody=str(i))
    for w in waiting:
        w.join(15)
    # Whoever found several left others to wait; they are let go by another each.
    while any(w.is_alive() for w in waiting):
        client.send_message(QueueUrl=url, MessageBody="go")
        time.sleep(0.1)
    assert sorted(b for b in bodies(got) if b != "go") == [str(i) for i in range(5)], bodies(got)


@check
def fifo_queues_keep_order_and_drop_duplicates():
    url = queue(fifo=True)
    sent = [client.send_message(QueueUrl=url, MessageBody=str(i), MessageGroupId="g", MessageDeduplicationId=str(i // 2)) for i in range(6)]
    assert [s["MessageId"] for s in sent[::2]] == [s["MessageId"] for s in sent[1::2]]
    numbers = [s["SequenceNumber"] for s in sent]
    assert all(re.fullmatch(r"\d{20}", n) for n in numbers) and numbers[::2] == sorted(set(numbers)), numbers
    got = received(url, MaxNumberOfMessages=2, MessageSystemAttributeNames=["All"])
    assert bodies(got) == ["0", "2"] and got[0]["Attributes"]["MessageGroupId"] == "g", got
    assert received(url) == []
    for m in got:
        client.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
    assert bodies(received(url)) == ["4"]
    refused("MissingParameter", client.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="x")
    refused("InvalidParameterValue", client.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g")


@check
def groups_are_shown_on_standard_queues():
    url = queue()
    client.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="tenant")
    assert received(url, MessageSystemAttributeNames=["MessageGroupId"])[0]["Attributes"] == {"MessageGroupId": "tenant"}


@check
def attributes_tags_and_permissions_change():
    url = queue()
    client.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "3", "MessageRetentionPeriod": "60"})
    a = client.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds", "MessageRetentionPeriod"])["Attributes"]
    assert a == {"DelaySeconds": "3", "MessageRetentionPeriod": "60"}, a
    assert "Attributes" not in client.get_queue_attributes(QueueUrl=url)
    client.tag_queue(QueueUrl=url, Tags={"a": "1", "b": ""})
    client.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert client.list_queue_tags(QueueUrl=url)["Tags"] == {"b": ""}
    client.add_permission(QueueUrl=url, Label="L", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    policy = json.loads(client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert policy["Statement"][0]["Action"] == "SQS:SendMessage", policy
    client.remove_permission(QueueUrl=url, Label="L")
    assert "Attributes" not in client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])


@check
def purged_and_deleted_queues_are_empty_and_gone():
    url = queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    client.purge_queue(QueueUrl=url)
    assert counts(url) == (0, 0, 0) and received(url) == []
    client.delete_queue(QueueUrl=url)
    refused("AWS.SimpleQueueService.NonExistentQueue", client.get_queue_url, QueueName=url.rsplit("/", 1)[1])


@check
def dead_letters_are_moved_and_brought_back():
    dead = queue()
    url = queue(VisibilityTimeout="0", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": "1"}))
    for i in range(12):
        client.send_message(QueueUrl=url, MessageBody=str(i))

    def all_dead():
        received(url)
        return counts(dead) == (12, 0, 0)

    until("all are dead", all_dead)
    one = received(dead, VisibilityTimeout=0, MessageSystemAttributeNames=["DeadLetterQueueSourceArn"])[0]
    assert one["Attributes"] == {"DeadLetterQueueSourceArn": arn(url)}, one
    task = client.start_message_move_task(SourceArn=arn(dead))
    tasks = lambda: client.list_message_move_tasks(SourceArn=arn(dead))["Results"]
    until("the task is over", lambda: tasks()[0]["Status"] == "COMPLETED")
    assert tasks()[0]["ApproximateNumberOfMessagesMoved"] == 12 and counts(url) == (12, 0, 0), tasks()
    refused("ResourceNotFoundException", client.start_message_move_task, SourceArn=arn(dead) + "x")
    refused("InvalidParameterValue", client.cancel_message_move_task, TaskHandle="nonsense")
    assert task["TaskHandle"]


@check
def resources_work():
    sqs = boto3.resource("sqs", config=config)
    q = sqs.create_queue(QueueName="resource")
    q.send_message(MessageBody="x", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
    q.send_messages(Entries=[{"Id": str(i), "MessageBody": str(i)} for i in range(5)])
    messages = q.receive_messages(MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=1)
    assert len(messages) == 6 and messages[0].message_attributes["a"]["StringValue"] == "b"
    messages[0].change_visibility(VisibilityTimeout=10)
    q.delete_messages(Entries=[{"Id": str(i), "ReceiptHandle": m.receipt_handle} for i, m in enumerate(messages)])
    q.reload()
    assert q.attributes["ApproximateNumberOfMessages"] == "0" and sqs.get_queue_by_name(QueueName="resource").url == q.url
    try:
        sqs.get_queue_by_name(QueueName="nowhere")
        raise AssertionError("found")
    except ClientError as e:
        assert e.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


print("done")
