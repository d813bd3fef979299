"""One call with all its retries; nobody waits for them."""

import json
import sys
import time

import tenacity.nap

slept: list[float] = []
time.sleep = slept.append
tenacity.nap.time.sleep = slept.append

from toloka.client import TolokaClient  # noqa: E402

client = TolokaClient("k", url=sys.argv[1])
try:
    client.get_requester()
    raised = None
except Exception as error:
    raised = type(error).__name__
print(json.dumps({"raised": raised, "slept": slept}))
