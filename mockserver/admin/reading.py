"""Bodies as people send them by hand."""

from mockserver.engine.service import Call

CURLS_OWN = "application/x-www-form-urlencoded"


def take_as_json(call: Call) -> None:
    """What `curl -d` sends without saying so is JSON: no call here takes a form."""
    if call.headers.get("content-type", "").startswith(CURLS_OWN):
        call.headers = {**call.headers, "content-type": "application/json"}
