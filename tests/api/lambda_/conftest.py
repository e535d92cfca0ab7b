from __future__ import annotations

from collections.abc import Iterator

import pytest
from lambda_harness import World


@pytest.fixture
def world() -> Iterator[World]:
    """A broker in memory; functions are Active at once and answer with their event."""
    made = World()
    yield made
    made.close()
