"""toloka-kit 1.2.3, unmodified and in an environment of its own, against a running server."""

from typing import Any

import httpx
import pytest

from mockserver.server import ServerThread
from tests.clients.conftest import Starting
from tests.clients.toloka_kit.environment import run

pytestmark = [pytest.mark.client, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def live(starting: Starting) -> ServerThread:
    """A server whose time goes by: the client waits for its operations in real time."""
    return starting(clock=1.0)


def program(name: str, server: ServerThread, *arguments: str, timeout: float = 120) -> Any:
    """What one of the programs says at its end."""
    return run(name, f"{server.url}/toloka", *arguments, timeout=timeout)


def test_the_standard_program_runs_as_it_stands(live: ServerThread) -> None:
    found = program("standard", live, f"{live.url}/__inbox/standard")
    assert found == {
        "tasks": 120,
        "in_order": True,
        "opened": True,
        "subscriptions": [1, 1],
        "assignments": 12,
        "answers": ["cat", "dog"],
        "accepted": 12,
        "comment": "Well done!",
        "overlap": [5, 4],
        "closed": "CLOSED",
        "archived": "ARCHIVED",
        "project": "ARCHIVED",
    }
    messages = httpx.get(f"{live.url}/__admin/inbox/standard/messages").json()["items"]
    events = [event for message in messages for event in message["json"]["events"]]
    assert {event["type"] for event in events} == {"ASSIGNMENT_APPROVED"}
    assert len({event["assignment_id"] for event in events}) == 12
    assert all("toloka-signature" in message["headers"] for message in messages)


def test_every_public_method_of_the_client_gets_a_valid_answer(live: ServerThread) -> None:
    found = program("inventory", live)
    assert len(found["public"]) > 130
    assert set(found["public"]) == set(found["called"])


def test_twenty_thousand_tasks_are_created_in_a_pool_that_the_call_opens(
    live: ServerThread,
) -> None:
    found = program("large", live, "20000", timeout=400)
    assert found["status"] == "SUCCESS"
    assert found["details"] == {
        "total_count": 20_000,
        "valid_count": 20_000,
        "not_valid_count": 0,
        "success_count": 20_000,
        "failed_count": 0,
    }
    assert (found["logged"], found["pool"]) == (20_000, "OPEN")
    assert (found["items"], found["same"], found["errors"]) == (20_000, True, {})
    assert found["took"] < 60


def test_the_asynchronous_client_does_everything_at_once(live: ServerThread) -> None:
    assert program("asynchronous", live) == {
        "created": [130, 130],
        "opened": [True, True],
        "reasons": ["COMPLETED", "COMPLETED"],
        "accepted": 65,
        "tasks": 130,
        "balance": True,
    }


def test_observers_see_every_event_once_and_metrics_agree(live: ServerThread) -> None:
    found = program("streaming", live)
    assert found["seen"] == {"CREATED": 20, "SUBMITTED": 20, "ACCEPTED": 20}
    assert found["states"] == ["OPEN", "CLOSED"]
    assert found["tasks"] == 40
    balance = found["lines"].pop("toloka_requester_balance")
    workers = found["lines"].pop("workers_count")
    assert balance < 1_000_000
    assert 1 < workers <= 24
    assert found["lines"] == {
        "submitted_assignments_in_pool": 20,
        "accepted_assignments_in_pool": 20,
        "rejected_assignments_in_pool": 0,
        "spent_money": 0.2,
        "completion_percentage": 100,
        "tasks_count": 40,
    }


BAD = {"input_values.image": "VALUE_REQUIRED", "input_values.imagis": "VALUE_NOT_ALLOWED"}
NUMBER = {"input_values.image": "STRING_EXPECTED"}


def test_refusals_reach_the_client_as_its_own_exceptions(live: ServerThread) -> None:
    found = program("refusals", live)
    invalid = "VALIDATION_ERROR"
    of_log, of_call = ["ValidationApiError", None, invalid], ["ValidationApiError", 400, invalid]
    conflict = ["IncorrectActionsApiError", 409]
    absent = ["DoesNotExistApiError", 404, "DOES_NOT_EXIST", None]
    assert found == {
        "one bad task": [*of_log, {"0": BAD}],
        "one bad task of two": [*of_log, {"1": BAD}],
        "one bad task of two, sync": [*of_call, {"1": BAD}],
        "one bad task alone, sync": [*of_call, BAD],
        "all bad": [*of_log, {"0": BAD, "1": NUMBER}],
        "all bad, sync": [*of_call, {"0": BAD, "1": NUMBER}],
        "unknown pool": [*of_log, {"0": {"pool_id": "ENTITY_DOES_NOT_EXIST"}}],
        "nothing created": 0,
        "half good": [["0", "2"], {"1": BAD}],
        "half good, sync": [["0", "2"], {"1": BAD}],
        "created": 4,
        "too many": ["ApiError", 413, "ENTITY_TOO_LARGE", None],
        "none": [*of_call, {"__body": "NOT_NULL_BODY"}],
        "repeated": True,
        "created once": 5,
        "id of another kind": [*conflict, "OPERATION_ALREADY_EXISTS", None],
        "repeated after a failure": ["FailedOperation"],
        "unknown task": absent,
        "unknown operation": absent,
        "empty pool": [*conflict, "EMPTY_POOL", None],
        "open pool, not there": absent,
        "priority of an archived pool": ["HTTPStatusError"],
        "archived pool": [*conflict, "POOL_INAPPROPRIATE_STATUS", None],
        "project with pools": [*conflict, "UNARCHIVED_POOLS_CONFLICT", None],
        "unknown path": ["ApiError", 404, "NOT_FOUND", None],
    }


def test_a_used_up_quota_is_an_exception_of_the_client(starting: Starting) -> None:
    server = starting(set=["toloka.quotas=true"])
    found = program("quotas", server)
    assert found["made"] == 20
    assert found["refusal"][:3] == ["TooManyRequestsApiError", 429, "TOO_MANY_REQUESTS"]


def test_the_crash_over_a_quota_can_be_reproduced(starting: Starting) -> None:
    server = starting(set=["toloka.quotas=true", "toloka.crashing_429=true"])
    found = program("quotas", server)
    assert (found["made"], found["refusal"][0]) == (20, "TypeError")
