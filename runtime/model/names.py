"""How a function, a version or alias of it, or a layer is named: by name, partial ARN or ARN, qualified or not.

Rules and sentences: AWS Lambda API reference, and answers of the service.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from runtime.errors import InvalidValueError, NotFoundError
from streamcore.model.stream import Scope

LATEST: Final = "$LATEST"
NAME_MAX_CHARS: Final = 64

_FUNCTION: Final = re.compile(
    r"(?a)\A(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?\Z"
)
_LAYER: Final = re.compile(
    r"(?a)\Aarn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[a-zA-Z0-9-_]+)"
    r"(?::(?P<version>\d{1,18}))?\Z"
)
_NUMBER: Final = re.compile(r"(?a)\A[0-9]+\Z")


class FunctionKey(NamedTuple):
    """Which function, wherever it is asked for."""

    account: str
    region: str
    name: str

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    def qualified(self, qualifier: str | None) -> str:
        """The ARN with a qualifier behind it, if there is one."""
        return self.arn if qualifier is None else f"{self.arn}:{qualifier}"


class FunctionRef(NamedTuple):
    """A function as a caller names it; `qualifier` is None where none was given."""

    key: FunctionKey
    qualifier: str | None

    @property
    def arn(self) -> str:
        return self.key.qualified(self.qualifier)


def parse_function(text: str, qualifier: str | None, scope: Scope) -> FunctionRef:
    """The function that a caller in `scope` names; an ARN brings its own account, and must be of the caller's region.

    Raises InvalidValueError (no name, or two different qualifiers), NotFoundError (another region).
    """
    match = _FUNCTION.match(text)
    if match is None:
        raise InvalidValueError(f"Invalid function name: {text[:300]}")
    region, account = match["region"] or scope.region, match["account"] or scope.account
    if region != scope.region:
        raise NotFoundError(f"Functions from '{region}' are not reachable in this region ('{scope.region}')")
    if match["qualifier"] and qualifier and match["qualifier"] != qualifier:
        raise InvalidValueError("The derived qualifier from the function name does not match the specified qualifier.")
    return FunctionRef(FunctionKey(account, region, match["name"]), qualifier or match["qualifier"])


def parse_function_arn(arn: str) -> FunctionRef | None:
    """A whole function ARN, or None for anything else."""
    match = _FUNCTION.match(arn) if arn.startswith("arn:") else None
    if match is None or match["region"] is None or match["account"] is None:
        return None
    return FunctionRef(FunctionKey(match["account"], match["region"], match["name"]), match["qualifier"])


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a version's number or `$LATEST`; any other is an alias."""
    return qualifier == LATEST or _NUMBER.match(qualifier) is not None


class LayerKey(NamedTuple):
    """Which layer."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:layer:{self.name}"

    def version_arn(self, version: int) -> str:
        return f"{self.arn}:{version}"


def parse_layer(text: str, scope: Scope) -> LayerKey:
    """A layer by name or ARN. Raises InvalidValueError for an ARN with a version."""
    if not text.startswith("arn:"):
        return LayerKey(scope.account, scope.region, text)
    match = _LAYER.match(text)
    if match is None or match["version"] is not None:
        raise InvalidValueError(f"Invalid Layer ARN: {text[:300]}")
    return LayerKey(match["account"], match["region"], match["name"])


def parse_layer_version(arn: str) -> tuple[LayerKey, int] | None:
    """A layer version's ARN, or None for anything else."""
    match = _LAYER.match(arn)
    if match is None or match["version"] is None:
        return None
    return LayerKey(match["account"], match["region"], match["name"]), int(match["version"])
