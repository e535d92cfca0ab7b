"""SetSubscriptionAttributes: https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html"""

from __future__ import annotations

import msgspec

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.model.topic import subscription_attributes
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class SetSubscriptionAttributesInput(SnsShape, frozen=True, kw_only=True):
    subscription_arn: str
    attribute_name: str
    attribute_value: str | None = None


@SNS.action("SetSubscriptionAttributes")
async def set_subscription_attributes(topics: Topics, call: Call, input_: SetSubscriptionAttributesInput) -> None:
    """One of them, for messages that are published from now on; without a value it is as if it had never been set."""
    async with topics.changing:
        found = topics.subscription(input_.subscription_arn)
        given = {name: value for name, value in found.attributes.items() if name != input_.attribute_name}
        if input_.attribute_value or input_.attribute_name not in found.attributes:
            given[input_.attribute_name] = input_.attribute_value or ""
        attributes = subscription_attributes(given, found.protocol)
        await topics.change_subscription(msgspec.structs.replace(found, attributes=attributes))
