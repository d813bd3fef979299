"""Tests of the Data Vault: imported datasets, pipeline datasets, rows, exports."""

import io
import zipfile
from typing import Any

import orjson
import pytest

from tests.services.pipelines.world import PNG, World

pytestmark = pytest.mark.anyio


async def imported(world: World, filename: str, data: bytes, **form: str) -> Any:
    """A file that must be taken in."""
    files = {"file": (filename, data, "application/octet-stream")}
    return await world.ask("POST", "/datasets", files=files, data=form)


async def vault_of(world: World, workflow: int) -> Any:
    """A pipeline's dataset."""
    page = await world.ask("GET", "/datasets?source=pipeline&page_size=200")
    (found,) = [each for each in page["items"] if each["workflow_id"] == workflow]
    return found


async def exported(world: World, dataset: int, form: str) -> bytes:
    """A pipeline dataset's file."""
    job = await world.ask("GET", f"/datasets/{dataset}/export?format={form}")
    assert (await world.ask("GET", f"/jobs/{job['job_id']}"))["download_url"] is None
    await world.advance()
    done = await world.ask("GET", f"/jobs/{job['job_id']}")
    assert done["status"] == "completed"
    answer = await world.client.get(done["download_url"])
    assert f"dataset.{form}" in answer.headers["content-disposition"]
    return answer.content


async def test_a_csv_file_becomes_a_dataset(world: World) -> None:
    """Fact 5.5."""
    data = b'text,score,ok,meta\nalpha,1,true,"{""a"": 1}"\nbeta,2.5,false,\n'
    made = await imported(world, "words.csv", data)
    assert (made["name"], made["source"], made["row_count"]) == ("words", "file_upload", 2)
    assert [(each["name"], each["type"]) for each in made["columns"]] == [
        ("text", "text"),
        ("score", "number"),
        ("ok", "boolean"),
        ("meta", "json"),
    ]
    rows = await world.ask("GET", f"/datasets/{made['id']}/rows")
    assert rows["items"][0] == {"text": "alpha", "score": "1", "ok": "true", "meta": '{"a": 1}'}


async def test_a_json_file_becomes_a_dataset(world: World) -> None:
    data = orjson.dumps([{"text": "alpha", "meta": {"a": [1]}}, {"text": "beta", "n": 2}])
    made = await imported(world, "words.json", data, name="Words")
    assert made["name"] == "Words"
    assert [(each["name"], each["type"]) for each in made["columns"]] == [
        ("text", "text"),
        ("meta", "json"),
        ("n", "number"),
    ]
    rows = (await world.ask("GET", f"/datasets/{made['id']}/rows"))["items"]
    assert rows == [{"text": "alpha", "meta": {"a": [1]}}, {"text": "beta", "n": 2}]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.csv", b"", "csv_empty"),
        ("a.csv", b"a,b\n", "csv_no_rows"),
        ("a.csv", b"a,a\n1,2\n", "csv_header_mismatch"),
        ("a.csv", b"a,b\n1\n", "csv_row_malformed"),
        ("a.csv", b"\xff", "csv_not_utf8"),
        ("a.json", b"{", "json_invalid"),
        ("a.json", b"{}", "json_invalid"),
        ("a.json", b"[1]", "json_invalid"),
        ("a.json", b"[]", "json_no_rows"),
        ("a.json", b'[{"a":' + b"[" * 300 + b"]" * 300 + b"}]", "json_invalid"),
    ],
)
async def test_a_file_that_is_no_dataset_is_refused(
    world: World, name: str, data: bytes, code: str
) -> None:
    files = {"file": (name, data, "application/octet-stream")}
    assert await world.refused("POST", "/datasets", files=files) == (422, code)


async def test_a_large_file_is_taken_in_by_a_job(world: World) -> None:
    data = b"n\n" + b"".join(b"%d\n" % number for number in range(6001))
    made = await imported(world, "numbers.csv", data)
    assert made["status"] == "processing"
    path = f"/datasets/{made['id']}"
    assert await world.refused("GET", f"{path}/rows") == (409, "dataset_not_ready")
    await world.advance()
    found = await world.ask("GET", path)
    assert (found["status"], found["row_count"]) == ("ready", 6001)
    last = await world.ask("GET", f"{path}/rows?page=31&page_size=200")
    assert last["items"] == [{"n": "6000"}]


