"""Creating and updating a function through the Lambda API, until it is Active."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamcore.client.aws import AwsCallError, AwsClient, label
from streamcore.deploy.errors import PackingError, TemplateError
from streamcore.deploy.packing import archive_of, packed

FUNCTIONS: Final = "/2015-03-31/functions"
#: LocalStack's convention for code that is run where it lies, which this endpoint keeps to.
HOT_RELOAD: Final = "hot-reload"
SETTLE_S: Final = 120.0
_LOOK_EVERY_S: Final = 0.05
#: What a configuration is where it says nothing.
DEFAULTS: Final[Mapping[str, Any]] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Environment": {"Variables": {}},
    "Layers": [],
    "EphemeralStorage": {"Size": 512},
    "DeadLetterConfig": {},
    "TracingConfig": {"Mode": "PassThrough"},
    "KMSKeyArn": "",
    "VpcConfig": {},
    "SnapStart": {"ApplyOn": "None"},
}


class Code(NamedTuple):
    """Code as the API takes it. `sha256`, in base64, tells whether it has changed; empty where only the endpoint
    knows."""

    given: dict[str, Any]
    sha256: str = ""


class Deployed(NamedTuple):
    """`what` was done: created, updated or unchanged."""

    arn: str
    what: str


def code_at(path: Path, *, watched: bool = False) -> Code:
    """The code in a folder or an archive; `watched` runs a folder where it lies. Raises PackingError."""
    if not watched:
        return archived(archive_of(path))
    if not path.is_dir():
        raise PackingError(f"only a folder can be watched; {path} is none")
    return Code({"S3Bucket": HOT_RELOAD, "S3Key": str(path.resolve())})


def archived(data: bytes) -> Code:
    digest = b64encode(hashlib.sha256(data).digest()).decode()
    return Code({"ZipFile": b64encode(data).decode()}, digest)


def inline(text: str, runtime: str) -> Code:
    """A single file, as CloudFormation makes it of a text. Raises TemplateError."""
    for language, name in (("python", "index.py"), ("nodejs", "index.js")):
        if runtime.startswith(language):
            return archived(packed({name: (text.encode(), False)}))
    raise TemplateError(f"code in the template itself is for python and nodejs, not for {runtime or 'no runtime'}")


async def found(call: Awaitable[dict[str, Any]]) -> dict[str, Any] | None:
    """The answer, or None where there is no such thing."""
    try:
        return await call
    except AwsCallError as error:
        if error.status == 404 or error.error_code in ("ResourceNotFoundException", "NotFoundException"):
            return None
        raise


async def deploy(
    client: AwsClient, name: str, code: Code, configuration: Mapping[str, Any], *, create: Mapping[str, Any]
) -> Deployed:
    """Creates a function, or brings an existing one to this code and configuration, and waits until it is usable.

    `create` is what is only said when it is made (Role if there is no other, Tags, Architectures).
    Raises AwsCallError.
    """
    path = f"{FUNCTIONS}/{label(name)}"
    present = await found(client.rest("lambda", "GET", f"{path}/configuration"))
    if present is None:
        body = {"FunctionName": name, "Code": code.given, **create, **configuration}
        await client.rest("lambda", "POST", FUNCTIONS, body)
        return Deployed((await settled(client, name))["FunctionArn"], "created")
    await settled(client, name)
    changes = {key: each for key, each in configuration.items() if not _is(present, key, each)}
    if changes:
        await client.rest("lambda", "PUT", f"{path}/configuration", changes)
        await settled(client, name)
    architectures = create.get("Architectures") or present.get("Architectures")
    is_other = code.sha256 != present.get("CodeSha256") or architectures != present.get("Architectures")
    if is_other:
        await client.rest("lambda", "PUT", f"{path}/code", {**code.given, "Architectures": architectures})
    after = await settled(client, name)
    return Deployed(after["FunctionArn"], "updated" if is_other or changes else "unchanged")


async def settled(client: AwsClient, name: str) -> dict[str, Any]:
    """The configuration, as soon as the function is Active and no update is under way. Raises AwsCallError."""
    path = f"{FUNCTIONS}/{label(name)}/configuration"
    for _ in range(round(SETTLE_S / _LOOK_EVERY_S)):
        about = await client.rest("lambda", "GET", path)
        if "Failed" in (about.get("State"), about.get("LastUpdateStatus")):
            reason = str(about.get("StateReason") or about.get("LastUpdateStatusReason") or "")
            raise AwsCallError(f"function {name}", 200, "Failed", reason)
        if about.get("State") != "Pending" and about.get("LastUpdateStatus") != "InProgress":
            return about
        await asyncio.sleep(_LOOK_EVERY_S)
    raise AwsCallError(f"function {name}", 200, "Timeout", f"is not Active after {SETTLE_S:.0f} s")


def _is(present: Mapping[str, Any], key: str, wanted: Any) -> bool:
    """Whether a setting is so already; answers leave out what is empty, and fill in what is by default."""
    now = present.get(key)
    if key == "Layers":
        return bool([each["Arn"] for each in now or ()] == wanted)
    if key == "Environment":
        return bool((now or {}).get("Variables", {}) == wanted.get("Variables", {}))
    if isinstance(wanted, dict):
        now = now or {}
        return all(now.get(name) == each for name, each in wanted.items()) if wanted else not any(now.values())
    return bool((now or "") == wanted) if isinstance(wanted, str) else bool(now == wanted)
