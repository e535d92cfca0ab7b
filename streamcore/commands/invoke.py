"""`streamcore invoke`: runs a function with an event from anywhere."""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streamcore.commands.endpoint import Endpoint, endpoint_options, run

if TYPE_CHECKING:
    from streamcore.client.aws import AwsClient

#: AWS's own bound of an event, and a little more: the endpoint refuses what is too large in AWS's words.
EVENT_MAX_BYTES: Final = 8 * 1024 * 1024
_SOURCES: Final = ("--template", "--event", "--saved", "--data")


@click.command()
@click.argument("name")
@click.option("--template", help="A sample event of AWS's; `streamcore events list` names them.")
@click.option("--event", "file", help="File with the event; - is standard input.")
@click.option("--saved", help="An event that was saved for the function.")
@click.option("--data", help="The event itself, as JSON.")
@click.option("--qualifier", help="Version or alias. [$LATEST]")
@click.option("--async", "is_async", is_flag=True, help="Only put the event into the function's queue.")
@click.option("--log", "wants_log", is_flag=True, help="Show the end of the log, on standard error.")
@endpoint_options
def invoke(
    endpoint: Endpoint,
    name: str,
    template: str | None,
    file: str | None,
    saved: str | None,
    data: str | None,
    qualifier: str | None,
    is_async: bool,
    wants_log: bool,
) -> None:
    """Run the function NAME (or ARN) and print its result; {} is the event unless one is given.

    The exit code is 1 when the function fails.
    """
    given = [option for option, value in zip(_SOURCES, (template, file, saved, data), strict=True) if value is not None]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other")
    if is_async and wants_log:
        raise click.UsageError("--async and --log exclude each other: nobody waits for the log")

    async def work() -> int:
        async with endpoint.client() as client:
            event = await event_of(client, name, template, file, saved, data)
            return await _invoke(client, name, event, qualifier, is_async, wants_log)

    run(work())


async def event_of(
    client: AwsClient, name: str, template: str | None, file: str | None, saved: str | None, data: str | None
) -> bytes:
    """The event's JSON. Raises ClickException for what cannot be had or is no JSON."""
    if template is not None:
        return json.dumps(sample(template)).encode()
    if saved is not None:
        from streamcore.commands.events import saved_event

        return await saved_event(client, name, saved)
    text = b"{}"
    if data is not None:
        text = data.encode()
    elif file is not None:
        text = read(file)
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"the event is no JSON: {error}") from None
    return text


def sample(template: str) -> object:
    """One of AWS's sample events. Raises ClickException."""
    from runtime import templates
    from runtime.errors import InvalidParameterError

    try:
        return templates.template(template)
    except InvalidParameterError as error:
        raise click.ClickException(str(error)) from None


def read(file: str) -> bytes:
    """A file's content, or that of standard input for `-`, within the bound of an event. Raises ClickException."""
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as opened:
            text = opened.read(EVENT_MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    if len(text) > EVENT_MAX_BYTES:
        raise click.ClickException(f"{file}: an event has at most {EVENT_MAX_BYTES} bytes")
    return text


async def _invoke(
    client: AwsClient, name: str, event: bytes, qualifier: str | None, is_async: bool, wants_log: bool
) -> int:
    from streamcore.client.aws import label

    headers = {"content-type": "application/json", "x-amz-invocation-type": "Event" if is_async else "RequestResponse"}
    if wants_log:
        headers["x-amz-log-type"] = "Tail"
    answer = await client.send(
        "lambda",
        "Invoke",
        "POST",
        f"/2015-03-31/functions/{label(name)}/invocations",
        headers=headers,
        body=event,
        query={} if qualifier is None else {"Qualifier": qualifier},
    )
    if wants_log:
        click.echo(b64decode(answer.headers.get("x-amz-log-result", "")).decode(errors="replace"), err=True, nl=False)
    if is_async:
        click.echo(f"accepted as {answer.headers.get('x-amzn-requestid', '')}")
        return 0
    click.echo(answer.body)
    error = answer.headers.get("x-amz-function-error")
    if error:
        click.echo(f"the function failed: {error}", err=True)
    return 1 if error else 0
