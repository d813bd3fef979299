"""Projects until the quota is used up."""

import json

from toloka.client.exceptions import ApiError

from tests.clients.toloka_kit import world

kit = world.client()
kit.retryer_factory = None
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
