"""Tag sets: as XML, and as the `x-amz-tagging` header has them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from runtime.model.s3.errors import S3Error, invalid
from streamcore.model.xml import Node

OBJECT_TAGS_MAX: Final = 10
BUCKET_TAGS_MAX: Final = 50
_TEXT: Final = re.compile(r"\A[\w\s+\-=.:/@]*\Z")


def tags_of(root: Node, most: int) -> dict[str, str]:
    """The tags in a Tagging document. Raises S3Error: MalformedXML, InvalidTag."""
    holder = root.first("TagSet") if root.name == "Tagging" else None
    if holder is None:
        raise S3Error("MalformedXML")
    pairs = []
    for node in holder.children:
        key, value = node.raw("Key"), node.raw("Value")
        if node.name != "Tag" or key is None or value is None:
            raise S3Error("MalformedXML")
        pairs.append((key, value))
    return checked(pairs, most)


def tags_in_header(header: str) -> dict[str, str]:
    """`a=1&b=2`. Raises S3Error: InvalidArgument, InvalidTag."""
    try:
        pairs = parse_qsl(header, keep_blank_values=True, strict_parsing=bool(header), max_num_fields=100)
    except ValueError:
        raise invalid(
            "x-amz-tagging",
            header,
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates.",
        ) from None
    return checked(pairs, OBJECT_TAGS_MAX)


def checked(pairs: list[tuple[str, str]], most: int) -> dict[str, str]:
    """Raises S3Error: InvalidTag, InvalidRequest."""
    if len(pairs) > most:
        what = "Object" if most == OBJECT_TAGS_MAX else "Bucket"
        raise S3Error("InvalidTag", f"{what} tags cannot be greater than {most}")
    tags: dict[str, str] = {}
    for key, value in pairs:
        if not 1 <= len(key) <= 128 or not _TEXT.match(key):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid", TagKey=key[:256])
        if len(value) > 256 or not _TEXT.match(value):
            raise S3Error("InvalidTag", "The TagValue you have provided is invalid", TagKey=key, TagValue=value[:300])
        if key.startswith("aws:"):
            raise S3Error("InvalidTag", "System tags cannot be added/updated by requester", TagKey=key)
        if key in tags:
            raise S3Error("InvalidTag", "Cannot provide multiple Tags with the same key", TagKey=key)
        tags[key] = value
    return tags


def as_content(tags: dict[str, str]) -> dict[str, Any]:
    """For `xml.document("Tagging", …)`."""
    return {"TagSet": {"Tag": [{"Key": key, "Value": value} for key, value in tags.items()]}}
