"""What verifying signatures and asking policies costs: PutRecord with authentication off and enforced, in turn."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.load import LoadPlan
from bench.servers import Server
from bench.workload import Bench, Measurement, Metric, Side, Workload
from bench.workloads.puts import RECORD_BYTES, SHARDS, SINGLE_CONNECTIONS
from streamcore.client.aws import AwsClient
from streamcore.client.signing import Keys
from streamcore.config import Settings
from streamcore.identity.roots import Roots
from streamcore.identity.secrets import open_vault

_ACCOUNT = Settings().account
_STREAM = "auth-cost"


def _root(folder: Path) -> Keys:
    identity = folder / "data" / "identity"
    key = Roots(identity, open_vault(identity), lambda: None).of(_ACCOUNT)
    assert key is not None, "the first start makes it"
    return Keys(key.access_key, key.secret)


@contextmanager
def _as(keys: Keys) -> Iterator[None]:
    """The load is another process: keys go by the environment."""
    given = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def _create(server: Server) -> None:
    async with AwsClient(server.url, account=_ACCOUNT, region="us-east-1") as client:

        async def call(action: str, **body: Any) -> dict[str, Any]:
            return await client.target("kinesis", f"Kinesis_20131202.{action}", body)

        await call("CreateStream", StreamName=_STREAM, ShardCount=SHARDS)
        for _ in range(500):
            told = await call("DescribeStreamSummary", StreamName=_STREAM)
            if told["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
                return
            await asyncio.sleep(0.02)
        raise TimeoutError("the stream did not become ACTIVE")


def _throughput(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.fresh_folder() as folder, bench.server_over(program, folder) as server:
            keys = _root(folder) if program == "streamcore-enforce" else Keys("AKIAIOSFODNN7EXAMPLE", "x" * 40)
            with _as(keys):
                asyncio.run(_create(server))
                plan = LoadPlan(
                    port=server.port,
                    kind="put-record",
                    stream=_STREAM,
                    seconds=bench.settings.seconds,
                    warmup_seconds=bench.settings.warmup_seconds,
                    record_bytes=RECORD_BYTES,
                    rate_per_s=None,
                    connections=SINGLE_CONNECTIONS,
                    records_per_request=1,
                )
                result = bench.load(plan)
        return Measurement({"throughput": result.records / result.seconds})

    return measure


AUTH_COST = Workload(
    name="auth-cost",
    summary=f"PutRecord as JSON, {SINGLE_CONNECTIONS} connections: signatures and policies enforced against off",
    metrics=[Metric("throughput", "rec/s", bar=0.85)],
    sides=[
        Side("enforce", "streamcore-enforce", _throughput("streamcore-enforce")),
        Side("off", "streamcore", _throughput("streamcore")),
    ],
)
