"""What a function is: its configuration, the values that AWS allows in it, and its states.

`Configuration` is what `$LATEST` and every published version have; `Function` is what they belong to. Settings that
nothing here acts on are kept as they were given, in AWS's names. Rules and sentences: AWS Lambda API reference and
answers of the service.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from runtime.errors import ConflictError, InvalidValueError, PreconditionError
from runtime.model.function import MAX_ENVIRONMENT_BYTES, RESERVED_VARIABLES
from runtime.model.names import LATEST, FunctionKey, parse_layer_version
from runtime.model.policy import Policy

LAYERS_MAX: Final = 5
TAGS_MAX: Final = 50
UNZIPPED_MAX_BYTES: Final = 262_144_000
ZIPPED_MAX_BYTES: Final = 52_428_800
CODE_STORAGE_MAX_BYTES: Final = 80_530_636_800

#: Identifiers that AWS has; those it deprecated still name a language and are taken.
RUNTIMES: Final = (
    "nodejs26.x", "nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "nodejs16.x", "nodejs14.x", "nodejs12.x",
    "nodejs10.x", "nodejs8.10", "nodejs6.10", "nodejs4.3", "nodejs4.3-edge", "nodejs",
    "python3.15", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8",
    "python3.7", "python3.6", "python2.7",
    "java25", "java21", "java17", "java11", "java8.al2", "java8", "java17.al2023", "java11.al2023", "java8.al2023",
    "dotnet10", "dotnet8", "dotnet6", "dotnetcore3.1", "dotnetcore2.1", "dotnetcore2.0", "dotnetcore1.0",
    "ruby4.0", "ruby3.4", "ruby3.3", "ruby3.2", "ruby2.7", "ruby2.5", "go1.x",
    "provided.al2023", "provided.al2", "provided",
)  # fmt: skip


class State(StrEnum):
    """Whether a function can be invoked."""

    PENDING = "Pending"
    ACTIVE = "Active"


class UpdateStatus(StrEnum):
    """What became of the last update."""

    SUCCESSFUL = "Successful"
    IN_PROGRESS = "InProgress"


#: What leads to what; creation ends in (Active, Successful), and so does every update.
TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.PENDING: frozenset({State.ACTIVE}),
    State.ACTIVE: frozenset(),
}


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where code is kept. `digest` is the SHA-256 of the zip in hex; `folder` is the path of code that is read where it
    lies, which has neither digest nor size."""

    digest: str = ""
    size_bytes: int = 0
    unzipped_bytes: int = 0
    folder: str = ""


class Configuration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The configuration of `$LATEST` or of a published version."""

    name: str
    account: str
    region: str
    role: str
    runtime: str
    handler: str
    code: Code
    revision_id: str
    modified_ms: int
    version: str = LATEST
    description: str = ""
    timeout_s: int = 3
    memory_mb: int = 128
    tmp_mb: int = 512
    environment: dict[str, str] | None = None
    layers: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ("x86_64",)
    state: State = State.ACTIVE
    last_update: UpdateStatus = UpdateStatus.SUCCESSFUL
    kms_key_arn: str = ""
    vpc: dict[str, Any] | None = None
    dead_letter: dict[str, Any] | None = None
    tracing: dict[str, Any] | None = None
    logging: dict[str, Any] | None = None
    snap_start: str = "None"

    @property
    def key(self) -> FunctionKey:
        return FunctionKey(self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Qualified for a published version, as AWS shows it."""
        return self.key.qualified(None if self.version == LATEST else self.version)

    @property
    def log_group(self) -> str:
        return str((self.logging or {}).get("LogGroup") or f"/aws/lambda/{self.name}")


