"""Batches: accepted as a whole, visible at once, kept compactly, queued by priority."""

import json
from typing import Any

import pytest

from mockserver.services.extend import batches
from tests.services.extend.conftest import Opening
from tests.services.extend.world import LOST, SAMPLE, URL, VERSION, WORKFLOW, World

pytestmark = pytest.mark.anyio


def named(number: int) -> dict[str, str]:
    return {"url": f"https://files.example.com/po-{number}.pdf"}


async def test_the_answer_is_the_batch_id_and_nothing_else(world: World) -> None:
    body = {"workflow": {"id": WORKFLOW}, "inputs": [{"file": URL}]}

    answer = await world.ask("POST", "/workflow_runs/batch", body)

    assert [*answer] == ["batchId"]
    assert answer["batchId"].startswith("batch_")


async def test_a_large_batch_is_stored_as_a_few_documents(world: World) -> None:
    before = world.counts()

    await world.batch(*[named(n) for n in range(1000)])

    after = world.counts()
    changed = {name: after[name] - before.get(name, 0) for name in after}
    assert changed.pop(batches.WAITING) == changed.pop(batches.INPUTS) == 1
    assert changed.pop("extend.definitions") > 0
    assert not any(changed.values())


async def test_its_runs_are_visible_at_once_in_the_order_of_the_inputs(world: World) -> None:
    id = await world.batch(*[(named(n), {"n": n}) for n in range(300)])

    runs = await world.runs(batchId=id)

    assert [run["files"][0]["name"] for run in runs] == [f"po-{n}.pdf" for n in range(300)]
    assert {run["status"] for run in runs} == {"PENDING"}
    assert {run["batchId"] for run in runs} == {id}
    first = await world.get(runs[0])
    assert (first["metadata"], first["startTime"], first["stepRuns"]) == ({"n": 0}, None, [])


async def test_the_same_seed_gives_the_same_runs_whenever_they_are_looked_at(
    opened: Opening,
) -> None:
    early, late = await opened(), await opened(folder="other")
    one, other = await early.batch(URL, LOST), await late.batch(URL, LOST)
    await early.runs(batchId=one)
    early.work()
    late.work()

    shown = [await world.runs(batchId=one) for world in (early, late)]

    assert one == other
    assert [run["id"] for run in shown[0]] == [run["id"] for run in shown[1]]
    assert [run["status"] for run in shown[0]] == [run["status"] for run in shown[1]]
    full = [await world.get(shown[0][0]) for world in (early, late)]
    assert (
        full[0]["stepRuns"][1]["result"]["extractRun"]["output"]
        == (full[1]["stepRuns"][1]["result"]["extractRun"]["output"])
    )


@pytest.mark.parametrize("looked", [True, False], ids=["looked at", "folded"])
async def test_a_file_that_cannot_be_had_fails_its_run_alone(world: World, looked: bool) -> None:
    id = await world.batch(URL, LOST, {"id": "file_none"}, {"id": SAMPLE}, {"text": "Order 4"})
    if looked:
        await world.runs(batchId=id)
    world.work()

    runs = await world.runs(batchId=id)

    assert [run["status"] for run in runs] == [
        "PROCESSED",
        "FAILED",
        "FAILED",
        "PROCESSED",
        "PROCESSED",
    ]
    lost, unknown = await world.get(runs[1]), await world.get(runs[2])
    assert lost["failureReason"] == unknown["failureReason"] == "FAILED_TO_PROCESS_FILE"
    assert "files.invalid" in lost["failureMessage"]
    assert "file_none" in unknown["failureMessage"]
    assert lost["endTime"] is not None
    assert lost["usage"] is None


async def test_unknown_files_can_refuse_the_whole_request(opened: Opening) -> None:
    world = await opened({"extend.unknown_files": "refuse"})
    inputs = [{"file": URL}, {"file": {"id": "file_none"}}]

    status, code, message = await world.refused(
        "POST", "/workflow_runs/batch", {"workflow": {"id": WORKFLOW}, "inputs": inputs}
    )

    assert (status, code) == (400, "INVALID_REQUEST")
    assert "inputs.1.file.id" in message


