"""An environment with toloka-kit, whose pins would clash with ours; built once and kept."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
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


def run(script: str, url: str, *arguments: str, timeout: float = 120) -> Any:
    """Run one of the programs against a server; answers what it wrote as its last line, as JSON."""
    command = [str(python()), "-m", f"tests.clients.toloka_kit.{script}", url, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"{script}.py failed:\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.strip().splitlines()[-1])
