"""Tests of ZIP uploads: start, PUT, confirm, poll."""

from typing import Any

import pytest

from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import PNG, World, archive

pytestmark = pytest.mark.anyio

UPLOAD = "/workflows/43/tasks/upload"
CSV = b"caption,photo\r\na red one,img/red.png\r\na blue one,./img/blue.png\r\n"
FILES = {"photos.csv": CSV, "img/red.png": PNG + b"red", "img/blue.png": PNG + b"blue"}


async def start(world: World, path: str = UPLOAD, **body: Any) -> tuple[str, str]:
    """A started upload: its path, and the URL for the bytes."""
    answer = await world.ask("POST", path, {"filename": "photos.zip", **body})
    return f"{path}/{answer['upload_id']}", answer["upload_url"]


async def failed(world: World, files: dict[str, bytes]) -> dict[str, Any]:
    """The first error of an archive that must be refused, with nothing created."""
    found = await world.zipped(43, files)
    assert (found["status"], found["tasks_created"], found["task_ids"]) == ("failed", 0, [])
    assert await world.tasks(43) == []
    assert world.documents("files") == []
    error: dict[str, Any] = found["errors"][0]
    return error


async def test_a_zip_is_started_put_confirmed_and_polled(world: World) -> None:
    """Acceptance case 4."""
    started = await world.ask("POST", UPLOAD, {"filename": "photos.zip", "size_bytes": 500})
    assert started["status"] == "awaiting_upload"
    assert (started["upload_method"], started["expires_at"]) == ("PUT", "2026-01-06T11:31:00.000Z")
    path = f"{UPLOAD}/{started['upload_id']}"
    assert (await world.ask("GET", path))["status"] == "awaiting_upload"
    put = await world.client.put(
        started["upload_url"], content=archive(FILES), headers=started["upload_headers"]
    )
    assert put.status_code == 200
    assert (await world.ask("GET", path))["status"] == "uploaded"
    confirmed = await world.call("POST", f"{path}/confirm")
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "processing")
    assert (await world.ask("GET", path))["status"] == "processing"
    await world.advance()
    done = await world.ask("GET", path)
    assert (done["status"], done["rows_total"], done["rows_processed"]) == ("completed", 2, 2)
    assert (done["tasks_created"], done["errors"], len(done["task_ids"])) == (2, [], 2)
    red = (await world.task(43, done["task_ids"][0]))["fields"]
    assert red["caption"] == "a red one"
    url = red["photo"].pop("url")
    assert red["photo"] == {
        "file_id": 1,
        "filename": "red.png",
        "path": "img/red.png",
        "size_bytes": len(PNG) + 3,
        "content_type": "image/png",
    }
    fetched = await world.client.get(url)
    assert (fetched.content, fetched.headers["content-type"]) == (PNG + b"red", "image/png")


async def test_confirming_again_changes_nothing(world: World) -> None:
    """Fact 3.7."""
    path, url = await start(world)
    await world.client.put(url, content=archive(FILES))
    await world.ask("POST", f"{path}/confirm")
    again = await world.call("POST", f"{path}/confirm")
    assert (again.status_code, again.json()["status"]) == (200, "processing")
    await world.advance()
    last = await world.call("POST", f"{path}/confirm")
    assert (last.status_code, last.json()["tasks_created"]) == (200, 2)
    await world.advance()
    assert len(await world.tasks(43)) == 2


async def test_confirming_before_the_bytes_have_come_is_a_conflict(world: World) -> None:
    """Acceptance case 4."""
    path, _ = await start(world)
    assert await world.refused("POST", f"{path}/confirm") == (409, "upload_not_received")


async def test_an_upload_expires(world: World) -> None:
    path, url = await start(world)
    await world.advance(3601)
    assert (await world.client.put(url, content=b"PK")).status_code == 403
    assert await world.refused("POST", f"{path}/confirm") == (410, "upload_expired")
    assert await world.refused("GET", path) == (410, "upload_expired")


