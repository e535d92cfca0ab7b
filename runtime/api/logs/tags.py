"""What the actions about tags share: tags are a map; only groups have them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.shapes import text

TagKey = Annotated[str, text(1, 128)]
TagValue = Annotated[str, text(0, 256)]
Tags = Annotated[dict[TagKey, TagValue], msgspec.Meta(min_length=1, max_length=50)]
