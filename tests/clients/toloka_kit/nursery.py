"""Runs programs one after the other, each in a child of a process that has toloka-kit loaded.

Loading it takes seconds, a child milliseconds. A line of stdin is an order, `{"program",
"arguments", "output", "errors"}`; the line of stdout that answers it is the child's exit status.
"""

import json
import os
import runpy
import sys
import traceback
from typing import Any

import toloka.client


def carry_out(order: dict[str, Any]) -> int:
    """Run a program as the main one, with its output in files."""
    for descriptor, path in ((0, os.devnull), (1, order["output"]), (2, order["errors"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
    sys.argv = [order["program"], *order["arguments"]]
    try:
        runpy.run_module(f"tests.clients.toloka_kit.{order['program']}", run_name="__main__")
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Serve orders until stdin ends."""
    assert toloka.client
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = carry_out(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
