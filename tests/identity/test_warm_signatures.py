"""A head that was verified once is not looked at again; everything else is."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest

from streamcore.broker import Broker, open_broker
from streamcore.client.signing import Keys, signed_headers
from streamcore.clock import ManualClock
from streamcore.identity.authenticator import Authenticator
from streamcore.identity.callers import Callers
from streamcore.identity.errors import AccessError
from streamcore.identity.sessions import Sessions
from streamcore.identity.store import Identities
from streamcore.model.iam.sigv4 import Signed

NOW_MS = 1_700_000_000_000
AT = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(NOW_MS // 1000))


class Client:
    """Signs as an SDK does."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def request(self, body: bytes, **more: str) -> Signed:
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.PutRecord"}
        headers |= signed_headers(self.keys, "kinesis", "us-east-1", AT, "POST", "h", "/", "", headers, body)
        return Signed("POST", "/", "", {**headers, "host": "h", **more}, hashlib.sha256(body).hexdigest())


async def made(broker: Broker) -> tuple[Authenticator, Client, Identities]:
    identities = Identities(broker)
    await identities.start()
    root = identities.roots.make(broker.settings.account, NOW_MS)
    authenticator = Authenticator(identities, Callers(identities, Sessions(identities.vault)), broker.clock)
    return authenticator, Client(Keys(root.access_key, root.secret)), identities


async def test_the_next_request_is_good_only_if_it_is_signed() -> None:
    clock = ManualClock(NOW_MS)
    async with open_broker(None, clock=clock) as broker:
        authenticator, client, identities = await made(broker)
        first = authenticator.verify(client.request(b"1"), "kinesis")
        second = client.request(b"2")
        assert authenticator._warm.find(second, NOW_MS, 300_000, identities.epoch) is first
        assert authenticator.verify(second, "kinesis") is first
        token = {"x-amz-security-token": "x"}
        changes: list[dict[str, Any]] = [
            {"payload": client.request(b"3").payload},
            {"path": "/x"},
            {"query": "a=b"},
            {"method": "GET"},
            *({"headers": {**second.headers, name: "other"}} for name in ("host", "x-amz-target", "content-type")),
            {"headers": {**second.headers, **token}},
            {"headers": {**second.headers, "authorization": second.headers["authorization"][:-1] + "g"}},
        ]
        for change in changes:
            with pytest.raises(AccessError):
                authenticator.verify(second._replace(**change), "kinesis")
        with pytest.raises(AccessError, match="correct service: 'logs'"):
            authenticator.verify(second, "logs")
        clock.advance(301)
        with pytest.raises(AccessError, match="Signature expired"):
            authenticator.verify(second, "kinesis")


async def test_a_key_that_is_void_is_void_at_once() -> None:
    async with open_broker(None, clock=ManualClock(NOW_MS)) as broker:
        authenticator, client, identities = await made(broker)
        authenticator.verify(client.request(b"1"), "kinesis")
        identities.roots.make(broker.settings.account, NOW_MS)
        with pytest.raises(AccessError):
            authenticator.verify(client.request(b"1"), "kinesis")