class Function(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function without its published versions. `published` is the fingerprint of what was published last; `policies`
    are by qualifier, "" for none; `reserved` is its reserved concurrency."""

    latest: Configuration
    last_version: int = 0
    published: str = ""
    tags: dict[str, str] = {}
    reserved: int | None = None
    recursive_loop: str = "Terminate"
    code_signing_config: str | None = None
    policies: dict[str, Policy] = {}

    @property
    def key(self) -> FunctionKey:
        return self.latest.key


def check_runtime_name(runtime: str) -> None:
    """Raises InvalidValueError for an identifier that AWS never had."""
    if runtime not in RUNTIMES:
        known = ", ".join(RUNTIMES)
        raise InvalidValueError(
            f"Value {runtime[:100]} at 'runtime' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{known}] or be a valid ARN"
        )


def check_environment(variables: Mapping[str, str] | None) -> None:
    """Raises InvalidValueError: reserved names, more than 4 KB as AWS measures (the JSON of it all), zero bytes."""
    if not variables:
        return
    start = "Lambda was unable to configure your environment variables because the environment variables you have "
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    if reserved:
        raise InvalidValueError(
            f"{start}provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode(errors="replace")) > MAX_ENVIRONMENT_BYTES:
        raise InvalidValueError(f"{start}provided exceeded the 4KB limit. String measured: {measured[:8192]}")
    if any("\0" in value for value in variables.values()):
        raise InvalidValueError(f"{start}provided contain a zero byte.")


def check_layers(arns: Iterable[str]) -> None:
    """Raises InvalidValueError: more than five, or two versions of one layer."""
    arns = list(arns)
    if len(arns) > LAYERS_MAX:
        raise InvalidValueError(f"Cannot reference more than {LAYERS_MAX} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        found = parse_layer_version(arn)
        if found is None:
            raise InvalidValueError(f"Layer version {arn[:300]} does not exist.")
        other = seen.setdefault(found[0].arn, arn)
        if other is not arn:
            raise InvalidValueError(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{other} and {arn} are versions of the same layer."
            )


def check_unzipped(function_bytes: int, layers_bytes: int) -> None:
    """Raises InvalidValueError: code and layers together are beyond 250 MB unzipped."""
    if function_bytes + layers_bytes > UNZIPPED_MAX_BYTES:
        raise InvalidValueError(
            "Function code combined with layers exceeds the maximum allowed size of "
            f"{UNZIPPED_MAX_BYTES} bytes. The actual size is {function_bytes + layers_bytes} bytes."
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidValueError: more than fifty, or names that are AWS's own."""
    if len(tags) > TAGS_MAX:
        raise InvalidValueError("Number of tags exceeds resource tag limit.")
    if any(name.lower().startswith("aws:") for name in tags):
        raise InvalidValueError("System tags (prefixed with 'aws:') cannot be changed.")


def check_revision(present: str, given: str | None, api: str = "GetFunction/GetAlias") -> None:
    """Raises PreconditionError when a revision was given and is not the present one."""
    if given is not None and given != present:
        raise PreconditionError(
            "The RevisionId provided does not match the latest RevisionId. "
            f"Call the {api} API to retrieve the latest RevisionId for your resource."
        )


def check_changeable(configuration: Configuration) -> None:
    """Raises ConflictError while a function is made or updated."""
    start = "The operation cannot be performed at this time. "
    if configuration.state is State.PENDING:
        raise ConflictError(f"{start}The function is currently in the following state: Pending")
    if configuration.last_update is UpdateStatus.IN_PROGRESS:
        raise ConflictError(f"{start}An update is in progress for resource: {configuration.key.arn}")


def check_invocable(configuration: Configuration) -> None:
    """Raises ConflictError while a function is made."""
    if configuration.state is State.PENDING:
        raise ConflictError(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )


def is_changing(configuration: Configuration) -> bool:
    """Whether a creation or an update is under way."""
    return (configuration.state, configuration.last_update) != (State.ACTIVE, UpdateStatus.SUCCESSFUL)


def settled(configuration: Configuration, revision_id: str) -> Configuration:
    """The end of a creation or an update."""
    return msgspec.structs.replace(
        configuration, state=State.ACTIVE, last_update=UpdateStatus.SUCCESSFUL, revision_id=revision_id
    )
