"""The `streamcore` command."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
import uvloop

from streamcore import config
from streamcore.commands.backup import backup
from streamcore.commands.deploy import delete as delete_template
from streamcore.commands.deploy import deploy
from streamcore.commands.events import events
from streamcore.commands.identity import identity, token
from streamcore.commands.invoke import invoke
from streamcore.config import LogFormat, Settings
from streamcore.errors import StreamcoreError
from streamcore.mapping_cli import mapping


def _or_none(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Not given is not empty: then another source of settings may say it."""
    return values or None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="streamcore")
def main() -> None:
    """Durable event streams that speak Amazon Kinesis, with Lambda functions on top."""


@main.command()
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="TOML file; see configs/.")
@click.option("--host", help="Address to listen on. [127.0.0.1]")
@click.option("--port", type=int, help="Port; 0 takes a free one. [4566]")
@click.option("--tls-port", type=int, help="Port with TLS beside it; 0 is none. [0]")
@click.option("--tls", help="Certificate: files or self-signed. [files]")
@click.option("--tls-cert", help="PEM file of the certificate.")
@click.option("--tls-key", help="PEM file of its key.")
@click.option("--auth", help="Who gets in: off (everybody), observe or enforce. [off]")
@click.option(
    "--allow-anonymous-network", is_flag=True, default=None, help="Listen beyond loopback although anybody may connect."
)
@click.option("--audit-data", is_flag=True, default=None, help="Allowed actions on data in the audit log, too.")
@click.option("--audit-max-bytes", type=int, help="Size at which the next audit log is begun. [67108864]")
@click.option("--audit-files", type=int, help="Audit logs that are kept. [8]")
@click.option("--data", help="Folder of the volume. [data]")
@click.option("--limits", help="Shard limits: enforce, observe or off. [enforce]")
@click.option("--durability", help="What an acknowledgement means: sync (on disk) or os. [sync]")
@click.option("--account", help="Account of callers whose access key is not 12 digits. [000000000000]")
@click.option("--region", help="Region of callers who name none. [us-east-1]")
@click.option("--transition-ms", type=int, help="How long a stream is CREATING, UPDATING, DELETING. [20]")
@click.option("--retention-hours", type=int, help="Retention of new streams. [24]")
@click.option("--shard-quota", type=int, help="Open shards of an account, for the Kinesis API. [500]")
@click.option("--max-inflight-bytes", type=int, help="Bodies of all requests in progress. [268435456]")
@click.option("--max-connections", type=int, help="Open connections. [4096]")
@click.option("--max-connections-per-client", type=int, help="Those of one address, loopback aside. [512]")
@click.option("--max-requests-per-client", type=int, help="In progress, of one address, loopback aside. [512]")
@click.option("--max-header-bytes", type=int, help="Line and headers of a request. [65536]")
@click.option("--idle-timeout-s", type=float, help="Rest between two requests of a connection. [180]")
@click.option("--request-timeout-s", type=float, help="Time for a client to send its request. [30]")
@click.option("--drain-s", type=float, help="Time for requests in progress after SIGTERM. [5]")
@click.option("--workers", type=int, help="Worker processes of functions. [4]")
@click.option("--preload", multiple=True, callback=_or_none, help="Modules to import ahead of functions. [boto3]")
@click.option("--log-max-bytes", type=int, help="Disk for functions' logs and metrics. [1073741824]")
@click.option("--schedule-min-minutes", type=int, help="The shortest interval of a schedule. [1]")
@click.option("--missed-schedules", help="What was due while the broker was off: once, all or skip. [once]")
@click.option("--snapshots", help="Folder of snapshots. [snapshots in the data folder]")
@click.option("--log-format", help="text or json, on standard error. [text]")
@click.option("--log-level", help="DEBUG, INFO, WARNING or ERROR. [INFO]")
def serve(config_file: Path | None, **options: Any) -> None:
    """Run a broker. Every option is also a key of the TOML file and a STREAMCORE_… variable."""
    file = config_file or (Path(path) if (path := os.environ.get("STREAMCORE_CONFIG")) else None)
    try:
        settings = config.settings(file, os.environ, **options)
        _set_up_logging(settings)
        uvloop.run(_serve(settings))
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot start: {error}") from error