async def test_the_lowest_priority_starts_first(world: World) -> None:
    slow = await world.batch(URL)
    usual = await world.batch(URL, priority=50)
    urgent = await world.batch(URL, priority=1)

    world.work()

    ends = {id: (await world.runs(batchId=id))[0]["startTime"] for id in (slow, usual, urgent)}
    assert ends[urgent] <= ends[usual] <= ends[slow]
    assert ends[urgent] < ends[slow]


async def test_runs_of_batches_are_in_every_list_before_they_exist(world: World) -> None:
    oldest = await world.batch(URL)
    world.work(10)
    old = await world.batch(*[named(n) for n in range(3)])
    world.work(10)
    single = await world.run()
    new = await world.batch(*[named(n) for n in range(3, 5)])

    newest = await world.ask("GET", "/workflow_runs", maxPageSize=3, sortBy="createdAt")

    assert [run["batchId"] for run in newest["data"]] == [None, new, new]
    assert newest["data"][0]["id"] == single["id"]
    folded = world.sandbox.collection(batches.SLICES).find({"folded": True})
    assert [head["batchId"] for head in folded] == [oldest]
    rest = await world.runs(sortBy="createdAt")
    assert [run["batchId"] for run in rest] == [None, new, new, old, old, old, oldest]
    assert {run["batchId"] for run in await world.runs(status="PROCESSED")} == {old, oldest}
    assert len(await world.runs(workflowId=WORKFLOW, fileNameContains="PO-1.")) == 1


async def test_a_list_by_status_unfolds_only_what_can_be_in_it(world: World) -> None:
    well = await world.batch(URL, URL)
    ill = await world.batch(URL, LOST)
    world.work()

    failed = await world.runs(status="FAILED")

    assert [run["batchId"] for run in failed] == [ill]
    folded = world.sandbox.collection(batches.SLICES).find({"folded": True})
    assert [head["batchId"] for head in folded] == [well]


async def test_pages_of_folded_runs_are_whole_and_without_doubles(world: World) -> None:
    for _ in range(5):
        await world.batch(*[named(n) for n in range(7)])
        world.work(1)

    seen: list[str] = []
    token: dict[str, Any] = {}
    while True:
        page = await world.ask("GET", "/workflow_runs", maxPageSize=4, **token)
        seen += [run["id"] for run in page["data"]]
        if "nextPageToken" not in page:
            break
        token = {"nextPageToken": page["nextPageToken"]}

    assert len(seen) == len(set(seen)) == 35


async def test_files_of_folded_runs_are_in_the_list_of_files(world: World) -> None:
    await world.batch(named(1), {"text": "Order", "name": "new.txt"})

    files = await world.ask("GET", "/files", nameContains="NEW.TXT")

    assert [file["name"] for file in files["data"]] == ["new.txt"]
    stored = await world.ask("GET", f"/files/{files['data'][0]['id']}", rawText=True)
    assert stored["contents"]["rawText"] == "Order"


async def test_a_batch_goes_on_after_a_restart(opened: Opening) -> None:
    world = await opened()
    id = await world.batch(*[named(n) for n in range(600)])
    world.work(0.05)
    await world.sandbox.close()

    again = await opened(folder="data")
    again.work()

    assert {run["status"] for run in await again.runs(batchId=id)} == {"PROCESSED"}


async def test_many_batches_in_rapid_succession_all_end(world: World) -> None:
    ids = [await world.batch(*[named(n) for n in range(20)]) for _ in range(30)]

    world.work()

    for id in ids:
        assert {run["status"] for run in await world.runs(batchId=id)} == {"PROCESSED"}


@pytest.mark.parametrize("looked", [True, False], ids=["looked at", "folded"])
@pytest.mark.parametrize(
    ("what", "failed"), [({"type": "fail"}, 8), ({"type": "partial", "share": 0.25}, 2)]
)
async def test_a_fault_makes_all_or_a_share_of_the_runs_fail(
    world: World, looked: bool, what: dict[str, Any], failed: int
) -> None:
    rule = {"where": {"job": "extend.finish_slice"}, "what": what}
    answer = await world.client.post("/__admin/faults", json=rule)
    assert answer.status_code < 300, answer.text
    id = await world.batch(*[named(n) for n in range(8)])
    if looked:
        await world.runs(batchId=id)
    world.work()

    statuses = [run["status"] for run in await world.runs(batchId=id)]

    assert statuses.count("FAILED") == failed
    assert statuses.count("PROCESSED") == 8 - failed


