"""Handlers of pools; a training can be reached here, too (fact f.2)."""

from typing import Any

from mockserver.engine.service import Answer, Call, HandlerTable
from mockserver.services.toloka import errors, operations, pages, pools, wire

handles = HandlerTable()

OWN = (
    "id",
    "status",
    "type",
    "created",
    "owner",
    "last_started",
    "last_stopped",
    "last_close_reason",
)
"""Keys that only the service sets; clients send them back (trap B18)."""

_BOOLEANS = ("may_contain_adult_content", "auto_accept_solutions")
_INTEGERS = (
    "assignment_max_duration_seconds",
    "auto_accept_period_day",
    "auto_close_after_complete_delay_seconds",
    "priority",
)
_DEFAULTS = ("default_overlap_for_new_task_suites", "default_overlap_for_new_tasks")
_COUNTS = (
    "real_tasks_count",
    "golden_tasks_count",
    "training_tasks_count",
    "min_real_tasks_count",
    "min_golden_tasks_count",
    "min_training_tasks_count",
    "force_last_assignment_delay_seconds",
)
_MIXER_BOOLEANS = (
    "force_last_assignment",
    "mix_tasks_in_creation_order",
    "shuffle_tasks_in_task_suite",
)


def form_of(call: Call) -> dict[str, Any]:
    """The submitted pool with its loosely spelt values in their own types."""
    form = wire.loosened(
        call.body,
        ids=("project_id",),
        booleans=_BOOLEANS,
        integers=_INTEGERS,
        numbers=("reward_per_assignment",),
    )
    form["defaults"] = wire.loosened(form["defaults"], integers=_DEFAULTS)
    if "mixer_config" in form:
        mixer = form["mixer_config"]
        form["mixer_config"] = wire.loosened(mixer, booleans=_MIXER_BOOLEANS, integers=_COUNTS)
    try:
        form["will_expire"] = wire.normal_time(form["will_expire"])
    except ValueError:
        wrong = errors.field("INVALID_DATE_TIME_SYNTAX")
        raise errors.invalid({"will_expire": wrong}) from None
    _number_collectors(call, form)
    found = {key: value for key, value in form.items() if key not in OWN}
    return wire.check_again(call, found)


def _number_collectors(call: Call, form: dict[str, Any]) -> None:
    """The service gives each rule of quality control a UUID of its own."""
    control = form.get("quality_control")
    for config in (control.get("configs") if isinstance(control, dict) else None) or ():
        collector = config.get("collector_config") if isinstance(config, dict) else None
        if isinstance(collector, dict) and not collector.get("uuid"):
            collector["uuid"] = call.sandbox.ids.uuid("toloka.collector")


def check_project(call: Call, project_id: str) -> None:
    """Raise unless there is an active project of this id."""
    project = call.sandbox.collection("toloka.projects").get(project_id)
    if project is None:
        absent = errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)
        raise errors.invalid({"project_id": absent})
    if project["status"] != "ACTIVE":
        raise errors.conflict("PROJECT_INAPPROPRIATE_STATUS")


@handles("createPool")
def create_pool(call: Call) -> tuple[int, Any]:
    """Create a pool, closed.

    Not emulated: the storage tier, filters, dynamic pricing and quality control are kept and
    shown, but nothing follows from them.
    """
    form = form_of(call)
    check_project(call, form["project_id"])
    pool = {
        "id": wire.number(call.sandbox, "pool"),
        **form,
        "priority": form.get("priority", 0),
        "status": "CLOSED",
        "type": "REGULAR",
        "created": wire.stamp(call.sandbox),
        "owner": wire.owner(),
    }
    pools.put(call.sandbox, pool)
    return 201, pool


@handles("getPools")
def get_pools(call: Call) -> tuple[int, Any]:
    """List pools, archived ones included."""
    return pages.page(call, pools.POOLS, pages.POOLS)


@handles("getPool")
def get_pool(call: Call) -> tuple[int, Any]:
    """Get a pool."""
    pool = pools.require(call.sandbox, call.parameters["id"])
    call.sandbox.pace.polled(pool["id"])
    return 200, pools.as_pool(pool)


