"""docs/s3.md, written from the registry: `python -m runtime.api.s3.table docs/s3.md`. A test asserts that the file is
what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.s3.actions import S3
from runtime.api.tables import DONE, STORED, table

_ACL: Final = "Canned ACLs, and policies that say what a canned one says. Nobody is refused because of them."
_POLICY: Final = "Acted on where authentication is on: [security.md](security.md)."
_ENCRYPTION: Final = "Kept and told. Nothing is encrypted on the disk."
_BLOCK: Final = "Kept and told. Nothing is public or private here."
_NONE: Final = "There is none, and it says so."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "CompleteMultipartUpload": (DONE, "At once, whatever the size: the parts become the object's pieces."),
    "CopyObject": (
        DONE,
        "Of a single piece: another name of the same file. Otherwise read and written, not in memory.",
    ),
    "CreateBucket": (DONE, "Up to 10,000 buckets, of all accounts together. No object lock, no directory buckets."),
    "CreateMultipartUpload": (
        DONE,
        "As PutObject. Without a checksum algorithm, CRC64NVME of the full object, as on AWS.",
    ),
    "DeleteBucketEncryption": (STORED, _ENCRYPTION),
    "DeleteBucketOwnershipControls": (DONE, "Without controls, BucketOwnerEnforced holds, as on AWS."),
    "DeleteBucketPolicy": (DONE, _POLICY),
    "DeleteObjects": (DONE, "Conditions on size and time of the objects answer NotImplemented; on the ETag they hold."),
    "DeletePublicAccessBlock": (STORED, _BLOCK),
    "GetBucketAccelerateConfiguration": (DONE, _NONE),
    "GetBucketAcl": (STORED, _ACL),
    "GetBucketEncryption": (STORED, _ENCRYPTION + " Without a configuration it is an error; AWS tells SSE-S3."),
    "GetBucketLogging": (DONE, _NONE),
    "GetBucketPolicy": (DONE, _POLICY),
    "GetBucketReplication": (DONE, _NONE),
    "GetBucketRequestPayment": (DONE, "The owner of a bucket, always."),
    "GetBucketWebsite": (DONE, _NONE),
    "GetObjectAcl": (STORED, _ACL),
    "GetObjectLockConfiguration": (DONE, _NONE),
    "GetPublicAccessBlock": (STORED, _BLOCK),
    "ListBuckets": (DONE, "Those of the caller's account."),
    "PostObject": (DONE, "A form with a file. The policy's end and conditions are checked, its signature is not."),
    "PutBucketAcl": (STORED, _ACL),
    "PutBucketEncryption": (STORED, _ENCRYPTION),
    "PutBucketLifecycleConfiguration": (
        DONE,
        "Expiration, of old versions and of uploads, too; at midnight UTC. Transitions answer NotImplemented.",
    ),
    "PutBucketLogging": (DONE, "Only to switch it off; to switch it on answers NotImplemented."),
    "PutBucketNotificationConfiguration": (
        DONE,
        "To functions, streams and whatever else is a destination here: any ARN in any kind of configuration. "
        "EventBridge where it is offered.",
    ),
    "PutBucketOwnershipControls": (DONE, "Decides whether ACLs are taken; there is one account to own objects."),
    "PutBucketPolicy": (DONE, _POLICY),
    "PutObject": (
        DONE,
        "Storage class and server-side encryption are kept and told, and have no meaning; archives (GLACIER), SSE-C, "
        "object lock and grants in headers answer NotImplemented. Several writes of a key at once: the last one wins.",
    ),
    "PutObjectAcl": (STORED, _ACL),
    "PutPublicAccessBlock": (STORED, _BLOCK),
}

_HEAD: Final = """# Objects: the S3 API

<!-- Written by `python -m runtime.api.s3.table docs/s3.md`; do not edit. -->

A store of objects on disk, on the broker's port, spoken to as REST-XML: `aws s3 --endpoint-url http://localhost:4566`,
boto3, s3fs and the like. Objects survive `kill -9` once they are answered, and none is ever half there; what is large
is streamed, in and out, and never held in memory.

Buckets are addressed by path (`/bucket/key`) or by host (`bucket.s3.<anything>`, `bucket.localhost`). A request is S3's
when its signature says so, in the header or a presigned URL; when its host has a bucket before `.s3.`; or when it is
unsigned and no other service knows its path. Signatures are verified where authentication is on
([security.md](security.md)); the lifetime of presigned URLs always is.

"""

_TAIL: Final = """
Other sub-resources of S3 (analytics, inventory, replication, website, object lock, …) answer `NotImplemented`.

## Notifications

What happens to objects is told to functions (asynchronously), streams and other destinations, as S3's event of version
2.1 with the key URL-encoded. A notification is written in the same transaction as what it tells of, and delivered after
it, at least once: a target that does not take it gets it again after 1 s, 2 s, … 5 min, for a day. Notifications of a
key may overtake each other; `sequencer` has their order.

`POST /_streamcore/s3-events` takes the notifications of a bucket elsewhere (a webhook of MinIO, an HTTP endpoint of
Ceph). They go where the notification configuration of the bucket of the same name here says, as if they had happened
here.

## On the disk

| in the folder `objects` | |
|---|---|
| `index.sqlite` | buckets, versions, uploads, notifications to deliver, contents up to 16 KiB |
| `files/ab/…` | larger contents: a file per object or part, never changed |
| `incoming/` | files that are being written, or that the index has known for less than a moment |

A content is written and synced first, then the index commits it, many at a time with one sync, then the file moves to
its place. After a crash `incoming` is all that has to be looked at. Without a data folder everything is in a temporary
one that goes with the process. `durability = "os"` leaves out the syncs.

## Faults

| fault | what happens |
|---|---|
| a client that goes away in the middle | nothing is left of its object |
| a content that is not what its checksum, MD5, SHA-256 or length says | 400, nothing is left of it |
| full disk | 503 `ServiceUnavailable`, nothing of the request is stored; reads go on |
| kill -9 | see above; uploads in parts go on where they were |
| an object that is deleted or replaced while it is read | the reader gets all of what it began to read |
"""


def render() -> str:
    """The whole file."""
    head, _, rows = table(S3.actions, NOTES).partition(
        "Other actions of the service answer `UnknownOperationException`."
    )
    return f"{_HEAD}{head.rstrip()}{rows}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
