"""The sample contract, and others made from it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.contract import Contract
from tests.engine.contract.shop import SHOP

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def shop() -> Contract:
    """The sample contract."""
    return Contract(copy.deepcopy(SHOP), "shop.yaml")


@pytest.fixture
def shop_with() -> Callable[[Edit], Contract]:
    """The sample contract after a change to its document."""

    def build(edit: Edit) -> Contract:
        document = copy.deepcopy(SHOP)
        edit(document)
        return Contract(document, "shop.yaml")

    return build
