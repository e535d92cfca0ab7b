"""Handlers as Powertools' documentation has them; uploaded as they are."""

import os

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes import (
    APIGatewayProxyEvent,
    KinesisStreamEvent,
    S3Event,
    SQSEvent,
    event_source,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace="Shop")


@tracer.capture_method
def handle_record(record: KinesisStreamRecord):
    payload = record.kinesis.data_as_json()
    logger.info("record", extra={"item": payload["item"]})
    if payload["item"] == "bad":
        raise ValueError("bad item")
    return payload["item"]


@logger.inject_lambda_context(log_event=True)
@tracer.capture_lambda_handler
def batch(event, context: LambdaContext):
    return process_partial_response(event=event, record_handler=handle_record, processor=processor, context=context)


@event_source(data_class=KinesisStreamEvent)
def kinesis(event: KinesisStreamEvent, context):
    return [[each.event_source, each.kinesis.data_as_text(), each.kinesis.partition_key] for each in event.records]


@event_source(data_class=S3Event)
def s3(event: S3Event, context):
    return [event.bucket_name, event.object_key, event.record.event_name]


@event_source(data_class=SQSEvent)
def sqs(event: SQSEvent, context):
    return [each.body for each in event.records]


@event_source(data_class=APIGatewayProxyEvent)
def proxy(event: APIGatewayProxyEvent, context):
    return {"statusCode": 200, "body": f"{event.http_method} {event.path} {event.request_context.stage}"}


@metrics.log_metrics(capture_cold_start_metric=True)
def measured(event, context: LambdaContext):
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=event["orders"])
    return os.environ["POWERTOOLS_SERVICE_NAME"]


def put(event, context):
    answer = boto3.client("kinesis").put_record(StreamName=event["stream"], PartitionKey="k", Data=b"from a handler")
    return [answer["ShardId"], os.environ["AWS_ENDPOINT_URL"]]
