"""An invocation whose result is read while the function still writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from runtime.functions.invoker import Invoked
from runtime.workers.stream import ResponseStream


class StreamedInvocation:
    """Iterate over the pieces, then ask for `outcome`. Whoever begins one closes it."""

    def __init__(self, stream: ResponseStream, task: asyncio.Task[Invoked], first: bytes | None) -> None:
        self._stream = stream
        self._task = task
        self._first = first

    @property
    def content_type(self) -> str | None:
        """What the function said its result is."""
        return self._stream.content_type

    def __aiter__(self) -> StreamedInvocation:
        return self

    async def __anext__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return await anext(self._stream)

    async def outcome(self) -> Invoked:
        """What came of it. Raises what the invoker raises."""
        return await self._task

    async def aclose(self) -> None:
        """Nobody reads any more. The function goes on to its end, as Lambda does when a client hangs up."""
        self._stream.abandon()


async def begin(invoke: Callable[[ResponseStream], Awaitable[Invoked]]) -> StreamedInvocation:
    """Starts it, and waits for its first piece, or for its end when there is none; an invocation that failed before it
    had anything to say has no pieces. Raises what `invoke` raises before anything was run."""
    stream = ResponseStream()

    async def run() -> Invoked:
        try:
            return await invoke(stream)
        finally:
            stream.end()

    task = asyncio.get_running_loop().create_task(run())
    _KEPT.add(task)
    task.add_done_callback(_KEPT.discard)
    first = await anext(stream, None)
    if first is None:
        await asyncio.shield(task)
    return StreamedInvocation(stream, task, first)


#: Tasks that nobody may wait for any more are still to be finished.
_KEPT: set[asyncio.Task[Invoked]] = set()
