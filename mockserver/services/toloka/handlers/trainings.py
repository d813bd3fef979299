"""Handlers of trainings."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import errors, pages, pools, wire
from mockserver.services.toloka.handlers.pools import OWN, act, check_project, duplicate

handles = HandlerTable()

_BOOLEANS = (
    "may_contain_adult_content",
    "mix_tasks_in_creation_order",
    "shuffle_tasks_in_task_suite",
    "inherited_instructions",
)
_INTEGERS = (
    "assignment_max_duration_seconds",
    "training_tasks_in_task_suite_count",
    "task_suites_required_to_pass",
    "retry_training_after_days",
)


def _form(call: Call) -> dict[str, Any]:
    form = wire.loosened(call.body, ids=("project_id",), booleans=_BOOLEANS, integers=_INTEGERS)
    return wire.check_again(call, {key: value for key, value in form.items() if key not in OWN})


@handles("createTraining")
def create_training(call: Call) -> tuple[int, Any]:
    """Create a training, closed. It shares its row of ids with pools, since tasks name it as
    their pool."""
    form = _form(call)
    check_project(call, form["project_id"])
    training = {
        "id": wire.number(call.sandbox, "pool"),
        **form,
        "status": "CLOSED",
        "created": wire.stamp(call.sandbox),
        "owner": wire.owner(),
    }
    pools.put(call.sandbox, training)
    return 201, training


@handles("getTrainings")
def get_trainings(call: Call) -> tuple[int, Any]:
    """List trainings."""
    return pages.page(call, pools.TRAININGS, pages.TRAININGS)


@handles("getTraining")
def get_training(call: Call) -> tuple[int, Any]:
    """Get a training."""
    training = wire.require(call, pools.TRAININGS)
    call.sandbox.pace.polled(training["id"])
    return 200, training


@handles("updateTraining")
def update_training(call: Call) -> tuple[int, Any]:
    """Replace a training that is not open."""
    training = wire.require(call, pools.TRAININGS)
    if training["status"] != "CLOSED":
        raise errors.inappropriate("CLOSED")
    form = _form(call)
    if form["project_id"] != training["project_id"]:
        unchanged = errors.field("VALUE_NOT_ALLOWED", "A training stays in its project")
        raise errors.invalid({"project_id": unchanged})
    kept = {key: training[key] for key in OWN if key in training}
    changed = {"id": kept.pop("id"), **form, **kept}
    pools.put(call.sandbox, changed)
    return 200, changed


@handles("openTraining")
def open_training(call: Call) -> tuple[int, Any]:
    """Open a training."""
    return act(call, "open", training=True)


@handles("closeTraining")
def close_training(call: Call) -> tuple[int, Any]:
    """Close a training."""
    return act(call, "close", training=True)


@handles("closeTrainingForUpdate")
def close_training_for_update(call: Call) -> tuple[int, Any]:
    """Close a training; after 15 minutes it opens by itself."""
    return act(call, "close_for_update", training=True)


@handles("archiveTraining")
def archive_training(call: Call) -> tuple[int, Any]:
    """Archive a closed training whose pools are archived."""
    return act(call, "archive", training=True)


@handles("cloneTraining")
def clone_training(call: Call) -> tuple[int, Any]:
    """Clone a training; the new one's id is in the operation's details."""
    return duplicate(call, training=True)
