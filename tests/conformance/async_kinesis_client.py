"""async-kinesis: its producer and consumer over one stream."""

import asyncio
import sys

from kinesis import Consumer, Producer, StringProcessor

SENT = [f"record {i}" for i in range(200)]


async def main() -> None:
    options = {
        "stream_name": "async",
        "endpoint_url": sys.argv[1],
        "region_name": "us-east-1",
        "processor": StringProcessor(),
    }
    async with Producer(create_stream=True, create_stream_shards=2, **options) as producer:
        for text in SENT:
            await producer.put(text)
    received = []
    async with Consumer(**options) as consumer:
        async with asyncio.timeout(60):
            while len(received) < len(SENT):
                async for item in consumer:
                    received.append(item)
                    if len(received) == len(SENT):
                        break
    assert sorted(received) == sorted(SENT)
    print("ok")


asyncio.run(main())
