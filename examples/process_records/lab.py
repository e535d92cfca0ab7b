"""A stream feeds AWS's blueprint for Kinesis records."""

from __future__ import annotations

from pathlib import Path

from examples.world import World

HERE = Path(__file__).parent
STREAM = "lambda-stream"
FUNCTION = "process-kinesis-records"
TEXTS = ("Hello, this is a test.", "Another one.", "And a third.")


def build(world: World) -> None:
    """The stream, the function, and the mapping that joins them."""
    kinesis = world.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1})
    arn = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["StreamARN"]
    world.create_function(FUNCTION, HERE / "lambda_function.py")
    world.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=FUNCTION, StartingPosition="TRIM_HORIZON", BatchSize=100
    )


def run(world: World) -> list[str]:
    """The lab from the beginning; what the function printed."""
    build(world)
    for text in TEXTS:
        world.client("kinesis").put_record(StreamName=STREAM, PartitionKey="1", Data=text.encode())
    lines = world.until_logged(FUNCTION, f"Decoded payload: {TEXTS[-1]}")
    return [*(line for line in lines if line.startswith("Decoded payload")), *world.reports(FUNCTION)[-1:]]
