"""CloudWatch: one file per action; importing the package registers them all with `CLOUDWATCH`."""

from runtime.api.cloudwatch import get_metric_data, get_metric_statistics, list_metrics, put_metric_data
from runtime.api.cloudwatch.shapes import CLOUDWATCH
from runtime.telemetry.meter import Meter
from streamcore.api.aws.service import Service


def cloudwatch_service(meter: Meter) -> Service:
    """The service on that meter."""
    return CLOUDWATCH.bind(meter)


__all__ = [
    "CLOUDWATCH",
    "cloudwatch_service",
    "get_metric_data",
    "get_metric_statistics",
    "list_metrics",
    "put_metric_data",
]
