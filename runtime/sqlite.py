"""One SQLite file with a thread of its own: the only file that imports sqlite3. Logs and metrics are kept in one, the
index of objects in another.

Whatever waits is done in one transaction: a job that comes alone is written at once, under load many share a commit.
Commits reach the operating system (WAL, `synchronous=NORMAL`): kill -9 loses nothing that was committed, power loss may
take back the last commits and cannot damage the file. Nobody waits for the disk but those who asked for an answer:
`post` never blocks, and refuses what is beyond its bound.

Only the thread touches the connection; jobs are functions of it. SQLite answers reads in order with the writes before
them, so whoever reads sees what was posted earlier.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

from runtime.errors import FunctionsError

log = logging.getLogger(__name__)

T = TypeVar("T")
Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
Job = Callable[[sqlite3.Connection], Any]

#: Of what is posted and not yet committed; beyond it `post` refuses.
PENDING_MAX_BYTES: Final = 16 * 1024 * 1024
#: Of one transaction; it bounds the write-ahead log, too.
BATCH_MAX_BYTES: Final = 4 * 1024 * 1024
BATCH_MAX_JOBS: Final = 1000
#: A broker without a folder keeps everything in memory, and no more than this.
MEMORY_MAX_BYTES: Final = 64 * 1024 * 1024


class DatabaseFailed(FunctionsError, RuntimeError):
    """The file cannot be read or written at the moment; nothing of what was asked for is kept."""

    code = "ServiceUnavailableException"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The service cannot complete the request: {self.reason}."


class _Waiting(NamedTuple):
    job: Job
    size_bytes: int
    #: None for what was posted.
    done: asyncio.Future[Any] | None


class _Finished(NamedTuple):
    waiting: _Waiting
    result: Any
    error: BaseException | None


class Database:
    """`path` None is memory alone. `max_bytes` is what jobs are to keep the file's used pages within; see `room`.

    `synchronous` FULL has a commit wait for the disk. `is_reader` is a second connection to a file that another
    Database writes: its jobs only read, and never wait for a commit.
    """

    def __init__(
        self, path: Path | None, max_bytes: int, *, synchronous: str = "NORMAL", is_reader: bool = False
    ) -> None:
        self.path = path
        self._synchronous = synchronous
        self._begin = "BEGIN" if is_reader else "BEGIN IMMEDIATE"
        self.max_bytes = max_bytes if path is not None else min(max_bytes, MEMORY_MAX_BYTES)
        self._jobs: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="streamcore-sqlite")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: asyncio.Future[None] | None = None
        self._closed = False
        #: Bytes posted and not yet committed.
        self.pending_bytes = 0
        #: Jobs that were posted and got lost because the disk failed.
        self.lost_jobs = 0

    async def open(self) -> None:
        """Raises DatabaseFailed when there is no such folder, or the file is no database."""
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._thread.start()
        await self._opened

    async def close(self) -> None:
        """Commits what waits and ends the thread."""
        if self._loop is None or self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def run(self, job: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """What the job returns, once it is committed; it raises what the job raises, or DatabaseFailed.

        A job that raises must not have written before.
        """
        if self._loop is None or self._closed:
            raise DatabaseFailed("it is closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Waiting(job, 0, done))
        return done

    def post(self, job: Job, size_bytes: int) -> bool:
        """Has the job done some time soon; False when too much waits already, or it is closed."""
        if self._loop is None or self._closed or self.pending_bytes + size_bytes > PENDING_MAX_BYTES:
            return False
        self.pending_bytes += size_bytes
        self._jobs.put(_Waiting(job, size_bytes, None))
        return True

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Callable[[], Awaitable[DatabaseMoment]]]:
        """Commits wait while it is entered; what it gives is called inside, and makes the moment that can be copied
        afterwards. Raises DatabaseFailed."""
        if self.path is None:
            raise DatabaseFailed("a database in memory has nothing to copy")
        loop, entered, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def hold(_: sqlite3.Connection) -> None:
            loop.call_soon_threadsafe(entered.set)
            released.wait()

        holding, path = self.run(hold), self.path
        holding.add_done_callback(lambda _: entered.set())
        try:
            await entered.wait()
            if holding.done():
                await holding
            yield lambda: asyncio.to_thread(DatabaseMoment, path)
        finally:
            released.set()
            await asyncio.wait([holding])

    def room(self, connection: sqlite3.Connection) -> int:
        """Bytes that are left, for a job; negative when there is too much."""
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        return self.max_bytes - int(pages - free) * _PAGE_BYTES

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            connection = _connect(self.path, self._synchronous)
        except sqlite3.Error as error:
            self._tell(self._settle_open, DatabaseFailed(f"{self.path}: {error}"))
            return
        self._tell(self._settle_open, None)
        while (first := self._jobs.get()) is not None:
            batch, is_last = self._waiting(first)
            finished = _transact(connection, batch, self._begin)
            self._tell(self._settle, finished)
            del first, batch, finished  # or they would live until the next job
            if is_last:
                break
        connection.close()

    def _waiting(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """What waits now, within the bounds of a transaction, and whether the end was among it."""
        batch, size_bytes = [first], first.size_bytes
        while len(batch) < BATCH_MAX_JOBS and size_bytes < BATCH_MAX_BYTES:
            try:
                following = self._jobs.get_nowait()
            except Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
            size_bytes += following.size_bytes
        return batch, False

    def _tell(self, callback: Callable[[Any], None], value: object) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(callback, value)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    # ------------------------------------------------------------ the loop

    def _settle_open(self, error: DatabaseFailed | None) -> None:
        assert self._opened is not None
        if self._opened.done():
            return
        if error is None:
            self._opened.set_result(None)
        else:
            self._closed = True
            self._opened.set_exception(error)

    def _settle(self, finished: list[_Finished]) -> None:
        lost: BaseException | None = None
        for (_, size_bytes, done), result, error in finished:
            self.pending_bytes -= size_bytes
            if done is None:
                self.lost_jobs += error is not None
                lost = error or lost
            elif not done.done():
                if error is None:
                    done.set_result(result)
                else:
                    done.set_exception(error)
        if lost is not None:
            log.error("logs or metrics were lost (%d pieces since the start): %s", self.lost_jobs, lost)


class DatabaseMoment:
    """A database as it was at one moment: a read transaction of a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Blocks. Raises DatabaseFailed."""
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the transaction begins here
        except sqlite3.Error as error:
            raise DatabaseFailed(str(error)) from error

    def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What a job finds in it; blocks."""
        return job(self._connection)

    async def copy(self, file: Path) -> None:
        """Writes it to a file, synced. Raises DatabaseFailed, OSError."""
        await asyncio.to_thread(self._copy, file)

    def _copy(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            target = sqlite3.connect(file)
            try:
                self._connection.backup(target)
            finally:
                target.close()
        except sqlite3.Error as error:
            raise DatabaseFailed(str(error)) from error
        with file.open("rb") as written:
            os.fsync(written.fileno())

    def close(self) -> None:
        self._connection.close()


_PAGE_BYTES: Final = 4096


def _connect(path: Path | None, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, cached_statements=256)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA journal_size_limit = {BATCH_MAX_BYTES}")
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _transact(connection: sqlite3.Connection, batch: list[_Waiting], begin: str) -> list[_Finished]:
    """All jobs in one transaction; when the disk refuses it, one by one. So a job may be called twice."""
    finished: list[_Finished] = []
    try:
        connection.execute(begin)
        for waiting in batch:
            try:
                finished.append(_Finished(waiting, waiting.job(connection), None))
            except sqlite3.Error:
                raise
            except Exception as error:  # noqa: BLE001  whoever waits is told, whatever it is
                finished.append(_Finished(waiting, None, error))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if len(batch) > 1:  # each by itself: what only reads, or needs less room, is not to fail with a neighbour
            return [one for waiting in batch for one in _transact(connection, [waiting], begin)]
        reason = DatabaseFailed(str(error))
        return [_Finished(waiting, None, reason) for waiting in batch]
    return finished
