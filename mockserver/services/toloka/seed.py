"""What follows from the fixtures: the books of the pools that have tasks from the start."""

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import ledger, tasks


def seed(sandbox: Sandbox) -> None:
    """Enter the tasks of the fixtures into the books of their pools."""
    changes: dict[str, dict[str, float]] = {}
    for task in sandbox.collection(tasks.COLLECTION).each():
        tasks.enter(changes.setdefault(task["pool_id"], {}), task)
    for pool_id, change in changes.items():
        ledger.add(sandbox, pool_id, **change)
