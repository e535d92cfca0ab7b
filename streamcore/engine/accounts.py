"""What is kept of an account in a region."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from streamcore.clock import Clock
from streamcore.engine.committer import Committer
from streamcore.model.account import Commitment
from streamcore.model.stream import Scope
from streamcore.store.base import Row, Store, Table

_ACCOUNT: Final = b"a"  # a + account + "/" + region -> Commitment
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Commitment)


class Accounts:
    def __init__(self, committer: Committer, clock: Clock) -> None:
        self._committer = committer
        self._clock = clock
        self._commitments: dict[Scope, Commitment] = {}
        self._changing = asyncio.Lock()

    async def load(self, store: Store) -> None:
        for key, value in await store.scan(Table.CATALOG, _ACCOUNT):
            account, region = key[1:].decode().split("/")
            self._commitments[Scope(account, region)] = _DECODER.decode(value)

    def commitment(self, scope: Scope) -> Commitment:
        return self._commitments.get(scope, Commitment())

    async def commit_to_throughput(self, scope: Scope, enabled: bool) -> Commitment:
        """Enables or disables the commitment; durable on return."""
        async with self._changing:
            present, now_ms = self.commitment(scope), self._clock.now_ms()
            wanted = present.enabled(now_ms) if enabled else present.disabled(now_ms)
            key = _ACCOUNT + f"{scope.account}/{scope.region}".encode()
            await self._committer.submit([], [Row(Table.CATALOG, key, _ENCODER.encode(wanted))])
            self._commitments[scope] = wanted
            return wanted

    def __repr__(self) -> str:
        return f"<Accounts, {len(self._commitments)} with settings>"