async def _serve(settings: Settings) -> None:
    gc.disable()  # what is imported and built stays: looking for garbage in it took a tenth of the start
    from streamcore.composition import Composition

    composition = await Composition.start(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _tune_process()
    click.echo(
        f"streamcore ready on {' and '.join(composition.server.urls)} "
        f"(data {settings.data}, limits {settings.limits}, {settings.durability})"
    )
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await composition.stop()


def _tune_process() -> None:
    """A broker makes few cycles and many short-lived objects: collecting less often is worth 5 % of its throughput."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        import msgspec

        entry = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name}
        entry["message"] = record.getMessage()
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def _set_up_logging(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format is LogFormat.JSON:
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)


for _command in (backup, invoke, events, deploy, delete_template, identity, token):
    main.add_command(_command)


# ---------------------------------------------------------------- streams, for people


@main.group()
@click.option("--endpoint", default="http://127.0.0.1:4566", envvar="STREAMCORE_ENDPOINT", show_default=True)
@click.pass_context
def stream(context: click.Context, endpoint: str) -> None:
    """Create, list, describe, delete, fill and follow streams of a running broker."""
    context.obj = endpoint


@stream.command()
@click.argument("name")
@click.option("--shards", type=click.IntRange(1, 10_000), default=1, show_default=True)
@click.option("--retention-hours", type=int)
@click.option("--limits", type=click.Choice(["enforce", "observe", "off"]), help="Instead of the broker's.")
@click.pass_obj
def create(endpoint: str, name: str, shards: int, retention_hours: int | None, limits: str | None) -> None:
    """Make a stream."""

    async def run() -> None:
        from streamcore.client import Client

        async with Client(endpoint) as client:
            info = await client.create_stream(name, shards=shards, retention_hours=retention_hours, limits=limits)
            click.echo(f"{info['name']} is {info['status']} with {info['open_shards']} shards: {info['arn']}")

    _run(run())


@stream.command("list")
@click.pass_obj
def list_(endpoint: str) -> None:
    """Show all streams."""

    async def run() -> None:
        from streamcore.client import Client

        async with Client(endpoint) as client:
            for info in await client.list_streams():
                shards = f"{info['open_shards']} shards"
                click.echo(f"{info['name']:<32} {info['status']:<9} {shards:<12} {info['arn']}")

    _run(run())


@stream.command()
@click.argument("name")
@click.pass_obj
def describe(endpoint: str, name: str) -> None:
    """Show a stream and its shards."""

    async def run() -> None:
        from streamcore.client import Client

        async with Client(endpoint) as client:
            info = await client.describe_stream(name)
        shards = info.pop("shards")
        for key, value in info.items():
            click.echo(f"{key + ':':<18}{'-' if value is None else value}")
        for shard in shards:
            state = "open" if shard["ending_sequence"] is None else "closed"
            click.echo(f"{shard['id']} {state:<7}{shard['first_hash_key']} - {shard['last_hash_key']}")

    _run(run())


@stream.command()
@click.argument("name")
@click.pass_obj
def delete(endpoint: str, name: str) -> None:
    """Delete a stream and its records."""

    async def run() -> None:
        from streamcore.client import Client

        async with Client(endpoint) as client:
            await client.delete_stream(name)
            click.echo(f"{name} is deleted")

    _run(run())


@stream.command()
@click.argument("name")
@click.option("--key", help="Partition key of every record. [each line's own text before --separator, or a random one]")
@click.option("--separator", help="Splits each line into key and data.")
@click.argument("data", nargs=-1)
@click.pass_obj
def put(endpoint: str, name: str, key: str | None, separator: str | None, data: tuple[str, ...]) -> None:
    """Put DATA, one record each; without DATA the lines of standard input."""
    lines = data or (line.rstrip("\n") for line in sys.stdin)

    async def run() -> None:
        import uuid

        from streamcore.client import Client, Producer

        async with Client(endpoint) as client:
            await client.describe_stream(name)
            deliveries = []
            async with Producer(endpoint, name) as producer:
                for line in lines:
                    record_key, text = key, line
                    if separator is not None:
                        before, found, after = line.partition(separator)
                        record_key, text = (key or before, after) if found else (key, line)
                    deliveries.append(await producer.put(record_key or uuid.uuid4().hex, text.encode()))
            for delivery in deliveries:
                receipt = delivery.result()
                if len(deliveries) <= 20:
                    click.echo(f"{receipt.shard_id} {receipt.sequence_number}")
        if len(deliveries) > 20:
            click.echo(f"{len(deliveries)} records stored")

    _run(run())


@stream.command()
@click.argument("name")
@click.option("--from", "start", type=click.Choice(["latest", "trim_horizon"]), default="latest", show_default=True)
@click.option("--count", type=click.IntRange(min=1), help="End after that many records.")
@click.pass_obj
def tail(endpoint: str, name: str, start: str, count: int | None) -> None:
    """Print records as they are committed, until interrupted."""

    async def run() -> None:
        from streamcore.client import Consumer

        left = count if count is not None else -1
        async with Consumer(endpoint, name, "streamcore-tail", start=start) as consumer:
            async for batch in consumer:
                for record in batch.records:
                    text = record.data.decode(errors="backslashreplace")
                    click.echo(f"{record.shard_id} {record.sequence_number} {record.partition_key}\t{text}")
                    left -= 1
                    if left == 0:
                        return

    _run(run())


main.add_command(mapping)


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
