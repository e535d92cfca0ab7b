from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.model.s3.values import Bucket
from runtime.objects.store import ObjectStore
from streamcore.clock import ManualClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ObjectStore]:
    store = ObjectStore(tmp_path / "objects", ManualClock())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def bucket(store: ObjectStore) -> Bucket:
    return await store.create_bucket("pics", "123456789012", "eu-west-1", {})