async def test_an_upload_expires_when_its_url_does(world: World) -> None:
    """Not a part of a second later."""
    await world.advance(0.5)
    started = await world.ask("POST", UPLOAD, {"filename": "photos.zip"})
    assert started["expires_at"] == "2026-01-06T11:31:00.000Z"
    await world.advance(3599.25)
    assert (await world.ask("GET", f"{UPLOAD}/{started['upload_id']}"))[
        "status"
    ] == "awaiting_upload"
    await world.advance(0.25)
    assert (await world.client.put(started["upload_url"], content=b"PK")).status_code == 403
    refused = await world.refused("GET", f"{UPLOAD}/{started['upload_id']}")
    assert refused == (410, "upload_expired")


async def test_bytes_that_came_in_time_stay_good(world: World) -> None:
    path, url = await start(world)
    await world.client.put(url, content=archive(FILES))
    await world.advance(7200)
    assert (await world.ask("POST", f"{path}/confirm"))["status"] == "processing"


async def test_a_changed_url_is_refused(world: World) -> None:
    _, url = await start(world)
    assert (await world.client.put(f"{url[:-4]}0000", content=b"PK")).status_code == 403


async def test_a_zip_larger_than_allowed_is_refused(opened: Opening) -> None:
    world = await opened(pipelines__zip_max_bytes=1000)
    body = {"filename": "a.zip", "size_bytes": 1001}
    assert await world.refused("POST", UPLOAD, body) == (422, "zip_too_large")
    _, url = await start(world)
    assert (await world.client.put(url, content=bytes(1001))).status_code == 400


async def test_a_workflow_paused_meanwhile_is_a_conflict(world: World) -> None:
    path, url = await start(world)
    await world.client.put(url, content=archive(FILES))
    await world.control("POST", "/workflows/43/status", {"status": "paused"})
    assert await world.refused("POST", f"{path}/confirm") == (409, "workflow_not_active")


async def test_an_upload_belongs_to_its_workflow(world: World) -> None:
    path, _ = await start(world)
    other = path.replace("/43/", "/42/")
    assert await world.refused("GET", other) == (404, "upload_not_found")
    assert await world.refused("POST", f"{other}/confirm") == (404, "upload_not_found")


async def test_a_csv_alone_does_for_fields_without_files(world: World) -> None:
    done = await world.zipped(42, {"tasks.csv": b"input_text,category\na,b\n"})
    assert done["status"] == "completed"


async def test_a_workflow_without_dataset_fields_takes_no_zip(world: World) -> None:
    path = "/workflows/44/tasks/upload"
    assert await world.refused("POST", path, {"filename": "a.zip"}) == (
        409,
        "creation_mode_mismatch",
    )


@pytest.mark.parametrize("form", [True, False])
async def test_all_in_one_call(world: World, form: bool) -> None:
    """Fact 4.2."""
    data = archive(FILES)
    more: dict[str, Any] = {"content": data, "headers": {"Content-Type": "application/zip"}}
    if form:
        more = {"files": {"file": ("photos.zip", data, "application/zip")}}
    answer = await world.ask("POST", "/workflows/43/tasks/zip", **more)
    await world.advance()
    done = await world.ask("GET", f"{UPLOAD}/{answer['upload_id']}")
    assert (done["status"], done["tasks_created"]) == ("completed", 2)


async def test_nothing_at_all_is_refused_at_once(world: World) -> None:
    refused = await world.refused("POST", "/workflows/43/tasks/zip")
    assert refused == (422, "file_missing")


async def test_a_missing_file_says_row_and_path(world: World) -> None:
    """Acceptance case 4."""
    files = {"a.csv": b"caption,photo\na,x.png\nb,y.png\n", "x.png": PNG}
    error = await failed(world, files)
    assert (error["code"], error["row"], error["field"], error["path"]) == (
        "zip_file_missing",
        2,
        "photo",
        "y.png",
    )


