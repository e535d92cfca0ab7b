"""Every setting, with its unit, default and when to change it. Sources, later ones win: defaults, a TOML file,
`STREAMCORE_…` variables, the command line. `configs/` has commented files.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec

from streamcore.errors import ConfigError
from streamcore.model.stream import LimitMode, Scope


class Durability(StrEnum):
    """What an acknowledgement means. `sync`: it is on the disk. `os`: kill -9 loses nothing, power loss may take back
    the last commits."""

    SYNC = "sync"
    OS = "os"


class Certificate(StrEnum):
    """Where the certificate of the TLS port comes from: `files` are `tls_cert` and `tls_key`; `self-signed` is one made
    in the data folder, for development."""

    FILES = "files"
    SELF_SIGNED = "self-signed"


class MissedSchedules(StrEnum):
    """What becomes of the times of a schedule at which the broker was not there. `once`: the last of them fires at the
    start; `all`: each does, at most a hundred; `skip`: none."""

    ONCE = "once"
    ALL = "all"
    SKIP = "skip"


class Auth(StrEnum):
    """Who gets in. `off`: everybody, with any key. `observe`: everybody, and what would be refused is logged.
    `enforce`: who has a valid signature or token, for what a policy allows."""

    OFF = "off"
    OBSERVE = "observe"
    ENFORCE = "enforce"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


_Bytes = Annotated[int, msgspec.Meta(ge=1024)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    #: Address to listen on. Loopback unless others are to reach it.
    host: str = "127.0.0.1"
    #: TCP port; 0 takes a free one and says which.
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 4566
    #: TCP port with TLS, beside the plain one; 0 is none. Clients that take HTTP/2 only over TLS need it.
    tls_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    #: See Certificate.
    tls: Certificate = Certificate.FILES
    #: PEM files of the certificate (with its chain) and its key.
    tls_cert: str = ""
    tls_key: str = ""
    #: See Auth.
    auth: Auth = Auth.OFF
    #: Listen beyond loopback although anybody who connects may do everything (`auth` is not enforce).
    allow_anonymous_network: bool = False
    #: Write allowed actions on data (records, objects, invocations) to the audit log, too: a line per request.
    audit_data: bool = False
    #: Size of an audit log, in bytes, at which the next one is begun.
    audit_max_bytes: _Bytes = 64 * 1024 * 1024
    #: Audit logs that are kept, the one in use included.
    audit_files: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    #: Folder of the volume. One broker per folder.
    data: str = "data"
    #: Shard limits: enforce refuses, observe only counts, off does neither. A stream can have its own.
    limits: LimitMode = LimitMode.ENFORCE
    #: See Durability.
    durability: Durability = Durability.SYNC
    #: Account of callers whose access key is not a 12-digit account id.
    account: Annotated[str, msgspec.Meta(pattern=r"^\d{12}$")] = "000000000000"
    #: Region of callers who name none.
    region: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,32}$")] = "us-east-1"
    #: How long a stream is CREATING, UPDATING or DELETING, in milliseconds. Raise it to test a program's waiting.
    transition_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 20
    #: Retention of new streams, in hours.
    retention_hours: Annotated[int, msgspec.Meta(ge=24, le=8760)] = 24
    #: Open shards of all provisioned streams of an account in a region, as the Kinesis API counts them.
    shard_quota: Annotated[int, msgspec.Meta(ge=1)] = 500
    #: Bodies of all requests in progress together, in bytes; more is answered with 503.
    max_inflight_bytes: _Bytes = 256 * 1024 * 1024
    #: Open connections; more are refused.
    max_connections: Annotated[int, msgspec.Meta(ge=1)] = 4096
    #: Open connections of one address, and its requests in progress; loopback is bounded by the totals alone.
    max_connections_per_client: Annotated[int, msgspec.Meta(ge=1)] = 512
    max_requests_per_client: Annotated[int, msgspec.Meta(ge=1)] = 512
    #: The line and the headers of a request together, in bytes; more is answered with 431.
    max_header_bytes: Annotated[int, msgspec.Meta(ge=8192, le=1024 * 1024)] = 64 * 1024
    #: How long a client may take to send its request, and how long it may take nothing of its answer, in seconds.
    request_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    #: How long a connection may rest between two requests, in seconds.
    idle_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 180.0
    #: Time for requests in progress to end after SIGTERM, in seconds.
    drain_s: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    #: Worker processes of functions, all together.
    workers: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 4
    #: Disk for the logs of functions and for metrics, in bytes; the oldest go first.
    log_max_bytes: Annotated[int, msgspec.Meta(ge=8 * 1024 * 1024)] = 1024 * 1024 * 1024
    #: Python modules that are imported once, ahead of all functions; those that are not installed are left out, and a
    #: function that brings one of their packages along gets its own.
    preload: tuple[str, ...] = ("boto3",)
    #: Folders below which the code of functions may be run where it lies (S3Bucket="hot-reload"). Empty: any folder;
    #: with auth = enforce none.
    code_folders: tuple[str, ...] = ()
    #: The shortest interval that a schedule may have, in minutes. 5 is what AWS had until 2017.
    schedule_min_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 1
    #: See MissedSchedules.
    missed_schedules: MissedSchedules = MissedSchedules.ONCE
    #: Folder of snapshots; empty is `snapshots` in the data folder. On the same disk their objects take no more space.
    snapshots: str = ""
    #: Text for people, JSON for machines; on standard error.
    log_format: LogFormat = LogFormat.TEXT
    log_level: Annotated[str, msgspec.Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)


ENV_PREFIX = "STREAMCORE_"
#: Settings with several values; in a variable they have commas between them.
_LISTS = {"preload", "code_folders"}


def settings(file: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Reads the settings; an override of None is not given. Raises ConfigError, naming the bad key and its place."""
    values: dict[str, Any] = {}
    if file is not None:
        values |= _checked(_read_file(file), str(file))
    if environ:
        values |= _checked(_from_environment(environ), "the environment")
    values |= _checked({k: v for k, v in overrides.items() if v is not None}, "the arguments")
    made = msgspec.convert(values, Settings, strict=False)
    _check_tls(made)
    _check_network(made)
    return made


