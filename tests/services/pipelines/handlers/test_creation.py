"""Tests of creating tasks from CSV, in bulk, from a dataset and from another pipeline."""

from typing import Any

import pytest

from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import VIEWER_KEY, Refusal, World

pytestmark = pytest.mark.anyio

CSV = "/workflows/42/tasks/csv"
DATASET = "/workflows/42/tasks/from-dataset"
PIPELINE = "/workflows/46/tasks/from-pipeline"


async def send(world: World, text: str | bytes, path: str = CSV) -> Any:
    """A CSV file that must be accepted."""
    data = text.encode() if isinstance(text, str) else text
    return await world.ask("POST", path, content=data, headers={"Content-Type": "text/csv"})


async def not_sent(world: World, text: str | bytes, path: str = CSV) -> dict[str, Any]:
    """The error of a CSV file that must be refused."""
    data = text.encode() if isinstance(text, str) else text
    return await world.error("POST", path, content=data, headers={"Content-Type": "text/csv"})


async def fields_of(world: World, answer: Any) -> list[dict[str, Any]]:
    """The fields of the tasks that were made."""
    workflow = answer["workflow_id"]
    return [(await world.task(workflow, each["id"]))["fields"] for each in answer["tasks"]]


async def test_the_template_with_one_row_is_accepted(world: World) -> None:
    """Acceptance case 3."""
    template = await world.call("GET", "/workflows/42/tasks/csv-template")
    assert template.headers["content-type"] == "text/csv"
    assert "attachment" in template.headers["content-disposition"]
    assert template.content == b"input_text,category\r\n"
    answer = await send(world, template.content + b"alpha,demo\r\n")
    assert (answer["created_count"], answer["source"]) == (1, "csv")


async def test_one_row_is_one_task(world: World) -> None:
    answer = await send(world, "input_text,category\r\nalpha,example\r\nbeta,demo\r\n")
    assert await fields_of(world, answer) == [
        {"input_text": "alpha", "category": "example"},
        {"input_text": "beta", "category": "demo"},
    ]


async def test_columns_may_come_in_another_order(world: World) -> None:
    """Acceptance case 3."""
    answer = await send(world, "category,input_text\ndemo,alpha\n")
    assert await fields_of(world, answer) == [{"input_text": "alpha", "category": "demo"}]


async def test_quoted_commas_newlines_and_quotes_are_kept(world: World) -> None:
    """Acceptance case 3."""
    answer = await send(world, 'input_text,category\n"a, ""b""\r\nc",demo\n')
    assert (await fields_of(world, answer))[0]["input_text"] == 'a, "b"\r\nc'


async def test_a_byte_order_mark_and_blank_lines_do_no_harm(world: World) -> None:
    """Fact 4.1."""
    answer = await send(world, "\ufeffinput_text,category\r\n\r\nalpha,\r\n\r\n")
    assert await fields_of(world, answer) == [{"input_text": "alpha"}]


async def test_a_form_with_the_file_does_too(world: World) -> None:
    files = {"file": ("tasks.csv", b"input_text,category\nalpha,demo\n", "text/csv")}
    answer = await world.ask("POST", CSV, files=files)
    assert answer["created_count"] == 1


async def test_a_form_without_the_file_is_refused(world: World) -> None:
    refused = await world.refused("POST", CSV, files={"data": ("tasks.csv", b"input_text\na\n")})
    assert refused in ((422, "file_missing"), (422, "validation_error"))


