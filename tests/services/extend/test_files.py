"""Files: uploads and their types, links to their bytes, contents, deletion."""

from typing import Any

import httpx
import pytest

from tests.services.extend.world import SAMPLE, URL, VERSION, World

pytestmark = pytest.mark.anyio

HEADERS = {"authorization": "Bearer sk_test_1", "x-extend-api-version": VERSION}


async def upload(world: World, name: str, data: bytes = b"Total 4", **more: Any) -> httpx.Response:
    return await world.client.post(
        "/extend/files/upload",
        headers=HEADERS,
        params=more.pop("params", None),
        files={"file": (name, data, "application/octet-stream")},
        data=more,
    )


@pytest.mark.parametrize(
    ("name", "data", "type_"),
    [
        ("order.txt", b"Total 4", "TXT"),
        ("notes.md", b"# Notes", "TXT"),
        ("scan.PNG", b"\x89PNG", "IMG"),
        ("rows.csv", b"a,b", "CSV"),
        ("book.xlsx", b"PK", "EXCEL"),
        ("page.html", b"<p>", "HTML"),
        ("data.xml", b"<a/>", "XML"),
        ("order.pdf", b"%PDF-1.7", "PDF"),
        ("upload", b"%PDF-1.7", "PDF"),
    ],
)
async def test_the_type_is_that_of_the_name(
    world: World, name: str, data: bytes, type_: str
) -> None:
    answer = await upload(world, name, data)

    file = answer.json()
    assert answer.status_code == 200, answer.text
    assert (file["name"], file["type"]) == (name, type_)
    assert (file["presignedUrl"], file["contents"]) == (None, None)


async def test_office_files_become_pdf(world: World) -> None:
    assert (await upload(world, "letter.docx", b"PK")).json()["name"] == "letter.pdf"
    converted = await upload(world, "order.txt", params={"convertToPdf": "true"})
    assert converted.json()["type"] == "PDF"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("song.mp3", b"ID3", "FILE_TYPE_NOT_SUPPORTED"),
        ("order.pdf", b"not a pdf", "CORRUPT_FILE"),
        ("order.pdf", b"%PDF-1.7 /Encrypt 1 0 R", "PASSWORD_PROTECTED_FILE"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused(
    world: World, name: str, data: bytes, code: str
) -> None:
    before = world.counts()

    answer = await upload(world, name, data)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert world.counts() == before


async def test_a_protected_file_is_taken_with_its_password(world: World) -> None:
    answer = await upload(world, "order.pdf", b"%PDF-1.7 /Encrypt 1 0 R", password="s3cret")

    assert answer.status_code == 200


async def test_an_upload_without_the_file_part_is_refused(world: World) -> None:
    answer = await world.client.post(
        "/extend/files/upload", headers=HEADERS, files={"other": ("a.txt", b"a")}
    )

    assert answer.status_code == 400
    assert "file" in answer.json()["message"]


async def test_the_bytes_are_behind_a_link_for_a_quarter_of_an_hour(world: World) -> None:
    id = (await upload(world, "order.txt", b"Total 4")).json()["id"]
    link = (await world.ask("GET", f"/files/{id}"))["presignedUrl"]

    world.work(899)
    assert (await world.client.get(link)).content == b"Total 4"
    world.work(2)
    assert (await world.client.get(link)).status_code == 403


async def test_contents_are_there_once_the_file_was_parsed(world: World) -> None:
    id = (await upload(world, "order.txt", b"Total 4")).json()["id"]
    asked = {"rawText": True, "markdown": True, "html": True}
    assert (await world.ask("GET", f"/files/{id}", **asked))["contents"] is None

    await world.ask("POST", "/parse", {"file": {"id": id}})

    assert (await world.ask("GET", f"/files/{id}"))["contents"] is None
    contents = (await world.ask("GET", f"/files/{id}", **asked))["contents"]
    assert contents["rawText"] == "Total 4"
    assert contents["pages"][0]["html"] == "<p>Total 4</p>"
    assert contents["sections"][0]["markdown"] == "Total 4"


async def test_a_file_of_a_url_has_invented_bytes_of_its_type(world: World) -> None:
    run = await world.run()
    file = await world.ask("GET", f"/files/{run['files'][0]['id']}")

    data = (await world.client.get(file["presignedUrl"])).content

    assert file["name"] == "order.pdf"
    assert data.startswith(b"%PDF-1.4")
    assert data.endswith(b"%%EOF\n")


@pytest.mark.parametrize(
    ("source", "name", "type_"),
    [
        ({"url": "https://files.example.com/a%20b.png?x=1"}, "a b.png", "IMG"),
        ({"url": "https://files.example.com/x/1", "name": "named.csv"}, "named.csv", "CSV"),
        ({"url": "https://files.example.com"}, "files.example.com", "PDF"),
        ({"text": "Order", "name": "own.txt"}, "own.txt", "TXT"),
        ({"id": SAMPLE}, "sample-order.txt", "TXT"),
    ],
)
async def test_an_input_gives_a_file_its_name_and_type(
    world: World, source: dict[str, Any], name: str, type_: str
) -> None:
    run = await world.run(file=source)

    assert (run["files"][0]["name"], run["files"][0]["type"]) == (name, type_)


@pytest.mark.parametrize("url", ["http://[", "https://[a.example/1.pdf"])
async def test_a_url_that_is_none_makes_a_file_all_the_same(world: World, url: str) -> None:
    made = await world.ask("POST", "/parse_runs", {"file": {"url": url}})
    assert made["file"]["name"]


async def test_a_text_without_a_name_gets_one(world: World) -> None:
    run = await world.run(file={"text": "Order"})

    assert run["files"][0]["name"].endswith(".txt")


async def test_a_deleted_file_is_gone_but_its_runs_still_name_it(world: World) -> None:
    run = await world.run()
    world.work()
    id = run["files"][0]["id"]

    assert await world.ask("DELETE", f"/files/{id}") == {"id": id}

    assert (await world.refused("GET", f"/files/{id}"))[0] == 404
    assert (await world.get(run))["files"][0]["id"] == id


async def test_files_are_found_by_a_part_of_their_name(world: World) -> None:
    await world.run(file={**URL, "name": "Lieferschein.pdf"})

    found = await world.ask("GET", "/files", nameContains="SCHEIN")

    assert [file["name"] for file in found["data"]] == ["Lieferschein.pdf"]
