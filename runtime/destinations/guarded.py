"""Destinations where authentication is on: what a service sends, a policy has to let in.

S3, SNS and EventBridge rules are let in by the policy of what they send to (a function, a queue, a topic), as on AWS;
where there is a role to act by (schedules, streams as targets of rules, what functions and mappings tell of their
outcomes), its policies decide, and its trust policy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from runtime.destinations.router import Destinations, service_of
from runtime.errors import DestinationError
from streamcore.identity.guard import Guard, Mode, Need

log = logging.getLogger(__name__)

ACTIONS: Final = {
    "events": "events:PutEvents",
    "firehose": "firehose:PutRecord",
    "kinesis": "kinesis:PutRecord",
    "lambda": "lambda:InvokeFunction",
    "logs": "logs:PutLogEvents",
    "s3": "s3:PutObject",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}
#: Services that have a role for everything they send.
BY_ROLE: Final = frozenset({"lambda.amazonaws.com", "scheduler.amazonaws.com"})
#: What has a policy of its own that lets services in.
WITH_POLICY: Final = frozenset({"lambda", "sns", "sqs"})


class Sender(NamedTuple):
    """Who sends: a service (`s3.amazonaws.com`) on behalf of a resource, and the role it was given, empty for none."""

    service: str
    source_arn: str
    account: str
    role: str = ""


#: (target ARN, body, attributes) → who sends that.
SenderOf = Callable[[str, bytes, Mapping[str, str]], Sender]


class GuardedDestinations(Destinations):
    """The same targets, behind the guard."""

    def __init__(self, inner: Destinations, guard: Guard, sender_of: SenderOf) -> None:
        super().__init__()
        self._inner = inner
        self._guard = guard
        self._sender_of = sender_of

    @property
    def services(self) -> frozenset[str]:
        return self._inner.services

    def offers(self, arn: str) -> bool:
        return self._inner.offers(arn)

    async def send(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        """Raises DestinationError, also when no policy lets it in: that does not pass."""
        self.check(arn, body, attributes)
        await self._inner.send(arn, body, attributes)

    def check(self, arn: str, body: bytes, attributes: Mapping[str, str]) -> None:
        sender = self._sender_of(arn, body, attributes)
        service, need = service_of(arn), need_of(arn, attributes.get("Key", ""))
        action = need.action
        if (sender.role and service not in WITH_POLICY) or sender.service in BY_ROLE:
            trusted = self._guard.trusts(sender.role, sender.service)
            allowed = trusted and self._guard.role_may(sender.role, need).is_allowed
            who = sender.role or sender.service
        else:
            who = sender.service
            allowed = self._guard.service_may(
                sender.service, need, source_arn=sender.source_arn, source_account=sender.account
            ).is_allowed
        if allowed:
            return
        told = f"{who} is not authorized to perform: {action} for {sender.source_arn}"
        if self._guard.mode is Mode.OBSERVE:
            log.warning("auth observe: %s would be refused: %s", arn, told)
            return
        raise DestinationError(arn, told, is_passing=False)


def need_of(arn: str, key: str = "") -> Need:
    """What sending to a target takes; of a bucket an object, by its key or by any."""
    service = service_of(arn)
    resource = f"{arn}/{key or '*'}" if service == "s3" else arn
    return Need(ACTIONS.get(service, f"{service}:Send"), resource)
