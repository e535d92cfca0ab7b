"""What the actions about tags share: tags are a list; only rules have them."""

from __future__ import annotations

from typing import Annotated, Final

from runtime.api.events.shapes import EventsShape
from runtime.errors import InvalidEventRuleError
from streamcore.api.aws.shapes import text

TagKey = Annotated[str, text(1, 128)]
TagValue = Annotated[str, text(0, 256)]
TAGS_MAX: Final = 50


class Tag(EventsShape, frozen=True, kw_only=True):
    key: TagKey
    value: TagValue


def merged(present: dict[str, str], tags: list[Tag]) -> dict[str, str]:
    """The tags with further ones. Raises InvalidEventRuleError."""
    together = present | {tag.key: tag.value for tag in tags}
    if len(together) > TAGS_MAX:
        raise InvalidEventRuleError(f"A rule has at most {TAGS_MAX} tags.")
    if any(key.lower().startswith("aws:") for key in together):
        raise InvalidEventRuleError("Tag keys that begin with aws: are reserved.")
    return together
