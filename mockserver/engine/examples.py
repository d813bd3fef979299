"""Examples of one sandbox: what a schema describes, made up anew from the seed and a key."""

import copy
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mockserver.engine.invention import Acceptors, Invention, Uninventable

if TYPE_CHECKING:
    from faker import Faker as Faker

    from mockserver.engine.contract import Operation

_NOTHING: Mapping[str, Any] = {}


class Examples:
    """Invents values; the same seed, key and schema give the same value, whatever came before."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._acceptors = Acceptors()
        self._own: Faker | None = None
        self._lent: Faker | None = None

    def invent(self, schema: Any, *key: Any, components: Mapping[str, Any] | None = None) -> Any:
        """A value that is valid against the JSON Schema.

        References are followed into `components` (the object of that name in an OpenAPI document)
        and into the schema's own `$defs`. Raises Uninventable where nothing valid is found.
        """
        if self._own is None:
            self._own = _new_faker()
        self._own.seed_instance(self._derived(key))
        root: dict[str, Any] = {"components": components or _NOTHING}
        if isinstance(schema, dict) and "$defs" in schema:
            root["$defs"] = schema["$defs"]
        return Invention(self._own, root, self._acceptors).whole(schema)

    def faker(self, *key: Any) -> "Faker":
        """A Faker seeded by the key. There is one, so use it up before asking for the next."""
        if self._lent is None:
            self._lent = _new_faker()
        self._lent.seed_instance(self._derived(key))
        return self._lent

    def answer(self, operation: "Operation", *key: Any) -> tuple[int, Any]:
        """Status and body of the operation's first success: its example, or an invented body."""
        success = operation.first_success()
        if success is None:
            raise Uninventable(f"{operation.id} declares no answer of the 2xx kind")
        status, media = success
        if media is None:
            return status, None
        if media.examples:
            return status, copy.deepcopy(media.examples[0])
        if media.schema is None:
            return status, None
        schema = media.schema
        return status, self.invent(schema.raw, operation.id, *key, components=schema.components)

    def _derived(self, key: tuple[Any, ...]) -> int:
        digest = blake2b(str(self.seed).encode(), digest_size=8)
        for part in key:
            data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8) + data)
        return int.from_bytes(digest.digest())


def _new_faker() -> "Faker":
    # Imported here: faker takes longer to load than the server may take to start.
    import faker

    # Without the weights of real first names and cities, a draw is ten times as fast.
    return faker.Faker("en_US", use_weighting=False)