async def test_the_dataset_of_a_pipeline_follows_its_tasks(world: World) -> None:
    """Fact 5.5: rows are live."""
    vault = await vault_of(world, 42)
    assert (vault["name"], vault["row_count"], vault["shareable"]) == ("Product labels", 0, True)
    (task,) = await world.create(category="demo")
    path = f"/datasets/{vault['id']}"
    assert (await world.ask("GET", f"{path}/rows"))["items"] == [
        {
            "task_id": task,
            "status": "pending",
            "created_at": "2026-01-06T10:31:00.000Z",
            "input_text": "alpha",
            "category": "demo",
            "label": None,
            "confidence": None,
        }
    ]
    await world.finish(task, label="kettle", confidence=4)
    (row,) = (await world.ask("GET", f"{path}/rows"))["items"]
    assert (row["status"], row["label"], row["confidence"]) == ("finished", "kettle", 4)


async def test_activating_a_pipeline_makes_its_dataset(world: World) -> None:
    """Fact 5.1."""
    page = await world.ask("GET", "/datasets")
    assert 45 not in [each["workflow_id"] for each in page["items"]]
    await world.control("POST", "/workflows/45/status", {"status": "active"})
    assert (await vault_of(world, 45))["name"] == "Not yet published"


async def test_imported_datasets_can_be_renamed_pipeline_ones_cannot(world: World) -> None:
    """Fact 5.5."""
    renamed = await world.ask("PATCH", "/datasets/5", {"name": "Prompts of May"})
    assert renamed["name"] == "Prompts of May"
    vault = await vault_of(world, 42)
    refused = await world.refused("PATCH", f"/datasets/{vault['id']}", {"name": "Mine"})
    assert refused == (409, "name_follows_pipeline")
    await world.control("PATCH", "/workflows/42", {"name": "Labels of May"})
    assert (await vault_of(world, 42))["name"] == "Labels of May"


async def test_an_imported_dataset_is_exported_at_once(world: World) -> None:
    csv = await world.call("GET", "/datasets/5/export")
    assert csv.headers["content-type"] == "text/csv"
    assert csv.text.splitlines()[0] == "prompt,category,meta"
    json = await world.ask("GET", "/datasets/5/export?format=json")
    assert json[1]["prompt"] == "Name a cold colour"
    packed = await world.call("GET", "/datasets/5/export?format=zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as found:
        assert found.read("dataset.csv") == csv.content


async def test_what_was_exported_can_be_imported_again(world: World) -> None:
    csv = (await world.call("GET", "/datasets/5/export")).content
    made = await imported(world, "again.csv", csv)
    assert (await world.call("GET", f"/datasets/{made['id']}/export")).content == csv


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_a_pipeline_dataset_is_exported_by_a_job_in_parts(world: World, form: str) -> None:
    """Fact 5.5."""
    ids = await world.create(44, 1200)
    await world.finish(ids[-1], story="Once, upon a time", tone="calm")
    data = await exported(world, (await vault_of(world, 44))["id"], form)
    if form == "csv":
        lines = data.decode().splitlines()
        assert len(lines) == 1201
        assert lines[-1].endswith(',"Once, upon a time",calm')
    else:
        rows = orjson.loads(data)
        assert [row["task_id"] for row in rows] == ids
        assert rows[-1]["tone"] == "calm"


async def test_the_zip_of_a_pipeline_dataset_holds_its_files(world: World) -> None:
    await world.zipped(43, {"a.csv": b"caption,photo\na,x.png\nb,x.png\n", "x.png": PNG})
    data = await exported(world, (await vault_of(world, 43))["id"], "zip")
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.namelist() == ["dataset.csv", "files/1-x.png"]
        assert found.read("files/1-x.png") == PNG


async def test_an_empty_pipeline_dataset_exports_its_headers(world: World) -> None:
    vault = await vault_of(world, 44)
    assert await exported(world, vault["id"], "csv") == b"task_id,status,created_at,story,tone\r\n"
    assert await exported(world, vault["id"], "json") == b"[]"
