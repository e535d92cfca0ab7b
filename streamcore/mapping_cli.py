"""`streamcore mapping …`: event source mappings of a running broker, for people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import click

from streamcore.errors import StreamcoreError

if TYPE_CHECKING:
    from streamcore.client import Client

PLACE = "latest, trim_horizon, at_timestamp:MS, at_sequence:N or after_sequence:N"
#: Records of one request of a replay; a long one is many.
REPLAY_RECORDS = 10_000


@click.group()
@click.option("--endpoint", default="http://127.0.0.1:4566", envvar="STREAMCORE_ENDPOINT", show_default=True)
@click.pass_context
def mapping(context: click.Context, endpoint: str) -> None:
    """Look into event source mappings, pause them, move them, try them, feed records through once more."""
    context.obj = endpoint


@mapping.command("list")
@click.pass_obj
def list_(endpoint: str) -> None:
    """Show all mappings."""

    async def run(client: Client) -> None:
        for each in await client.mappings():
            click.echo(f"{each['uuid']}  {each['state']:<9} {each['source']} -> {each['function']}")

    _run(endpoint, run)


@mapping.command()
@click.argument("uuid")
@click.pass_obj
def describe(endpoint: str, uuid: str) -> None:
    """Show a mapping, its settings, and where it is in each shard."""

    async def run(client: Client) -> None:
        found = await client.mapping(uuid)
        shards, config, queue = found.pop("shards"), found.pop("config"), found.pop("queue", None)
        for key, value in {**found, **config}.items():
            click.echo(f"{key + ':':<32}{'-' if value in (None, '', []) else value}")
        if queue is not None:
            told = (f"{count} {name.replace('_', ' ')}" for name, count in queue.items())
            click.echo(f"messages in the queue: {', '.join(told)}")
        for shard in shards:
            position = "done" if shard["position"] is None else shard["position"]
            tried = max((part["invokes"] for lane in shard["retrying"] for part in lane["parts"]), default=0)
            trying = f", invoked {tried} times so far" if tried else ""
            click.echo(
                f"{shard['shard']} at {position}, {shard['behind']} behind, {shard['records']} records in "
                f"{shard['batches']} batches, {shard['errors']} failed, {shard['discarded']} given up{trying}"
            )

    _run(endpoint, run)


@mapping.command()
@click.argument("uuid")
@click.pass_obj
def pause(endpoint: str, uuid: str) -> None:
    """Stop a mapping; its position is kept."""
    _run(endpoint, lambda client: _change(client, uuid, "pause"))


@mapping.command()
@click.argument("uuid")
@click.pass_obj
def resume(endpoint: str, uuid: str) -> None:
    """Let a paused mapping go on where it was."""
    _run(endpoint, lambda client: _change(client, uuid, "resume"))


async def _change(client: Client, uuid: str, tool: str) -> None:
    found = await client.use_mapping(uuid, tool)
    click.echo(f"{found['uuid']} is {found['state']}")


@mapping.command()
@click.argument("uuid")
@click.option("--to", required=True, help=f"Where to go on: {PLACE}.")
@click.option("--shard", help="Only this shard. [all]")
@click.pass_obj
def skip(endpoint: str, uuid: str, to: str, shard: str | None) -> None:
    """Move a mapping to another place, forwards or back; retries that wait are dropped."""

    async def run(client: Client) -> None:
        moved = await client.use_mapping(uuid, "skip", to=_place(to), shard=shard)
        for name, index in moved["positions"].items():
            click.echo(f"{name} goes on at {index}")

    _run(endpoint, run)


@mapping.command("dry-run")
@click.argument("uuid")
@click.option("--from", "start", help=f"Where to begin: {PLACE}. [where the mapping is]")
@click.option("--shard", help="Only this shard. [all]")
@click.option("--filter", "filters", multiple=True, help="Try this pattern instead of the mapping's; may be repeated.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Records of each shard.")
@click.pass_obj
def dry_run(
    endpoint: str, uuid: str, start: str | None, shard: str | None, filters: tuple[str, ...], limit: int
) -> None:
    """Show which records the filter would take, and in which batches. Nothing is invoked."""

    async def run(client: Client) -> None:
        place = None if start is None else _place(start)
        options = {"start": place, "shard": shard, "limit": limit, "filters": list(filters) or None}
        for each in (await client.use_mapping(uuid, "dry-run", **options))["shards"]:
            click.echo(f"{each['shard']}: {each['taken']} of {each['read']} records")
            for batch in each["batches"]:
                click.echo(
                    f"  {batch['records']} records, {batch['size_bytes']} bytes: {batch['first']}-{batch['last']}"
                )

    _run(endpoint, run)


@mapping.command()
@click.argument("uuid")
@click.option("--from", "start", required=True, help=f"Where to begin: {PLACE}.")
@click.option("--to", "end", help="Up to where, the same. [now]")
@click.option("--shard", help="Only this shard. [all]")
@click.option("--function", help="Another function, or :VERSION or :ALIAS of the mapping's own. [the mapping's]")
@click.option("--compare", is_flag=True, help="Invoke the mapping's own function too, and show what differs.")
@click.pass_obj
def replay(
    endpoint: str, uuid: str, start: str, end: str | None, shard: str | None, function: str | None, compare: bool
) -> None:
    """Feed records through a function once more. The mapping's own positions stay."""
    asked = {
        "start": _place(start),
        "end": None if end is None else _place(end),
        "shard": shard,
        "function": function,
        "compare": compare,
        "limit": REPLAY_RECORDS,
    }

    async def run(client: Client) -> None:
        totals = dict.fromkeys(("read", "records", "batches", "errors", "different"), 0)
        report: dict[str, Any] = {"next": None, "until": None}
        shown: list[dict[str, Any]] = []
        while report["next"] is None or (report["next"] and not report["stopped"]):
            report = await client.use_mapping(uuid, "replay", **asked, next=report["next"], until=report["until"])
            totals = {name: count + report[name] for name, count in totals.items()}
            shown = (shown + report["differences"])[:10]
        click.echo(
            f"{totals['records']} of {totals['read']} records in {totals['batches']} batches, "
            f"{totals['errors']} failed" + (f", {totals['different']} differ" if compare else "")
        )
        for each in shown:
            click.echo(f"{each['shard']} {each['first']}-{each['last']}")
            click.echo(f"  own:   {each['own']}\n  other: {each['other']}")
        if report["stopped"]:
            raise click.ClickException(f"stopped: {report['stopped']}")

    _run(endpoint, run)


def _place(text: str) -> str:
    """`at_timestamp:-90` is ninety seconds ago."""
    kind, _, value = text.partition(":")
    if kind == "at_timestamp" and value.startswith("-") and value[1:].isdigit():
        return f"at_timestamp:{int(time.time() * 1000) - int(value[1:]) * 1000}"
    return text


def _run(endpoint: str, work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        from streamcore.client import Client

        async with Client(endpoint, timeout_s=900.0) as client:
            await work(client)

    try:
        asyncio.run(run())
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