async def test_a_batch_of_extract_runs_has_a_batch_run(world: World) -> None:
    body = {
        "extractor": {"id": "ex_purchase-order-000001"},
        "inputs": [{"file": URL, "metadata": {"n": 1}}, {"file": LOST}],
    }
    batch = await world.ask("POST", "/extract_runs/batch", body)
    assert batch == {
        "object": "batch_run",
        "id": batch["id"],
        "status": "PENDING",
        "runCount": 2,
        "createdAt": "2026-03-02T09:15:00.000Z",
    }
    assert batch["id"].startswith("bpr_")

    world.work()

    assert (await world.ask("GET", f"/batch_runs/{batch['id']}"))["status"] == "PROCESSED"
    runs = (await world.ask("GET", "/extract_runs", batchId=batch["id"]))["data"]
    assert [run["status"] for run in runs] == ["PROCESSED", "FAILED"]
    assert runs[0]["metadata"] == {"n": 1}
    same = await world.ask("GET", "/extract_runs", sourceId=batch["id"])
    assert same["data"] == runs
    source = await world.ask("GET", "/extract_runs", source="BATCH_PROCESSOR_RUN")
    assert len(source["data"]) == 2


async def test_a_batch_of_workflow_runs_has_no_batch_run(world: World) -> None:
    id = await world.batch(URL)

    assert (await world.refused("GET", f"/batch_runs/{id}"))[:2] == (404, "NOT_FOUND")


async def test_a_batch_of_processors_refuses_an_inline_config(world: World) -> None:
    body = {
        "extractor": {"id": "ex_purchase-order-000001"},
        "config": {"schema": {"type": "object"}},
        "inputs": [{"file": URL}],
    }

    status, _, message = await world.refused("POST", "/extract_runs/batch", body)

    assert status == 400
    assert "config" in message


@pytest.mark.parametrize("count", [3, 600])
@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "many lines"])
@pytest.mark.parametrize("looked", [True, False], ids=["looked at", "folded"])
async def test_inputs_are_kept_whatever_their_body_looks_like(
    world: World, count: int, indent: int | None, looked: bool
) -> None:
    inputs = [{"file": named(n)} for n in range(count)]
    body = json.dumps({"workflow": {"id": WORKFLOW}, "inputs": inputs}, indent=indent)
    answer = await world.client.post(
        "/extend/workflow_runs/batch",
        content=body,
        headers={"authorization": "Bearer k", "x-extend-api-version": VERSION},
    )
    id = answer.json()["batchId"]
    if looked:
        await world.ask("GET", "/workflow_runs", maxPageSize=1)
    world.work()

    runs = await world.runs(batchId=id)

    names = [run["files"][0]["name"] for run in runs]
    assert sorted(names) == sorted(f"po-{n}.pdf" for n in range(count))
    assert {run["status"] for run in runs} == {"PROCESSED"}
    assert not len(world.sandbox.collection(batches.INPUTS))


@pytest.mark.parametrize("count", [1, 20])
async def test_secrets_of_an_input_are_kept_nowhere(world: World, count: int) -> None:
    inputs = [{"file": named(n), "secrets": {"pin": "s3cr3t"}} for n in range(count)]
    await world.ask(
        "POST", "/workflow_runs/batch", {"workflow": {"id": WORKFLOW}, "inputs": inputs}
    )
    for name in (batches.SLICES, batches.INPUTS):
        assert "s3cr3t" not in str(world.sandbox.collection(name).find())


async def test_a_look_shows_what_became_of_the_run_and_of_its_workflow(world: World) -> None:
    run = await world.ask("POST", "/workflow_runs", {"workflow": {"id": WORKFLOW}, "file": URL})
    looks = [await world.ask("GET", f"/workflow_runs/{run['id']}") for _ in range(3)]
    assert looks[0] == looks[1] == looks[2]
    await world.ask("POST", f"/workflow_runs/{run['id']}", {"metadata": {"seen": True}})
    assert (await world.ask("GET", f"/workflow_runs/{run['id']}"))["metadata"] == {"seen": True}
    await world.ask("POST", f"/workflows/{WORKFLOW}", {"name": "Renamed"})
    shown = await world.ask("GET", f"/workflow_runs/{run['id']}")
    assert shown["workflow"]["name"] == "Renamed"
    older = await world.call(
        "GET", f"/workflow_runs/{run['id']}", headers={"x-extend-api-version": "2025-04-21"}
    )
    assert older.json()["workflowRun"]["id"] == run["id"]
    world.work()
    assert (await world.ask("GET", f"/workflow_runs/{run['id']}"))["status"] == "PROCESSED"


