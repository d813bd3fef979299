"""Tests of what the store's errors say to the control API."""

import pytest

from mockserver.engine.errors import StoreError
from mockserver.engine.store import StoreFull, StoreLocked, UnknownDocument


@pytest.mark.parametrize(
    ("error", "status"), [(StoreFull, 503), (StoreLocked, 500), (UnknownDocument, 404)]
)
def test_every_error_of_the_store_is_a_store_error(error: type[StoreError], status: int) -> None:
    assert issubclass(error, StoreError)
    assert error().status == status
    assert str(error())
