"""The tasks of celery_suite.py. What they do is a line each in the file EVENTS."""

import os
import time
from urllib.parse import urlsplit

from celery import Celery

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
app = Celery("tasks", broker=f"sqs://{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY'].replace('/', '%2F')}@{endpoint.netloc}//")
app.conf.update(
    broker_transport_options={
        "region": os.environ["AWS_REGION"],
        "is_secure": False,
        "visibility_timeout": int(os.environ.get("VISIBILITY_TIMEOUT", "1800")),
        "wait_time_seconds": 5,
        "polling_interval": 0.1,
    },
    broker_connection_retry_on_startup=True,
    task_default_queue=os.environ["QUEUE"],
    task_acks_late=True,
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=4,
)


def happened(*words):
    line = " ".join(map(str, words)) + "\n"
    file = os.open(os.environ["EVENTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, line.encode())
    os.close(file)


@app.task
def record(n):
    happened("record", n)


@app.task(bind=True, max_retries=3)
def flaky(self, n):
    happened("try", n, self.request.retries)
    if self.request.retries < 2:
        raise self.retry(countdown=1)
    happened("flaky", n)


@app.task
def stamp(due):
    happened("stamp", time.time() - due)


@app.task
def stuck():
    with open(os.environ["EVENTS"]) as f:
        again = "stuck" in f.read()
    happened("stuck", os.getpid())
    if not again:
        time.sleep(600)
    happened("unstuck")
