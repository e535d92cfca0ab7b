"""What the actions of CloudWatch need: all of them are about everything, as on AWS.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, everything, table
from streamcore.api.aws.service import Call
from streamcore.model.iam.context import Value


def _namespace(input_: Any, call: Call) -> Mapping[str, Value]:
    return {"cloudwatch:namespace": input_.namespace}


PERMISSIONS: Final = Permissions(
    "monitoring",
    table("cloudwatch", {everything: "GetMetricData GetMetricStatistics ListMetrics"})
    | {"PutMetricData": Permission("cloudwatch:PutMetricData", everything, _namespace, is_data=True)},
    prefix="cloudwatch",
)
