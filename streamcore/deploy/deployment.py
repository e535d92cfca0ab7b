"""What the makers of resources work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from streamcore.client.aws import AwsClient
from streamcore.deploy.functions import Code, code_at
from streamcore.deploy.model.identity import Place


class Deployment(NamedTuple):
    """A stack at an endpoint. `folder` is where relative paths begin; `is_watched` runs code where it lies."""

    client: AwsClient
    place: Place
    folder: Path
    is_watched: bool = False

    def code(self, path: str) -> Code:
        """The code at a path of the template. Raises PackingError."""
        place = self.folder / path
        return code_at(place, watched=self.is_watched and place.is_dir())


#: Makes a resource or brings it up to date: (deployment, its name, properties) → attributes that only the endpoint
#: knows, `Ref` among them. Raises AwsCallError, TemplateError, PackingError.
Put = Callable[[Deployment, str, dict[str, Any]], Awaitable[Mapping[str, Any]]]
#: Removes one; one that is not there is no error. Raises AwsCallError.
Remove = Callable[[Deployment, str, dict[str, Any]], Awaitable[None]]


class Maker(NamedTuple):
    put: Put
    remove: Remove
