"""How each type of resource is made and removed, by the endpoint's own AWS APIs."""

from collections.abc import Mapping
from typing import Final

from streamcore.deploy.deployment import Maker
from streamcore.deploy.resources import aliases, apis, buckets, events, functions, layers, logs, mappings, streams

MAKERS: Final[Mapping[str, Maker]] = {
    "AWS::Lambda::Function": functions.FUNCTION,
    "AWS::Lambda::LayerVersion": layers.LAYER_VERSION,
    "AWS::Lambda::Version": aliases.VERSION,
    "AWS::Lambda::Alias": aliases.ALIAS,
    "AWS::Lambda::Permission": functions.PERMISSION,
    "AWS::Lambda::EventInvokeConfig": functions.EVENT_INVOKE_CONFIG,
    "AWS::Lambda::Url": functions.URL,
    "AWS::Lambda::EventSourceMapping": mappings.EVENT_SOURCE_MAPPING,
    "AWS::Kinesis::Stream": streams.STREAM,
    "AWS::S3::Bucket": buckets.BUCKET,
    "Streamcore::BucketNotifications": buckets.NOTIFICATIONS,
    "AWS::Logs::LogGroup": logs.LOG_GROUP,
    "AWS::Events::Rule": events.RULE,
    "AWS::Scheduler::Schedule": events.SCHEDULE,
    "Streamcore::RestApi": apis.REST,
    "Streamcore::HttpApi": apis.HTTP,
}
