"""Moves of a client that makes Pipelines' tasks from archives: put in time, confirmed, polled."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import floor
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contract.pipelines_work import Workflow
from tests.contract.playing import BEFORE, UPLOADS, Play

LIFE = 3_600.0
"""Seconds in which an archive has to be put."""
PROCESS = 0.3
"""Seconds until its tasks are made."""
NONE_AT_ALL = b"no archive"


@dataclass(eq=False)
class Upload:
    """What the model knows of an archive on its way; the texts of its rows, None if it is bad."""

    flow: Workflow
    url: str
    expires: float
    put: bool = False
    texts: list[str] | None = None
    state: str = ""
    """Empty until it is confirmed."""
    made: int = 0

    def status(self, now: float) -> str:
        """What a poll shows."""
        if self.state or self.put:
            return self.state or "uploaded"
        return "expired" if now >= self.expires else "awaiting_upload"


def packed(texts: list[str]) -> bytes:
    """An archive whose table has these rows."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        archive.writestr("tasks.csv", "\n".join(["text", *texts]))
    return found.getvalue()


class Uploading(Play):
    """The moves; what is made is told to the model of the workflow."""

    def __init__(self) -> None:
        super().__init__()
        making = {"transition": "pipelines.process_upload", "seconds": PROCESS}
        self.admin("PUT", "/transitions", making)
        self.uploads: dict[str, Upload] = {}
        self.rows = count()

    def pick(self, data: st.DataObject) -> Workflow:
        """For a subclass: one of the workflows."""
        raise NotImplementedError

    def pick_upload(self, data: st.DataObject) -> tuple[str, Upload] | None:
        """One of the uploads."""
        found = list(self.uploads.items())
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data())
    def start_upload(self, data: st.DataObject) -> None:
        flow = self.pick(data)
        body = {"filename": "tasks.zip"}
        tried = self.attempt("startUpload", "POST", f"/workflows/{flow.id}/tasks/upload", body)
        tried.must_be(201 if flow.active else 409)
        if not flow.active or not tried.reached:
            return
        # An id that was lost with its answer is found by the control API.
        stored = self.admin("GET", "/state/pipelines.uploads?limit=10000")["items"]
        (id,) = {each["id"] for each in stored} - self.uploads.keys()
        url = "" if tried.lost else tried.json()["upload_url"]
        upload = self.uploads[id] = Upload(flow, url, floor(self.now) + LIFE)
        # Nothing is done then, but time goes to that very moment, and to just before it.
        self.timeline.after(upload.expires - self.now, lambda: None)

    @rule(data=st.data(), rows=st.integers(0, 3))
    def put_the_archive(self, data: st.DataObject, rows: int) -> None:
        """An archive of so many tasks, or something that is none."""
        picked = self.pick_upload(data)
        if picked is None or not picked[1].url:
            return
        upload = picked[1]
        texts = [f"row {next(self.rows)}" for _ in range(rows)] or None
        content = packed(texts) if texts else NONE_AT_ALL
        tried = self.watch(UPLOADS, lambda: self.room.call("PUT", upload.url, content=content))
        late = self.now >= upload.expires
        tried.must_be(403 if late else 200)
        if tried.reached and not late:
            upload.put, upload.texts = True, texts

    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        picked = self.pick_upload(data)
        if picked is None:
            return
        id, upload = picked
        path = f"/workflows/{upload.flow.id}/tasks/upload/{id}/confirm"
        tried = self.attempt("confirmUpload", "POST", path)
        status = upload.status(self.now)
        if status == "uploaded":
            tried.must_be(202 if upload.flow.active else 409)
            if tried.reached and upload.flow.active:
                upload.state = "processing"
                self.timeline.after(PROCESS, lambda: self.make_from(upload))
        else:
            tried.must_be({"expired": 410, "awaiting_upload": 409}.get(status, 200))

    def situations(self) -> Sequence[Callable[[st.DataObject], None]]:
        return *super().situations(), self.upload_in_time, self.upload_too_late

    @rule(data=st.data())
    def upload_in_time(self, data: st.DataObject) -> None:
        """An archive takes all of its way, and another one may take its place."""
        self.start_upload(data)
        self.put_the_archive(data, data.draw(st.integers(0, 3)))
        self.confirm(data)
        self.compare()
        if data.draw(st.booleans()):
            self.put_the_archive(data, data.draw(st.integers(0, 3)))
            self.confirm(data)
        self.pass_on()

    @rule(data=st.data())
    def upload_too_late(self, data: st.DataObject) -> None:
        """Time goes to just before an upload expires, and to that very moment."""
        self.start_upload(data)
        ends = [each.expires for each in self.uploads.values() if each.expires > self.now]
        for end in (min(ends) - BEFORE, min(ends)) if ends else ():
            self.pass_to(max(self.now, end))
            self.compare()
            if data.draw(st.booleans()):
                self.put_the_archive(data, 1)
                self.confirm(data)

    @staticmethod
    def make_from(upload: Upload) -> None:
        """The tasks are made from what is there by now, or the archive is found to be bad."""
        upload.state = "completed" if upload.texts else "failed"
        upload.made = len(upload.texts or ())
        if upload.texts:
            upload.flow.make("zip", [(text, None) for text in upload.texts])

    def compare_uploads(self) -> None:
        """Polls show what the model says."""
        for id, upload in self.uploads.items():
            answer = self.call("GET", f"/workflows/{upload.flow.id}/tasks/upload/{id}")
            status = upload.status(self.now)
            assert answer.status_code == (410 if status == "expired" else 200), answer.text
            if status != "expired":
                found: dict[str, Any] = answer.json()
                assert (found["status"], found["tasks_created"]) == (status, upload.made)
                assert bool(found["errors"]) == (status == "failed")
