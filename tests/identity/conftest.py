from __future__ import annotations

from collections.abc import Iterator

import pytest
from identity_support import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One broker that enforces, for a file's tests: each makes its own users, streams and buckets."""
    with House(tmp_path_factory.mktemp("house") / "data") as running:
        yield running
