"""`streamcore events`: AWS's sample events, and those that were saved for a function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from streamcore.commands.endpoint import Endpoint, endpoint_options, run

if TYPE_CHECKING:
    from streamcore.client.aws import AwsClient


@click.group()
def events() -> None:
    """Sample events of AWS's sources, and events saved for a function."""


@events.command("list")
@click.argument("function", required=False)
@click.option("--sources", "wants_sources", is_flag=True, help="The sources that there are here, as a table.")
@endpoint_options
def list_(endpoint: Endpoint, function: str | None, wants_sources: bool) -> None:
    """Name the templates, or the events that were saved for FUNCTION."""
    if wants_sources:
        if function is not None:
            raise click.UsageError("FUNCTION and --sources exclude each other")
        _show_sources()
        return
    if function is None:
        from runtime import templates

        click.echo("\n".join(templates.names()))
        return

    async def work() -> None:
        async with endpoint.client() as client:
            for name in (await client.rest("lambda", "GET", _path(function)))["events"]:
                click.echo(name)

    run(work())


@events.command()
@click.argument("name")
@click.option("--function", help="The event NAME that was saved for it, instead of a template.")
@click.option("--source", "is_source", is_flag=True, help="An event as the source NAME builds them here.")
@endpoint_options
def show(endpoint: Endpoint, name: str, function: str | None, is_source: bool) -> None:
    """Print the template NAME, an event of the source NAME, or a saved event."""
    if is_source:
        if function is not None:
            raise click.UsageError("--function and --source exclude each other")
        click.echo(_example(name))
        return
    if function is None:
        from streamcore.commands.invoke import sample

        click.echo(json.dumps(sample(name), indent=2))
        return

    async def work() -> None:
        async with endpoint.client() as client:
            click.echo(await saved_event(client, function, name))

    run(work())


@events.command()
@click.argument("function")
@click.argument("name")
@click.option("--template", help="A sample event of AWS's.")
@click.option("--event", "file", help="File with the event; - is standard input.")
@click.option("--data", help="The event itself, as JSON.")
@endpoint_options
def save(
    endpoint: Endpoint, function: str, name: str, template: str | None, file: str | None, data: str | None
) -> None:
    """Keep an event as NAME for FUNCTION, replacing one of that name; at most ten per function."""
    if sum(each is not None for each in (template, file, data)) != 1:
        raise click.UsageError("one of --template, --event and --data is needed")

    async def work() -> None:
        from streamcore.commands.invoke import event_of

        async with endpoint.client() as client:
            event = await event_of(client, function, template, file, None, data)
            headers = {"content-type": "application/json"}
            await client.send("lambda", "save", "PUT", _path(function, name), headers=headers, body=event)
        click.echo(f"{name} is saved for {function}")

    run(work())


@events.command()
@click.argument("function")
@click.argument("name")
@endpoint_options
def delete(endpoint: Endpoint, function: str, name: str) -> None:
    """Forget an event that was saved for FUNCTION."""

    async def work() -> None:
        async with endpoint.client() as client:
            await client.rest("lambda", "DELETE", _path(function, name))
        click.echo(f"{name} is deleted")

    run(work())


def _show_sources() -> None:
    from runtime.api.source_table import rows

    table = [("SOURCE", "NAMES ITSELF", "INVOKES", "TEMPLATE", "WHAT IT TELLS"), *rows()]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _example(name: str) -> bytes:
    from runtime.sources.registry import sources

    known = sources()
    if name not in known:
        raise click.ClickException(f"there is no source {name}; there are {', '.join(known)}")
    return known[name].example()


async def saved_event(client: AwsClient, function: str, name: str) -> bytes:
    """The JSON of an event that was saved. Raises AwsCallError."""
    return (await client.send("lambda", "show", "GET", _path(function, name))).body


def _path(function: str, event: str | None = None) -> str:
    from streamcore.client.aws import label

    return f"/v1/functions/{label(function)}/events" + ("" if event is None else f"/{label(event)}")
