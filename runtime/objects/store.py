"""The store of objects: buckets, objects and their versions, on disk. The one door of this package.

    store = ObjectStore(broker.folder and broker.folder / "objects", broker.clock)
    await store.open()
    content = await store.receive(pieces)                   # in a file, synced
    version = await store.put(bucket, key, content, Meta())  # in the index, with its notifications: now it is there

What `put` and its like return is durable. Content comes first and the index second, so nobody ever sees half an object;
notifications are kept in the same transaction.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from runtime.model.s3.conditions import WriteCondition
from runtime.model.s3.errors import S3Error, no_such_key
from runtime.model.s3.names import check_bucket_name
from runtime.model.s3.values import BUCKETS_MAX, NULL, Bucket, Meta, Segment, Version
from runtime.objects import index
from runtime.objects.blobs import Blobs, Content
from runtime.objects.garbage import Garbage
from runtime.objects.outbox import Outbox
from runtime.sources.s3_event import Cause, Happened
from runtime.sqlite import Connection, Database, DatabaseFailed
from streamcore.clock import Clock
from streamcore.errors import StorageFailed, StorageFull, StorageUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
FILE: Final = "index.sqlite"
_UNBOUNDED: Final = 2**62
#: Sequence numbers that are set aside at a time: microseconds of ten minutes.
RESERVE: Final = 600_000_000

#: (what happened, why) → the notifications to keep with it.
Notify = Callable[[Happened, Cause], list[index.Note]]


class Deleted(msgspec.Struct, frozen=True):
    """What DeleteObject did: `version_id` is the version that went or the marker that came; empty where there are no
    versions."""

    version_id: str = ""
    is_marker: bool = False
    found: bool = True


class ObjectStore:
    """`folder` None is a temporary one, removed by `close`."""

    def __init__(self, folder: Path | None, clock: Clock, *, is_synced: bool = True) -> None:
        self.clock = clock
        self.blobs = Blobs(folder, is_synced=is_synced)
        path = self.blobs.folder / FILE
        synchronous = "FULL" if self.blobs.is_synced else "NORMAL"
        self.database = Database(path, _UNBOUNDED, synchronous=synchronous)
        self.reader = Database(path, _UNBOUNDED, is_reader=True)
        self.garbage = Garbage(self.blobs, self.database)
        self.outbox = Outbox(self.database, clock)
        self.buckets: dict[str, Bucket] = {}
        self.notify: Notify = lambda what, cause: []
        #: Called after a bucket was made, changed (the kind of setting) or deleted.
        self.on_change: list[Callable[[Bucket, str], None]] = []
        self._sequence = self._reserved = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    # ------------------------------------------------------------ life

    async def open(self) -> None:
        """Raises StorageUnavailable. Puts in order what a crash left behind."""
        try:
            await self.blobs.run(self.blobs.prepare)
            await self.database.open()
            await self.database.run(index.create)
            await self.reader.open()
            self.buckets = {bucket.name: bucket for bucket in await self.database.run(index.all_buckets)}
            self._sequence = await self.database.run(index.reserved)
            await self._recover()
        except (DatabaseFailed, StorageFailed, StorageFull, ValueError) as error:
            await self.close()
            raise StorageUnavailable(path=str(self.blobs.folder), reason=str(error)) from error
        await self.outbox.start()

    async def close(self) -> None:
        """Ends what is under way. To close twice, or what was not opened, is no error."""
        if self._is_closed:
            return
        self._is_closed = True
        await self.outbox.close()
        while self._tasks:
            await asyncio.wait(list(self._tasks))
        await self.garbage.close()
        await self.reader.close()
        await self.database.close()
        await asyncio.get_running_loop().run_in_executor(None, self.blobs.close)

    async def _recover(self) -> None:
        left_over = await self.blobs.run(self.blobs.left_over)
        known = await self.database.run(index.placing)
        for name in left_over:
            if name in known:
                await self.blobs.run(self.blobs.place_file, name)
        await self.blobs.run(self.blobs.remove, [name for name in left_over if name not in known])
        await self.database.run(lambda c: index.placed(c, known))
        self.garbage.add(await self.database.run(index.garbage))

    # ------------------------------------------------------------ buckets

    def bucket(self, name: str) -> Bucket:
        """Raises S3Error: NoSuchBucket."""
        found = self.buckets.get(name)
        if found is None:
            raise S3Error("NoSuchBucket", BucketName=name[:256])
        return found

    async def create_bucket(self, name: str, account: str, region: str, settings: dict[str, str]) -> Bucket:
        """Raises S3Error: InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou, TooManyBuckets."""
        check_bucket_name(name)

        def job(connection: Connection) -> Bucket:
            present = index.bucket_named(connection, name)
            if present is not None:
                mine = present.account == account
                raise S3Error("BucketAlreadyOwnedByYou" if mine else "BucketAlreadyExists", BucketName=name)
            return index.add_bucket(connection, Bucket(0, name, account, region, self.clock.now_ms(), "", settings))

        if name not in self.buckets and len(self.buckets) >= BUCKETS_MAX:
            raise S3Error("TooManyBuckets")
        made = await self.database.run(job)
        self.buckets[name] = made
        self._changed(made, "")
        return made

    async def delete_bucket(self, name: str) -> None:
        """Raises S3Error: NoSuchBucket, BucketNotEmpty."""
        bucket = self.bucket(name)
        dropped = await self.database.run(lambda c: index.drop_bucket(c, bucket.number))
        self.buckets.pop(name, None)
        self.garbage.add(dropped)
        self._changed(bucket, "")

    async def change_bucket(self, name: str, kind: str, value: str | None) -> Bucket:
        """Keeps a configuration; None removes it. `versioning` is one, too. Raises S3Error: NoSuchBucket."""

        def job(connection: Connection) -> Bucket:
            present = index.bucket_named(connection, name)
            if present is None:
                raise S3Error("NoSuchBucket", BucketName=name)
            if kind == "versioning":
                changed = msgspec.structs.replace(present, versioning=value or "")
            else:
                others = {k: v for k, v in present.settings.items() if k != kind}
                changed = msgspec.structs.replace(present, settings=others if value is None else others | {kind: value})
            index.save_bucket(connection, changed)
            return changed

        changed = await self.database.run(job)
        self.buckets[name] = changed
        self._changed(changed, kind)
        return changed

    def _changed(self, bucket: Bucket, kind: str) -> None:
        for hear in self.on_change:
            hear(bucket, kind)

    # ------------------------------------------------------------ in

    async def receive(
        self, pieces: AsyncIterator[bytes], algorithms: Iterable[str] = (), most: int = _UNBOUNDED
    ) -> Content:
        """Takes a content in. Raises what the pieces raise, S3Error (EntityTooLarge), StorageFull; nothing is left of
        it then."""
        incoming = self.blobs.incoming(algorithms)
        try:
            async for piece in pieces:
                await incoming.write(piece)
                if incoming.size > most:
                    raise S3Error("EntityTooLarge", MaxSizeAllowed=str(most), ProposedSize=str(incoming.size))
        except BaseException:
            await incoming.abandon()
            raise
        return await incoming.finish()

    async def discard(self, content: Content) -> None:
        """A content that nobody wants after all."""
        if not content.segment.is_inline:
            await self.blobs.run(self.blobs.remove, [content.segment.name])

    async def put(
        self,
        bucket: Bucket,
        key: str,
        content: Content,
        meta: Meta,
        *,
        event: str = "ObjectCreated:Put",
        cause: Cause | None = None,
        condition: WriteCondition | None = None,
    ) -> Version:
        """Makes the content an object. Raises S3Error: NoSuchBucket, PreconditionFailed; the content is gone then."""
        made = self.new_version(bucket, key, content.size, content.md5, meta, (content.segment,))
        inline = {content.segment.name: content.inline} if content.segment.is_inline else {}

        def job(connection: Connection) -> tuple[Version, list[str]]:
            done = self.insert(connection, bucket, made, inline, event, cause or Cause(), condition or WriteCondition())
            index.to_be_placed(connection, made.segments)
            return done

        return await self.commit(job, content)

    def new_version(
        self, bucket: Bucket, key: str, size: int, etag: str, meta: Meta, segments: tuple[Segment, ...]
    ) -> Version:
        sequence = self.next_sequence()
        version_id = new_version_id(sequence) if bucket.is_versioned else NULL
        return Version(key, sequence, version_id, False, self.clock.now_ms(), size, etag, meta, segments)

    def next_sequence(self) -> int:
        """Grows, also from start to start."""
        self._sequence = max(self._sequence + 1, self.clock.now_ms() * 1000)
        if self._sequence >= self._reserved:
            # Written before whatever is given this number, and not again for a while.
            self._reserved = reserved = self._sequence + RESERVE
            self.database.post(lambda c: index.reserve(c, reserved), 0)
        return self._sequence

    def insert(
        self,
        connection: Connection,
        bucket: Bucket,
        made: Version,
        inline: dict[str, bytes],
        event: str,
        cause: Cause,
        condition: WriteCondition,
    ) -> tuple[Version, list[str]]:
        """A job: the version comes on top, with its notifications; the files that nobody needs any more."""
        index.check_bucket(connection, bucket)
        if condition != WriteCondition():
            present = index.latest(connection, bucket.number, made.key)
            condition.check(made.key, None if present is None or present.is_marker else present.etag)
        dropped = index.insert(connection, bucket.number, made, inline)
        self.keep_notes(connection, bucket, made, event, cause)
        return made, dropped

    def keep_notes(self, connection: Connection, bucket: Bucket, version: Version, event: str, cause: Cause) -> None:
        """Part of a job: what is to be told of this."""
        now_ms = self.clock.now_ms()
        what = Happened(
            event, bucket, version.key, version.version_id, version.sequence, now_ms, version.size, version.etag,
            version.is_marker,
        )  # fmt: skip
        index.keep_notes(connection, self.notify(what, cause), now_ms)

    async def tell(self, notes: list[index.Note]) -> None:
        """Notifications that come with no change of an object."""
        if notes:
            now_ms = self.clock.now_ms()
            await self.database.run(lambda c: index.keep_notes(c, notes, now_ms))
            self.outbox.wake()

    async def commit(self, job: Callable[[Connection], tuple[T, list[str]]], *contents: Content) -> T:
        """Runs a job that makes contents part of something, then moves their files to their places. A caller that goes
        away does not leave it half done."""
        return await asyncio.shield(self._spawn(self._commit(job, contents)))

    async def _commit(self, job: Callable[[Connection], tuple[T, list[str]]], contents: tuple[Content, ...]) -> T:
        try:
            result, dropped = await self.database.run(job)
        except BaseException:
            for content in contents:
                await self.discard(content)
            raise
        files = [content.segment for content in contents if not content.segment.is_inline]
        if files:
            await self.blobs.run(self.blobs.place, files)
            self.database.post(lambda c: index.placed(c, [file.name for file in files]), 0)
        self.garbage.add(dropped)
        self.outbox.wake()
        return result

    # ------------------------------------------------------------ out

    async def look(self, bucket: Bucket, key: str, version_id: str | None = None) -> Version:
        """What is known of an object. Raises S3Error: NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker)."""
        return checked(await self.reader.run(lambda c: _find(c, bucket, key, version_id)), key, version_id)

    async def open_object(self, bucket: Bucket, key: str, version_id: str | None = None) -> Opened:
        """An object whose content can be read until it is closed, whatever happens to it meanwhile. Raises as
        `look`."""

        def job(connection: Connection) -> tuple[Version | None, dict[str, bytes]]:
            found = _find(connection, bucket, key, version_id)
            return found, {} if found is None else index.inline_data(connection, found.segments)

        with self.garbage.looking():
            found, inline = await self.reader.run(job)
            version = checked(found, key, version_id)
            return Opened(self.blobs, self.garbage, version, inline)

    async def change_meta(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        change: Callable[[Meta], Meta],
        event: str,
        cause: Cause,
    ) -> Version:
        """Tags and ACLs: a change of what is known, not of the content. Raises as `look`."""

        def job(connection: Connection) -> tuple[Version, list[str]]:
            found = checked(_find(connection, bucket, key, version_id), key, version_id)
            index.change_meta(connection, bucket.number, found, change(found.meta))
            self.keep_notes(connection, bucket, found, event, cause)
            return found, []

        return await self.commit(job)

    async def delete(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None = None,
        *,
        cause: Cause | None = None,
        condition: WriteCondition | None = None,
        family: str = "ObjectRemoved",
        only_sequence: int | None = None,
    ) -> Deleted:
        """DeleteObject: a version, or the object, or a delete marker on top of it, as the bucket's versioning says.
        `only_sequence`: not if something newer is there. Raises S3Error: NoSuchBucket, PreconditionFailed,
        NoSuchKey."""
        sequence, now_ms = self.next_sequence(), self.clock.now_ms()

        def job(connection: Connection) -> tuple[Deleted, list[str]]:
            index.check_bucket(connection, bucket)
            present = index.latest(connection, bucket.number, key)
            if only_sequence is not None and (present is None or present.sequence != only_sequence):
                return Deleted(found=False), []
            if condition is not None:
                condition.check(key, None if present is None or present.is_marker else present.etag)
            if version_id is not None:
                return self._remove(connection, bucket, key, version_id, family, cause or Cause(), sequence)
            if not bucket.versioning:
                done, dropped = self._remove(connection, bucket, key, NULL, family, cause or Cause(), sequence)
                return Deleted(found=done.found), dropped
            marker_id = new_version_id(sequence) if bucket.is_versioned else NULL
            marker = Version(key, sequence, marker_id, True, now_ms, 0, "", Meta())
            dropped = index.insert(connection, bucket.number, marker, {})
            self.keep_notes(connection, bucket, marker, f"{family}:DeleteMarkerCreated", cause or Cause())
            return Deleted(marker_id, True), dropped

        return await self.commit(job)

    def _remove(
        self,
        connection: Connection,
        bucket: Bucket,
        key: str,
        version_id: str,
        family: str,
        cause: Cause,
        sequence: int,
    ) -> tuple[Deleted, list[str]]:
        gone = index.version(connection, bucket.number, key, version_id)
        if gone is None:
            return Deleted(version_id, found=False), []
        dropped = index.remove(connection, bucket.number, gone)
        told = msgspec.structs.replace(gone, sequence=sequence)
        self.keep_notes(connection, bucket, told, f"{family}:Delete", cause)
        return Deleted(version_id, gone.is_marker), dropped

    # ------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def __repr__(self) -> str:
        return f"<ObjectStore {self.blobs.folder}, {len(self.buckets)} buckets>"


class Opened:
    """An object to be read; whoever has it closes it."""

    def __init__(self, blobs: Blobs, garbage: Garbage, version: Version, inline: dict[str, bytes]) -> None:
        self.version = version
        self._blobs = blobs
        self._garbage = garbage
        self._inline = inline
        self._names = [segment.name for segment in version.segments if not segment.is_inline]
        garbage.pin(self._names)

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Bytes [start, stop), in pieces."""
        stop = self.version.size if stop is None else stop
        at = 0
        for segment in self.version.segments:
            first, last = max(start - at, 0), min(stop - at, segment.size)
            at += segment.size
            if first >= last:
                continue
            if segment.is_inline:
                yield self._inline[segment.name][first:last]
                continue
            async for piece in self._blobs.read(segment, first, last):
                yield piece

    @property
    def is_inline(self) -> bool:
        return not self._names

    def whole(self, start: int, stop: int) -> bytes:
        """Bytes of a content that is in the index."""
        return b"".join(self._inline[segment.name] for segment in self.version.segments)[start:stop]

    def close(self) -> None:
        names, self._names = self._names, []
        self._garbage.unpin(names)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _find(connection: Connection, bucket: Bucket, key: str, version_id: str | None) -> Version | None:
    if version_id is None:
        return index.latest(connection, bucket.number, key)
    return index.version(connection, bucket.number, key, version_id)


def checked(found: Version | None, key: str, version_id: str | None) -> Version:
    """A version with a content. Raises S3Error: NoSuchKey, NoSuchVersion, MethodNotAllowed."""
    if found is None:
        raise no_such_key(key) if version_id is None else S3Error("NoSuchVersion", Key=key, VersionId=version_id)
    if not found.is_marker:
        return found
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id}
    if version_id is None:
        raise S3Error("NoSuchKey", headers=headers, Key=key)
    raise S3Error("MethodNotAllowed", headers={**headers, "allow": "DELETE"}, Method="GET", ResourceType="DeleteMarker")


def new_version_id(sequence: int) -> str:
    """32 characters, as AWS's; never given twice."""
    return base64.urlsafe_b64encode(sequence.to_bytes(8, "big") + secrets.token_bytes(16)).decode()
