"""A function's configuration: what a worker process needs to know before the first event."""

import enum
import re
from collections.abc import Sequence

import msgspec

from runtime.errors import InvalidFunctionError, MalformedHandlerError

MAX_ENVIRONMENT_BYTES = 4096  # AWS: 4 KB for all variables together
MAX_PATHS_BYTES = 16_384  # ours: bounds the message that starts a worker
MAX_PRELOAD_BYTES = 8_192  # ours: the same
MAX_TIMEOUT_MS = 900_000
MIN_MEMORY_MB, MAX_MEMORY_MB = 128, 10_240
MIN_TMP_MB, MAX_TMP_MB = 512, 10_240

_NAME = re.compile(r"(?a)\A[a-zA-Z0-9-_]{1,64}\Z")
_HANDLER = re.compile(r"\A[^\s]{1,128}\Z")
_MODULE = re.compile(r"\A[^\W\d]\w*(\.[^\W\d]\w*)*\Z")
_VARIABLE = re.compile(r"(?a)\A[a-zA-Z][a-zA-Z0-9_]+\Z")
_VERSION = re.compile(r"(?a)\A(\$LATEST|[0-9]{1,10})\Z")
_ACCOUNT = re.compile(r"(?a)\A[0-9]{12}\Z")
_REGION = re.compile(r"(?a)\A[a-z0-9-]{1,32}\Z")

RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Set by Lambda itself, refused in a function's configuration (AWS developer guide, environment variables)."""


class LogFormat(enum.Enum):
    """How the lines of a function's log look."""

    TEXT = "Text"
    JSON = "JSON"


class Logging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A function's `LoggingConfig`. Levels are set with JSON only, and None is AWS's default (INFO). `group` is empty
    for `/aws/lambda/<name>`."""

    format: LogFormat = LogFormat.TEXT
    application_level: str | None = None
    system_level: str | None = None
    group: str = ""


class FunctionSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One function as its workers see it; equal specs may share warm workers, different ones never do.

    `runtime` is AWS's identifier (`python3.12`, `nodejs22.x`, `provided.al2023`), empty for a handler of this program.

    `handler` is `module:qualname`, or AWS's `module.function` (also `folder/module.function`).
    `paths` are absolute entries put first on `sys.path`; the first is the working folder and the task root too.
    `layers` are absolute folders, the first below the second and so on, that the function finds merged as /opt.
    `tmp_mb` is the size of its /tmp.
    `preload` are modules imported once, before the workers of this function are forked: they must not start threads.
    `code_sha256` is free text: a caller that changes files behind the same paths changes it to retire warm workers.
    Raises `InvalidFunctionError`. Ranges: AWS Lambda quotas and the service model's shapes.
    """

    name: str
    handler: str
    runtime: str = ""
    layers: tuple[str, ...] = ()
    tmp_mb: int = 512
    logging: Logging = Logging()
    paths: tuple[str, ...] = ()
    timeout_ms: int = 3000
    memory_mb: int = 128
    environment: dict[str, str] = {}
    preload: tuple[str, ...] = ()
    account: str = "000000000000"
    region: str = "us-east-1"
    version: str = "$LATEST"
    code_sha256: str = ""
    #: ARN of the execution role; another role means other workers, since they have its credentials.
    role: str = ""

    def __post_init__(self) -> None:
        for field, pattern in (("name", _NAME), ("handler", _HANDLER), ("version", _VERSION)):
            _match(field, getattr(self, field), pattern)
        _match("account", self.account, _ACCOUNT)
        _match("region", self.region, _REGION)
        _within("timeout_ms", self.timeout_ms, 1, MAX_TIMEOUT_MS)
        _within("memory_mb", self.memory_mb, MIN_MEMORY_MB, MAX_MEMORY_MB)
        _check_environment(self.environment)
        _within("tmp_mb", self.tmp_mb, MIN_TMP_MB, MAX_TMP_MB)
        _check_paths("paths", self.paths)
        _check_paths("layers", self.layers)
        _check_preload(self.preload)
        if len(self.code_sha256) > 128:
            raise InvalidFunctionError("code_sha256", self.code_sha256, "must be at most 128 characters")

    @property
    def arn(self) -> str:
        """The unqualified function ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """The ARN with the version behind it."""
        return f"{self.arn}:{self.version}"

    @property
    def invoked_arn(self) -> str:
        """What the context object shows: qualified only for a published version."""
        return self.arn if self.version == "$LATEST" else self.qualified_arn

    @property
    def log_group(self) -> str:
        """Name of the log group that the function's output belongs to."""
        return self.logging.group or f"/aws/lambda/{self.name}"


def split_handler(handler: str) -> tuple[str, str]:
    """Module name and attribute path of a handler string; raises `MalformedHandlerError`.

    A colon wins over dots, so that a qualified name (`module:Class.method`) can be told from a package.
    """
    module, separator, attribute = handler.partition(":")
    if not separator:
        module, separator, attribute = handler.rpartition(".")
    module = module.replace("/", ".")
    if not (separator and module and attribute):
        raise MalformedHandlerError(handler)
    return module, attribute


def _match(field: str, value: str, pattern: re.Pattern[str]) -> None:
    if not pattern.match(value):
        raise InvalidFunctionError(field, value, f"must match {pattern.pattern}")


def _within(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidFunctionError(field, value, f"must be from {low} to {high}")


def _check_environment(environment: dict[str, str]) -> None:
    for name, value in environment.items():
        if not _VARIABLE.match(name):
            raise InvalidFunctionError("environment", name, f"names must match {_VARIABLE.pattern}")
        if name in RESERVED_VARIABLES:
            raise InvalidFunctionError("environment", name, "must not contain a reserved name")
        if "\0" in value:
            raise InvalidFunctionError("environment", name, "values must not contain a zero byte")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in environment.items())
    if size > MAX_ENVIRONMENT_BYTES:
        raise InvalidFunctionError("environment", size, f"must take at most {MAX_ENVIRONMENT_BYTES} bytes")


def _check_paths(field: str, paths: Sequence[str]) -> None:
    for path in paths:
        if not path.startswith("/") or any(character < " " for character in path):
            raise InvalidFunctionError(field, path, "must be absolute, without control characters")
    if sum(len(path.encode()) for path in paths) > MAX_PATHS_BYTES:
        raise InvalidFunctionError(field, len(paths), f"must take at most {MAX_PATHS_BYTES} bytes together")


def _check_preload(preload: Sequence[str]) -> None:
    for module in preload:
        if not _MODULE.match(module):
            raise InvalidFunctionError("preload", module, "must be module names")
    if sum(len(module.encode()) for module in preload) > MAX_PRELOAD_BYTES:
        raise InvalidFunctionError("preload", len(preload), f"must take at most {MAX_PRELOAD_BYTES} bytes together")
