"""docs/lambda.md, written from the registry: `python -m runtime.api.lambda_.table docs/lambda.md`.

A test asserts that the file is what this would write.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.lambda_ import LAMBDA
from runtime.model.configuration import TRANSITIONS

DONE: Final = "as AWS"
STORED: Final = "stored, not acted on"

_POLICY: Final = "Acted on where authentication is on: [security.md](security.md)."
_SIGNING: Final = "Kept and told. Code is not verified, whatever the policy."
_TAGS: Final = "Tags are kept and told; nothing is decided by them."
_URL: Final = "Its host name is below the one under which the endpoint was called (`localhost` for an address)."
_PROVISIONED: Final = (
    "Workers are started ahead, at once and at every start of the broker, as far as the setting `workers` leaves place "
    "(else FAILED, with how many there are), and stay; one place is always left to other functions."
)
_ASYNC: Final = (
    "Retries, age and destinations hold for events that wait to be run, also after kill -9. Destinations are queues, "
    "topics, functions, streams and buckets; an ARN of another kind is refused."
)

#: Action → (status, what differs from AWS and why). An action that is not here does as AWS does, as far as is known.
NOTES: Final[dict[str, tuple[str, str]]] = {
    "AddLayerVersionPermission": (STORED, "Kept and told. Who may have a layer is not asked."),
    "AddPermission": (DONE, f"{_POLICY} The RevisionId is the policy's own."),
    "CreateCodeSigningConfig": (STORED, _SIGNING),
    "CreateEventSourceMapping": (
        DONE,
        "For Kinesis streams, their consumers, and SQS queues. Every option: event-source-mappings.md. What is for "
        "other sources is refused.",
    ),
    "CreateFunction": (
        DONE,
        "See the table of members. A runtime that the machine lacks is refused. Pending lasts for the setting "
        "`transition_ms`.",
    ),
    "CreateFunctionUrlConfig": (DONE, _URL),
    "DeleteFunction": (DONE, "Invocations that run end as usual; code goes when the last of them has ended."),
    "DeleteLayerVersion": (DONE, "Functions that have the version keep it."),
    "GetAccountSettings": (DONE, "AWS's limits; code counts once per function and version that has it."),
    "GetFunction": (
        DONE,
        "Code.Location is a URL of this endpoint, good for ten minutes; for a folder it is a file: URL.",
    ),
    "GetProvisionedConcurrencyConfig": (DONE, "Available is what was started."),
    "Invoke": (
        DONE,
        "Payloads are checked to be JSON before the function is looked for. TenantId and DurableExecutionName are "
        "refused.",
    ),
    "ListFunctions": (DONE, "Handlers of the program that runs the endpoint are among them; only it changes those."),
    "PublishVersion": (DONE, "A version is Active at once."),
    "PutFunctionCodeSigningConfig": (STORED, _SIGNING),
    "PutFunctionEventInvokeConfig": (DONE, _ASYNC),
    "PutFunctionRecursionConfig": (STORED, "Loops between functions and queues are not looked for."),
    "PutProvisionedConcurrencyConfig": (DONE, _PROVISIONED),
    "PutRuntimeManagementConfig": (STORED, "A runtime is what the machine has."),
    "TagResource": (DONE, _TAGS),
    "UpdateCodeSigningConfig": (STORED, _SIGNING),
    "UpdateEventSourceMapping": (
        DONE,
        "Updating lasts until a batch that is with the function has ended, at most 5 s.",
    ),
    "UpdateFunctionCode": (DONE, "The new code is there for the next invocation, not only when InProgress has ended."),
    "UpdateFunctionConfiguration": (DONE, "The same; what is not offered is in the table of members."),
    "UpdateFunctionEventInvokeConfig": (DONE, _ASYNC),
    "UpdateFunctionUrlConfig": (DONE, _URL),
}

#: Member of CreateFunction and UpdateFunctionConfiguration → (status, why).
MEMBERS: Final[dict[str, tuple[str, str]]] = {
    "AcceleratorConfig": ("refused", "There are no accelerators."),
    "Architectures": (DONE, "Whether the machine has it is asked when the function is created."),
    "CapacityProviderConfig": ("refused", "There are no managed instances."),
    "Code.S3Bucket, S3Key": (
        DONE,
        "As far as there is an S3 service. The bucket `hot-reload` with the absolute path of a folder as key "
        "runs the code where it lies, and reloads it when a file there has changed.",
    ),
    "Code.ZipFile": (
        DONE,
        "50 MB zipped, 250 MB unzipped with layers, 65,536 entries; what would leave its folder is refused.",
    ),
    "CodeSigningConfigArn": (STORED, "Code is not verified."),
    "DeadLetterConfig": (
        DONE,
        "Queues and topics, and the other kinds of destinations too; an ARN of a kind that is not offered is refused.",
    ),
    "DurableConfig": ("refused", "There are no durable executions."),
    "FileSystemConfigs": ("refused", "There is no EFS."),
    "KMSKeyArn": (STORED, "Nothing is encrypted by the broker: there is no KMS to ask."),
    "PackageType Image, ImageConfig": ("refused", "There are no containers."),
    "PublishTo": ("refused", "There are no managed instances."),
    "Role": (DONE, "Where authentication is on: it must be there and trust Lambda, and workers have its credentials."),
    "RuntimeConfig": ("refused", "There are no runtimes of one's own."),
    "SnapStart": (STORED, "OptimizationStatus is Off."),
    "TenancyConfig": ("refused", "Tenants are not isolated."),
    "TracingConfig": (STORED, "There is no X-Ray; a trace id that a caller sends is handed on."),
    "VpcConfig": (STORED, "Functions are in the machine's network."),
}

_HEAD: Final = """# The Lambda API

