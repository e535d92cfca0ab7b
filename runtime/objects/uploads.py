"""Multipart uploads: parts come in any order and become one object at once.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from runtime.model.s3 import checksums
from runtime.model.s3.conditions import WriteCondition
from runtime.model.s3.errors import S3Error
from runtime.model.s3.values import (
    OBJECT_MAX_BYTES,
    PART_MIN_BYTES,
    PARTS_MAX,
    Bucket,
    Meta,
    Part,
    Upload,
    UploadedPart,
    Version,
)
from runtime.objects import index
from runtime.objects.blobs import Content
from runtime.objects.store import ObjectStore
from runtime.sources.s3_event import Cause
from runtime.sqlite import Connection

_PART: Final = msgspec.msgpack.Decoder(UploadedPart)


class Named(NamedTuple):
    """A part as CompleteMultipartUpload names it; `checksum` empty when it says none."""

    number: int
    etag: str
    checksum: str = ""


class Uploads:
    """The uploads of a store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def begin(self, bucket: Bucket, key: str, meta: Meta) -> Upload:
        upload = Upload(secrets.token_urlsafe(48), key, self._store.clock.now_ms(), meta)

        def job(connection: Connection) -> None:
            index.check_bucket(connection, bucket)
            connection.execute(
                "INSERT INTO uploads (bucket, key, id, begun_ms, meta) VALUES (?, ?, ?, ?, ?)",
                (bucket.number, key.encode(), upload.upload_id, upload.begun_ms, index.encode(meta)),
            )

        await self._store.database.run(job)
        return upload

    async def find(self, bucket: Bucket, key: str, upload_id: str) -> Upload:
        """Raises S3Error: NoSuchUpload."""
        return await self._store.reader.run(lambda c: _upload(c, bucket, key, upload_id))

    async def add(
        self, bucket: Bucket, key: str, upload_id: str, number: int, content: Content, checksum: str
    ) -> UploadedPart:
        """Keeps a part; one of the same number is replaced. Raises S3Error: NoSuchUpload."""
        part = UploadedPart(number, content.size, content.md5, self._store.clock.now_ms(), content.segment, checksum)

        def job(connection: Connection) -> tuple[UploadedPart, list[str]]:
            _upload(connection, bucket, key, upload_id)
            former = connection.execute(
                "SELECT body FROM parts WHERE upload = ? AND number = ?", (upload_id, number)
            ).fetchone()
            dropped = [] if former is None else index.drop_segments(connection, [_PART.decode(former[0]).segment])
            connection.execute(
                "INSERT OR REPLACE INTO parts (upload, number, body) VALUES (?, ?, ?)",
                (upload_id, number, index.encode(part)),
            )
            if content.segment.is_inline:
                connection.execute(
                    "INSERT INTO small (name, data) VALUES (?, ?)", (content.segment.name, content.inline)
                )
            index.to_be_placed(connection, [content.segment])
            return part, dropped

        return await self._store.commit(job, content)

    async def parts(self, upload_id: str, after: int, most: int) -> list[UploadedPart]:
        """Parts behind a number, in order."""
        return await self._store.reader.run(lambda c: _parts(c, upload_id, after, most))

    async def abort(self, bucket: Bucket, key: str, upload_id: str) -> None:
        """Raises S3Error: NoSuchUpload."""

        def job(connection: Connection) -> tuple[None, list[str]]:
            _upload(connection, bucket, key, upload_id)
            dropped = index.drop_parts(connection, upload_id)
            _forget(connection, bucket, key, upload_id)
            return None, dropped

        await self._store.commit(job)

    async def complete(
        self,
        bucket: Bucket,
        key: str,
        upload_id: str,
        named: Sequence[Named],
        *,
        size: int | None,
        checksum: tuple[str, str] | None,
        cause: Cause,
        condition: WriteCondition,
    ) -> Version:
        """Makes the parts an object. Raises S3Error: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall,
        EntityTooLarge, BadDigest, InvalidRequest, PreconditionFailed."""
        store = self._store
        upload = await self.find(bucket, key, upload_id)
        held = {part.number: part for part in await self.parts(upload_id, 0, PARTS_MAX)}
        chosen = _chosen(named, held)
        meta = await store.blobs.run(_whole_meta, upload.meta, chosen)
        total = sum(part.size for part in chosen)
        if size is not None and size != total:
            raise S3Error(
                "InvalidRequest", "The provided 'x-amz-mp-object-size' header does not match what was computed."
            )
        if total > OBJECT_MAX_BYTES:
            raise S3Error("EntityTooLarge")
        if checksum is not None and checksum != (meta.checksum_algorithm, meta.checksum):
            raise S3Error("BadDigest", f"The {checksum[0]} you specified did not match the calculated checksum.")
        made = store.new_version(
            bucket, key, total, etag_of(chosen), meta, tuple(part.segment for part in chosen if part.size)
        )

        def job(connection: Connection) -> tuple[Version, list[str]]:
            _upload(connection, bucket, key, upload_id)
            present = {part.number: part for part in _parts(connection, upload_id, 0, PARTS_MAX)}
            if any(present.get(part.number) != part for part in chosen):
                raise S3Error("InvalidPart", UploadId=upload_id)
            made_, dropped = store.insert(
                connection, bucket, made, {}, "ObjectCreated:CompleteMultipartUpload", cause, condition
            )
            kept = {part.number for part in chosen if part.size}
            dropped += index.drop_segments(connection, [p.segment for n, p in present.items() if n not in kept])
            connection.execute("DELETE FROM parts WHERE upload = ?", (upload_id,))
            _forget(connection, bucket, key, upload_id)
            return made_, dropped

        return await store.commit(job)


