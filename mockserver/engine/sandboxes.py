"""The sandboxes of one server by name: made, found, opened when first used, and forgotten."""

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path

import orjson

from mockserver.engine.errors import BadRequest, MockserverError, UnknownName
from mockserver.engine.sandbox import Sandbox, World
from mockserver.engine.store import StoreFull
from mockserver.engine.tally import Tally

DEFAULT = "default"
MOST = 2_000
"""Sandboxes that one server keeps at most: a guard against tokens that never repeat."""
OPTIONS = "options.json"

log = logging.getLogger("mockserver.sandboxes")

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class TooManySandboxes(MockserverError):
    """No more sandboxes can be made; delete those that are no longer used."""

    status = 503


@dataclass(frozen=True, slots=True)
class Options:
    """What sets a sandbox apart from the server's settings; None is as the server has it."""

    credentials: tuple[str, ...] = ()
    seed: int | None = None
    clock: float | None = None
    clock_start: float | None = None
    pace: str | None = None


class Sandboxes:
    """Every sandbox has a folder of its own and shares nothing but what never changes.

    `default` always exists. A credential belongs to one sandbox at most.
    """

    def __init__(self, world: World, folder: Path, wake: Callable[[str], None]) -> None:
        self.world = world
        self._folder = folder
        self._wake = wake
        self._open: dict[str, Sandbox] = {}
        self._options: dict[str, Options] = {DEFAULT: Options()}
        self._bound: dict[str, str] = {}
        self._departed = Tally()
        for path in sorted(folder.glob(f"*/{OPTIONS}")):
            self._remember(path.parent.name, _read(path))
        self._start(DEFAULT)

    def __iter__(self) -> Iterator[Sandbox]:
        """Those that are open."""
        return iter(list(self._open.values()))

    def __getitem__(self, name: str) -> Sandbox:
        sandbox = self.get(name)
        if sandbox is None:
            raise UnknownName(f"There is no sandbox {name!r}.")
        return sandbox

    def get(self, name: str) -> Sandbox | None:
        """The sandbox, opened if it was not; None when there is none of that name."""
        return self._open.get(name) or (self._start(name) if name in self._options else None)

    def names(self) -> list[str]:
        """All of them, open or not."""
        return sorted(self._options)

    def options(self, name: str) -> Options:
        """What the sandbox was made with."""
        if name not in self._options:
            raise UnknownName(f"There is no sandbox {name!r}.")
        return self._options[name]

    def create(self, name: str, options: Options | None = None) -> Sandbox:
        """A new sandbox with the seed in it."""
        options = options or Options()
        if not _NAME.fullmatch(name):
            raise BadRequest(
                f"name {name!r} must be 1 to 63 lower-case letters, digits and hyphens, "
                "the first no hyphen."
            )
        if name in self._options:
            raise BadRequest(f"name {name!r} is taken; delete that sandbox first.")
        for credential in options.credentials:
            if credential in self._bound:
                owner = self._bound[credential]
                raise BadRequest(f"credentials: one of them is bound to sandbox {owner!r} already.")
        if len(self._options) >= MOST:
            raise TooManySandboxes
        folder = self._folder / name
        try:
            folder.mkdir(parents=True)
            (folder / OPTIONS).write_bytes(orjson.dumps(asdict(options)))
            self._remember(name, options)
            return self._start(name)
        except (OSError, StoreFull) as error:
            self._forget(name, options)
            raise StoreFull(f"There is no room for the sandbox {name!r} ({error}).") from error

    async def delete(self, name: str) -> None:
        """Forget a sandbox without a trace; `default` stays."""
        if name == DEFAULT:
            raise BadRequest("The sandbox 'default' always exists; reset it instead.")
        options = self.options(name)
        sandbox = self._open.pop(name, None)
        if sandbox is not None:
            self._departed.absorb(sandbox.journal.tally)
            await sandbox.discard()
        self._forget(name, options)

    def of_credential(self, credential: str, *, isolate: bool) -> str:
        """The sandbox that a credential belongs to; its own one, made on first use, to isolate."""
        bound = self._bound.get(credential)
        if bound is not None:
            return bound
        if not isolate:
            return DEFAULT
        name = f"token-{blake2b(credential.encode(), digest_size=10).hexdigest()}"
        if name not in self._options:
            self.create(name)
        return name

    def tallies(self) -> list[Tally]:
        """What clients called: in each open sandbox, and in all that were deleted."""
        return [self._departed, *(sandbox.journal.tally for sandbox in self)]

    @property
    def binds(self) -> bool:
        """Whether any credential is bound to a sandbox."""
        return bool(self._bound)

    async def close(self) -> None:
        """Close every sandbox that is open, each with a complete checkpoint."""
        while self._open:
            _, sandbox = self._open.popitem()
            await sandbox.close()

    def _start(self, name: str) -> Sandbox:
        options = self._options[name]
        own = {
            key: value
            for key, value in asdict(options).items()
            if value is not None and key != "credentials"
        }
        world = replace(self.world, settings=replace(self.world.settings, **own))
        sandbox = Sandbox(name, world, self._folder / name, lambda: self._wake(name))
        self._open[name] = sandbox
        self._wake(name)
        return sandbox

    def _forget(self, name: str, options: Options) -> None:
        for credential in options.credentials:
            self._bound.pop(credential, None)
        self._options.pop(name, None)
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _remember(self, name: str, options: Options) -> None:
        self._options[name] = options
        for credential in options.credentials:
            self._bound[credential] = name


def _read(path: Path) -> Options:
    """The options of a sandbox of an earlier run; a file that is none counts as no options."""
    try:
        given = orjson.loads(path.read_bytes())
        return Options(**{**given, "credentials": tuple(given["credentials"])})
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError):
        log.warning("%s cannot be read and is taken for no options", path)
        return Options()
