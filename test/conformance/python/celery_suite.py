"""Celery on kombu's transport for SQS, against Millrace: prints "ok NAME" or "not ok NAME: why" for each check."""

import collections
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).parent
folder = tempfile.TemporaryDirectory()
os.environ.update(EVENTS=os.path.join(folder.name, "events"), QUEUE="celery")

import boto3
from kombu import Connection

import celery_tasks as tasks
from checks import check, until

sqs = boto3.client("sqs")


class Worker:
    """A worker process with a pool of its own."""

    def __init__(self, *options, **environment):
        self.log = tempfile.TemporaryFile()
        command = [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat", *options]
        self.process = subprocess.Popen(command, cwd=here, env={**os.environ, **environment}, stdout=self.log, stderr=self.log, start_new_session=True)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")


def events(kind):
    if not os.path.exists(os.environ["EVENTS"]):
        return []
    with open(os.environ["EVENTS"]) as f:
        return [line.split()[1:] for line in f if line.split()[0] == kind]


def left(queue):
    a = sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], AttributeNames=["All"])["Attributes"]
    return sum(int(a["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible", "Delayed"))


worker = Worker("--concurrency=2")


@check
def tasks_run_once_each():
    for n in range(200):
        tasks.record.delay(n)
    until("all have run", lambda: len(events("record")) >= 200, 60)
    until("the queue is empty", lambda: left("celery") == 0)
    ran = collections.Counter(n for [n] in events("record"))
    assert ran == {str(n): 1 for n in range(200)}, [n for n, times in ran.items() if times > 1]


@check
def tasks_are_tried_again():
    for n in range(5):
        tasks.flaky.delay(n)
    until("all have succeeded", lambda: len(events("flaky")) == 5, 60)
    tries = collections.Counter(n for n, _ in events("try"))
    assert tries == {str(n): 3 for n in range(5)}, tries


@check
def tasks_wait_for_their_time():
    now = time.time()
    for seconds in (1, 2):
        tasks.stamp.apply_async([now + seconds], countdown=seconds)
        tasks.stamp.apply_async([now + seconds], eta=datetime.datetime.fromtimestamp(now + seconds, datetime.timezone.utc))
    until("all have run", lambda: len(events("stamp")) == 4, 60)
    late = [float(s) for [s] in events("stamp")]
    assert all(-0.5 < s < 10 for s in late), late


@check
def the_task_of_a_killed_worker_runs_elsewhere():
    other = dict(QUEUE="short", VISIBILITY_TIMEOUT="4")
    first = Worker("--pool=solo", **other)
    try:
        # The worker makes the queue, with its timeout.
        until("the queue is there", lambda: sqs.list_queues(QueueNamePrefix="short").get("QueueUrls"), 60)
        tasks.app.send_task("celery_tasks.stuck", queue="short")
        until("the task has begun", lambda: len(events("stuck")) == 1, 60)
    finally:
        first.kill()
    second = Worker("--pool=solo", **other)
    try:
        until("another worker has done it", lambda: events("unstuck") == [[]], 60)
        until("the queue is empty", lambda: left("short") == 0)
        (first_pid,), (second_pid,) = events("stuck")
        assert first_pid != second_pid
    finally:
        second.stop()


@check
def kombu_counts_purges_and_requeues():
    with Connection(tasks.app.connection_for_write().as_uri(include_password=True), transport_options={**tasks.app.conf.broker_transport_options, "wait_time_seconds": 1}) as c:
        q = c.SimpleQueue("simple.queue")
        for n in range(15):
            q.put({"n": n})
        until("15 are counted", lambda: q.qsize() == 15)
        message = q.get(timeout=10)
        assert message.payload["n"] in range(15)
        message.requeue()
        got = set()
        while len(got) < 15:
            message = q.get(timeout=10)
            got.add(message.payload["n"])
            message.ack()
        q.put({"n": 16})
        q.clear()
        until("it is empty", lambda: left("simple-queue") == 0)
        q.close()


worker.stop()
print("done")
