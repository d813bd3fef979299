"""Playing the crowd by hand: taking, submitting, skipping and forgetting task suites, and more."""

import base64
import binascii
from typing import Any

from mockserver.engine.errors import BadRequest, NotFound
from mockserver.engine.service import Call, ControlTable
from mockserver.services.toloka import (
    assignments,
    crowd,
    errors,
    pools,
    solutions,
    threads,
    wire,
)
from mockserver.services.toloka.specs import Spec

controls = ControlTable()


def _pool(call: Call) -> dict[str, Any]:
    pool = pools.get(call.sandbox, call.parameters["pool_id"])
    if pool is None:
        raise NotFound(f"There is no pool {call.parameters['pool_id']}.")
    return pool


def _active(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    """The assignment of the call, and its pool; it must not have ended."""
    assignment_id = call.parameters["assignment_id"]
    assignment = call.sandbox.collection(assignments.COLLECTION).get(assignment_id)
    if assignment is None:
        raise NotFound(f"There is no assignment {assignment_id}.")
    if assignment["status"] != "ACTIVE":
        raise BadRequest(f"The assignment is {assignment['status']}, not ACTIVE.")
    return assignment, pools.require(call.sandbox, assignment["pool_id"])


@controls("issueAssignments")
def issue_assignments(call: Call) -> tuple[int, Any]:
    """A Toloker takes task suites."""
    pool = _pool(call)
    if pool["status"] != "OPEN":
        raise BadRequest(f"The pool is {pool['status']}, not OPEN.")
    form = call.body or {}
    taken = crowd.issue(call.sandbox, pool, form.get("user_id"), form.get("count", 1))
    return 201, {"items": [assignments.present(call.sandbox, each) for each in taken]}


@controls("closePoolFor")
def close_pool_for(call: Call) -> tuple[int, Any]:
    """The service closes a pool."""
    pool = _pool(call)
    if pool["status"] != "OPEN":
        raise BadRequest(f"The pool is {pool['status']}, not OPEN.")
    pools.close_now(call.sandbox, pool, (call.body or {}).get("reason", "COMPLETED"))
    return 200, pools.as_pool(pool)


@controls("submitAssignment")
def submit_assignment(call: Call) -> tuple[int, Any]:
    """A Toloker hands in answers; those that are given must fit the output specification, and
    the tasks after them are answered as the crowd would."""
    assignment, pool = _active(call)
    given = (call.body or {}).get("solutions") or []
    _check_solutions(call, assignment, pool, given)
    crowd.submit(call.sandbox, pool, [assignment], given)
    return 200, assignments.present(call.sandbox, assignment)


def _check_solutions(
    call: Call, assignment: dict[str, Any], pool: dict[str, Any], given: list[Any]
) -> None:
    count = len(assignments.tasks_of(call.sandbox, assignment))
    if len(given) > count:
        raise BadRequest(f"The assignment has {count} tasks, but {len(given)} solutions are given.")
    project = call.sandbox.collection("toloka.projects").get(pool["project_id"])
    spec = Spec(project["task_spec"]["output_spec"] if project else {})
    found: errors.Fields = {}
    for index, solution in enumerate(given):
        spec.check(solution.get("output_values"), f"solutions.{index}.output_values", found)
    if found:
        path, wrong = next(iter(found.items()))
        raise BadRequest(f"{path}: {wrong['code']}: {wrong['message']}.")


@controls("skipAssignment")
def skip_assignment(call: Call) -> tuple[int, Any]:
    """A Toloker skips a suite."""
    return _give_back(call, "SKIPPED")


@controls("expireAssignment")
def expire_assignment(call: Call) -> tuple[int, Any]:
    """A Toloker's time is over."""
    return _give_back(call, "EXPIRED")


def _give_back(call: Call, status: str) -> tuple[int, Any]:
    assignment, pool = _active(call)
    crowd.give_back(call.sandbox, pool, [assignment], status)
    return 200, assignments.present(call.sandbox, assignment)


@controls("attachFile")
def attach_file(call: Call) -> tuple[int, Any]:
    """A Toloker uploads a file."""
    assignment_id = call.parameters["assignment_id"]
    assignment = call.sandbox.collection(assignments.COLLECTION).get(assignment_id)
    if assignment is None:
        raise NotFound(f"There is no assignment {assignment_id}.")
    form = call.body
    try:
        data = base64.b64decode(form.get("base64", ""), validate=True)
    except binascii.Error as error:
        raise BadRequest(f"base64 cannot be read: {error}.") from None
    data = data or form.get("text", "").encode()
    media_type = form.get("media_type", "text/plain")
    return 201, solutions.attach(call.sandbox, assignment, form["name"], media_type, data)


@controls("receiveMessage")
def receive_message(call: Call) -> tuple[int, Any]:
    """A Toloker writes to the requester."""
    form = call.body
    meta: dict[str, str] = {}
    user = form.get("user_id") or crowd.user_id(call.sandbox, 0)
    if form.get("assignment_id"):
        stored = call.sandbox.collection(assignments.COLLECTION)
        assignment = stored.get(form["assignment_id"])
        if assignment is None:
            raise NotFound(f"There is no assignment {form['assignment_id']}.")
        pool = pools.require(call.sandbox, assignment["pool_id"])
        user = assignment["user_id"]
        meta = {
            "pool_id": pool["id"],
            "project_id": pool["project_id"],
            "assignment_id": assignment["id"],
        }
    topic = form.get("topic") or {"EN": "Message"}
    return 201, threads.present(threads.receive(call.sandbox, user, topic, form["text"], meta))


@controls("setRequester")
def set_requester(call: Call) -> tuple[int, Any]:
    """Change the requester's balance."""
    requesters = call.sandbox.collection("toloka.requester")
    requester = {**(requesters.get(wire.REQUESTER) or {}), "balance": call.body["balance"]}
    requesters.put(requester)
    return 200, requester
