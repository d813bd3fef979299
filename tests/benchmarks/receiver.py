"""A webhook target in a process of its own: takes everything, and tells how much came and when."""

import sys
import time
from typing import Any

import orjson
import uvicorn


class Receiver:
    """Counts posts; a GET answers `{"count", "first", "last"}`, times in seconds."""

    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
            self.last = time.perf_counter()
            self.first = self.first or self.last
            self.count += 1
        else:
            body = orjson.dumps({"count": self.count, "first": self.first, "last": self.last})
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        Receiver(), port=int(sys.argv[1]), lifespan="off", log_level="warning", access_log=False
    )
