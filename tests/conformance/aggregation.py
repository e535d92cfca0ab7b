"""aws-kinesis-agg over a stream: many user records in one, put by boto3, taken apart again."""

import base64
import sys

import boto3
from aws_kinesis_agg.aggregator import RecordAggregator
from aws_kinesis_agg.deaggregator import deaggregate_records

from runtime.aggregation import deaggregate

kinesis = boto3.client("kinesis", endpoint_url=sys.argv[1])
kinesis.create_stream(StreamName="agg", ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName="agg", WaiterConfig={"Delay": 1})
aggregator = RecordAggregator()
for i in range(1000):
    assert aggregator.add_user_record(f"key-{i}", f"record {i}".encode()) is None
key, _, data = aggregator.clear_and_get().get_contents()
kinesis.put_record(StreamName="agg", PartitionKey=key, Data=data)
iterator = kinesis.get_shard_iterator(
    StreamName="agg", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
)["ShardIterator"]
(record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
event = [{"kinesis": {"data": base64.b64encode(record["Data"]).decode(), "partitionKey": key,
                      "sequenceNumber": record["SequenceNumber"], "approximateArrivalTimestamp": 0.0,
                      "kinesisSchemaVersion": "1.0"}}]  # fmt: skip
taken_apart = list(deaggregate_records(event))
assert len(taken_apart) == 1000
assert taken_apart[7]["kinesis"]["partitionKey"] == "key-7"
ours = deaggregate({"Records": event})
for one, other in zip(ours, taken_apart, strict=True):
    for member in ("partitionKey", "data", "sequenceNumber", "subSequenceNumber", "aggregated"):
        got = other["kinesis"][member]
        assert one["kinesis"][member] == (got.decode() if isinstance(got, bytes) else got), member
print("ok")
