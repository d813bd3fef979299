"""An environment with toloka-kit, whose pins would clash with ours; built once and kept."""

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

PINS = ("toloka-kit==1.2.3", "httpx<0.28", "cattrs<26", "setuptools<81", "pandas")
"""With newer versions toloka-kit cannot be imported; pandas is for its data frames."""

ROOT = Path(__file__).parents[3]


def python() -> Path:
    """The environment's interpreter; the first call builds the environment."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = sha256(" ".join((version, *PINS)).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mockserver-tests"
    folder = cache / f"toloka-kit-{name}"
    if not folder.exists():
        _build(folder)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _build(folder: Path) -> None:
    """Build beside the final place and move there, so that two builders do not meet."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="draft-"))
    try:
        subprocess.run([sys.executable, "-m", "venv", draft], check=True)
        pip: list[str | Path] = [draft / "bin" / "python", "-m", "pip", "install", "--quiet", *PINS]
        subprocess.run(pip, check=True)
        if not folder.exists():
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def run(program: str, url: str, *arguments: str, timeout: float = 120) -> Any:
    """Run one of the programs against a server; answers what it wrote as its last line, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        status = _nursery().carry_out(
            {
                "program": program,
                "arguments": [url, *arguments],
                "output": str(output),
                "errors": str(errors),
            },
            timeout,
        )
        said = output.read_text()
        assert status == 0, f"{program}.py ended with {status}:\n{said}\n{errors.read_text()}"
    return json.loads(said.strip().splitlines()[-1])


class Nursery:
    """The process that runs the programs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(python()), "-m", "tests.clients.toloka_kit.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        atexit.register(self.close)

    def carry_out(self, order: dict[str, Any], timeout: float) -> int:
        """Run a program; its exit status. TimeoutError ends it and everything after it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise TimeoutError(f"{order['program']}.py took more than {timeout} seconds")
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)


_nursery = cache(Nursery)
