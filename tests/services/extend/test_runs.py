"""Runs of every kind but workflows': created, carried out, listed, shown, deleted."""

from typing import Any

import pytest

from tests.services.extend.world import (
    CLASSIFIER,
    EXTRACTOR,
    LOST,
    SAMPLE,
    SPLITTER,
    URL,
    World,
)

pytestmark = pytest.mark.anyio

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "parse_runs": ("/parse", {"file": URL}),
    "extract_runs": ("/extract", {"extractor": {"id": EXTRACTOR}, "file": URL}),
    "classify_runs": ("/classify", {"classifier": {"id": CLASSIFIER}, "file": URL}),
    "split_runs": ("/split", {"splitter": {"id": SPLITTER}, "file": URL}),
    "edit_runs": ("/edit", {"file": URL}),
    "form_detection_runs": ("/detect_form", {"file": URL}),
    "verify_runs": ("/verify", {"file": URL}),
}
every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


@every_kind
async def test_a_run_is_processing_then_processed(world: World, kind: str) -> None:
    made = await world.ask("POST", f"/{kind}", KINDS[kind][1])
    assert (made["status"], made["output"]) == ("PROCESSING", None)

    world.work()

    done = await world.ask("GET", f"/{kind}/{made['id']}")
    assert done["status"] == "PROCESSED"
    assert done["output"] is not None
    assert done["usage"]["credits"] > 0
    assert await world.ask("GET", f"/{kind}/{made['id']}") == done


@every_kind
async def test_a_synchronous_call_answers_with_the_finished_run(world: World, kind: str) -> None:
    path, body = KINDS[kind]

    done = await world.ask("POST", path, body)

    assert done["status"] == "PROCESSED"
    assert await world.ask("GET", f"/{kind}/{done['id']}") == done


@every_kind
async def test_a_file_that_cannot_be_had_fails_the_run(world: World, kind: str) -> None:
    made = await world.ask("POST", f"/{kind}", {**KINDS[kind][1], "file": LOST})
    world.work()

    failed = await world.ask("GET", f"/{kind}/{made['id']}")

    reason = "UNABLE_TO_DOWNLOAD_FILE" if kind == "parse_runs" else "FAILED_TO_PROCESS_FILE"
    assert (failed["status"], failed["failureReason"]) == ("FAILED", reason)
    assert failed["output"] is None


@every_kind
async def test_a_run_is_made_to_fail(world: World, kind: str) -> None:
    made = await world.ask("POST", f"/{kind}", KINDS[kind][1])

    answer = await world.control("POST", f"/runs/{made['id']}/fail", {"reason": "OCR_ERROR"})

    assert answer.json()["failureReason"] == "OCR_ERROR"
    again = await world.control("POST", f"/runs/{made['id']}/fail", {})
    assert again.status_code == 409


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"form_detection_runs"}))
async def test_a_run_is_listed_and_deleted(world: World, kind: str) -> None:
    made = await world.ask("POST", f"/{kind}", KINDS[kind][1])
    world.work()

    listed = await world.ask("GET", f"/{kind}", status="PROCESSED", source="API")
    assert [run["id"] for run in listed["data"]] == [made["id"]]
    assert "output" not in listed["data"][0]
    assert (await world.ask("GET", f"/{kind}", status="FAILED"))["data"] == []

    assert await world.ask("DELETE", f"/{kind}/{made['id']}") == {"id": made["id"]}
    assert (await world.refused("GET", f"/{kind}/{made['id']}"))[0] == 404


