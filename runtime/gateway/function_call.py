"""A function behind a gateway: it has until the integration's timeout; what comes later is not waited for, but the
function goes on, as at AWS. For REST and HTTP APIs alike."""

from __future__ import annotations

import asyncio

from runtime.gateway.ports import NOTHING, Behalf, CallFunction
from runtime.model.invocation import Outcome
from streamcore.model.stream import Scope


class FunctionCalls:
    """Calls functions, and knows those that nobody waits for any more."""

    def __init__(self, call: CallFunction) -> None:
        self._call = call
        self._left: set[asyncio.Future[Outcome]] = set()

    async def __call__(
        self,
        arn: str,
        event: bytes,
        *,
        scope: Scope,
        request_id: str,
        timeout_s: float,
        behalf: Behalf = NOTHING,
    ) -> Outcome:
        """`behalf` decides whether it may be called, where authentication is on. Raises TimeoutError,
        FunctionsError."""
        work = asyncio.ensure_future(self._call(arn, event, scope=scope, request_id=request_id, behalf=behalf))
        try:
            done, _ = await asyncio.wait({work}, timeout=timeout_s)
        except asyncio.CancelledError:
            self._leave(work)
            raise
        if not done:
            self._leave(work)
            raise TimeoutError
        return work.result()

    async def close(self) -> None:
        """Ends those that go on; their workers end with the pool."""
        for work in self._left:
            work.cancel()
        if self._left:
            await asyncio.wait(self._left)

    def _leave(self, work: asyncio.Future[Outcome]) -> None:
        self._left.add(work)
        work.add_done_callback(self._ended)

    def _ended(self, work: asyncio.Future[Outcome]) -> None:
        self._left.discard(work)
        if not work.cancelled():
            work.exception()  # nobody waits for it
