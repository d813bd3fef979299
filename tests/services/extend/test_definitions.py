"""Extractors, classifiers and splitters, today's and legacy; evaluation sets."""

from typing import Any

import pytest

from tests.services.extend.world import CLASSIFIER, EXTRACTOR, SAMPLE, SPLITTER, URL, World

pytestmark = pytest.mark.anyio

CONFIGS: dict[str, dict[str, Any]] = {
    "extractor": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}},
    "classifier": {"classifications": [{"id": "a", "type": "a", "description": "A"}]},
    "splitter": {"splitClassifications": [{"id": "a", "type": "a", "description": "A"}]},
}
IDS = {"extractor": EXTRACTOR, "classifier": CLASSIFIER, "splitter": SPLITTER}
TYPES = {"extractor": "EXTRACT", "classifier": "CLASSIFY", "splitter": "SPLITTER"}
every_noun = pytest.mark.parametrize("noun", sorted(CONFIGS))


@every_noun
async def test_versions_rise_by_major_and_minor(world: World, noun: str) -> None:
    made = await world.ask("POST", f"/{noun}s", {"name": "New", "config": CONFIGS[noun]})
    path = f"/{noun}s/{made['id']}/versions"
    assert (await world.ask("GET", f"{path}/latest")) == made["draftVersion"]

    numbers = []
    for release in ("minor", "major", "minor", "minor", "major"):
        version = await world.ask("POST", path, {"releaseType": release, "description": release})
        numbers.append(version["version"])

    assert numbers == ["0.1", "1.0", "1.1", "1.2", "2.0"]
    listed = await world.ask("GET", path)
    assert [each["version"] for each in listed["data"]] == ["draft", *reversed(numbers)]
    assert (await world.ask("GET", f"{path}/latest"))["version"] == "2.0"
    assert (await world.ask("GET", f"{path}/1.1"))["config"] == made["draftVersion"]["config"]


@every_noun
async def test_a_clone_has_the_config_of_its_original(world: World, noun: str) -> None:
    body = {"name": "Copy", f"clone{noun.capitalize()}Id": IDS[noun]}

    made = await world.ask("POST", f"/{noun}s", body)

    original = await world.ask("GET", f"/{noun}s/{IDS[noun]}")
    assert made["draftVersion"]["config"] == original["draftVersion"]["config"]
    unknown = {**body, f"clone{noun.capitalize()}Id": "x_none"}
    assert (await world.refused("POST", f"/{noun}s", unknown))[0] == 404


@every_noun
async def test_a_draft_is_changed_without_touching_what_is_published(
    world: World, noun: str
) -> None:
    path = f"/{noun}s/{IDS[noun]}"
    published = await world.ask("GET", f"{path}/versions/1.0")

    changed = await world.ask("POST", path, {"name": "Renamed", "config": CONFIGS[noun]})

    assert changed["name"] == "Renamed"
    assert changed["draftVersion"]["config"] != published["config"]
    assert await world.ask("GET", f"{path}/versions/1.0") == published


async def test_a_schema_is_generated_from_samples(world: World) -> None:
    made = await world.ask("POST", "/extractors", {"name": "New", "generate": {"files": [URL]}})

    assert made["draftVersion"]["config"]["schema"]["properties"]
    both = {"name": "New", "generate": {"files": [URL]}, "config": CONFIGS["extractor"]}
    assert (await world.refused("POST", "/extractors", both))[0] == 400


@every_noun
async def test_a_legacy_processor_is_the_same_thing_in_its_old_shape(
    world: World, noun: str
) -> None:
    config = {"type": TYPES[noun], **CONFIGS[noun], "parser": {"target": "spatial"}}
    body = {"name": "Old", "type": TYPES[noun], "config": config}

    made = (await world.ask("POST", "/processors", body))["processor"]

    assert made["draftVersion"]["config"]["parser"] == {"target": "spatial"}
    new = await world.ask("GET", f"/{noun}s/{made['id']}")
    assert new["draftVersion"]["config"]["parseConfig"] == {"target": "spatial"}
    path = f"/processors/{made['id']}"
    changed = await world.ask("POST", path, {"name": "Older", "config": config})
    assert changed["processor"]["name"] == "Older"
    version = await world.ask("POST", f"{path}/publish", {"releaseType": "major"})
    assert version["processorVersion"]["version"] == "1.0"
    listed = await world.ask("GET", f"{path}/versions")
    assert [each["version"] for each in listed["versions"]] == ["draft", "1.0"]
    shown = await world.ask("GET", f"{path}/versions/1.0")
    assert shown["version"] == version["processorVersion"]
    copy = {"name": "Copy", "type": TYPES[noun], "cloneProcessorId": made["id"]}
    cloned = await world.ask("POST", "/processors", copy)
    assert cloned["processor"]["draftVersion"]["config"] == made["draftVersion"]["config"]


async def test_a_legacy_config_of_another_type_is_refused(world: World) -> None:
    config = {"type": "CLASSIFY", **CONFIGS["classifier"]}

    refused = await world.refused("POST", f"/processors/{EXTRACTOR}", {"config": config})

    assert refused[:2] == (400, "INVALID_REQUEST")


