"""Projects until the quota is used up; nobody waits for the retries after that."""

import json
import time

from toloka.client.exceptions import ApiError

from tests.clients.toloka_kit import world

time.sleep = lambda seconds: None
kit = world.client()
made = 0
try:
    for _ in range(25):
        world.project(kit)
        made += 1
except ApiError as error:
    found = [type(error).__name__, error.status_code, error.code, error.payload]
except TypeError as error:
    found = ["TypeError", str(error)]
print(json.dumps({"made": made, "refusal": found}))
