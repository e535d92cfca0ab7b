"""Publishing versions, and aliases that point to one version, or to two with a weight.

A version is immutable and numbered from 1 on; numbers are never used again. Publishing what was published last is the
last version again. An alias may send a share of its invocations to one further version.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

import msgspec

from runtime.errors import InvalidValueError
from runtime.model.configuration import Configuration, Function
from runtime.model.names import LATEST

ALIAS_WEIGHTS_MAX: Final = 1


class Alias(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A name for a version. `weights` are the shares (0-1) of further versions."""

    name: str
    version: str
    revision_id: str
    description: str = ""
    weights: dict[str, float] = {}


class Publication(msgspec.Struct, frozen=True):
    """What publishing comes to: the version, and the function that has it. `is_new` is false for a no-op."""

    version: Configuration
    function: Function
    is_new: bool


def fingerprint(configuration: Configuration) -> str:
    """Equal for configurations between which publishing makes no difference."""
    plain = msgspec.structs.replace(
        configuration, revision_id="", modified_ms=0, version=LATEST, state="Active", last_update="Successful"
    )
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def publish(
    function: Function, versions: Mapping[str, Configuration], revision_id: str, description: str | None = None
) -> Publication:
    """The version that publishing `$LATEST` gives. `revision_id` is that of a new version."""
    print_, last = fingerprint(function.latest), versions.get(str(function.last_version))
    if last is not None and print_ == function.published:
        return Publication(last, function, False)
    number = function.last_version + 1
    version = msgspec.structs.replace(
        function.latest,
        version=str(number),
        revision_id=revision_id,
        description=function.latest.description if description is None else description,
    )
    return Publication(version, msgspec.structs.replace(function, last_version=number, published=print_), True)


def check_sha256(function: Function, given: str | None) -> None:
    """`given` is base64 of the code's SHA-256. Raises InvalidValueError when it is another."""
    present = code_sha256(function.latest)
    if given and given != present:
        raise InvalidValueError(
            f"CodeSHA256 ({given[:200]}) is different from current CodeSHA256 in $LATEST ({present}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )


def code_sha256(configuration: Configuration) -> str:
    """As AWS shows it: base64 of the zip's SHA-256; of nothing for code that is read where it lies."""
    return b64encode(bytes.fromhex(configuration.code.digest)).decode()


def check_weights(version: str, weights: Mapping[str, float]) -> None:
    """Raises InvalidValueError for shares that an alias to `version` cannot have."""
    if len(weights) > ALIAS_WEIGHTS_MAX:
        raise InvalidValueError(
            f"Number of items in AdditionalVersionWeights cannot be greater than {ALIAS_WEIGHTS_MAX}"
        )
    if weights and version == LATEST:
        raise InvalidValueError("$LATEST is not supported for an alias pointing to more than 1 version")
    for other, weight in weights.items():
        if other == version:
            raise InvalidValueError(
                f"Invalid function version {other}. "
                f"Function version {other} is already included in routing configuration."
            )
        if not 0.0 <= weight <= 1.0:
            raise InvalidValueError(f"The weight of version {other} must be between 0 and 1.")


def pick(alias: Alias, chance: float) -> str:
    """The version that serves an invocation; `chance` is a random number of 0 ≤ chance < 1."""
    for version, weight in alias.weights.items():
        if chance < weight:
            return version
        chance -= weight
    return alias.version
