"""What the store of objects keeps: buckets, versions of objects, uploads in parts.

Times are milliseconds since the epoch, sizes are bytes. A version's content is a row of segments: pieces that are never
changed, in the index when they are small, else a file each. An upload's parts become the segments of its object, so
completing it moves no byte.
"""

from __future__ import annotations

from typing import Final

import msgspec

#: Inside the index up to this size; a file costs two syncs and an inode.
INLINE_MAX_BYTES: Final = 16 * 1024
OBJECT_MAX_BYTES: Final = 5 * 1024**4
#: Of one PutObject, UploadPart or CopyObject.
UPLOAD_MAX_BYTES: Final = 5 * 1024**3
PART_MIN_BYTES: Final = 5 * 1024**2
PARTS_MAX: Final = 10_000
BUCKETS_MAX: Final = 10_000
NULL: Final = "null"


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """A piece of content; `is_inline` ones are in the index, others in a file of this name."""

    name: str
    size: int
    is_inline: bool = False


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What ListParts, GetObjectAttributes and `partNumber` know of a part of an object."""

    number: int
    size: int
    checksum: str = ""


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client said about an object. `headers` are those that GetObject gives back (content-type and its like);
    `checksum` is base64, of a multipart object with `-N` when it is a composite."""

    headers: dict[str, str] = {}
    user: dict[str, str] = {}
    tags: dict[str, str] = {}
    storage_class: str = ""
    redirect: str = ""
    encryption: str = ""
    kms_key: str = ""
    checksum_algorithm: str = ""
    checksum_type: str = ""
    checksum: str = ""
    acl: str = ""
    parts: tuple[Part, ...] = ()
    owner: str = ""


class Version(msgspec.Struct, frozen=True):
    """A version of an object, or a delete marker (which has no content)."""

    key: str
    sequence: int
    version_id: str
    is_marker: bool
    modified_ms: int
    size: int
    etag: str
    meta: Meta
    segments: tuple[Segment, ...] = ()
    is_latest: bool = True


class Entry(msgspec.Struct, frozen=True):
    """A row of a listing: what it costs little to know."""

    key: str
    version_id: str
    sequence: int
    is_latest: bool
    is_marker: bool
    modified_ms: int
    size: int
    etag: str
    storage_class: str
    checksum_algorithm: str = ""
    checksum_type: str = ""
    owner: str = ""


class Upload(msgspec.Struct, frozen=True):
    """A multipart upload that is neither completed nor aborted."""

    upload_id: str
    key: str
    begun_ms: int
    meta: Meta


class UploadedPart(msgspec.Struct, frozen=True):
    number: int
    size: int
    etag: str
    modified_ms: int
    segment: Segment
    checksum: str = ""


class Bucket(msgspec.Struct, frozen=True):
    """`versioning` is `""` (never set), `Enabled` or `Suspended`; `settings` are the stored configurations by kind, as
    the XML or JSON that came."""

    number: int
    name: str
    account: str
    region: str
    created_ms: int
    versioning: str = ""
    settings: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    @property
    def is_versioned(self) -> bool:
        return self.versioning == "Enabled"
