"""How far the generated tests go: bounded by default, as long as asked for with `--deep`."""

import os
from dataclasses import dataclass

import pytest

SEED = 20_260_302

# Where the models compare, what differs is shown.
pytest.register_assert_rewrite(
    "tests.contract.playing", "tests.contract.posting", "tests.contract.extend_runs"
)


@dataclass(frozen=True)
class Depth:
    """How many calls are generated, and from which seed."""

    deep: bool
    seed: int
    examples: int

    @property
    def coverage(self) -> int | None:
        """The most boundary cases an operation gets on each side; None for all of them."""
        return None if self.deep else 4

    @property
    def scenarios(self) -> int:
        """How many sequences of calls are tried in the stateful phase."""
        return max(self.examples, 12)

    @property
    def runs(self) -> int:
        """How many runs a model gets."""
        return self.examples if self.deep else 3

    @property
    def steps(self) -> int:
        """How many moves a run of a model has at most."""
        return 50 if self.deep else 10


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that the environment also has, as `MOCKSERVER_DEEP` and so on."""
    group = parser.getgroup("contract")
    group.addoption("--deep", action="store_true", default=False, help="Generate many more calls.")
    group.addoption("--contract-seed", type=int, default=None, help="Seed of generated calls.")
    group.addoption("--contract-examples", type=int, default=None, help="Examples an operation.")


@pytest.fixture(scope="session")
def depth(request: pytest.FixtureRequest) -> Depth:
    """The depth that the options ask for, or the environment, or the bounded form."""
    deep = request.config.getoption("--deep", False) or _environment("DEEP") not in ("", "0")
    seed = request.config.getoption("--contract-seed", None) or _environment("CONTRACT_SEED")
    examples = request.config.getoption("--contract-examples", None)
    examples = examples or _environment("CONTRACT_EXAMPLES")
    return Depth(bool(deep), int(seed or SEED), int(examples or (200 if deep else 1)))


def _environment(name: str) -> str:
    return os.environ.get(f"MOCKSERVER_{name}", "")
