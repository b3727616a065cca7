"""What the programs of Python have in common: each check prints "ok NAME" or "not ok NAME: why"."""

import time
import traceback

from botocore.exceptions import ClientError


def check(f):
    try:
        f()
        print(f"ok {f.__name__}")
    except Exception as e:  # a check that fails must not keep the others from running
        place = traceback.extract_tb(e.__traceback__)[-1]
        print(f"not ok {f.__name__}: {type(e).__name__} in line {place.lineno}: {e}".replace("\n", " "))


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        got = e.response["Error"]["Code"]
        assert got == code, f"{got} instead of {code}: {e}"
        return e.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected, and the call succeeded")


def until(what, condition, limit=20):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.02)
