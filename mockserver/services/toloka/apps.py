"""Apps: ready-made solutions, their projects, and batches of items that the crowd works on."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.toloka import errors, solutions, wire
from mockserver.services.toloka.errors import Fields
from mockserver.services.toloka.specs import Spec

APPS = "toloka.apps"
PROJECTS = "toloka.app_projects"
ITEMS = "toloka.app_items"
BATCHES = "toloka.app_batches"

SLICE = 200
"""Items of one job."""

Document = dict[str, Any]


def app_of(sandbox: Sandbox, project: Document) -> Document:
    """The solution of a project."""
    return sandbox.collection(APPS).get(project["app_id"]) or {}


def project(sandbox: Sandbox, project_id: str) -> Document:
    """A project that must exist."""
    found = sandbox.collection(PROJECTS).get(project_id)
    if found is None:
        raise errors.missing()
    return found


def batch(sandbox: Sandbox, project_id: str, batch_id: str) -> Document:
    """A batch of the project that must exist."""
    found = sandbox.collection(BATCHES).get(batch_id)
    if found is None or found["app_project_id"] != project_id:
        raise errors.missing()
    return found


def create_project(sandbox: Sandbox, form: Document) -> Document:
    """A project of a solution, ready at once.

    Not emulated: the check of its parameters, during which the service says CREATING.
    """
    app = sandbox.collection(APPS).get(form["app_id"])
    if app is None:
        raise errors.invalid({"app_id": errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)})
    found = {
        "id": wire.number(sandbox, "app_project"),
        "app_id": app["id"],
        "parent_app_project_id": form.get("parent_app_project_id"),
        "name": form["name"],
        "parameters": form.get("parameters") or {},
        "status": "READY",
        "created": wire.stamp(sandbox),
        "item_price": app["default_item_price"],
        "errors": [],
        "read_only": False,
        "app": {"id": app["id"], "name": app["name"]},
    }
    sandbox.collection(PROJECTS).put(found)
    return found


def create_batch(sandbox: Sandbox, owner: Document, form: Document) -> Document:
    """A new batch with its items."""
    _writable(owner)
    items = checked(sandbox, owner, form["items"], skip=wire.truth(form.get("ignore_errors")))
    found = {
        "id": wire.next_object_id(sandbox),
        "app_project_id": owner["id"],
        "name": form.get("name") or "Batch",
        "status": "NEW",
        "priority_order": form.get("priority_order") or "FIVE",
        "read_only": False,
        "created": wire.stamp(sandbox),
    }
    sandbox.collection(BATCHES).put(found)
    add_items(sandbox, owner, found["id"], items)
    return found


def checked(
    sandbox: Sandbox, owner: Document, items: Sequence[Any], *, skip: bool
) -> list[Document]:
    """The items that fit the solution's input; raises for others unless they are skipped."""
    _writable(owner)
    spec = Spec(app_of(sandbox, owner).get("input_spec") or {})
    faults: dict[str, Fields] = {}
    good = []
    for index, item in enumerate(items):
        found: Fields = {}
        spec.check(item, "input_data", found)
        if found:
            faults[str(index)] = found
        else:
            good.append(item)
    if faults and not (skip and good):
        raise errors.invalid(faults)
    return good


def add_items(
    sandbox: Sandbox, owner: Document, batch_id: str, items: Sequence[Document]
) -> list[str]:
    """Add items that have been checked; answers their ids."""
    now = wire.stamp(sandbox)
    added = [
        {
            "id": wire.next_object_id(sandbox),
            "app_project_id": owner["id"],
            "batch_id": batch_id,
            "input_data": item,
            "status": "NEW",
            "created": now,
            "created_at": now,
        }
        for item in items
    ]
    sandbox.collection(ITEMS).put_many(added)
    return [item["id"] for item in added]


def _writable(owner: Document) -> None:
    if owner["status"] != "READY":
        raise errors.conflict("PROJECT_INAPPROPRIATE_STATUS")


def show_batch(sandbox: Sandbox, found: Document) -> Document:
    """A batch with what its items have come to."""
    items = sandbox.collection(ITEMS)
    states = ("NEW", "PROCESSING", "COMPLETED", "STOPPED", "ARCHIVE")
    of_batch = {"batch_id": found["id"]}
    counts = Counter({state: items.count({**of_batch, "status": state}) for state in states})
    price = project(sandbox, found["app_project_id"])["item_price"]
    total, done = sum(counts.values()), counts["COMPLETED"]
    hidden = ("created", "archived_from")
    shown = {key: value for key, value in found.items() if key not in hidden}
    return {
        **shown,
        "created_at": found["created"],
        "items_count": total,
        "items_processed_count": done,
        "item_price": price,
        "cost": round(price * total, 5),
        "cost_of_processed": round(price * done, 5),
        "items_per_state": {state: count for state, count in counts.items() if count},
    }


def start(sandbox: Sandbox, found: Document) -> None:
    """The crowd is to work on the batch."""
    if found["status"] not in ("NEW", "STOPPED"):
        raise errors.inappropriate("NEW", "STOPPED")
    found["status"] = "PROCESSING"
    found.setdefault("started_at", wire.stamp(sandbox))
    sandbox.collection(BATCHES).put(found)
    sandbox.pace.schedule(
        "toloka.process_app_batch", {"batch_id": found["id"]}, resource=found["id"]
    )


def stop(sandbox: Sandbox, found: Document) -> None:
    """The crowd is to leave the batch alone."""
    if found["status"] != "PROCESSING":
        raise errors.inappropriate("PROCESSING")
    sandbox.jobs.cancel(resource=found["id"], kind="toloka.process_app_batch")
    sandbox.collection(BATCHES).put({**found, "status": "STOPPED"})


def archive(sandbox: Sandbox, found: Document, *, back: bool = False) -> None:
    """Put a batch away, or take it out again as it was."""
    if back:
        if found["status"] != "ARCHIVE":
            raise errors.inappropriate("ARCHIVE")
        found["status"] = found.pop("archived_from", "NEW")
    else:
        if found["status"] in ("PROCESSING", "ARCHIVE"):
            raise errors.inappropriate("NEW", "COMPLETED", "STOPPED")
        found["archived_from"] = found["status"]
        found["status"] = "ARCHIVE"
    sandbox.collection(BATCHES).put(found)


def process(sandbox: Sandbox, batch_id: str) -> bool:
    """Complete the next items of a batch; answers whether there are more."""
    batches, items = sandbox.collection(BATCHES), sandbox.collection(ITEMS)
    found = batches.get(batch_id)
    if found is None or found["status"] != "PROCESSING":
        return False
    spec = app_of(sandbox, project(sandbox, found["app_project_id"])).get("output_spec") or {}
    waiting = items.find({"batch_id": batch_id, "status": "NEW"}, limit=SLICE)
    now = wire.stamp(sandbox)
    for item in waiting:
        task = {"id": item["id"]}
        worker = {"id": item["id"], "user_id": "app", "pool_id": found["app_project_id"]}
        item["output_data"] = solutions.answer(sandbox, spec, task, worker)
        item |= {"status": "COMPLETED", "started_at": found["started_at"]}
        item |= {"finished": now, "finished_at": now}
    items.put_many(waiting)
    if len(waiting) == SLICE:
        return True
    batches.put({**found, "status": "COMPLETED", "finished_at": now})
    return False