def _check_network(made: Settings) -> None:
    """Nobody shall find his broker open to a network without having said so."""
    if made.auth is Auth.ENFORCE or made.allow_anonymous_network or is_loopback(made.host):
        return
    raise ConfigError(
        f'host = "{made.host}" can be reached from a network, and with auth = "{made.auth}" anybody who connects may '
        'do everything. Set auth = "enforce", or allow_anonymous_network = true if that is meant.'
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address. A name that is not `localhost` may be anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_tls(made: Settings) -> None:
    files = (made.tls_cert, made.tls_key)
    if made.tls is Certificate.SELF_SIGNED and files != ("", ""):
        raise ConfigError('tls = "self-signed" and tls_cert or tls_key exclude each other')
    if made.tls_port and made.tls is Certificate.FILES and "" in files:
        raise ConfigError('tls_port needs tls_cert and tls_key, or tls = "self-signed"')
    if not made.tls_port and (made.tls is Certificate.SELF_SIGNED or files != ("", "")):
        raise ConfigError("a certificate needs a tls_port to be used on")


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    names = {f"{ENV_PREFIX}{name.upper()}": name for name in Settings.__struct_fields__}
    given = {names[key]: value for key, value in environ.items() if key in names}
    return {name: _list(value) if name in _LISTS else value for name, value in given.items()}


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _checked(values: dict[str, Any], source: str) -> dict[str, Any]:
    """The values if they are good; a bad one is reported with the place it comes from."""
    try:
        msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        text = str(error).replace("Object contains unknown field", "there is no setting").replace("`$.", "`")
        raise ConfigError(f"{source}: {text}") from error
    return values
