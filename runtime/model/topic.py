"""Topics and subscriptions as they are kept, and what may be said of them.

Source: SNS API reference, CreateTopic, Subscribe, SetSubscriptionAttributes; developer guide, "message delivery
retries"; sentences as recorded from the service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from runtime.errors import TopicError
from runtime.model.topic_filter import FilterPolicy
from streamcore.model.iam.document import is_resource_policy

TOPICS_MAX: Final = 100_000
SUBSCRIPTIONS_MAX: Final = 100_000
TAGS_MAX: Final = 50
ATTRIBUTE_MAX_BYTES: Final = 262_144
#: Tries at a target of this endpoint, for as many seconds (developer guide: 23 days).
RETRIES: Final = 100_015
AGE_S: Final = 23 * 86_400
#: What HTTP endpoints get unless their policy says otherwise.
HTTP_RETRIES, HTTP_DELAY_S = 3, 20
_NAME: Final = re.compile(r"(?a)\A[\w-]{1,256}\Z")
_FIFO_NAME: Final = re.compile(r"(?a)\A[\w-]{1,251}\.fifo\Z")
_TOPIC_SETTABLE: Final = (
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "Policy",
)
_SUBSCRIPTION_SETTABLE: Final = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
)
SCOPES: Final = ("MessageAttributes", "MessageBody")


def invalid(text: str) -> TopicError:
    return TopicError("InvalidParameter", f"Invalid parameter: {text}")


class Topic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A topic as it is kept."""

    name: str
    account: str
    region: str
    attributes: dict[str, str] = {}
    tags: dict[str, str] = {}
    deleted: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:sns:{self.region}:{self.account}:{self.name}"

    @property
    def is_fifo(self) -> bool:
        return self.attributes.get("FifoTopic") == "true"


class Subscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A subscription as it is kept. `token` is there until it is confirmed."""

    arn: str
    topic: str
    account: str
    protocol: str
    endpoint: str
    attributes: dict[str, str] = {}
    token: str = ""

    @property
    def is_pending(self) -> bool:
        return bool(self.token)

    @property
    def is_raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery") == "true"

    @property
    def dead_letter(self) -> str:
        text = self.attributes.get("RedrivePolicy")
        return str(_object(text).get("deadLetterTargetArn", "")) if text else ""

    @property
    def filter(self) -> FilterPolicy | None:
        text = self.attributes.get("FilterPolicy")
        return FilterPolicy(text, self.attributes.get("FilterPolicyScope", SCOPES[0])) if text else None


class Retries(msgspec.Struct, frozen=True):
    """How often an HTTP endpoint is tried again, and the shortest and longest wait in seconds."""

    count: int = HTTP_RETRIES
    first_s: int = HTTP_DELAY_S
    last_s: int = HTTP_DELAY_S


# ---------------------------------------------------------------- what is given


def check_topic_name(name: str, attributes: Mapping[str, str]) -> None:
    """Raises TopicError."""
    is_fifo = attributes.get("FifoTopic") == "true"
    if is_fifo and not _FIFO_NAME.match(name):
        raise invalid("Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase "
                      "and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 "
                      "characters long.")  # fmt: skip
    if not is_fifo and not _NAME.match(name):
        raise invalid("Topic Name")


def topic_attributes(given: Mapping[str, str], *, is_fifo: bool, is_new: bool) -> dict[str, str]:
    """Those that may be set, checked. Raises TopicError."""
    for name, text in given.items():
        if name == "FifoTopic" and is_new and text in ("true", "false"):
            continue
        if name not in _TOPIC_SETTABLE:
            raise invalid("AttributeName" if not is_new else f"Attributes Reason: Unknown attribute: {name[:100]}")
        if name in ("ContentBasedDeduplication", "FifoThroughputScope") and not is_fifo:
            raise invalid(f"Attributes Reason: {name} is for FIFO topics.")
        allowed = {"ContentBasedDeduplication": ("true", "false"), "FifoThroughputScope": ("Topic", "MessageGroup")}
        if text not in allowed.get(name, (text,)) or len(text.encode()) > ATTRIBUTE_MAX_BYTES:
            raise invalid(f"Attributes Reason: Invalid value for {name}.")
        if name == "DisplayName" and len(text) > 100:
            raise invalid("Attributes Reason: DisplayName must be at most 100 characters long.")
        if name == "Policy" and text and not is_resource_policy(text):
            raise invalid("Policy Error: null")
        if name == "DeliveryPolicy" and text:
            read_retries(_object(text).get("http", {}), "defaultHealthyRetryPolicy")
    return {name: text for name, text in given.items() if (name, text) != ("FifoTopic", "false")}


def subscription_attributes(given: Mapping[str, str], protocol: str) -> dict[str, str]:
    """Those of a subscription, together. Raises TopicError."""
    for name, text in given.items():
        if name not in _SUBSCRIPTION_SETTABLE:
            raise invalid("AttributeName")
        if len(text.encode()) > ATTRIBUTE_MAX_BYTES:
            raise invalid(f"Attributes Reason: {name} is too long.")
    scope = given.get("FilterPolicyScope", SCOPES[0])
    if scope not in SCOPES:
        raise invalid(f"FilterPolicyScope: Invalid value [{scope[:50]}]. Please use either MessageBody or "
                      "MessageAttributes")  # fmt: skip
    if given.get("FilterPolicy"):
        FilterPolicy(given["FilterPolicy"], scope)
    raw = given.get("RawMessageDelivery", "false")
    if raw not in ("true", "false"):
        raise invalid("Attributes Reason: RawMessageDelivery: Invalid value. Must be true or false.")
    if raw == "true" and protocol == "lambda":
        raise invalid("Attributes Reason: Delivery protocol [lambda] does not support raw message delivery.")
    if given.get("RedrivePolicy"):
        _check_redrive(given["RedrivePolicy"])
    if given.get("DeliveryPolicy"):
        if protocol not in ("http", "https"):
            raise invalid(f"Attributes Reason: Delivery protocol [{protocol}] does not support delivery policies.")
        read_retries(_object(given["DeliveryPolicy"]), "healthyRetryPolicy")
    return {name: text for name, text in given.items() if text}


def _check_redrive(text: str) -> None:
    target = _object(text).get("deadLetterTargetArn")
    if not isinstance(target, str) or not target.startswith("arn:aws:sqs:") or target.count(":") != 5:
        raise invalid("RedrivePolicy: deadLetterTargetArn must be the ARN of an SQS queue")


def read_retries(policy: Any, name: str) -> Retries:
    """Of a delivery policy. Raises TopicError, also for the members that nothing is done with here."""
    if not isinstance(policy, dict) or not policy.keys() <= {name, "disableSubscriptionOverrides"}:
        raise invalid(f"DeliveryPolicy: only {name} is offered here")
    rule = policy.get(name, {})
    known = {"numRetries": (0, 100), "minDelayTarget": (1, 3600), "maxDelayTarget": (1, 3600)}
    if not isinstance(rule, dict) or not rule.keys() <= {*known, "backoffFunction"}:
        raise invalid(f"DeliveryPolicy: of {name} there are {', '.join(known)} and backoffFunction here")
    if rule.get("backoffFunction", "exponential") != "exponential":
        raise invalid("DeliveryPolicy: backoffFunction is exponential here")
    for key, (low, high) in known.items():
        value = rule.get(key, low)
        if not isinstance(value, int) or not low <= value <= high:
            raise invalid(f"DeliveryPolicy: {key} must be from {low} to {high}")
    first_s = rule.get("minDelayTarget", HTTP_DELAY_S)
    last_s = rule.get("maxDelayTarget", max(first_s, HTTP_DELAY_S))
    if last_s < first_s:
        raise invalid("DeliveryPolicy: minDelayTarget must not be above maxDelayTarget")
    return Retries(rule.get("numRetries", HTTP_RETRIES), first_s, last_s)


def retries_of(topic: Topic, subscription: Subscription) -> Retries:
    """The subscription's own policy, else the topic's."""
    own, shared = subscription.attributes.get("DeliveryPolicy"), topic.attributes.get("DeliveryPolicy")
    if own:
        return read_retries(_object(own), "healthyRetryPolicy")
    return read_retries(_object(shared).get("http", {}), "defaultHealthyRetryPolicy") if shared else Retries()


def check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """Raises TopicError: the protocol is not offered, or the endpoint is none of it."""
    services = {"lambda": "Lambda", "sqs": "SQS", "kinesis": "Kinesis"}
    if protocol not in (*services, "http", "https"):
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol[:50]}")
    if not endpoint or len(endpoint) > 2048:
        raise invalid("Endpoint")
    if protocol in ("http", "https"):
        if not endpoint.startswith(f"{protocol}://") or not re.match(r"https?://[^/\s@]+(/\S*)?\Z", endpoint):
            raise invalid("Endpoint must match the specified protocol")
    elif not endpoint.startswith(f"arn:aws:{protocol}:") or endpoint.count(":") < 5:
        raise invalid(f"{services[protocol]} endpoint ARN")
    if topic.is_fifo and protocol not in ("sqs", "kinesis"):
        raise invalid(f"Protocol Reason: FIFO topics cannot deliver to the protocol {protocol}.")
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.is_fifo:
        raise invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises TopicError."""
    if len(tags) > TAGS_MAX:
        raise TopicError(
            "TagLimitExceeded", f"Could not complete request: tag quota of per resource exceeded ({TAGS_MAX})"
        )
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Tags Reason: Tag keys that begin with aws: are reserved.")


def _object(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def policy_of(topic: Topic) -> dict[str, Any]:
    """The topic's policy, or an empty one, to be changed and kept as the attribute `Policy`."""
    policy = _object(topic.attributes.get("Policy", ""))
    statements = policy.get("Statement")
    head = policy or {"Version": "2008-10-17", "Id": "__default_policy_ID"}
    is_list = isinstance(statements, list) and all(isinstance(each, dict) for each in statements)
    return head | {"Statement": list(statements or ()) if is_list else []}