async def test_extraction_answers_every_field_with_confidence_and_citation(world: World) -> None:
    schema = {
        "type": "object",
        "properties": {
            "day": {"type": ["string", "null"], "extend:type": "date"},
            "sum": {
                "type": "object",
                "extend:type": "currency",
                "properties": {
                    "amount": {"type": ["number", "null"]},
                    "iso_4217_currency_code": {"type": ["string", "null"]},
                },
            },
            "kind": {"enum": ["a", "b", None]},
            "lines": {
                "type": "array",
                "items": {"type": "object", "properties": {"quantity": {"type": "integer"}}},
            },
        },
    }
    run = await world.ask("POST", "/extract", {"config": {"schema": schema}, "file": URL})

    value, metadata = run["output"]["value"], run["output"]["metadata"]
    assert {*value} == {*schema["properties"]}
    assert len(value["day"]) == len("2026-03-02")
    assert len(value["sum"]["iso_4217_currency_code"]) == 3
    assert value["kind"] in ("a", "b", None)
    assert {"day", "sum.amount", "kind", "lines"} <= {*metadata}
    assert metadata["day"]["citations"][0]["fileId"] == run["file"]["id"]
    assert 0 < metadata["day"]["logprobsConfidence"] <= 1
    assert run["extractor"] is None
    assert run["config"]["schema"] == schema


async def test_without_extractor_and_config_a_schema_is_inferred(world: World) -> None:
    run = await world.ask("POST", "/extract", {"file": {"text": "Invoice 7"}})

    assert {*run["output"]["value"]} == {*run["config"]["schema"]["properties"]}


async def test_a_config_is_overridden_for_one_run(world: World) -> None:
    override = {"schema": {"type": "object", "properties": {"only": {"type": "string"}}}}
    extractor = {"id": EXTRACTOR, "version": "1.0", "overrideConfig": override}

    run = await world.ask("POST", "/extract", {"extractor": extractor, "file": URL})

    assert [*run["output"]["value"]] == ["only"]
    assert run["extractorVersion"]["version"] == "1.0"


async def test_a_run_keeps_its_config_when_the_draft_changes(world: World) -> None:
    reference = {"id": EXTRACTOR, "version": "draft"}
    run = await world.ask("POST", "/extract", {"extractor": reference, "file": URL})

    config = {"schema": {"type": "object", "properties": {}}}
    await world.ask("POST", f"/extractors/{EXTRACTOR}", {"config": config})

    later = await world.ask("GET", f"/extract_runs/{run['id']}")
    assert (later["config"], later["output"]) == (run["config"], run["output"])


async def test_a_package_is_extracted_as_one(world: World) -> None:
    files = [URL, {"id": SAMPLE}]

    run = await world.ask("POST", "/extract", {"package": {"files": files}})

    assert run["file"] is None
    assert [file["name"] for file in run["files"]] == ["order.pdf", "sample-order.txt"]


async def test_a_classification_is_one_of_the_config(world: World) -> None:
    run = await world.ask("POST", "/classify", KINDS["classify_runs"][1])

    known = [each["id"] for each in run["config"]["classifications"]]
    assert run["output"]["id"] in known
    assert run["output"]["insights"][0]["type"] == "reasoning"


async def test_splits_cover_the_pages_in_order(world: World) -> None:
    run = await world.ask("POST", "/split", KINDS["split_runs"][1])

    pages = [
        page
        for split in run["output"]["splits"]
        for page in range(split["startPage"], split["endPage"] + 1)
    ]
    assert pages == [*range(1, run["file"]["metadata"]["pageCount"] + 1)]


async def test_parsing_reads_the_text_that_was_sent(world: World) -> None:
    config = {"chunkingStrategy": {"type": "document"}}

    run = await world.ask("POST", "/parse", {"file": {"id": SAMPLE}, "config": config})

    (chunk,) = run["output"]["chunks"]
    assert chunk["type"] == "document"
    assert "PO-1187" in chunk["content"]
    assert run["metrics"]["pageCount"] == 1


async def test_a_parse_output_can_be_behind_a_link(world: World) -> None:
    run = await world.ask("POST", "/parse", {"file": URL})

    linked = await world.ask("GET", f"/parse_runs/{run['id']}", responseType="url")

    assert linked["output"] is None
    assert (await world.client.get(linked["outputUrl"])).json() == run["output"]


async def test_the_parse_run_of_another_run_can_be_got(world: World) -> None:
    run = await world.ask("POST", "/extract", KINDS["extract_runs"][1])

    parse = await world.ask("GET", f"/parse_runs/{run['parseRunId']}")

    assert parse["file"] == run["file"]
    assert parse["output"]["chunks"]