@pytest.mark.parametrize("path", ["../x.png", "/x.png", "C:/x.png", "a\\x.png", "a/../../x.png"])
async def test_a_path_that_leads_out_is_refused(world: World, path: str) -> None:
    """Acceptance case 4: in a cell as in the archive."""
    in_cell = await failed(world, {"a.csv": f"caption,photo\na,{path}\n".encode(), "x.png": PNG})
    assert (in_cell["code"], in_cell["row"]) == ("zip_path_unsafe", 1)
    files = {"a.csv": b"caption,photo\na,x.png\n", "x.png": PNG, path: PNG}
    assert (await failed(world, files))["code"] == "zip_path_unsafe"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"x.png": PNG}, "zip_csv_count"),
        ({"a.csv": CSV, "B.CSV": CSV}, "zip_csv_count"),
        ({"sub/a.csv": CSV}, "zip_csv_count"),
        ({"a.csv": b""}, "csv_empty"),
        ({"a.csv": b"caption,photo\n"}, "csv_no_rows"),
        ({"a.csv": b"caption,Photo\na,b\n"}, "missing_column"),
        ({"a.csv": b"caption,photo\na\n"}, "csv_row_malformed"),
        ({"a.csv": b"caption,photo\na,\n"}, "missing_field"),
        ({"a.csv": b"caption,photo\n,x.png\n", "x.png": PNG}, "missing_field"),
        ({"a.csv": b"caption,photo\na,x.gif\n", "x.gif": b"GIF89a"}, "zip_file_not_accepted"),
        ({"a.csv": b"caption,photo\na,X.png\n", "x.png": PNG}, "zip_file_missing"),
        ({"a.csv": b"caption,photo\n" + b"a,x.png\n" * 5001, "x.png": PNG}, "batch_too_large"),
    ],
)
async def test_an_archive_that_cannot_be_used_says_why(
    world: World, files: dict[str, bytes], code: str
) -> None:
    """Fact 4.2."""
    assert (await failed(world, files))["code"] == code


async def test_bytes_that_are_no_zip_fail(world: World) -> None:
    path, url = await start(world)
    await world.client.put(url, content=b"not a ZIP at all")
    await world.ask("POST", f"{path}/confirm")
    await world.advance()
    found = await world.ask("GET", path)
    assert (found["status"], found["errors"][0]["code"]) == ("failed", "zip_invalid")


async def test_litter_is_left_aside_and_files_that_no_row_names_are_told(world: World) -> None:
    """Fact 4.2."""
    more = {"__MACOSX/._a": b"x", "img/.DS_Store": b"x", "notes.txt": b"x"}
    done = await world.zipped(43, {**FILES, **more})
    assert done["status"] == "completed"
    (warning,) = done["warnings"]
    assert (warning["code"], warning["path"]) == ("zip_file_unreferenced", "notes.txt")


async def test_rows_that_name_the_same_file_share_it(world: World) -> None:
    files = {"a.csv": b"caption,photo\n" + b"a,x.png\n" * 3, "x.png": PNG}
    await world.zipped(43, files)
    assert len(world.documents("files")) == 1


async def test_a_field_for_many_files_takes_them_apart(world: World) -> None:
    photos = {
        "name": "photos",
        "data_source": "predefined",
        "type": "file_upload",
        "multiple": True,
    }
    workflow = await world.make(fields=[photos])
    done = await world.zipped(
        workflow, {"a.csv": b"photos\nx.png; y.png\n", "x.png": PNG, "y.png": b""}
    )
    values = (await world.task(workflow, done["task_ids"][0]))["fields"]["photos"]
    assert [(each["path"], each["size_bytes"]) for each in values] == [
        ("x.png", len(PNG)),
        ("y.png", 0),
    ]


async def test_five_thousand_tasks_come_from_one_zip(world: World) -> None:
    rows = b"".join(b"c%d,img/x.png\n" % number for number in range(5000))
    done = await world.zipped(43, {"a.csv": b"caption,photo\n" + rows, "img/x.png": PNG})
    assert (done["status"], done["tasks_created"]) == ("completed", 5000)
    assert len(done["task_ids"]) == len(set(done["task_ids"])) == 5000
    last = await world.task(43, done["task_ids"][-1])
    assert last["fields"]["caption"] == "c4999"


async def test_a_poll_can_be_what_moves_it_on(world: World) -> None:
    """By override, instead of fact 12's `processing_polls`."""
    transition = "pipelines.process_upload"
    world.sandbox.pace.override(transition, {"polls": 2})
    world.sandbox.commit()
    path, url = await start(world)
    await world.client.put(url, content=archive(FILES))
    await world.ask("POST", f"{path}/confirm")
    seen = [(await world.ask("GET", path))["status"] for _ in range(3)]
    assert seen == ["processing", "processing", "completed"]
