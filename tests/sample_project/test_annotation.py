"""A project's own tests, which use the fixtures of the plugin and nothing else of mockserver."""

from typing import Any

import pytest

PROJECT = "117"


def in_batch(count: int) -> list[dict[str, Any]]:
    """Data of tasks that fit the project."""
    return [{"url": f"https://assets.example/{n}.jpg"} for n in range(count)]


@pytest.mark.mockserver(clock="frozen", pace="manual")
def test_a_batch_is_created_by_the_official_client(sandbox: Any, sama_client: Any) -> None:
    batch = sama_client.create_task_batch(PROJECT, in_batch(2))["batch_id"]
    sandbox.clock.advance(60)
    assert len(list(sama_client.get_status_batch_creation_job(PROJECT, batch))) == 2


def test_the_official_client_of_extend_finds_the_sandbox(extend_client: Any, sandbox: Any) -> None:
    assert extend_client.files.list().data
    assert sandbox.requests.entries(service="extend")


@pytest.mark.mockserver(clock="frozen")
def test_time_is_advanced(clock: Any) -> None:
    before = clock.now()
    clock.advance(3600)
    assert (clock.now() - before).total_seconds() == 3600


@pytest.mark.mockserver(clock="frozen")
def test_a_webhook_arrives_in_the_inbox(sandbox: Any, inbox: Any, clock: Any) -> None:
    sandbox.control(
        "sama", "PUT", f"/projects/{PROJECT}/callbacks", {"task_creation": {"url": inbox.url}}
    )
    with sandbox.client() as client:
        url = f"/sama/v2/projects/{PROJECT}/batches.json?access_key=k"
        client.post(
            url, json={"tasks": [{"data": each} for each in in_batch(1)]}
        ).raise_for_status()
    clock.advance(60)
    assert [message["method"] for message in inbox.messages()] == ["POST"]


def test_a_fault_is_met_once(sandbox: Any, faults: Any, requests_journal: Any) -> None:
    faults.add({"type": "status", "status": 503}, when={"first": 1})
    with sandbox.client() as client:
        url = f"/sama/v2/projects/{PROJECT}.json?access_key=k"
        assert [client.get(url).status_code for _ in range(2)] == [503, 200]
    requests_journal.expect(match={"operation": "getProject"}, exactly=2)


@pytest.mark.mockserver(scenario="outage-and-recovery")
def test_a_scenario_is_applied(faults: Any) -> None:
    assert faults.rules()


@pytest.mark.mockserver(seed=9)
def test_the_seed_is_the_one_of_the_marker(mockserver: Any, sandbox: Any) -> None:
    shown = {each["name"]: each for each in mockserver.sandboxes()}
    assert shown[sandbox.name]["seed"] == 9


@pytest.mark.parametrize("number", range(100))
def test_no_test_sees_what_another_has_made(sandbox: Any, number: int) -> None:
    url = "/toloka/api/v1/projects"
    with sandbox.client(headers={"Authorization": "OAuth token"}) as client:
        before = {each["id"] for each in client.get(url).json()["items"]}
        made = {
            "public_name": f"project {number}",
            "public_description": "Tell a cat from a dog",
            "assignments_issuing_type": "AUTOMATED",
            "task_spec": {
                "input_spec": {"image": {"type": "url"}},
                "output_spec": {"result": {"type": "string"}},
                "view_spec": {"type": "classic", "markup": "", "script": "", "styles": ""},
            },
        }
        client.post(url, json=made).raise_for_status()
        after = client.get(url).json()["items"]
    new = [each["public_name"] for each in after if each["id"] not in before]
    assert (len(before), new) == (1, [f"project {number}"])