@pytest.mark.parametrize(
    ("header", "details"),
    [
        (
            "input_text,Category",
            [("missing_column", "category"), ("unexpected_column", "Category")],
        ),
        ("input_text", [("missing_column", "category")]),
        (
            "input_text, category",
            [("missing_column", "category"), ("unexpected_column", " category")],
        ),
        ("input_text,category,category", [("duplicate_column", "category")]),
        ("input_text,category,", [("unexpected_column", "")]),
    ],
)
async def test_headers_must_be_the_names_exactly(
    world: World, header: str, details: list[tuple[str, str]]
) -> None:
    """Acceptance case 3 and fact 4.1."""
    error = await not_sent(world, f"{header}\n" + ",".join("x" * (header.count(",") + 1)))
    assert (error["status"], error["code"]) == (422, "csv_header_mismatch")
    assert [(each["code"], each["field"]) for each in error["details"]] == details


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        (b"", "csv_empty", None),
        (b"\r\n\r\n", "csv_empty", None),
        (b"\xef\xbb\xbf", "csv_empty", None),
        (b"input_text,category\n", "csv_no_rows", None),
        (b"input_text,category\n\n", "csv_no_rows", None),
        (b"input_text,category\na,b\n\na,b,c\n", "csv_row_malformed", 2),
        (b"input_text,category\na\n", "csv_row_malformed", 1),
        (b'input_text,category\n"a,b\n', "csv_row_malformed", 1),
        (b'input_text,category\n"a"x,b\n', "csv_row_malformed", 1),
        (b"input_text,category\na\0,b\n", "csv_row_malformed", 1),
        (b"input_text,cat\0egory\na,b\n", "csv_row_malformed", None),
        (b"input_text,category\n" + b"x" * 131_073 + b",b\n", "csv_row_malformed", 1),
        (b"input_text,category\na,\xff\n", "csv_not_utf8", None),
        ("input_text,category\na,b\n".encode("utf-16"), "csv_not_utf8", None),
        (b"input_text,category\na,b\n,c\n", "validation_error", 2),
    ],
)
async def test_a_file_that_cannot_be_used_says_why_and_where(
    world: World, text: bytes, code: str, row: int | None
) -> None:
    """Fact 4.1: rows are counted from 1, blank lines not at all, and nothing is created."""
    error = await not_sent(world, text)
    assert (error["status"], error["code"]) == (422, code)
    found = error["details"][0].get("row") if error["details"] else None
    assert found == row


@pytest.mark.parametrize(("count", "accepted"), [(5000, True), (5001, False)])
async def test_a_file_has_up_to_five_thousand_rows(
    world: World, count: int, accepted: bool
) -> None:
    text = "input_text,category\n" + "a,b\n" * count
    if accepted:
        assert (await send(world, text))["created_count"] == count
    else:
        assert (await not_sent(world, text))["code"] == "batch_too_large"


async def test_cells_are_read_as_their_fields_types(world: World) -> None:
    """Fact 4.1."""
    kinds: dict[str, Any] = {
        "b": {"type": "boolean"},
        "n": {"type": "numeric"},
        "d": {"type": "datetime"},
        "l": {"type": "short_text", "multiple": True},
        "o": {"type": "select", "options": ["x", "y"], "required": False},
    }
    fields = [{"name": name, "data_source": "predefined", **kind} for name, kind in kinds.items()]
    workflow = await world.make(fields=fields)
    path = f"/workflows/{workflow}/tasks/csv"
    answer = await send(world, 'b,n,d,l,o\n1,2.50,2026-01-02,"[""p"",""q""]",\n', path)
    assert await fields_of(world, answer) == [
        {"b": True, "n": 2.5, "d": "2026-01-02", "l": ["p", "q"]}
    ]
    error = await not_sent(world, "b,n,d,l,o\nyes,two,soon,p,z\n", path)
    assert [each["field"] for each in error["details"]] == ["b", "n", "d", "l", "o"]
    assert {each["row"] for each in error["details"]} == {1}


async def test_what_a_file_brought_is_read_only(world: World) -> None:
    """Acceptance case 3."""
    answer = await send(world, "input_text,category\nalpha,demo\n")
    task = answer["tasks"][0]["id"]
    await world.claim(42, task)
    body = {"fields": {"label": "x", "category": "other"}}
    path = f"/workflows/42/tasks/{task}/submit"
    assert await world.refused("POST", path, body, user="u1") == (422, "field_read_only")


async def test_a_workflow_without_dataset_fields_takes_no_file(world: World) -> None:
    refusal = (409, "creation_mode_mismatch")
    assert await world.refused("GET", "/workflows/44/tasks/csv-template") == refusal
    error = await not_sent(world, "story\nx\n", "/workflows/44/tasks/csv")
    assert (error["status"], error["code"]) == refusal


async def test_a_workflow_with_files_needs_a_zip(world: World) -> None:
    error = await not_sent(world, "caption,photo\na,b.png\n", "/workflows/43/tasks/csv")
    assert (error["status"], error["code"]) == (409, "zip_required")