@handles("updatePool")
def update_pool(call: Call) -> tuple[int, Any]:
    """Replace a pool that is not open."""
    pool = wire.require(call, pools.POOLS)
    pools.check_unlocked(call.sandbox, pool["id"])
    if pool["status"] != "CLOSED":
        raise errors.inappropriate("CLOSED")
    form = form_of(call)
    if form["project_id"] != pool["project_id"]:
        unchanged = errors.field("VALUE_NOT_ALLOWED", "A pool stays in its project")
        raise errors.invalid({"project_id": unchanged})
    kept = {key: pool[key] for key in OWN if key in pool}
    changed = {"id": kept.pop("id"), **form, "priority": form.get("priority", 0), **kept}
    pools.put(call.sandbox, changed)
    return 200, changed


@handles("patchPool")
def patch_pool(call: Call) -> Answer | tuple[int, Any]:
    """Change the priority; for an archived pool the service answers 409 without a body."""
    pool = wire.require(call, pools.POOLS)
    if pool["status"] == "ARCHIVED":
        return Answer(409, b"")
    form = wire.loosened(call.body or {}, integers=("priority",))
    wire.check_again(call, form)
    pool |= {key: value for key, value in form.items() if key == "priority"}
    pools.put(call.sandbox, pool)
    return 200, pool


def act(call: Call, verb: str, *, training: bool = False) -> tuple[int, Any]:
    """Open, close or archive: 204 when it is so already, else an operation."""
    pool = pools.require(call.sandbox, call.parameters["id"])
    if training and not pools.is_training(pool):
        raise errors.missing()
    pools.check_unlocked(call.sandbox, pool["id"])
    if pool["status"] == {"open": "OPEN", "archive": "ARCHIVED"}.get(verb, "CLOSED"):
        return 204, None
    if verb == "open":
        pools.check_open(call.sandbox, pool)
    elif verb == "archive":
        pools.check_archive(call.sandbox, pool)
    elif pool["status"] != "OPEN":
        raise errors.inappropriate("OPEN", "CLOSED")
    name = "TRAINING" if training else "POOL"
    kind = f"{name}.{verb.removesuffix('_for_update').rstrip('_').upper()}"
    return 202, _schedule(call, kind, training=training, transition=f"{_FULL[verb]}")


_FULL = {
    "open": "open_pool",
    "close": "close_pool",
    "close_for_update": "close_pool_for_update",
    "archive": "archive_pool",
}


def duplicate(call: Call, *, training: bool = False) -> tuple[int, Any]:
    """Clone a pool or a training."""
    pool = pools.require(call.sandbox, call.parameters["id"])
    if training and not pools.is_training(pool):
        raise errors.missing()
    name = "TRAINING" if training else "POOL"
    return 202, _schedule(call, f"{name}.CLONE", training=training, transition="clone_pool")


def _schedule(call: Call, kind: str, *, training: bool, transition: str) -> dict[str, Any]:
    parameters = {"training_id" if training else "pool_id": call.parameters["id"]}
    return operations.schedule(call.sandbox, kind, parameters, transition)


@handles("openPool")
def open_pool(call: Call) -> tuple[int, Any]:
    """Open a pool."""
    return act(call, "open")


@handles("closePool")
def close_pool(call: Call) -> tuple[int, Any]:
    """Close a pool."""
    return act(call, "close")


@handles("closePoolForUpdate")
def close_pool_for_update(call: Call) -> tuple[int, Any]:
    """Close a pool; after 15 minutes it opens by itself."""
    return act(call, "close_for_update")


@handles("archivePool")
def archive_pool(call: Call) -> tuple[int, Any]:
    """Archive a closed pool."""
    return act(call, "archive")


@handles("clonePool")
def clone_pool(call: Call) -> tuple[int, Any]:
    """Clone a pool; the new one's id is in the operation's details."""
    return duplicate(call)
