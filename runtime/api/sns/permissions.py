"""What the actions of SNS need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, everything, member, table
from streamcore.api.aws.service import Call
from streamcore.model.iam.context import Value


def _named(input_: Any, call: Call) -> Sequence[str]:
    return (f"arn:aws:sns:{call.scope.region}:{call.scope.account}:{input_.name}",)


def _keys(input_: Any, call: Call) -> dict[str, Value]:
    found: dict[str, Value] = {"sns:Protocol": input_.protocol}
    return found | ({"sns:Endpoint": input_.endpoint} if input_.endpoint else {})


_topic: Final = member("topic_arn")

_ACTIONS: Final = table(
    "sns",
    {
        _topic: "AddPermission ConfirmSubscription DeleteTopic GetTopicAttributes ListSubscriptionsByTopic "
        "RemovePermission SetTopicAttributes",
        _named: "CreateTopic",
        member("subscription_arn"): "GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe",
        member("resource_arn"): "ListTagsForResource TagResource UntagResource",
        everything: "ListSubscriptions ListTopics",
    },
) | {
    "Publish": Permission("sns:Publish", member("topic_arn", "target_arn"), is_data=True),
    "PublishBatch": Permission("sns:Publish", _topic, is_data=True),
    "Subscribe": Permission("sns:Subscribe", _topic, _keys),
}

PERMISSIONS: Final = Permissions("sns", _ACTIONS)