@pytest.mark.parametrize(
    ("text", "accepted"),
    [("caption\na\n", True), ("caption,photo\na,\n", True), ("caption,photo\na,b.png\n", False)],
)
async def test_optional_files_may_be_left_out_of_a_csv(
    world: World, text: str, accepted: bool
) -> None:
    """Fact 14, U20."""
    workflow = await world.make(
        fields=[
            {"name": "caption", "data_source": "predefined"},
            {
                "name": "photo",
                "data_source": "predefined",
                "type": "file_upload",
                "required": False,
            },
        ]
    )
    path = f"/workflows/{workflow}/tasks/csv"
    if accepted:
        assert await fields_of(world, await send(world, text, path)) == [{"caption": "a"}]
    else:
        error = await not_sent(world, text, path)
        assert (error["status"], error["code"]) == (409, "zip_required")


async def test_bulk_makes_that_many_blank_tasks(world: World) -> None:
    """Acceptance case 9."""
    answer = await world.ask("POST", "/workflows/44/tasks/bulk", {"count": 25})
    assert (answer["created_count"], answer["source"]) == (25, "bulk")
    assert (await world.task(44, answer["tasks"][-1]["id"]))["fields"] == {}


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (0, "validation_error"),
        (-1, "validation_error"),
        (2.5, "validation_error"),
        (2.0, "validation_error"),
        ("2", "validation_error"),
        (True, "validation_error"),
        (None, "validation_error"),
        (5001, "batch_too_large"),
    ],
)
async def test_bulk_takes_whole_numbers_within_limits(world: World, count: Any, code: str) -> None:
    """Acceptance case 9."""
    body = {"count": count}
    assert await world.refused("POST", "/workflows/44/tasks/bulk", body) == (422, code)


async def test_bulk_is_for_workflows_without_dataset_fields(world: World) -> None:
    """Acceptance case 9."""
    refused = await world.refused("POST", "/workflows/42/tasks/bulk", {"count": 1})
    assert refused == (409, "creation_mode_mismatch")


async def test_a_draft_refuses_every_way_of_creating_tasks(world: World) -> None:
    """Acceptance case 11."""
    csv: dict[str, Any] = {"content": b"input_text\na\n", "headers": {"Content-Type": "text/csv"}}
    zipped: dict[str, Any] = {"content": b"PK", "headers": {"Content-Type": "application/zip"}}
    ways: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("POST", "tasks", {"tasks": [{"fields": {"input_text": "a"}}]}, {}),
        ("POST", "tasks/upload", {"filename": "a.zip"}, {}),
        ("POST", "tasks/zip", None, zipped),
        ("POST", "tasks/csv", None, csv),
        ("POST", "tasks/bulk", {"count": 1}, {}),
        ("POST", "tasks/from-dataset", {"dataset_id": 5}, {}),
        ("POST", "tasks/from-pipeline", {"source_workflow_id": 41}, {}),
        ("PUT", "infinite-seeding", {}, {}),
    ]
    for method, path, body, more in ways:
        refused: Refusal = await world.refused(method, f"/workflows/45/{path}", body, **more)
        assert refused == (409, "workflow_not_active"), path


async def test_a_suggestion_matches_by_name(world: World) -> None:
    """Acceptance case 5."""
    found = await world.ask("GET", f"{DATASET}/mapping", params={"dataset_id": 5})
    assert found["mapping"] == [{"target": "category", "source": "category"}]
    assert found["unmapped_targets"] == ["input_text"]
    assert [(each["name"], each["type"]) for each in found["columns"]] == [
        ("prompt", "text"),
        ("category", "text"),
        ("meta", "json"),
    ]


async def test_rows_of_a_dataset_become_tasks_by_a_job(world: World) -> None:
    """Acceptance case 5: auto-match, manual mapping and a path."""
    body = {
        "dataset_id": 5,
        "mapping": [
            {"target": "input_text", "source": "prompt"},
            {"target": "category", "source": "meta", "json_path": "$.labels[0].name"},
        ],
    }
    started = await world.ask("POST", DATASET, body)
    assert started == {"job_id": "job_0001", "status": "queued"}
    assert await world.tasks(42) == []
    await world.advance()
    job = await world.ask("GET", "/jobs/job_0001")
    assert (job["status"], job["created_count"], job["rows_total"]) == ("completed", 3, 3)
    (warning,) = job["warnings"]
    assert (warning["row"], warning["field"], warning["code"]) == (
        3,
        "category",
        "json_path_not_found",
    )
    made = [await world.task(42, task["id"]) for task in await world.tasks(42)]
    assert [task["fields"] for task in made] == [
        {"input_text": "Name a warm colour", "category": "colour"},
        {"input_text": "Name a cold colour", "category": "colour"},
        {"input_text": "Name a grey animal"},
    ]
    assert {task["group_id"] for task in made} == {job["group_id"]}
    assert made[2]["source_ref"] == {"dataset_id": 5, "row": 3}