async def test_runs_within_a_workflow_run_can_be_got_and_listed(world: World) -> None:
    run = await world.run()
    world.work()
    parse, extract = (step["result"] for step in (await world.get(run))["stepRuns"])

    inner = extract["extractRun"]
    assert await world.ask("GET", f"/extract_runs/{inner['id']}") == inner
    assert await world.ask("GET", f"/parse_runs/{inner['parseRunId']}") == parse["parseRun"]
    listed = await world.ask("GET", "/extract_runs", sourceId=run["id"])
    assert [each["id"] for each in listed["data"]] == [inner["id"]]
    assert (await world.refused("DELETE", f"/extract_runs/{inner['id']}"))[0] == 400


@pytest.mark.parametrize("kind", ["extract_runs", "classify_runs", "split_runs"])
async def test_a_run_is_cancelled_until_it_ends(world: World, kind: str) -> None:
    made = await world.ask("POST", f"/{kind}", KINDS[kind][1])

    cancelled = await world.ask("POST", f"/{kind}/{made['id']}/cancel")

    assert cancelled["status"] == "CANCELLED"
    world.work()
    assert (await world.ask("GET", f"/{kind}/{made['id']}"))["status"] == "CANCELLED"
    assert (await world.refused("POST", f"/{kind}/{made['id']}/cancel"))[0] == 400


async def test_a_cancelled_parse_run_has_failed(world: World) -> None:
    made = await world.ask("POST", "/parse_runs", {"file": URL})

    cancelled = await world.ask("POST", f"/parse_runs/{made['id']}/cancel")

    assert (cancelled["status"], cancelled["failureReason"]) == ("FAILED", "ABORTED")


async def test_an_edit_makes_a_new_file(world: World) -> None:
    body = {"templateId": "edt_registration-form-001"}

    run = await world.ask("POST", "/edit", body)

    edited = run["output"]["editedFile"]
    assert {*run["output"]["filledValues"]} == {"full_name", "signature"}
    assert (await world.client.get(edited["presignedUrl"])).content.startswith(b"%PDF")
    file = await world.ask("GET", f"/files/{edited['id']}")
    assert (file["name"], file["parentFileId"]) == (
        "edited-registration-form.pdf",
        "file_registration-form-001",
    )


async def test_an_input_schema_is_mapped_onto_the_form(world: World) -> None:
    wanted = {"type": "object", "properties": {"full_name": {}, "shoe_size": {}}}

    found = await world.ask(
        "POST", "/edit_schemas/generate", {"file": URL, "config": {"inputSchema": wanted}}
    )

    assert "shoe_size" in found["mappingResult"]["unmatchedInputPaths"]
    assert found["annotatedSchema"] == wanted


async def test_only_some_types_can_be_verified(world: World) -> None:
    refused = await world.refused("POST", "/verify", {"file": {"id": SAMPLE}})

    assert refused[:2] == (422, "FILE_TYPE_NOT_SUPPORTED")


async def test_verify_runs_are_found_by_their_risk(world: World) -> None:
    runs = [await world.ask("POST", "/verify", {"file": URL}) for _ in range(12)]
    for level in ("LOW", "MEDIUM", "HIGH"):
        expected = {run["id"] for run in runs if run["output"]["riskLevel"] == level}
        listed = await world.ask("GET", "/verify_runs", riskLevel=level, maxPageSize=100)
        assert {run["id"] for run in listed["data"]} == expected
        assert all(run["riskLevel"] == level for run in listed["data"])


async def test_a_batch_is_made_to_fail(world: World) -> None:
    await world.endpoint("a", ["batch_parse_run.failed"])
    batch = await world.ask("POST", "/parse_runs/batch", {"inputs": [{"file": URL}] * 3})

    answer = await world.control("POST", f"/batch_runs/{batch['id']}/fail")
    world.work()

    assert answer.json()["status"] == "FAILED"
    runs = (await world.ask("GET", "/parse_runs", batchId=batch["id"]))["data"]
    assert {run["status"] for run in runs} == {"FAILED"}
    assert [each["event"] for each in world.deliveries()] == ["batch_parse_run.failed"]
    assert (await world.ask("GET", f"/batch_runs/{batch['id']}"))["status"] == "FAILED"
