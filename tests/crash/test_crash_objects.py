"""kill -9 in the middle of uploads and notifications: no object half there, no notification of a kept object lost."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from broker_process import BrokerProcess

Starter = Callable[..., Awaitable[BrokerProcess]]
MIB = 1024 * 1024
SIZES = (100, 15_000, 40_000, 700_000)


def client(broker: BrokerProcess, service: str) -> Any:
    config = Config(retries={"max_attempts": 0}, read_timeout=20)
    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "x"}
    return boto3.client(service, region_name="us-east-1", endpoint_url=broker.url, config=config, **keys)


class Uploader:
    """Puts objects, plain and in parts, until its broker dies; `kept` are those whose answer came."""

    def __init__(self, number: int) -> None:
        self._chance = random.Random(number)
        self._number = number
        self._count = 0
        self.kept: dict[str, str] = {}

    def run(self, broker: BrokerProcess, on_answer: Callable[[], None]) -> None:
        s3 = client(broker, "s3")
        try:
            while True:
                self._put(s3)
                on_answer()
        except (BotoCoreError, ClientError):
            return
        finally:
            s3.close()

    def _put(self, s3: Any) -> None:
        self._count += 1
        key, size = f"{self._number}/{self._count:05d}", self._chance.choice(SIZES)
        data = self._chance.randbytes(size)
        if self._count % 5:
            s3.put_object(Bucket="pics", Key=key, Body=data)
        else:
            data = self._chance.randbytes(1000) * 5300 + data
            place = {"Bucket": "pics", "Key": key}
            place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
            parts = []
            for number, body in enumerate((data[: 5 * MIB], data[5 * MIB :]), 1):
                etag = s3.upload_part(**place, PartNumber=number, Body=body)["ETag"]
                parts.append({"PartNumber": number, "ETag": etag})
            s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
        self.kept[key] = hashlib.md5(data).hexdigest()


def prepare(broker: BrokerProcess) -> None:
    s3, kinesis = client(broker, "s3"), client(broker, "kinesis")
    kinesis.create_stream(StreamName="events", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="events", WaiterConfig={"Delay": 0.1})
    s3.create_bucket(Bucket="pics")
    arn = kinesis.describe_stream(StreamName="events")["StreamDescription"]["StreamARN"]
    queue = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket="pics", NotificationConfiguration={"QueueConfigurations": [queue]})
    s3.close()
    kinesis.close()


async def upload_until_killed(broker: BrokerProcess, uploaders: list[Uploader], answers: int) -> None:
    loop, enough, left = asyncio.get_running_loop(), asyncio.Event(), threading.Semaphore(answers)

    def on_answer() -> None:
        if not left.acquire(blocking=False):
            loop.call_soon_threadsafe(enough.set)

    work = [asyncio.to_thread(uploader.run, broker, on_answer) for uploader in uploaders]
    running = asyncio.gather(*work)
    await enough.wait()
    await broker.kill()
    await running


def check_objects(broker: BrokerProcess, kept: dict[str, str]) -> set[str]:
    """Every object that is listed is whole, and every one whose answer came is there; the listed keys."""
    s3 = client(broker, "s3")
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="pics"):
        for entry in page.get("Contents", []):
            data = s3.get_object(Bucket="pics", Key=entry["Key"])["Body"].read()
            assert len(data) == entry["Size"]
            found[entry["Key"]] = hashlib.md5(data).hexdigest()
            assert "-" in entry["ETag"] or entry["ETag"].strip('"') == found[entry["Key"]]
    s3.close()
    assert kept.items() <= found.items()
    return set(found)


def check_notifications(broker: BrokerProcess, keys: set[str]) -> None:
    """All keys were told; the test's time limit bounds the wait for those that are still on their way."""
    kinesis, told = client(broker, "kinesis"), set()
    shard = kinesis.list_shards(StreamName="events")["Shards"][0]["ShardId"]
    kind = {"ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName="events", ShardId=shard, **kind)["ShardIterator"]
    while not keys <= told:
        answer = kinesis.get_records(ShardIterator=iterator)
        iterator = answer["NextShardIterator"]
        for record in answer["Records"]:
            told |= {one["s3"]["object"]["key"] for one in json.loads(record["Data"]).get("Records", [])}
    kinesis.close()


async def kill_in_a_loop(start: Starter, folder: Path, rounds: int) -> None:
    chance, uploaders = random.Random(rounds), [Uploader(number) for number in range(3)]
    broker = await start()
    await asyncio.to_thread(prepare, broker)
    for _ in range(rounds):
        await upload_until_killed(broker, uploaders, chance.randrange(5, 30))
        broker = await start()
        kept = {key: md5 for uploader in uploaders for key, md5 in uploader.kept.items()}
        keys = await asyncio.to_thread(check_objects, broker, kept)
        await asyncio.to_thread(check_notifications, broker, keys)
        assert list((folder / "objects" / "incoming").iterdir()) == []
    await broker.stop()


async def test_kill_9_in_the_middle_of_uploads(start: Starter, tmp_path: Path) -> None:
    await kill_in_a_loop(start, tmp_path / "data", 3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_kill_9_in_the_middle_of_uploads_a_hundred_times(start: Starter, tmp_path: Path) -> None:
    await kill_in_a_loop(start, tmp_path / "data", 100)


async def test_a_large_object_takes_no_memory(start: Starter) -> None:
    """64 MiB in and out, and copied, while the process grows by far less."""
    broker = await start()
    s3 = client(broker, "s3")

    def peak_kib() -> int:
        text = Path(f"/proc/{broker.pid}/status").read_text()
        return int(text.partition("VmHWM:")[2].split()[0])

    def work() -> None:
        data = bytes(range(256)) * 4096 * 64
        s3.create_bucket(Bucket="large")
        s3.put_object(Bucket="large", Key="k", Body=data)
        read = s3.get_object(Bucket="large", Key="k")["Body"].read()
        assert hashlib.md5(read).digest() == hashlib.md5(data).digest()
        s3.copy_object(Bucket="large", Key="copy", CopySource="large/k", ChecksumAlgorithm="SHA256")
        s3.close()

    before = peak_kib()
    await asyncio.to_thread(work)
    assert peak_kib() - before < 24 * 1024
    await broker.stop()