async def test_batches_that_wait_have_few_jobs_between_them(world: World) -> None:
    ids = [await world.batch(URL) for _ in range(50)]
    jobs = world.sandbox.collection("engine.jobs")
    assert 1 <= jobs.count({"kind": "extend.start_batches"}) < 10
    assert len(jobs) == jobs.count({"kind": "extend.start_batches"})
    world.work()
    assert not len(jobs)
    for id in ids:
        assert [run["status"] for run in await world.runs(batchId=id)] == ["PROCESSED"]


async def test_a_batch_that_was_looked_at_starts_no_sooner_and_no_later(world: World) -> None:
    id = await world.batch(*[named(n) for n in range(600)])
    (batch,) = world.sandbox.collection(batches.WAITING).find()
    await world.ask("GET", "/workflow_runs", maxPageSize=1)

    world.work(batch["startsAt"] - world.sandbox.clock.now() - 0.0001)
    assert {run["status"] for run in await world.runs(batchId=id)} == {"PENDING"}
    world.work(0.0002)
    assert {run["status"] for run in await world.runs(batchId=id)} == {"PENDING", "PROCESSING"}
    world.work()
    assert {run["status"] for run in await world.runs(batchId=id)} == {"PROCESSED"}


async def test_who_goes_first_leaves_its_own_turn_to_the_others(world: World) -> None:
    usual = [await world.batch(*[named(n) for n in range(300)]) for _ in range(3)]
    urgent = await world.batch(*[named(n) for n in range(300)], priority=1)
    first = min(each["startsAt"] for each in world.sandbox.collection(batches.WAITING).find())

    world.work(first - world.sandbox.clock.now() + 0.0001)

    slices = world.sandbox.collection(batches.SLICES).find()
    assert {head["batchId"] for head in slices} == {urgent}
    world.work()
    for id in (*usual, urgent):
        assert {run["status"] for run in await world.runs(batchId=id)} == {"PROCESSED"}
    assert not len(world.sandbox.collection("engine.jobs"))


@pytest.mark.parametrize("looked", [True, False], ids=["looked at", "waiting"])
async def test_a_batch_that_waits_starts_after_a_restart(opened: Opening, looked: bool) -> None:
    world = await opened()
    id = await world.batch(*[named(n) for n in range(300)])
    if looked:
        await world.runs(batchId=id)
    await world.sandbox.close()

    again = await opened(folder="data")
    other = await again.batch(URL)
    again.work()

    for each in (id, other):
        assert {run["status"] for run in await again.runs(batchId=each)} == {"PROCESSED"}


async def test_a_fault_can_hold_the_start_of_one_batch(world: World) -> None:
    rule = {"where": {"job": "extend.start_slice"}, "when": {"first": 1}, "what": {"type": "stall"}}
    answer = await world.client.post("/__admin/faults", json=rule)
    assert answer.status_code < 300, answer.text
    id = await world.batch(URL)
    world.work()
    assert [run["status"] for run in await world.runs(batchId=id)] == ["PENDING"]
    released = await world.client.post(
        "/__admin/transitions/release", json={"transition": "extend.start_slice", "resource": id}
    )
    assert released.status_code == 200, released.text
    world.work()
    assert [run["status"] for run in await world.runs(batchId=id)] == ["PROCESSED"]


async def test_after_a_reset_the_same_calls_give_the_same_ids_again(world: World) -> None:
    async def made() -> tuple[list[str], list[str]]:
        ids = [await world.batch(named(n)) for n in range(3)]
        return ids, [run["id"] for run in await world.runs(sortBy="createdAt")]

    first = await made()
    await world.sandbox.reset()
    assert await made() == first
