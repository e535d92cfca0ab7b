"""Kinesis: one file per action; importing the package registers them all with `KINESIS`."""

from streamcore.api.aws.kinesis import (
    create_stream,
    delete_stream,
    deregister_stream_consumer,
    describe_stream,
    describe_stream_consumer,
    describe_stream_summary,
    get_records,
    get_shard_iterator,
    list_shards,
    list_stream_consumers,
    list_streams,
    put_record,
    put_records,
    register_stream_consumer,
    subscribe_to_shard,
)
from streamcore.api.aws.kinesis.shapes import KINESIS

__all__ = [
    "KINESIS",
    "create_stream",
    "delete_stream",
    "deregister_stream_consumer",
    "describe_stream",
    "describe_stream_consumer",
    "describe_stream_summary",
    "get_records",
    "get_shard_iterator",
    "list_shards",
    "list_stream_consumers",
    "list_streams",
    "put_record",
    "put_records",
    "register_stream_consumer",
    "subscribe_to_shard",
]
