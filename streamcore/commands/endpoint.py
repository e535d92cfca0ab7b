"""Which endpoint a command speaks to, as whom, and how its failures are told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from streamcore.errors import StreamcoreError

if TYPE_CHECKING:
    from streamcore.client.aws import AwsClient

_ACCOUNT: Final = re.compile(r"(?a)\A\d{12}\Z")
_REGION: Final = re.compile(r"(?a)\A[a-z0-9-]{1,32}\Z")

C = TypeVar("C", bound=Callable[..., Any])


class Endpoint(NamedTuple):
    """`account` and `region` are where names are looked up."""

    url: str
    account: str
    region: str

    def client(self) -> AwsClient:
        from streamcore.client.aws import AwsClient

        return AwsClient(self.url, account=self.account, region=self.region)


def endpoint_options(command: C) -> C:
    """`--endpoint`, `--account` and `--region`; the command gets them as `endpoint`, an Endpoint."""

    def taken(**given: Any) -> Any:
        made = Endpoint(given.pop("endpoint"), given.pop("account"), given.pop("region"))
        return command(endpoint=made, **given)

    taken.__doc__ = command.__doc__
    taken.__name__ = command.__name__
    for option in (
        click.option(
            "--region",
            default="us-east-1",
            envvar=["STREAMCORE_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"],
            callback=_matching(_REGION, "a region such as us-east-1"),
            help="Region of the names. [us-east-1]",
        ),
        click.option(
            "--account",
            default="000000000000",
            envvar="STREAMCORE_ACCOUNT",
            callback=_matching(_ACCOUNT, "an account of 12 digits"),
            help="Account of the names. [000000000000]",
        ),
        click.option(
            "--endpoint",
            default="http://127.0.0.1:4566",
            envvar="STREAMCORE_ENDPOINT",
            help="URL of the endpoint. [http://127.0.0.1:4566]",
        ),
    ):
        taken = option(taken)
    return taken  # type: ignore[return-value]  # the options change what it is called with


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Runs a command's work; what it returns is the exit code. Errors that are foreseen are one line each."""
    try:
        code = asyncio.run(work)
    except StreamcoreError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if code:
        raise SystemExit(code)


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[click.Context, click.Parameter, str], str]:
    def check(context: click.Context, parameter: click.Parameter, value: str) -> str:
        if not pattern.match(value):
            raise click.BadParameter(f"{value!r} is not {what}")
        return value

    return check
