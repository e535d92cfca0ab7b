"""A volume as it was at one moment, copied while writing goes on.

LMDB keeps the pages of a read transaction as they are; so the moment is a transaction, and the copy is what LMDB's own
compacting copy makes of it. Pages that are freed meanwhile cannot be used again before the transaction ends, and the
map cannot grow under it: `lmdb.py` makes room before.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class Moment(Protocol):
    """What a store held when all of it stood still."""

    async def copy(self, folder: Path) -> None:
        """Writes it below a folder, where the store would have it, synced. Raises OSError."""

    def close(self) -> None:
        """Lets go of it; to be called once."""


class VolumeMoment:
    """The moment of an LMDB environment; `release` is called once when it is let go."""

    def __init__(self, environment: Any, transaction: Any, release: Callable[[], None]) -> None:
        self._environment = environment
        self._transaction = transaction
        self._release = release

    async def copy(self, folder: Path) -> None:
        await asyncio.to_thread(self._copy, folder / "volume")

    def _copy(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        try:
            self._environment.copy(str(folder), compact=True, txn=self._transaction)
        except Exception as error:  # lmdb.Error: only lmdb.py knows it
            raise OSError(f"the volume cannot be copied to {folder}: {error}") from error
        with (folder / "data.mdb").open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        self._transaction.abort()
        self._release()