async def test_a_target_can_be_skipped(world: World) -> None:
    """Acceptance case 5: `category` would match by name."""
    body = {
        "dataset_id": 5,
        "mapping": [
            {"target": "input_text", "source": "prompt"},
            {"target": "category", "skip": True},
        ],
    }
    answer = await world.ask("POST", f"{DATASET}?wait=true", body)
    assert [set(fields) for fields in await fields_of(world, answer)] == [{"input_text"}] * 3


async def test_without_a_mapping_names_alone_match(world: World) -> None:
    answer = await world.ask("POST", f"{DATASET}?wait=true", {"dataset_id": 5})
    assert [fields["category"] for fields in await fields_of(world, answer)] == [
        "example",
        "demo",
        "demo",
    ]


async def test_a_row_limit_takes_the_first_rows(world: World) -> None:
    answer = await world.ask("POST", f"{DATASET}?wait=true", {"dataset_id": 5, "row_limit": 2})
    assert answer["created_count"] == 2


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"dataset_id": 77}, (404, "dataset_not_found")),
        ({"dataset_id": 6}, (404, "dataset_not_found")),
        ({"dataset_id": 5, "auto_match": False}, (422, "mapping_empty")),
        ({"dataset_id": 5, "strict_required": True}, (422, "required_field_unmapped")),
        (
            {"dataset_id": 5, "mapping": [{"target": "colour", "source": "prompt"}]},
            (422, "mapping_invalid"),
        ),
        (
            {"dataset_id": 5, "mapping": [{"target": "input_text"}]},
            (422, "validation_error"),
        ),
    ],
)
async def test_what_cannot_be_seeded_from_is_refused(
    world: World, body: Any, refusal: Refusal
) -> None:
    """Facts 4.3 and 6."""
    assert await world.refused("POST", DATASET, body) == refusal


async def test_a_dataset_that_is_not_ready_or_empty_is_a_conflict(world: World) -> None:
    made = {"organization_id": 1, "name": "New", "rows": [{"category": "x"}]}
    busy = (await world.control("POST", "/datasets", {**made, "status": "processing"}))["id"]
    empty = (await world.control("POST", "/datasets", {**made, "rows": []}))["id"]
    for id, code in ((busy, "dataset_not_ready"), (empty, "dataset_empty")):
        assert await world.refused("POST", DATASET, {"dataset_id": id}) == (409, code)


async def test_by_setting_a_value_that_does_not_fit_refuses_all(opened: Opening) -> None:
    """Fact 6.5."""
    rows = [{"score": 0.5}, {"score": "much"}]
    made = {"organization_id": 1, "name": "Scores", "rows": rows}
    path = "/workflows/46/tasks/from-dataset"
    world = await opened()
    id = (await world.control("POST", "/datasets", made))["id"]
    answer = await world.ask("POST", f"{path}?wait=true", {"dataset_id": id})
    assert await fields_of(world, answer) == [{"score": 0.5}, {}]
    assert [each["code"] for each in answer["warnings"]] == ["not_coercible"]
    strict = await opened("strict", pipelines__on_coerce_error="fail")
    id = (await strict.control("POST", "/datasets", made))["id"]
    refused = await strict.refused("POST", f"{path}?wait=true", {"dataset_id": id})
    assert refused == (422, "not_coercible")
    job = (await strict.ask("POST", path, {"dataset_id": id}))["job_id"]
    await strict.advance()
    found = await strict.ask("GET", f"/jobs/{job}")
    assert (found["status"], found["created_count"]) == ("failed", 0)
    assert [each["row"] for each in found["errors"]] == [2]
    assert await strict.tasks(46) == []


async def test_a_value_that_fits_passes_the_stricter_setting(opened: Opening) -> None:
    world = await opened(pipelines__on_coerce_error="fail")
    job = (await world.ask("POST", DATASET, {"dataset_id": 5}))["job_id"]
    await world.advance()
    assert (await world.ask("GET", f"/jobs/{job}"))["created_count"] == 3