async def test_processors_of_all_types_are_one_list_in_pages(world: World) -> None:
    for noun in CONFIGS:
        await world.ask("POST", f"/{noun}s", {"name": "Second", "config": CONFIGS[noun]})

    seen, query = [], {"maxPageSize": 1}
    while True:
        page = await world.ask("GET", "/processors", **query)
        seen += [each["type"] for each in page["processors"]]
        if "nextPageToken" not in page:
            break
        query["nextPageToken"] = page["nextPageToken"]

    assert seen == ["EXTRACT"] * 2 + ["CLASSIFY"] * 2 + ["SPLITTER"] * 2
    only = await world.ask("GET", "/processors", type="CLASSIFY")
    assert {each["type"] for each in only["processors"]} == {"CLASSIFY"}


@every_noun
async def test_a_legacy_run_goes_its_way(world: World, noun: str) -> None:
    body = {"processorId": IDS[noun], "file": {"fileUrl": URL["url"], "fileName": "old.pdf"}}
    run = (await world.ask("POST", "/processor_runs", body))["processorRun"]
    assert (run["status"], run["output"], run["id"][:4]) == ("PROCESSING", None, "dpr_")
    world.work()

    done = (await world.ask("GET", f"/processor_runs/{run['id']}"))["processorRun"]

    assert (done["status"], done["type"]) == ("PROCESSED", TYPES[noun])
    assert done["files"][0]["name"] == "old.pdf"
    assert done["output"]
    listed = await world.ask("GET", "/processor_runs", processorId=IDS[noun])
    assert [each["id"] for each in listed["processorRuns"]] == [run["id"]]
    by_type = await world.ask("GET", "/processor_runs", processorType=TYPES[noun])
    assert by_type["processorRuns"] == listed["processorRuns"]
    deleted = await world.ask("DELETE", f"/processor_runs/{run['id']}")
    assert deleted["documentProcessorRunId"] == run["id"]
    assert (await world.refused("GET", f"/processor_runs/{run['id']}"))[0] == 404


async def test_a_legacy_run_waits_when_asked_to(world: World) -> None:
    body = {"processorId": EXTRACTOR, "rawText": "Total 4", "sync": True}

    run = (await world.ask("POST", "/processor_runs", body))["processorRun"]

    assert run["status"] == "PROCESSED"


async def test_an_evaluation_set_takes_items_of_known_files(world: World) -> None:
    body = {"name": "Known", "description": "Orders", "entityId": EXTRACTOR}
    made = await world.ask("POST", "/evaluation_sets", body)
    assert made["entity"]["object"] == "extractor"
    path = f"/evaluation_sets/{made['id']}/items"
    expected = {"value": {"total": 4}}

    items = await world.ask(
        "POST",
        path,
        {
            "items": [
                {"fileId": SAMPLE, "expectedOutput": expected},
                {"fileIds": [SAMPLE], "expectedOutput": expected},
            ]
        },
    )

    one, package = items["evaluationSetItems"]
    assert (one["files"], package["files"]) == (None, [package["file"]])
    assert await world.ask("GET", f"{path}/{one['id']}") == one
    unknown = {"items": [{"fileId": "file_none", "expectedOutput": expected}]}
    assert (await world.refused("POST", path, unknown))[0] == 404
    both = {"items": [{"fileId": SAMPLE, "fileIds": [SAMPLE], "expectedOutput": expected}]}
    assert (await world.refused("POST", path, both))[0] == 400
    changed = await world.ask("POST", f"{path}/{one['id']}", {"expectedOutput": {"value": {}}})
    assert changed["expectedOutput"] == {"value": {}}
    assert await world.ask("DELETE", f"{path}/{one['id']}") == {"id": one["id"]}
    left = await world.ask("GET", path)
    assert [item["id"] for item in left["data"]] == [package["id"]]
    of_it = await world.ask("GET", "/evaluation_sets", entityId=EXTRACTOR)
    assert made["id"] in [each["id"] for each in of_it["data"]]


@every_noun
async def test_an_evaluation_ends_with_measures(world: World, noun: str) -> None:
    body = {"name": "Known", "entityId": IDS[noun]}
    made = await world.ask("POST", "/evaluation_sets", body)
    entity = {"id": IDS[noun], "version": "1.0"}
    start = {"evaluationSetId": made["id"], "entity": entity}
    run = await world.ask("POST", "/evaluation_set_runs", start)
    assert (run["status"], run["metrics"]) == ("PENDING", {"type": TYPES[noun]})

    world.work()

    done = await world.ask("GET", f"/evaluation_set_runs/{run['id']}")
    assert done["status"] == "PROCESSED"
    assert done["entityVersion"]["version"] == "1.0"
    assert {"accuracy", "precision"} & {*done["metrics"]}
    stray = {**start, "evaluationSetItemIds": ["evi_none"]}
    assert (await world.refused("POST", "/evaluation_set_runs", stray))[0] == 404