def _upload(connection: Connection, bucket: Bucket, key: str, upload_id: str) -> Upload:
    row = connection.execute(
        "SELECT begun_ms, meta FROM uploads WHERE bucket = ? AND key = ? AND id = ?",
        (bucket.number, key.encode(), upload_id),
    ).fetchone()
    if row is None:
        raise S3Error("NoSuchUpload", UploadId=upload_id[:256])
    return Upload(upload_id, key, row[0], index.read_meta(row[1]))


def _parts(connection: Connection, upload_id: str, after: int, most: int) -> list[UploadedPart]:
    rows = connection.execute(
        "SELECT body FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?", (upload_id, after, most)
    )
    return [_PART.decode(body) for (body,) in rows]


def _forget(connection: Connection, bucket: Bucket, key: str, upload_id: str) -> None:
    connection.execute(
        "DELETE FROM uploads WHERE bucket = ? AND key = ? AND id = ?", (bucket.number, key.encode(), upload_id)
    )


def _chosen(named: Sequence[Named], held: dict[int, UploadedPart]) -> list[UploadedPart]:
    if not named:
        raise S3Error("MalformedXML")
    chosen: list[UploadedPart] = []
    for one in named:
        part = held.get(one.number)
        if chosen and one.number <= chosen[-1].number:
            raise S3Error("InvalidPartOrder")
        if part is None or part.etag != one.etag or (one.checksum and part.checksum != one.checksum):
            raise S3Error("InvalidPart", PartNumber=str(one.number), ETag=one.etag[:100])
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < PART_MIN_BYTES:
            raise S3Error(
                "EntityTooSmall",
                ProposedSize=str(part.size),
                MinSizeAllowed=str(PART_MIN_BYTES),
                PartNumber=str(part.number),
                ETag=part.etag,
            )
    return chosen


def _whole_meta(meta: Meta, chosen: Sequence[UploadedPart]) -> Meta:
    """What is known of the object: its parts, and a checksum made of theirs. Takes a while for many parts."""
    parts = tuple(Part(part.number, part.size, part.checksum) for part in chosen)
    algorithm = meta.checksum_algorithm
    if not algorithm:
        return msgspec.structs.replace(meta, parts=parts)
    known = [(part.checksum, part.size) for part in chosen]
    whole = checksums.combined(algorithm, meta.checksum_type, known)
    return msgspec.structs.replace(meta, parts=parts, checksum=whole)


def etag_of(parts: Sequence[UploadedPart]) -> str:
    """The MD5 of the parts' MD5s, and how many they are."""
    whole = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(parts)}"
