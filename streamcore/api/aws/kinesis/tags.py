"""What the six actions about tags share. A resource is a stream or a consumer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from streamcore.api.aws.shapes import Shape, text

TagKey = Annotated[str, text(1, 128)]
TagValue = Annotated[str, text(0, 256)]
#: 50 is the limit of what a stream has, which is checked with the service's own sentence.
Tags = Annotated[dict[TagKey, TagValue], msgspec.Meta(min_length=1, max_length=200)]
TagKeys = Annotated[list[TagKey], msgspec.Meta(min_length=1, max_length=50)]


class Tag(Shape, frozen=True, kw_only=True):
    key: str
    value: str | None = None


def tag_list(tags: Mapping[str, str]) -> list[Tag]:
    """In the order of their keys."""
    return [Tag(key=key, value=tags[key]) for key in sorted(tags)]
