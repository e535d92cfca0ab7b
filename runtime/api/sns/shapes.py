"""SNS: the registry, and what several actions share. SNS is spoken to in the query protocol alone, and its errors have
HTTP statuses of their own."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

from runtime.api.registry import Registry
from runtime.errors import InvalidValueError, TopicError
from runtime.model.paging import page
from runtime.model.topic import Subscription, Topic, invalid
from runtime.topics.service import Topics
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.shapes import Shape, text

_STATUSES: Final = {
    "AuthorizationError": 403,
    "NotFound": 404,
    "ResourceNotFound": 404,
    "SubscriptionLimitExceeded": 403,
    "Throttled": 429,
    "TopicLimitExceeded": 403,
}
#: What a listing shows at a time.
PAGE: Final = 100
PENDING: Final = "pending confirmation"
_SPELLED: Final = {"aws": "AWS"}

ResourceArn = Annotated[str, text(1, 1011)]
TagKey = Annotated[str, text(1, 128)]
TagValue = Annotated[str, text(0, 256)]
#: A member of a feature that is not there.
Refused = Any

T = TypeVar("T")


class SnsRegistry(Registry[Topics]):
    """With SNS's statuses."""

    def told(self, error: Exception) -> AwsError | None:
        if isinstance(error, TopicError):
            return AwsError(error.code, _STATUSES.get(error.code, 400), str(error))
        return super().told(error)


SNS: Final = SnsRegistry("sns", validation_code="ValidationError")


def sns_name(name: str) -> str:
    """The wire name of a field: `topic_arn` → `TopicArn`."""
    return "".join(_SPELLED.get(word, word.capitalize()) for word in name.split("_"))


class SnsShape(Shape, frozen=True, kw_only=True, rename=sns_name):
    """Base of inputs and outputs of SNS."""


class Tag(SnsShape, frozen=True, kw_only=True):
    key: TagKey
    value: TagValue


class SubscriptionShape(SnsShape, frozen=True, kw_only=True):
    """A subscription in a list."""

    subscription_arn: str
    owner: str
    protocol: str
    endpoint: str
    topic_arn: str


def subscription_shape(subscription: Subscription) -> SubscriptionShape:
    return SubscriptionShape(
        subscription_arn="PendingConfirmation" if subscription.is_pending else subscription.arn,
        owner=subscription.account,
        protocol=subscription.protocol,
        endpoint=subscription.endpoint,
        topic_arn=subscription.topic,
    )


def tagged(topics: Topics, arn: str) -> Topic:
    """The topic of an ARN that is to have tags. Raises TopicError: ResourceNotFound."""
    try:
        return topics.topic(arn)
    except TopicError as error:
        raise TopicError("ResourceNotFound", "Resource does not exist") from error


def paged(items: dict[str, T], token: str | None) -> tuple[list[T], str | None]:
    """A page in the order of the keys. Raises TopicError."""
    try:
        return page(items, token, None, PAGE)
    except InvalidValueError as error:
        raise invalid("NextToken") from error
