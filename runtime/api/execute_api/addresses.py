"""Which API a request is for. An API has three names, each with the stage as the first part of what follows:

http://{id}.execute-api.{region}.localhost:4566/{stage}/pets
http://localhost:4566/_aws/execute-api/{id}/{stage}/pets
http://localhost:4566/restapis/{id}/{stage}/_user_request_/pets
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

HOST_PART: Final = ".execute-api."
PATH_PREFIX: Final = "/_aws/execute-api/"
RESTAPIS_PREFIX: Final = "/restapis/"
_USER_REQUEST: Final = "_user_request_"


class Address(msgspec.Struct, frozen=True):
    """`path` begins with the stage: `/prod/pets`; percent-encoded as it came."""

    api_id: str
    path: str


def address_of(path: str, headers: Mapping[str, str]) -> Address | None:
    """None for a request to no API: also for those of the management API below /restapis/."""
    if path.startswith(PATH_PREFIX):
        api_id, _, rest = path[len(PATH_PREFIX) :].partition("/")
        return Address(api_id, f"/{rest}")
    if path.startswith(RESTAPIS_PREFIX):
        return _of_restapis(path)
    label, found, _ = headers.get("host", "").partition(HOST_PART)
    return Address(label.lower(), path) if found and "." not in label else None


def _of_restapis(path: str) -> Address | None:
    api_id, _, rest = path[len(RESTAPIS_PREFIX) :].partition("/")
    stage, _, below = rest.partition("/")
    mark, _, rest = below.partition("/")
    return Address(api_id, f"/{stage}/{rest}") if mark == _USER_REQUEST else None
