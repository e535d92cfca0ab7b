"""`streamcore identity` and `streamcore token`: root's credentials, and tokens of the native API."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streamcore.commands.endpoint import run
from streamcore.errors import StreamcoreError

if TYPE_CHECKING:
    from streamcore.client.signing import Keys

_DATA = click.option(
    "--data",
    default="data",
    envvar="STREAMCORE_DATA",
    type=click.Path(path_type=Path),
    help="Folder of the volume. [data]",
)
_ACCOUNT = click.option(
    "--account", default="000000000000", envvar="STREAMCORE_ACCOUNT", help="Account. [000000000000]"
)


@click.group()
def identity() -> None:
    """Root's credentials, which make all others."""


@identity.command()
@_DATA
@_ACCOUNT
@click.option("--rotate", is_flag=True, help="New credentials; the former ones are void within a second.")
@click.option("--format", "form", type=click.Choice(["env", "json"]), default="env", help="[env]")
def root(data: Path, account: str, rotate: bool, form: str) -> None:
    """Print the root access key of an account, making it when there is none.

    It reads and writes files in the data folder, which only the broker's user can: the broker may run or not.
    """
    try:
        keys = _root(data, account, rotate=rotate)
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        click.echo(json.dumps({"AccessKeyId": keys.access_key, "SecretAccessKey": keys.secret}))
    else:
        click.echo(f"export AWS_ACCESS_KEY_ID={keys.access_key}\nexport AWS_SECRET_ACCESS_KEY={keys.secret}")


@identity.command("new-key")
@_DATA
def new_key(data: Path) -> None:
    """Make another key for the secrets where the old one is lost; no broker may run.

    Users, roles, policies and tokens stay. Access keys and root's credentials were sealed with the old key: they are
    void and have to be made anew.
    """
    from streamcore.identity.secrets import FOLDER, renew

    if not data.is_dir():
        raise click.ClickException(f"{data} is not there")
    try:
        renew(data / FOLDER)
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{data / FOLDER / 'key'} is new; access keys have to be made anew, root's with: streamcore identity root"
    )


def _root(data: Path, account: str, *, rotate: bool = False, make: bool = True) -> Keys:
    from streamcore.client.signing import Keys
    from streamcore.identity.roots import Roots
    from streamcore.identity.secrets import FOLDER, open_vault

    if len(account) != 12 or not account.isdigit():
        raise click.BadParameter(f"{account!r} is not an account of 12 digits")
    folder = data / FOLDER
    if not make and not folder.exists():
        raise click.ClickException(f"{folder} is not there: is {data} the broker's data folder?")
    roots = Roots(folder, open_vault(folder), lambda: None)
    found = None if rotate else roots.of(account)
    key = found or roots.make(account, time.time_ns() // 1_000_000)
    return Keys(key.access_key, key.secret)


@click.group()
@click.option("--endpoint", default="http://127.0.0.1:4566", envvar="STREAMCORE_ENDPOINT", show_default=True)
@_DATA
@_ACCOUNT
@click.pass_context
def token(context: click.Context, endpoint: str, data: Path, account: str) -> None:
    """Tokens of the native API: programs give them as `Client(url, token=…)` or in STREAMCORE_TOKEN."""
    context.obj = (endpoint.rstrip("/"), data, account)


@token.command()
@click.argument("name")
@click.option("--allow", multiple=True, required=True, metavar="ACTION[@RESOURCE]",
              help="E.g. 'kinesis:*' or 'kinesis:PutRecords@arn:aws:kinesis:*:*:stream/orders'.")  # fmt: skip
@click.option("--expires-s", type=click.IntRange(min=1), help="Good for that many seconds. [for ever]")
@click.pass_obj
def create(place: tuple[str, Path, str], name: str, allow: tuple[str, ...], expires_s: int | None) -> None:
    """Make a token and print it: it is told this once."""
    statements = [_statement(each) for each in allow]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    body: dict[str, Any] = {"name": name, "policy": policy}
    if expires_s is not None:
        body["expires_s"] = expires_s
    run(_tell(place, "POST", "/v1/tokens", body, lambda answer: answer["token"]))


@token.command("list")
@click.pass_obj
def list_(place: tuple[str, Path, str]) -> None:
    """Show all tokens and what they may; not the tokens themselves, which are not kept."""

    def shown(answer: dict[str, Any]) -> str:
        return "\n".join(f"{each['name']:<24} {each['policy']}" for each in answer["tokens"]) or "There are none."

    run(_tell(place, "GET", "/v1/tokens", None, shown))


@token.command()
@click.argument("name")
@click.pass_obj
def delete(place: tuple[str, Path, str], name: str) -> None:
    """Make a token void, at once."""
    from urllib.parse import quote

    run(_tell(place, "DELETE", f"/v1/tokens/{quote(name, safe='')}", None, lambda answer: f"{name} is void"))


def _statement(text: str) -> dict[str, str]:
    action, _, resource = text.partition("@")
    return {"Effect": "Allow", "Action": action, "Resource": resource or "*"}


async def _tell(place: tuple[str, Path, str], method: str, path: str, body: object, shown: Any) -> None:
    from streamcore.client.api import Client

    endpoint, data, account = place
    async with Client(endpoint, token="") as client:
        answer = await client.signed(_root(data, account, make=False), method, path, body)
    click.echo(shown(answer))