async def test_finished_tasks_of_another_pipeline_are_seeded(world: World) -> None:
    """Acceptance case 6: workflow 46 is in another project."""
    ids = await world.create(41, 5, prompt="Name a colour")
    for id in ids[:3]:
        await world.finish(id, answer=f"red {id}")
    await world.claim(41, ids[3])
    body = {"source_workflow_id": 41, "mapping": [{"target": "text", "source": "answer"}]}
    answer = await world.ask("POST", f"{PIPELINE}?wait=true", body)
    assert await fields_of(world, answer) == [{"text": f"red {id}"} for id in ids[:3]]
    made = await world.task(46, answer["tasks"][0]["id"])
    assert made["source_ref"] == {"source_workflow_id": 41, "source_task_id": ids[0]}
    again = await world.ask("POST", f"{PIPELINE}?wait=true", body)
    assert again["created_count"] == 3


async def test_what_was_seeded_can_be_skipped(world: World) -> None:
    """Fact 4.4."""
    ids = await world.create(41, 2, prompt="x")
    await world.finish(ids[0], answer="red")
    mapping = [{"target": "text", "source": "answer"}]
    body = {"source_workflow_id": 41, "mapping": mapping, "skip_already_seeded": True}
    await world.ask("POST", f"{PIPELINE}?wait=true", body)
    await world.finish(ids[1], answer="blue")
    answer = await world.ask("POST", f"{PIPELINE}?wait=true", body)
    assert await fields_of(world, answer) == [{"text": "blue"}]
    refused = await world.refused("POST", f"{PIPELINE}?wait=true", body)
    assert refused == (409, "no_completed_tasks")


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        (41, (409, "no_completed_tasks")),
        (46, (422, "source_is_target")),
        (77, (404, "source_workflow_not_found")),
        (91, (404, "source_workflow_not_found")),
    ],
)
async def test_another_source_is_refused(world: World, source: int, refusal: Refusal) -> None:
    """Acceptance case 6 and fact 4.4."""
    await world.create(41, prompt="x")
    assert await world.refused("POST", PIPELINE, {"source_workflow_id": source}) == refusal


async def test_names_that_two_nodes_share_are_told_apart(world: World) -> None:
    """Fact 4.4: `node_id.field`."""
    source = await world.make(
        fields=[{"name": "answer", "node_id": "one"}, {"name": "answer", "node_id": "two"}],
        nodes=[{"id": "one", "type": "subtask"}, {"id": "two", "type": "subtask"}],
    )
    (task,) = await world.create(source)
    for answer in ("red", "blue"):
        await world.claim(source, task)
        await world.submit(source, task, answer=answer)
    body = {"source_workflow_id": source, "mapping": [{"target": "text", "source": "two.answer"}]}
    answer = await world.ask("POST", f"{PIPELINE}?wait=true", body)
    assert await fields_of(world, answer) == [{"text": "blue"}]
    body["mapping"] = [{"target": "text", "source": "answer"}]
    assert await world.refused("POST", PIPELINE, body) == (422, "mapping_invalid")


async def test_a_suggestion_for_another_pipeline_names_its_fields(world: World) -> None:
    path = "/workflows/42/tasks/from-pipeline/mapping"
    found = await world.ask("GET", path, params={"source_workflow_id": 46})
    assert [each["name"] for each in found["columns"]] == ["text", "score", "verdict", "note"]
    assert found["mapping"] == []


async def test_a_job_is_the_organizations_own(world: World) -> None:
    await world.ask("POST", DATASET, {"dataset_id": 5})
    other = await world.control("POST", "/keys", {"organization_id": 2})
    refused = await world.refused("GET", "/jobs/job_0001", key=other["key"])
    assert refused == (404, "job_not_found")
    assert (await world.ask("GET", "/jobs/job_0001", key=VIEWER_KEY))["status"] == "queued"


async def test_more_rows_than_a_call_may_create_are_left_to_a_job(world: World) -> None:
    for _ in range(2):
        body: Any = {"tasks": [{"fields": {}}] * 2501}
        await world.ask("POST", "/workflows/44/tasks", body)
    (vault,) = [
        each
        for each in (await world.ask("GET", "/datasets?source=pipeline"))["items"]
        if each["workflow_id"] == 44
    ]
    target = await world.make(fields=[{"name": "status", "data_source": "predefined"}])
    path = f"/workflows/{target}/tasks/from-dataset"
    refused = await world.refused("POST", f"{path}?wait=true", {"dataset_id": vault["id"]})
    assert refused == (422, "batch_too_large")
    job = (await world.ask("POST", path, {"dataset_id": vault["id"]}))["job_id"]
    await world.advance()
    found = await world.ask("GET", f"/jobs/{job}")
    assert (found["status"], found["created_count"]) == ("completed", 5002)
