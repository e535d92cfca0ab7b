"""A small client of AWS's own APIs at a streamcore endpoint: what the command line deploys and invokes with.

Requests carry a Signature Version 4 in form only, as nobody verifies it: its credential says the account (a 12-digit
access key is one) and the region in which names are looked up.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from streamcore.client.api import Unreachable
from streamcore.client.signing import keys_of, signed_headers
from streamcore.errors import StreamcoreError

#: Longer than a function may run (900 s).
TIMEOUT_S: Final = 960.0
_ERROR_TYPE: Final = re.compile(rb"<(\w+)>")
_XML_FIELD: Final = "<{0}>(.*?)</{0}>"


class AwsCallError(StreamcoreError):
    """{operation}: {error}: {message}"""

    code = "aws_call"

    def __init__(self, operation: str, status: int, error: str, message: str) -> None:
        super().__init__(operation=operation, status=status, error=error, message=message or f"HTTP status {status}")
        self.status = status
        self.error_code = error

    @property
    def is_missing_service(self) -> bool:
        """Whether the endpoint does not have the API at all, which it says without a word."""
        silent = self.data["message"] == f"HTTP status {self.status}"
        return self.error_code in ("UnknownOperationException", "NotImplemented") or (
            self.error_code == "AccessDeniedException" and silent
        )


class Answer(NamedTuple):
    """Headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body) if self.body else {}
        return found


class AwsClient:
    """One endpoint, account and region. Raises AwsCallError for every refusal, Unreachable when there is no answer."""

    def __init__(self, url: str, *, account: str, region: str) -> None:
        self.url = url.rstrip("/")
        self.account = account
        self.region = region
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def target(self, service: str, target: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """An action of a service that takes JSON by `X-Amz-Target`, such as `Kinesis_20131202.ListStreams`."""
        headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
        operation = f"{service} {target.rpartition('.')[2]}"
        return (await self.send(service, operation, "POST", "/", headers=headers, body=_encode(body))).json()

    async def rest(
        self, service: str, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A request of a service that takes JSON at its own paths; `path` is encoded already."""
        headers = {} if body is None else {"content-type": "application/json"}
        data = b"" if body is None else _encode(body)
        operation = f"{service} {method} {path}"
        return (await self.send(service, operation, method, path, headers=headers, body=data, query=query)).json()

    async def send(
        self,
        service: str,
        operation: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any request; `operation` is what errors call it."""
        assert self._session is not None, "the client is used in `async with`"
        text = f"?{urlencode(query, quote_via=quote)}" if query else ""
        url = URL(f"{self.url}{path}{text}", encoded=True)
        given = dict(headers or {})
        signed = {**self._signature(service, method, url, given, body), **given}
        try:
            async with self._session.request(method, url, data=body or None, headers=signed) as response:
                answer = Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(url=self.url, reason=str(error) or type(error).__name__) from error
        if answer.status >= 300:
            raise _refusal(operation, answer)
        return answer

    def _signature(
        self, service: str, method: str, url: URL, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """With the keys of the environment, if they are a broker's or AWS's; else one that only says the account."""
        now = time.gmtime()
        keys = keys_of(os.environ)
        if keys is not None:
            at, host = time.strftime("%Y%m%dT%H%M%SZ", now), url.raw_authority
            query = url.raw_query_string
            return signed_headers(keys, service, self.region, at, method, host, url.raw_path, query, headers, body)
        credential = f"{self.account}/{time.strftime('%Y%m%d', now)}/{self.region}/{service}/aws4_request"
        parts = f"Credential={credential}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
        return {"authorization": f"AWS4-HMAC-SHA256 {parts}", "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", now)}


def label(text: str) -> str:
    """One segment of a path."""
    return quote(text, safe="")


def _encode(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _refusal(operation: str, answer: Answer) -> AwsCallError:
    code, message = _from_xml(answer.body) if answer.body.lstrip().startswith(b"<") else _from_json(answer.body)
    header = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    return AwsCallError(operation, answer.status, header or code or "HTTP", message)


def _from_json(body: bytes) -> tuple[str, str]:
    try:
        found = json.loads(body)
    except ValueError:
        return "", body[:300].decode(errors="replace").strip()
    if not isinstance(found, dict):
        return "", ""
    code = str(found.get("__type") or found.get("code") or "").rpartition("#")[2]
    return code, str(found.get("message") or found.get("Message") or "")


def _from_xml(body: bytes) -> tuple[str, str]:
    text = body[:10_000].decode(errors="replace")
    code = re.search(_XML_FIELD.format("Code"), text, re.DOTALL)
    message = re.search(_XML_FIELD.format("Message"), text, re.DOTALL)
    root = _ERROR_TYPE.search(body)
    named = code[1] if code else root[1].decode() if root else ""
    return named, message[1] if message else ""
