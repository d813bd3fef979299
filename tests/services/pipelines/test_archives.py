"""Tests of ZIP files made to do harm, and of any bytes at all."""

import io
import os
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.services.pipelines import archives, fields
from mockserver.services.pipelines.archives import Archive, Limits
from mockserver.services.pipelines.imports import ImportRefused
from tests.services.pipelines.conftest import Opening
from tests.services.pipelines.world import PNG, World, archive

FIELDS = [
    fields.complete({"name": "caption", "data_source": "predefined"}, None),
    fields.complete({"name": "photo", "data_source": "predefined", "type": "file_upload"}, None),
]
CSV = b"caption,photo\na,x.png\n"
GOOD = {"a.csv": CSV, "x.png": PNG}
SMALL = Limits(entries=5, ratio=20, total_bytes=4 * 1024 * 1024, csv_bytes=1024)


def contents(path: Path, data: bytes, limits: Limits = SMALL) -> list[dict[str, Any]]:
    """The rows in an archive, its files read as well."""
    path.write_bytes(data)
    with Archive(path, limits) as found:
        rows = found.contents(FIELDS, 100).rows
        for row in rows:
            for _, paths in archives.files_in(row, FIELDS):
                assert all(isinstance(found.read(each), bytes) for each in paths)
        return rows


def refusal(path: Path, data: bytes, limits: Limits = SMALL) -> str:
    """The code with which an archive is refused."""
    with pytest.raises(ImportRefused) as raised:
        contents(path, data, limits)
    assert all(finding["code"] for finding in raised.value.findings)
    return raised.value.code


def outcome(path: Path, data: bytes) -> str:
    """The code with which an archive is refused, or that it has rows."""
    try:
        return f"rows: {len(contents(path, data))}"
    except ImportRefused as refused:
        return refused.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.zip"


def test_a_good_archive_is_its_rows(path: Path) -> None:
    assert contents(path, archive(GOOD)) == [{"caption": "a", "photo": "x.png"}]


def test_a_bomb_of_zeros_is_refused_before_it_is_unpacked(path: Path) -> None:
    data = archive({**GOOD, "bomb.png": bytes(3 * 1024 * 1024)})
    assert len(data) < 10_000
    assert refusal(path, data) == "zip_ratio_too_high"


def test_what_unpacks_to_too_much_is_refused(path: Path) -> None:
    data = archive({**GOOD, **{f"{n}.png": bytes(1024 * 1024) for n in range(3)}})
    assert contents(path, data)
    limits = Limits(entries=5, ratio=10_000, total_bytes=2 * 1024 * 1024)
    assert refusal(path, data, limits) == "zip_too_large"


def test_a_size_that_is_a_lie_is_found_out(path: Path) -> None:
    """An entry that says that it is small, and unpacks to more."""
    data = bytearray(archive({"a.csv": CSV, "x.png": bytes(500_000)}))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        info = found.getinfo("x.png")
    for place in range(len(data) - 4):
        if struct.unpack_from("<I", data, place)[0] == info.file_size:
            struct.pack_into("<I", data, place, 10)
    assert refusal(path, bytes(data)) == "zip_invalid"


def test_too_many_entries_are_refused(path: Path) -> None:
    data = archive({**GOOD, **{f"{n}.png": b"" for n in range(4)}})
    assert refusal(path, data) == "zip_too_many_entries"


def test_a_csv_beyond_its_size_is_refused(path: Path) -> None:
    data = archive({"a.csv": CSV + b"b,x.png\n" * 200, "x.png": PNG})
    assert refusal(path, data) == "zip_too_large"


def test_an_encrypted_entry_is_refused(path: Path) -> None:
    data = bytearray(archive(GOOD))
    # Bit 0 of the flags, in the local headers and in the directory.
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    assert refusal(path, bytes(data)) == "zip_encrypted"


