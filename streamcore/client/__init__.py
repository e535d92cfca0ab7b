"""asyncio client of the native API: `Client` (one call, one request), `Producer` (aggregates, bounded, retries, stores
nothing twice) and `Consumer` (all shards, resumes where it stopped).

    async with Producer("http://127.0.0.1:4566", "orders") as producer:
        delivery = await producer.put("customer-1", b"...")
        receipt = await delivery            # when the broker has it on disk

    async with Consumer("http://127.0.0.1:4566", "orders", "billing") as consumer:
        async for batch in consumer:
            ...
            await batch.commit()
"""

from __future__ import annotations

from streamcore.client.api import ApiError, Client, Unreachable
from streamcore.client.consumer import SHARD_END, ConsumedBatch, Consumer
from streamcore.client.producer import Delivery, Producer, Receipt, Throttled

__all__ = [
    "SHARD_END",
    "ApiError",
    "Client",
    "ConsumedBatch",
    "Consumer",
    "Delivery",
    "Producer",
    "Receipt",
    "Throttled",
    "Unreachable",
]
