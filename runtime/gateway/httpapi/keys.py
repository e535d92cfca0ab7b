"""The public keys of token issuers: found by OpenID Connect discovery, kept for a while, fetched once at a time.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html  (and its quotas: 1,500 ms and
150,000 bytes per request)
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from runtime.gateway.expiring import Expiring
from runtime.gateway.ports import CallHttp, HttpCall, HttpCallError
from runtime.model.httpapi.identity import ALGORITHMS
from streamcore.clock import Clock

if TYPE_CHECKING:
    from jwt import PyJWK

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 1.5
DOCUMENT_MAX_BYTES: Final = 150_000
#: API Gateway keeps keys for up to two hours.
KEPT_S: Final = 2 * 3600.0
#: A token with a key that is not known makes them be fetched again, no sooner than after this.
AGAIN_S: Final = 60.0
#: After a failure, so that every request does not wait for an issuer that is not there.
FAILED_S: Final = 5.0
KEYS_MAX: Final = 100
ISSUERS_MAX: Final = 1_000
_DISCOVERY: Final = "/.well-known/openid-configuration"


class KeysUnavailable(Exception):
    """The issuer does not tell its keys."""


class _Fetched(msgspec.Struct):
    at: float
    #: By key id; None when they could not be had.
    keys: dict[str, PyJWK] | None


class IssuerKeys:
    """Finds the key of a token."""

    def __init__(self, clock: Clock, call_http: CallHttp) -> None:
        self._clock = clock
        self._call_http = call_http
        self._fetched: Expiring[_Fetched] = Expiring(ISSUERS_MAX)
        self._fetching: dict[str, asyncio.Task[_Fetched]] = {}

    async def find(self, issuer: str, key_id: str) -> PyJWK | None:
        """None when the issuer has no such key. Raises KeysUnavailable."""
        now = self._clock.monotonic()
        known = self._fetched.get(issuer, now)
        if known is None or self._is_worth_again(known, key_id, now):
            known = await self._fetch(issuer)
        if known.keys is None:
            raise KeysUnavailable(issuer)
        return known.keys.get(key_id)

    def _is_worth_again(self, known: _Fetched, key_id: str, now: float) -> bool:
        return known.keys is not None and key_id not in known.keys and now - known.at >= AGAIN_S

    async def close(self) -> None:
        for task in list(self._fetching.values()):
            task.cancel()
        if self._fetching:
            await asyncio.wait(list(self._fetching.values()))

    async def _fetch(self, issuer: str) -> _Fetched:
        """Those who come meanwhile wait for the same answer."""
        task = self._fetching.get(issuer)
        if task is None:
            task = self._fetching[issuer] = asyncio.create_task(self._fetch_once(issuer))
            task.add_done_callback(lambda _: self._fetching.pop(issuer, None))
        return await asyncio.shield(task)

    async def _fetch_once(self, issuer: str) -> _Fetched:
        keys: dict[str, PyJWK] | None = None
        try:
            discovered = await self._document(f"{issuer.rstrip('/')}{_DISCOVERY}")
            keys = keys_of(await self._document(str(discovered["jwks_uri"])))
        except (HttpCallError, TimeoutError, ValueError, KeyError, TypeError, msgspec.DecodeError) as error:
            log.warning("the keys of %s cannot be had: %s", issuer, repr(error))
        now = self._clock.monotonic()
        made = _Fetched(now, keys)
        self._fetched.put(issuer, made, until=now + (FAILED_S if keys is None else KEPT_S))
        return made

    async def _document(self, url: str) -> dict[str, Any]:
        """Raises HttpCallError, TimeoutError, ValueError."""
        call = HttpCall(method="GET", url=url, headers=[("accept", "application/json")], body=b"", timeout_s=TIMEOUT_S)
        answer = await self._call_http(call)
        if answer.status != 200 or len(answer.body) > DOCUMENT_MAX_BYTES:
            raise ValueError(f"{url} answers {answer.status} with {len(answer.body)} bytes")
        found = msgspec.json.decode(answer.body)
        if not isinstance(found, dict):
            raise ValueError(f"{url} is no JSON object")
        return found


def keys_of(document: dict[str, Any]) -> dict[str, PyJWK]:
    """The keys of a JSON Web Key Set that can verify one of our algorithms. Raises KeyError, TypeError, ValueError."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    found = {}
    for each in document["keys"][:KEYS_MAX]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or not isinstance(each.get("kid"), str):
            continue
        try:
            key = PyJWK(each)
        except PyJWTError:
            continue
        if key.algorithm_name in ALGORITHMS:
            found[each["kid"]] = key
    return found
