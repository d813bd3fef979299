"""The one source of chance: seeded identities and numbers, each stream under its own name."""

import random
import secrets
import string
from binascii import b2a_base64
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from mockserver.engine.store import Collection

URL_SAFE = string.ascii_letters + string.digits + "_-"
_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_TO_URL_SAFE = bytes.maketrans(_BASE64.encode(), URL_SAFE.encode())


def fresh_seed() -> int:
    """A seed for a sandbox that was not given one."""
    return secrets.randbelow(2**31)


def fresh_token() -> str:
    """An unguessable secret that no seed repeats."""
    return secrets.token_urlsafe(24)


def letters(number: int, length: int) -> str:
    """`length` characters of `URL_SAFE` for the lowest bits of a number, six each, lowest first."""
    size = -(-length // 4) * 3
    groups = b2a_base64((number & (1 << 8 * size) - 1).to_bytes(size), newline=False)
    return groups[::-1][:length].translate(_TO_URL_SAFE).decode()


class Ids:
    """Identities of one sandbox: the same seed and the same calls give the same ids.

    A stream is named by its `kind`, so what one kind draws never disturbs another. A value is a
    hash of seed, kind and the kind's counter; counters are documents, so that a restart goes on
    where the last commit left off.
    """

    def __init__(self, seed: int, counters: "Collection") -> None:
        self.seed = seed
        self._counters = counters
        self._last: dict[str, int] = {}
        self._touched: set[str] = set()

    def number(self, kind: str, start: int = 1) -> int:
        """The next number of this kind, rising from `start`."""
        return start - 1 + self._next(kind)

    def hex(self, kind: str, length: int) -> str:
        """`length` hexadecimal digits, at most 128."""
        return self._digest(kind, self._next(kind)).hex()[:length]

    def uuid(self, kind: str) -> str:
        """A version 4 UUID in its usual spelling."""
        return str(UUID(bytes=self._digest(kind, self._next(kind))[:16], version=4))

    def token(self, kind: str, length: int, alphabet: str = URL_SAFE) -> str:
        """`length` characters of the alphabet."""
        if alphabet == URL_SAFE and length <= 64:
            return letters(int.from_bytes(self._digest(kind, self._next(kind))), length)
        value = int.from_bytes(self._digest(kind, self._next(kind)))
        size, characters = len(alphabet), []
        for position in range(length):
            if position and position % 64 == 0:
                value = int.from_bytes(self._digest(kind, self._next(kind)))
            value, rest = divmod(value, size)
            characters.append(alphabet[rest])
        return "".join(characters)

    def object_id(self, kind: str, at: float) -> str:
        """24 hexadecimal digits after MongoDB's pattern: the second, then seed and rising count."""
        count = self._next(kind)
        machine = self._digest(kind, 0)[:5].hex()
        return f"{int(at) & 0xFFFFFFFF:08x}{machine}{count & 0xFFFFFF:06x}"

    def random(self, *key: Any) -> random.Random:
        """Numbers that depend on the sandbox's seed and the key alone."""
        return random.Random(self.derived(*key))

    def derived(self, *key: Any) -> int:
        """A 64-bit number that depends on the sandbox's seed and the key alone."""
        text = "\0".join(map(str, (self.seed, *key)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())

    def store_counters(self) -> None:
        """Put what was drawn since the last call into the store; the caller commits."""
        if self._touched:
            self._counters.put_many(
                [{"id": kind, "value": self._last[kind]} for kind in sorted(self._touched)]
            )
            self._touched.clear()

    def forget(self) -> None:
        """Take the counters from the store again, after a rollback, a restore or a reset."""
        self._last.clear()
        self._touched.clear()

    def _next(self, kind: str) -> int:
        last = self._last.get(kind)
        if last is None:
            stored = self._counters.get(kind)
            last = stored["value"] if stored else 0
        self._last[kind] = last + 1
        self._touched.add(kind)
        return last + 1

    def _digest(self, kind: str, count: int) -> bytes:
        return blake2b(f"{self.seed}\0{kind}\0{count}".encode()).digest()