def test_a_link_is_refused(path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as found:
        found.writestr("a.csv", CSV)
        link = zipfile.ZipInfo("x.png")
        link.external_attr = 0o120777 << 16
        found.writestr(link, "/etc/passwd")
    assert refusal(path, packed.getvalue()) == "zip_path_unsafe"


def test_an_entry_that_is_there_twice_is_refused(path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as found:
        found.writestr("a.csv", CSV)
        found.writestr("x.png", PNG)
        with pytest.warns(UserWarning, match="Duplicate name"):
            found.writestr("x.png", b"another")
    assert refusal(path, packed.getvalue()) == "zip_duplicate_entry"


def test_a_damaged_entry_is_refused(path: Path) -> None:
    data = archive({"a.csv": CSV, "x.png": bytes(range(256)) * 50})
    place = data.find(b"x.png") + 40
    assert refusal(path, data[:place] + b"\0\0\0\0" + data[place + 4 :]) == "zip_invalid"


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/x", "//x", "C:x", "c:/x", "a\\b", "..", "x\0.png", "a/..", ""]
)
def test_a_name_that_could_lead_out_is_unsafe(name: str) -> None:
    with pytest.raises(ImportRefused) as raised:
        archives.clean_path(name)
    assert raised.value.code == "zip_path_unsafe"


@pytest.mark.parametrize(("name", "clean"), [("./a/b", "a/b"), ("././a", "a"), ("a/..b", "a/..b")])
def test_a_harmless_name_stays(name: str, clean: str) -> None:
    assert archives.clean_path(name) == clean


@pytest.mark.parametrize(
    ("accepts", "name", "taken"),
    [
        (["image/*"], "x.PNG", True),
        ([".png"], "x.Png", True),
        (["image/jpeg"], "x.jpg", True),
        (["image/jpeg"], "x.png", False),
        (["image/*"], "x", False),
    ],
)
def test_accepted_kinds_are_told_by_the_name(accepts: list[str], name: str, taken: bool) -> None:
    assert archives._accepts(accepts, name) is taken


NAMES = st.sampled_from(
    ["a.csv", "b.csv", "x.png", "../x.png", "/x.png", "C:\\x", "d/", "./x.png", "d/a.csv", "\u00e9"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=50) | st.just(CSV), max_size=5),
    harm=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5),
    cut=st.integers(0, 300),
)
def test_any_archive_is_rows_or_a_refusal(
    path: Path, files: dict[str, bytes], harm: list[tuple[int, int]], cut: int
) -> None:
    """Bytes changed and cut off at the end at random."""
    data = bytearray(archive(files))
    for place, value in harm:
        data[place % len(data)] = value
    code = outcome(path, bytes(data[: len(data) - cut] if cut < 50 else data))
    assert code.startswith(("zip_", "csv_", "validation_", "rows"))


@pytest.mark.anyio
@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(files=st.dictionaries(NAMES, st.sampled_from([CSV, PNG, b""]), min_size=1, max_size=5))
async def test_no_archive_leaves_the_data_folder(
    world: World, tmp_path: Path, files: dict[str, bytes]
) -> None:
    """Everything that is written is a blob or the store's own."""
    done = await world.zipped(43, files)
    assert done["status"] in ("completed", "failed")
    assert os.listdir(tmp_path) == ["data"]
    written = {name for _, _, names in os.walk(tmp_path) for name in names}
    assert not {name for name in written if name.endswith((".png", ".csv"))}


@pytest.mark.anyio
async def test_no_task_and_no_file_is_lost_or_doubled_by_a_kill_after_any_slice(
    opened: Opening, tmp_path: Path
) -> None:
    world = await opened()
    rows = b"".join(b"c%d,img/%d.png\n" % (number, number % 7) for number in range(1200))
    files = {f"img/{number}.png": PNG + bytes([number]) for number in range(7)}
    started = await world.ask("POST", "/workflows/43/tasks/upload", {"filename": "a.zip"})
    data = archive({"a.csv": b"caption,photo\n" + rows, **files})
    await world.client.put(started["upload_url"], content=data)
    upload = f"/workflows/43/tasks/upload/{started['upload_id']}"
    await world.ask("POST", f"{upload}/confirm")
    made = []
    for number in range(7):
        made.append(len(world.documents("tasks")))
        # What is on disk at this moment is what a killed server leaves behind.
        shutil.copytree(world.sandbox.folder.parent.parent, tmp_path / f"killed-{number}")
        due = world.sandbox.jobs.next_due()
        if due is not None:
            world.sandbox.clock.forward(due)
            world.sandbox.jobs.run_due(world.sandbox, budget=0)
    assert made == [0, 200, 400, 600, 800, 1000, 1200]
    for number in range(7):
        again = await opened(f"killed-{number}")
        await again.advance()
        done = await again.ask("GET", upload)
        assert (done["status"], done["tasks_created"]) == ("completed", 1200)
        captions = [task["fields"]["caption"] for task in again.documents("tasks")]
        assert captions == [f"c{number}" for number in range(1200)]
        assert len(again.documents("files")) == 7
