"""Infinite seeding: whenever the last available task is claimed, a new one is there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.engine.store import Range
from mockserver.services.pipelines import errors, fields, nodes, seeding, tasks
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox
    from mockserver.engine.store import Collection

Config = dict[str, Any]


def of(sandbox: "Sandbox") -> "Collection":
    """The configurations, one for each workflow that has or had one."""
    return sandbox.collection("pipelines.infinite_seeding")


def config(sandbox: "Sandbox", workflow: Workflow) -> Config:
    """The workflow's configuration; disabled where there is none."""
    return of(sandbox).get(workflow["id"]) or {
        "id": workflow["id"],
        "enabled": False,
        "target_count": None,
        "copy_group_ids": [],
        "created_count": 0,
        "group_id": None,
        "copied_from": None,
    }


def set_up(sandbox: "Sandbox", workflow: Workflow, given: Mapping[str, Any]) -> Config:
    """Enable, or replace what is set; an enabled one keeps its count (fact 8)."""
    groups = sorted(given.get("copy_group_ids") or [])
    _check_groups(sandbox, workflow, groups)
    found = config(sandbox, workflow)
    if not found["enabled"]:
        found.update(created_count=0, group_id=None, copied_from=None)
    elif groups != found["copy_group_ids"]:
        found["copied_from"] = None
    found.update(enabled=True, target_count=given.get("target_count"), copy_group_ids=groups)
    of(sandbox).put(found)
    return keep_filled(sandbox, workflow)


def turn_off(sandbox: "Sandbox", workflow: Workflow) -> Config:
    """Disable; the tasks stay, and enabling again counts from 0 (fact 8)."""
    found = config(sandbox, workflow)
    if found["enabled"]:
        found["enabled"] = False
        of(sandbox).put(found)
    return found


def _check_groups(sandbox: "Sandbox", workflow: Workflow, groups: Sequence[int]) -> None:
    for group_id in groups:
        group = sandbox.collection("pipelines.groups").get(group_id)
        if group is None or group["workflow_id"] != workflow["id"]:
            message = f"The workflow has no task group {group_id}."
            raise errors.refused("group_not_found", message)
        if not tasks.of(sandbox).count({"group_id": group_id}):
            raise errors.refused("group_empty", f"Task group {group_id} has no tasks.")


def available(sandbox: "Sandbox", workflow: Workflow) -> int:
    """How many tasks have their first work node available in its first round."""
    where = {"workflow_id": workflow["id"], "work": nodes.FRESH, "reserved_for": None}
    return tasks.of(sandbox).count(where)


def keep_filled(sandbox: "Sandbox", workflow: Workflow) -> Config:
    """Make a task if none is available and the target is not reached (fact 8).

    Called within the commit of every claim, so that of two people who race for the last task one
    gets it, and one new task is made.
    """
    found = config(sandbox, workflow)
    if (
        found["enabled"]
        and workflow["status"] == "active"
        and not available(sandbox, workflow)
        and not reached(sandbox, workflow, found)
    ):
        _make_one(sandbox, workflow, found)
    return found


def counted(sandbox: "Sandbox", workflow: Workflow, found: Config) -> int:
    """What the target count is held against: tasks made so, or by setting all of the workflow."""
    if sandbox.setting("pipelines.count_basis") == "workflow_total":
        return tasks.of(sandbox).count({"workflow_id": workflow["id"]})
    return int(found["created_count"])


def reached(sandbox: "Sandbox", workflow: Workflow, found: Config) -> bool:
    """Whether the target count is reached."""
    target = found["target_count"]
    return target is not None and counted(sandbox, workflow, found) >= target


def _make_one(sandbox: "Sandbox", workflow: Workflow, found: Config) -> None:
    """One task more, in the group that this seeding fills, with the next copied values."""
    original = _next_original(sandbox, found)
    row: tasks.Row = ({}, None)
    if original is not None:
        names = {field["name"] for field in fields.of_dataset(workflow["fields"])}
        copied = {name: value for name, value in original["fields"].items() if name in names}
        row = (copied, {"copied_from": original["id"]})
        found["copied_from"] = {"group_id": original["group_id"], "task_id": original["id"]}
    group = sandbox.collection("pipelines.groups").get(found["group_id"] or "")
    group, _ = seeding.create(sandbox, workflow, "infinite", [row], group)
    found.update(group_id=group["id"], created_count=found["created_count"] + 1)
    of(sandbox).put(found)


def _next_original(sandbox: "Sandbox", found: Config) -> dict[str, Any] | None:
    """The next task of the chosen groups, by group and task, round and round (fact 14, U11)."""
    groups: list[int] = found["copy_group_ids"]
    if not groups:
        return None
    last = found["copied_from"] or {"group_id": groups[0], "task_id": 0}
    place = groups.index(last["group_id"])
    after = last["task_id"]
    for group_id in (*groups[place:], *groups[: place + 1]):
        behind = {"id": Range(gt=after)}
        task = tasks.of(sandbox).find({"group_id": group_id}, ranges=behind, sort="id", limit=1)
        if task:
            return task[0]
        after = 0
    return None


def shown(sandbox: "Sandbox", workflow: Workflow, found: Config) -> dict[str, Any]:
    """The configuration and its counters as anyone sees them."""
    state = "disabled"
    if found["enabled"]:
        state = "target_reached" if reached(sandbox, workflow, found) else "running"
    target, done = found["target_count"], counted(sandbox, workflow, found)
    return {
        "enabled": found["enabled"],
        "state": state,
        "target_count": target,
        "copy_group_ids": found["copy_group_ids"],
        "created_count": found["created_count"],
        "remaining": None if target is None else max(0, target - done),
    }