<!-- Written by `python -m runtime.api.lambda_.table docs/lambda.md`; do not edit. -->

The actions of AWS Lambda about functions that are zip archives, as REST-JSON at its own paths. Not offered are durable
executions, managed instances (capacity providers), the newer PutResourcePolicy, and InvokeAsync, which AWS has long
deprecated: their paths answer `AccessDeniedException`.

## Actions

`as AWS`: does what AWS documents, within what the last column says. `stored, not acted on`: the setting is kept, told
and survives a restart, and has no meaning here.

| Action | Status | What differs from AWS, and why |
|---|---|---|
"""

_MEMBERS: Final = """
## Members of a function

Those that are not here do as AWS does.

| Member | Status | Why |
|---|---|---|
"""

_STATES: Final = """
## States of a function

A function can be invoked and changed while it is Active. An update is InProgress, then Successful, both while the
function is Active. A restart ends Pending and InProgress.

| From | To |
|---|---|
"""

_TAIL: Final = """
## Limits

- 1000 invocations at once per account and region, of which 100 stay unreserved; a reservation is a bound as well.
- Events and results of 6,291,556 bytes, asynchronous events of 1 MiB, client contexts of 3,583 bytes in base64.
- Resource policies of 20 KB, 50 tags, 5 layers, 4 KB of environment as AWS measures it (the JSON of it all).
- The rates at which AWS takes control-plane calls are not enforced.

## Code

Archives are kept below `functions/` in the data folder, each once, unpacked once; they go with the last function,
version or layer that has them. An upload appears whole or not at all, also when the broker is killed in between.
"""


def render() -> str:
    """The whole file."""
    actions = "".join(_row(name, *NOTES.get(name, (DONE, ""))) for name in sorted(LAMBDA.actions))
    members = "".join(_row(name, *MEMBERS[name]) for name in sorted(MEMBERS))
    states = "".join(f"| {state} | {', '.join(sorted(TRANSITIONS[state])) or 'gone'} |\n" for state in TRANSITIONS)
    return f"{_HEAD}{actions}{_MEMBERS}{members}{_STATES}{states}{_TAIL}"


def _row(name: str, status: str, difference: str) -> str:
    return f"| {name} | {status} | {difference} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
