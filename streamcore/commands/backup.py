"""`streamcore backup`: snapshots of a running broker, and a data folder out of one."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamcore.errors import StreamcoreError

if TYPE_CHECKING:
    from streamcore.client import Client

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Age(click.ParamType[int]):
    """`90m`, `36h`, `7d`: seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(?a)(\d{1,6})([smhdw])", str(value))
        if found is None:
            self.fail(f"{value!r} is no age: a number and s, m, h, d or w, such as 7d.", param, ctx)
        return int(found[1]) * _UNITS_S[found[2]]


@click.group()
@click.option("--endpoint", default="http://127.0.0.1:4566", envvar="STREAMCORE_ENDPOINT", show_default=True)
@click.pass_context
def backup(context: click.Context, endpoint: str) -> None:
    """Make, list, delete and restore consistent snapshots of everything that a broker keeps."""
    context.obj = endpoint


@backup.command()
@click.option("--description", default="", help="What it is for.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@click.pass_obj
def create(endpoint: str, description: str, tags: tuple[str, ...]) -> None:
    """Copy the broker as it is now, while it works."""
    pairs = dict(tag.partition("=")[::2] for tag in tags)

    async def run(client: Client) -> None:
        made = await client.create_snapshot(description, pairs)
        click.echo(f"{made['id']} has {made['file_count']} files, {_size(made['size_bytes'])}: {made['folder']}")

    _run(endpoint, run)


@backup.command("list")
@click.pass_obj
def list_(endpoint: str) -> None:
    """Show all snapshots, the oldest first."""

    async def run(client: Client) -> None:
        for each in await client.snapshots():
            began = datetime.fromtimestamp(each["started_ms"] / 1000, UTC).isoformat(sep=" ", timespec="seconds")
            tags = " ".join(f"{key}={value}" for key, value in each["tags"].items())
            line = f"{each['id']}  {began}  {each['state']:<9} {_size(each['size_bytes']):>10}"
            click.echo(f"{line}  {each['description'] or each['message']} {tags}".rstrip())

    _run(endpoint, run)


@backup.command()
@click.argument("snapshot")
@click.pass_obj
def delete(endpoint: str, snapshot: str) -> None:
    """Remove SNAPSHOT."""

    async def run(client: Client) -> None:
        await client.delete_snapshot(snapshot)
        click.echo(f"{snapshot} is deleted")

    _run(endpoint, run)


@backup.command()
@click.option("--older-than", type=Age(), required=True, help="Such as 12h, 7d or 4w.")
@click.pass_obj
def prune(endpoint: str, older_than: int) -> None:
    """Remove all snapshots that are older than that."""

    async def run(client: Client) -> None:
        gone = await client.prune_snapshots(int(time.time() * 1000) - older_than * 1000)
        click.echo("\n".join(f"{name} is deleted" for name in gone) or "there is none that old")

    _run(endpoint, run)


@backup.command()
@click.argument("snapshot", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), required=True, help="The new data folder.")
def restore(snapshot: Path, data: Path) -> None:
    """Make a data folder of the folder SNAPSHOT; no broker has to run. `streamcore serve --data …` starts on it."""
    from runtime.errors import FunctionsError
    from runtime.snapshots.restore import restore as put_back
    from streamcore.identity.secrets import FOLDER, NOTE

    try:
        restored = put_back(snapshot, data)
    except (FunctionsError, OSError) as error:
        raise click.ClickException(str(error)) from error
    began = datetime.fromtimestamp(restored.started_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")
    click.echo(f"{data} is as it was at {began} ({restored.file_count} files, {_size(restored.size_bytes)})")
    key = data / FOLDER / "key"
    if (key.parent / NOTE).exists():
        click.echo(
            f"{key} is not in it: secrets are sealed with it, and snapshots do not have it. Before a broker with "
            f"authentication starts here, copy it from the broker that the snapshot is of: "
            f"install -m 600 OLD-DATA/{FOLDER}/key {key}"
        )


def _size(size_bytes: int) -> str:
    value = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def _run(endpoint: str, work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        from streamcore.client import Client

        async with Client(endpoint, timeout_s=86_400.0) as client:
            await work(client)

    try:
        asyncio.run(run())
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
